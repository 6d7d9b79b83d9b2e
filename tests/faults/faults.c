// faults.c - system calls that fail when a test wants them to.
//
// The linker puts the functions below in front of the real ones in a server
// that is otherwise complete (see the Makefile). A file that the test and the
// server have both mapped says which call is to fail, when, how often and
// how; the server counts its calls there. FAULTS_FILE in the environment names
// it. tests/test_faults.py is the other side.
//
// SQLite does the same to its file operations ("How SQLite Is Tested", the part
// on I/O errors, at sqlite.org/testing.html). We take over: the n-th call
// fails for n = 1, 2, 3 and so on, until a run gets to its end without a
// failure; once with a single failure and once with all calls failing from the
// n-th on; and after each run all data is checked. A server differs in that a
// connection may be lost, but only the one whose call has failed.

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// The Makefile and the test read the names behind the numbers, one a line.
enum call {
    ACCEPT, // accept
    READ, // read
    WRITE, // write
    POLL, // poll
    EPOLL_WAIT, // epoll_wait
    EPOLL_CTL, // epoll_ctl
    EPOLL_CREATE1, // epoll_create1
    SOCKET, // socket
    BIND, // bind
    LISTEN, // listen
    SETSOCKOPT, // setsockopt
    FCNTL, // fcntl
    GETSOCKNAME, // getsockname
    GETPEERNAME, // getpeername
    SHUTDOWN, // shutdown
    CLOSE, // close
    OPEN, // open
    FOPEN, // fopen
    GETRLIMIT, // getrlimit
    SETRLIMIT, // setrlimit
    GETADDRINFO, // getaddrinfo
    GETNAMEINFO, // getnameinfo
    MMAP, // mmap
    MUNMAP, // munmap
    MALLOC, // malloc
    CALLOC, // calloc
    REALLOC, // realloc
    CALLS
};

// What the two processes share. The test writes the first half while the server
// waits, and `call` last.
struct control {
    volatile int64_t call; // 1 + its number; 0: none is to fail
    volatile int64_t countdown; // 1: the next one fails
    volatile int64_t count; // how many fail from then on
    volatile int64_t error; // errno; 0: read() and write() move one byte
    volatile int64_t failures; // so far
    volatile int64_t calls[CALLS]; // so far, of each
};

static struct control *control;

int __real_accept(int fd, struct sockaddr *sa, socklen_t *len);
ssize_t __real_read(int fd, void *p, size_t n);
ssize_t __real_write(int fd, const void *p, size_t n);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __real_epoll_wait(int fd, struct epoll_event *e, int n, int timeout_ms);
int __real_epoll_ctl(int epfd, int op, int fd, struct epoll_event *e);
int __real_epoll_create1(int flags);
int __real_socket(int family, int type, int protocol);
int __real_bind(int fd, const struct sockaddr *sa, socklen_t len);
int __real_listen(int fd, int backlog);
int __real_setsockopt(
    int fd, int level, int name, const void *value, socklen_t len);
int __real_fcntl(int fd, int command, ...);
int __real_getsockname(int fd, struct sockaddr *sa, socklen_t *len);
int __real_getpeername(int fd, struct sockaddr *sa, socklen_t *len);
int __real_shutdown(int fd, int how);
int __real_close(int fd);
int __real_open(const char *path, int flags, ...);
FILE *__real_fopen(const char *path, const char *mode);
int __real_getrlimit(int resource, struct rlimit *limit);
int __real_setrlimit(int resource, const struct rlimit *limit);
int __real_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **list);
int __real_getnameinfo(const struct sockaddr *sa, socklen_t len, char *host,
    socklen_t host_len, char *service, socklen_t service_len, int flags);
void *__real_mmap(
    void *p, size_t size, int access, int flags, int fd, off_t offset);
int __real_munmap(void *p, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);

// ------------------------------------------------------------ who fails

static struct control *map_control(void) {
    static struct control none; // without a file, nothing fails
    const char *path = getenv("FAULTS_FILE");
    int fd = path != NULL ? __real_open(path, O_RDWR) : -1;
    if (fd == -1) return &none;
    void *p = __real_mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE,
        MAP_SHARED, fd, 0);
    __real_close(fd);
    return p != MAP_FAILED ? p : &none;
}

// Counts a call and returns whether it is to fail.
static bool fails(enum call call) {
    if (control == NULL) control = map_control();
    control->calls[call]++;
    if (control->call != (int64_t)call + 1) return false;
    if (control->countdown > 1) {
        control->countdown--;
        return false;
    }
    if (control->count == 0) return false;
    control->count--;
    control->failures++;
    if (control->error != 0) errno = (int)control->error;
    return true;
}

// The same for read() and write(), which may also do a part of their work:
// returns how many of `n` bytes it is, or -1.
static ssize_t moves(enum call call, size_t n) {
    if (!fails(call)) return (ssize_t)n;
    if (control->error != 0) return -1;
    return n > 1 ? 1 : (ssize_t)n;
}

// ------------------------------------------------------------ the calls

