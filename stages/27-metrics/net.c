// net.c - sockets.

#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLOSE_READ_BYTES (256 * 1024) // of late input that we throw away

static void close_keep_errno(int fd) {
    int saved = errno;
    close(fd);
    errno = saved;
}

static bool set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags == -1) return false;
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1) return false;
    return fcntl(fd, F_SETFD, FD_CLOEXEC) != -1;
}

static int listen_on(const struct addrinfo *a) {
    int fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    if (fd == -1) return -1;

    // Without this, a restart has to wait until the last connections of the
    // server before it are forgotten by the kernel.
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, a->ai_addr, a->ai_addrlen) == -1) goto fail;
    if (listen(fd, SOMAXCONN) == -1) goto fail;
    if (!set_nonblocking(fd)) goto fail;
    return fd;

fail:
    close_keep_errno(fd);
    return -1;
}

int net_listen(const char *host, int port, const char **error) {
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
    };
    struct addrinfo *list;
    char service[16];
    snprintf(service, sizeof(service), "%d", port);
    int code = getaddrinfo(host, service, &hints, &list);
    if (code != 0) {
        *error = code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code);
        return -1;
    }
    int fd = -1;
    for (struct addrinfo *a = list; a != NULL && fd == -1; a = a->ai_next) {
        fd = listen_on(a);
    }
    if (fd == -1) *error = strerror(errno);
    freeaddrinfo(list);
    return fd;
}

void net_local_address(int fd, char *text) {
    struct sockaddr_storage sa = {0};
    socklen_t len = sizeof(sa);
    getsockname(fd, (struct sockaddr *)&sa, &len);

    char host[INET6_ADDRSTRLEN] = "";
    char port[8] = "";
    getnameinfo((struct sockaddr *)&sa, len, host, sizeof(host), port,
        sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
    bool is_v6 = sa.ss_family == AF_INET6;
    snprintf(text, NET_ADDRESS_BYTES, is_v6 ? "[%s]:%s" : "%s:%s", host, port);
}

static bool is_loopback(const struct sockaddr_storage *sa) {
    if (sa->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)sa;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    const struct in6_addr *a =
        &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(a)) return a->s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(a);
}

int net_accept(int listener, bool *is_outside) {
    struct sockaddr_storage sa = {0};
    socklen_t len = sizeof(sa);
    int fd = accept(listener, (struct sockaddr *)&sa, &len);
    if (fd == -1) return -1;
    if (!set_nonblocking(fd)) {
        close_keep_errno(fd);
        return -1;
    }
    // Otherwise the kernel may hold a small reply back until the one before
    // it is acknowledged (Nagle's algorithm). Best effort.
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    // And a peer that has died can only be found by asking. The system does.
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    *is_outside = !is_loopback(&sa);
    return fd;
}

bool net_can_read(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

size_t net_raise_descriptor_limit(size_t count) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1) return count;
    if (limit.rlim_cur < count) {
        limit.rlim_cur = count;
        if (limit.rlim_max < count) limit.rlim_max = count;
        if (setrlimit(RLIMIT_NOFILE, &limit) == -1) { // only root may raise max
            getrlimit(RLIMIT_NOFILE, &limit);
            limit.rlim_cur = limit.rlim_max;
            setrlimit(RLIMIT_NOFILE, &limit);
        }
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    return (size_t)limit.rlim_cur;
}

void net_close_gently(int fd) {
    char late[4096];
    shutdown(fd, SHUT_WR);
    for (size_t n = 0; n < CLOSE_READ_BYTES; n += sizeof(late)) {
        if (read(fd, late, sizeof(late)) <= 0) break;
    }
    close(fd);
}
