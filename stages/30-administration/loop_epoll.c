// loop_epoll.c - waiting with epoll(7), on Linux.
//
// The kernel keeps the list of descriptors between calls and returns only the
// ready ones, so 10,000 silent connections cost a wait nothing.

#include "loop.h"

#ifdef __linux__

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_WAIT 128 // more come with the next call

struct epoll_state {
    int fd;
    struct epoll_event events[EVENTS_PER_WAIT];
};

static void *open_epoll(void) {
    struct epoll_state *s = malloc(sizeof(*s));
    if (s == NULL) return NULL;
    s->fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->fd != -1) return s;
    free(s);
    return NULL;
}

static void close_epoll(void *state) {
    struct epoll_state *s = state;
    close(s->fd);
    free(s);
}

static bool watch_epoll(void *state, int fd, unsigned before, unsigned events) {
    struct epoll_state *s = state;
    unsigned read = events & LOOP_READ ? EPOLLIN : 0;
    unsigned write = events & LOOP_WRITE ? EPOLLOUT : 0;
    struct epoll_event e = {.events = read | write, .data.fd = fd};
    int op = before == 0 ? EPOLL_CTL_ADD
        : events == 0    ? EPOLL_CTL_DEL
                         : EPOLL_CTL_MOD;
    return epoll_ctl(s->fd, op, fd, &e) == 0;
}

static int wait_epoll(void *state, struct loop *loop, int timeout_ms) {
    struct epoll_state *s = state;
    int n = epoll_wait(s->fd, s->events, EVENTS_PER_WAIT, timeout_ms);
    for (int i = 0; i < n; i++) {
        unsigned ready = s->events[i].events;
        bool is_broken = ready & (EPOLLERR | EPOLLHUP);
        unsigned read = ready & EPOLLIN || is_broken ? LOOP_READ : 0;
        unsigned write = ready & EPOLLOUT || is_broken ? LOOP_WRITE : 0;
        loop_ready(loop, s->events[i].data.fd, read | write);
    }
    return n;
}

const struct loop_backend loop_epoll = {
    "epoll", open_epoll, close_epoll, watch_epoll, wait_epoll};

#endif