int __wrap_accept(int fd, struct sockaddr *sa, socklen_t *len);
int __wrap_accept(int fd, struct sockaddr *sa, socklen_t *len) {
    return fails(ACCEPT) ? -1 : __real_accept(fd, sa, len);
}

ssize_t __wrap_read(int fd, void *p, size_t n);
ssize_t __wrap_read(int fd, void *p, size_t n) {
    ssize_t part = moves(READ, n);
    return part == -1 ? -1 : __real_read(fd, p, (size_t)part);
}

ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n) {
    ssize_t part = moves(WRITE, n);
    return part == -1 ? -1 : __real_write(fd, p, (size_t)part);
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms) {
    return fails(POLL) ? -1 : __real_poll(fds, n, timeout_ms);
}

int __wrap_epoll_wait(int fd, struct epoll_event *e, int n, int timeout_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *e, int n, int timeout_ms) {
    return fails(EPOLL_WAIT) ? -1 : __real_epoll_wait(fd, e, n, timeout_ms);
}

// Removing a descriptor needs no memory: Linux has no way to refuse it.
int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *e);
int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *e) {
    if (op != EPOLL_CTL_DEL && fails(EPOLL_CTL)) return -1;
    return __real_epoll_ctl(epfd, op, fd, e);
}

int __wrap_epoll_create1(int flags);
int __wrap_epoll_create1(int flags) {
    return fails(EPOLL_CREATE1) ? -1 : __real_epoll_create1(flags);
}

int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol) {
    return fails(SOCKET) ? -1 : __real_socket(family, type, protocol);
}

int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len) {
    return fails(BIND) ? -1 : __real_bind(fd, sa, len);
}

int __wrap_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog) {
    return fails(LISTEN) ? -1 : __real_listen(fd, backlog);
}

int __wrap_setsockopt(
    int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(
    int fd, int level, int name, const void *value, socklen_t len) {
    return fails(SETSOCKOPT) ? -1
                             : __real_setsockopt(fd, level, name, value, len);
}

// All that the server does with it takes an integer or nothing.
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
    if (fails(FCNTL)) return -1;
    if (command == F_GETFL) return __real_fcntl(fd, command);
    va_list args;
    va_start(args, command);
    int value = va_arg(args, int);
    va_end(args);
    return __real_fcntl(fd, command, value);
}

int __wrap_getsockname(int fd, struct sockaddr *sa, socklen_t *len);
int __wrap_getsockname(int fd, struct sockaddr *sa, socklen_t *len) {
    return fails(GETSOCKNAME) ? -1 : __real_getsockname(fd, sa, len);
}

int __wrap_getpeername(int fd, struct sockaddr *sa, socklen_t *len);
int __wrap_getpeername(int fd, struct sockaddr *sa, socklen_t *len) {
    return fails(GETPEERNAME) ? -1 : __real_getpeername(fd, sa, len);
}

int __wrap_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how) {
    return fails(SHUTDOWN) ? -1 : __real_shutdown(fd, how);
}

// Linux frees the descriptor even where close() reports an error.
int __wrap_close(int fd);
int __wrap_close(int fd) {
    if (!fails(CLOSE)) return __real_close(fd);
    __real_close(fd);
    errno = (int)control->error;
    return -1;
}

// The server creates no files, so there is never a mode.
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
    return fails(OPEN) ? -1 : __real_open(path, flags);
}

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode) {
    return fails(FOPEN) ? NULL : __real_fopen(path, mode);
}

int __wrap_getrlimit(int resource, struct rlimit *limit);
int __wrap_getrlimit(int resource, struct rlimit *limit) {
    return fails(GETRLIMIT) ? -1 : __real_getrlimit(resource, limit);
}

int __wrap_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit) {
    return fails(SETRLIMIT) ? -1 : __real_setrlimit(resource, limit);
}

int __wrap_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **list) {
    if (fails(GETADDRINFO)) return EAI_SYSTEM; // look at errno
    return __real_getaddrinfo(host, service, hints, list);
}

int __wrap_getnameinfo(const struct sockaddr *sa, socklen_t len, char *host,
    socklen_t host_len, char *service, socklen_t service_len, int flags);
int __wrap_getnameinfo(const struct sockaddr *sa, socklen_t len, char *host,
    socklen_t host_len, char *service, socklen_t service_len, int flags) {
    if (fails(GETNAMEINFO)) return EAI_SYSTEM;
    return __real_getnameinfo(
        sa, len, host, host_len, service, service_len, flags);
}

void *__wrap_mmap(
    void *p, size_t size, int access, int flags, int fd, off_t offset);
void *__wrap_mmap(
    void *p, size_t size, int access, int flags, int fd, off_t offset) {
    if (fails(MMAP)) return MAP_FAILED;
    return __real_mmap(p, size, access, flags, fd, offset);
}

int __wrap_munmap(void *p, size_t size);
int __wrap_munmap(void *p, size_t size) {
    return fails(MUNMAP) ? -1 : __real_munmap(p, size);
}

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    return fails(MALLOC) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    return fails(CALLOC) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size) {
    return fails(REALLOC) ? NULL : __real_realloc(p, size);
}
