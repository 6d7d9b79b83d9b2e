// loop.c - waiting with poll(2), which every POSIX system has.
//
// The kernel is handed all descriptors at each call and looks at every one of
// them, so a wait costs as much as there are connections, busy or not.

#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct watcher {
    unsigned events; // 0: not watched
    loop_fn *fn;
    void *arg; // borrowed
    int place; // in loop->fds
};

struct loop {
    struct pollfd *fds; // of all watched descriptors, in no order
    int count;
    int fds_cap;
    struct watcher *watchers; // by descriptor: small numbers, used again
    int cap;
};

struct loop *loop_new(void) {
    return calloc(1, sizeof(struct loop));
}

void loop_free(struct loop *loop) {
    if (loop == NULL) return;
    free(loop->fds);
    free(loop->watchers);
    free(loop);
}

static bool make_room(struct loop *loop, int fd) {
    if (fd < loop->cap) return true;
    int cap = loop->cap < 64 ? 64 : loop->cap;
    while (cap <= fd) cap *= 2;
    struct watcher *watchers =
        realloc(loop->watchers, (size_t)cap * sizeof(*watchers));
    if (watchers == NULL) return false;

    size_t added = (size_t)(cap - loop->cap);
    memset(watchers + loop->cap, 0, added * sizeof(*watchers));
    loop->watchers = watchers;
    loop->cap = cap;
    return true;
}

// Adds a descriptor to those that poll() is asked about. Returns its place, or
// -1 if there is no memory.
static int add_place(struct loop *loop) {
    if (loop->count == loop->fds_cap) {
        int cap = loop->fds_cap < 64 ? 64 : 2 * loop->fds_cap;
        struct pollfd *fds = realloc(loop->fds, (size_t)cap * sizeof(*fds));
        if (fds == NULL) return -1;
        loop->fds = fds;
        loop->fds_cap = cap;
    }
    return loop->count++;
}

bool loop_watch(
    struct loop *loop, int fd, unsigned events, loop_fn *fn, void *arg) {
    if (!make_room(loop, fd)) return false;
    struct watcher *w = &loop->watchers[fd];
    int place = w->events != 0 ? w->place : add_place(loop);
    if (place == -1) return false;

    *w = (struct watcher){events, fn, arg, place};
    int read = events & LOOP_READ ? POLLIN : 0;
    int write = events & LOOP_WRITE ? POLLOUT : 0;
    struct pollfd p = {.fd = fd, .events = (short)(read | write)};
    loop->fds[place] = p;
    return true;
}

void loop_forget(struct loop *loop, int fd) {
    struct watcher *w = &loop->watchers[fd];
    if (w->events == 0) return;
    loop->fds[w->place] = loop->fds[--loop->count]; // the last takes its place
    loop->watchers[loop->fds[w->place].fd].place = w->place;
    *w = (struct watcher){0};
}

static void loop_ready(struct loop *loop, int fd, unsigned ready) {
    struct watcher w = loop->watchers[fd]; // fn() may move the array
    ready &= w.events;
    if (ready != 0) w.fn(w.arg, fd, ready);
}

int loop_wait(struct loop *loop, int timeout_ms) {
    int n = poll(loop->fds, (nfds_t)loop->count, timeout_ms);

    // From the end, because a removal fills its gap with the last one.
    int left = n;
    for (int i = loop->count - 1; i >= 0 && left > 0; i--) {
        if (i >= loop->count) continue; // more than one has been removed
        short ready = loop->fds[i].revents;
        if (ready == 0) continue;
        left--;
        loop->fds[i].revents = 0;
        bool is_broken = ready & (POLLERR | POLLHUP | POLLNVAL);
        unsigned read = ready & POLLIN || is_broken ? LOOP_READ : 0;
        unsigned write = ready & POLLOUT || is_broken ? LOOP_WRITE : 0;
        loop_ready(loop, loop->fds[i].fd, read | write);
    }
    return n == -1 && errno != EINTR ? -1 : 0;
}
