// test_loop.c - waiting for descriptors, with each backend there is here.

#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"

#define BOTH (LOOP_READ | LOOP_WRITE)
#define MANY 200 // descriptors: more than one epoll_wait() returns

static const struct loop_backend *backend;
static struct loop *loop;

// One end of a connection, watched; the test holds the other one.
struct end {
    int fd;
    int peer;
    unsigned calls;
    unsigned ready; // of the last call
    struct end *forgets; // what the callback ends watching
    bool reads; // the callback reads what there is
};

static void on_ready(void *arg, int fd, unsigned ready) {
    struct end *e = arg;
    CHECK_INT(fd, e->fd);
    e->calls++;
    e->ready = ready;
    char byte;
    if (e->reads) CHECK_INT(read(fd, &byte, 1), 1);
    if (e->forgets != NULL) loop_forget(loop, e->forgets->fd);
}

static struct end end_open(void) {
    int fds[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    CHECK(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
    return (struct end){.fd = fds[0], .peer = fds[1]};
}

static void end_close(struct end *e) {
    close(e->fd);
    if (e->peer != -1) close(e->peer);
}

static void watch(struct end *e, unsigned events) {
    CHECK(loop_watch(loop, e->fd, events, on_ready, e));
}

static void send_byte(const struct end *e) {
    CHECK_INT(write(e->peer, "x", 1), 1);
}

// Waits, at most `timeout_ms`, and checks what `e` was called with; 0 is not
// at all.
static void check_wait(struct end *e, int timeout_ms, unsigned ready) {
    e->calls = e->ready = 0;
    CHECK_INT(loop_wait(loop, timeout_ms), 0);
    CHECK_INT(e->calls, ready != 0);
    CHECK_INT(e->ready, ready);
}

static void test_readable_is_told_again_until_it_is_read(void) {
    struct end e = end_open();
    watch(&e, LOOP_READ);
    check_wait(&e, 0, 0);
    send_byte(&e);
    check_wait(&e, 1000, LOOP_READ);
    check_wait(&e, 1000, LOOP_READ);
    e.reads = true;
    check_wait(&e, 1000, LOOP_READ);
    check_wait(&e, 0, 0);
    loop_forget(loop, e.fd);
    end_close(&e);
}

static void test_writable_is_told_while_there_is_room(void) {
    struct end e = end_open();
    static const char bytes[65536];
    watch(&e, LOOP_WRITE);
    check_wait(&e, 1000, LOOP_WRITE);
    while (write(e.fd, bytes, sizeof(bytes)) > 0) continue;
    CHECK(errno == EAGAIN || errno == EWOULDBLOCK);
    check_wait(&e, 0, 0);
    loop_forget(loop, e.fd);
    end_close(&e);
}

static void test_only_what_is_watched_for_is_told(void) {
    struct end e = end_open();
    send_byte(&e);
    watch(&e, LOOP_WRITE);
    check_wait(&e, 1000, LOOP_WRITE);
    watch(&e, BOTH);
    check_wait(&e, 1000, BOTH);
    watch(&e, LOOP_READ);
    check_wait(&e, 1000, LOOP_READ);
    watch(&e, 0);
    check_wait(&e, 0, 0);
    watch(&e, LOOP_READ);
    check_wait(&e, 1000, LOOP_READ);
    loop_forget(loop, e.fd);
    check_wait(&e, 0, 0);
    end_close(&e);
}

// The function and its argument can change while the events stay the same.
static void test_watching_again_replaces_the_function(void) {
    struct end e = end_open();
    struct end other = {.fd = e.fd, .peer = -1};
    send_byte(&e);
    watch(&e, LOOP_READ);
    watch(&other, LOOP_READ);
    check_wait(&other, 1000, LOOP_READ);
    CHECK_INT(e.calls, 0);
    loop_forget(loop, e.fd);
    end_close(&e);
}

static void test_a_closed_peer_is_told_to_whoever_watches(void) {
    static const unsigned watched[] = {LOOP_READ, LOOP_WRITE};
    for (size_t i = 0; i < 2; i++) {
        struct end e = end_open();
        watch(&e, watched[i]);
        close(e.peer);
        e.peer = -1;
        check_wait(&e, 1000, watched[i]);
        loop_forget(loop, e.fd);
        end_close(&e);
    }
}

static void test_a_wait_ends_at_its_time(void) {
    int64_t start_us = clock_monotonic_us();
    CHECK_INT(loop_wait(loop, 20), 0);
    CHECK(clock_monotonic_us() - start_us >= 19000);
}

static void on_alarm(int number) {
    (void)number;
}

static void test_a_signal_ends_a_wait_and_is_no_error(void) {
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
    int64_t start_us = clock_monotonic_us();
    CHECK_INT(setitimer(ITIMER_REAL, &soon, NULL), 0);
    CHECK_INT(loop_wait(loop, 30000), 0);
    CHECK(clock_monotonic_us() - start_us < 20000000);
}

static void test_many_descriptors(void) {
    struct end ends[MANY];
    for (size_t i = 0; i < MANY; i++) {
        ends[i] = end_open();
        watch(&ends[i], LOOP_READ);
    }
    for (size_t i = 0; i < MANY; i += 3) {
        ends[i].reads = true;
        send_byte(&ends[i]);
    }
    for (int i = 0; i < 4; i++) CHECK_INT(loop_wait(loop, 0), 0);
    for (size_t i = 0; i < MANY; i++) CHECK_INT(ends[i].calls, i % 3 == 0);

    // Every other one goes; the rest is told as before.
    for (size_t i = 0; i < MANY; i += 2) loop_forget(loop, ends[i].fd);
    for (size_t i = 0; i < MANY; i++) {
        ends[i].calls = 0;
        ends[i].reads = true;
        send_byte(&ends[i]);
    }
    for (int i = 0; i < 4; i++) CHECK_INT(loop_wait(loop, 0), 0);
    for (size_t i = 0; i < MANY; i++) {
        CHECK_INT(ends[i].calls, i % 2);
        if (i % 2 == 1) loop_forget(loop, ends[i].fd);
        end_close(&ends[i]);
    }
}

// Each ready descriptor ends watching its neighbor. Whatever the order, of two
// neighbors only one is called, and all that are not forgotten are.
static void test_forgetting_others_while_they_are_ready(void) {
    struct end ends[20];
    for (size_t i = 0; i < 20; i++) {
        ends[i] = end_open();
        watch(&ends[i], LOOP_READ);
        send_byte(&ends[i]);
    }
    for (size_t i = 0; i < 20; i++) ends[i].forgets = &ends[i ^ 1];
    CHECK_INT(loop_wait(loop, 1000), 0);
    for (size_t i = 0; i < 20; i += 2) {
        CHECK_INT(ends[i].calls + ends[i + 1].calls, 1);
    }
    for (size_t i = 0; i < 20; i++) {
        if (ends[i].calls == 1) loop_forget(loop, ends[i].fd);
        end_close(&ends[i]);
    }
}

static void test_a_callback_may_forget_itself(void) {
    struct end ends[3];
    for (size_t i = 0; i < 3; i++) {
        ends[i] = end_open();
        watch(&ends[i], LOOP_READ);
        send_byte(&ends[i]);
    }
    for (size_t i = 0; i < 3; i++) ends[i].forgets = &ends[i];
    CHECK_INT(loop_wait(loop, 1000), 0);
    CHECK_INT(loop_wait(loop, 0), 0);
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(ends[i].calls, 1);
        end_close(&ends[i]);
    }
}

static struct end late[MANY];

static void watch_more(void *arg, int fd, unsigned ready) {
    (void)ready;
    (void)arg;
    loop_forget(loop, fd);
    for (size_t i = 0; i < MANY; i++) {
        late[i] = end_open();
        watch(&late[i], LOOP_READ);
        send_byte(&late[i]);
    }
}

// As on accept: the loop's own arrays grow while it goes through them.
static void test_a_callback_may_watch_many_more(void) {
    struct end e = end_open();
    CHECK(loop_watch(loop, e.fd, LOOP_READ, watch_more, NULL));
    send_byte(&e);
    CHECK_INT(loop_wait(loop, 1000), 0);
    for (int i = 0; i < 4; i++) CHECK_INT(loop_wait(loop, 0), 0);
    for (size_t i = 0; i < MANY; i++) {
        CHECK(late[i].calls > 0);
        loop_forget(loop, late[i].fd);
        end_close(&late[i]);
    }
    end_close(&e);
}

static void test_backends_are_found_by_name(void) {
    CHECK(loop_backend_find("poll") == &loop_poll);
#ifdef __linux__
    CHECK(loop_backend_find("epoll") == &loop_epoll);
    CHECK(loop_backend_find("") == &loop_epoll);
#else
    CHECK(loop_backend_find("") == &loop_poll);
#endif
    CHECK(loop_backend_find("kqueue") == NULL);
    CHECK(loop_backend_find("POLL") == NULL);
}

int main(void) {
    static const char *const names[] = {"poll", "epoll"};
    test_backends_are_found_by_name();
    for (size_t i = 0; i < 2; i++) {
        backend = loop_backend_find(names[i]);
        if (backend == NULL) continue; // epoll, where there is none
        loop = loop_new(backend);
        CHECK(loop != NULL);
        test_readable_is_told_again_until_it_is_read();
        test_writable_is_told_while_there_is_room();
        test_only_what_is_watched_for_is_told();
        test_watching_again_replaces_the_function();
        test_a_closed_peer_is_told_to_whoever_watches();
        test_a_wait_ends_at_its_time();
        test_a_signal_ends_a_wait_and_is_no_error();
        test_many_descriptors();
        test_forgetting_others_while_they_are_ready();
        test_a_callback_may_forget_itself();
        test_a_callback_may_watch_many_more();
        loop_free(loop);
    }
    loop_free(NULL);
    puts("ok");
    return 0;
}
