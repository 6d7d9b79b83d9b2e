// loop.c - who watches what, whatever way of waiting is behind it.

#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct watcher {
    unsigned events; // 0: not watched
    loop_fn *fn;
    void *arg; // borrowed
};

struct loop {
    const struct loop_backend *backend;
    void *state; // the backend's
    struct watcher *watchers; // by descriptor: small numbers, used again
    int cap;
};

const struct loop_backend *loop_backend_find(const char *name) {
#ifdef __linux__
    if (*name == '\0' || strcmp(name, "epoll") == 0) return &loop_epoll;
#endif
    if (*name == '\0' || strcmp(name, "poll") == 0) return &loop_poll;
    return NULL;
}

struct loop *loop_new(const struct loop_backend *backend) {
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL) return NULL;
    loop->backend = backend;
    loop->state = backend->open();
    if (loop->state == NULL) {
        free(loop);
        return NULL;
    }
    return loop;
}

void loop_free(struct loop *loop) {
    if (loop == NULL) return;
    loop->backend->close(loop->state);
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

bool loop_watch(
    struct loop *loop, int fd, unsigned events, loop_fn *fn, void *arg) {
    if (!make_room(loop, fd)) return false;
    struct watcher *w = &loop->watchers[fd];
    if (w->events != events) {
        if (!loop->backend->watch(loop->state, fd, w->events, events)) {
            return false;
        }
    }
    *w = (struct watcher){events, fn, arg};
    return true;
}

void loop_forget(struct loop *loop, int fd) {
    struct watcher *w = &loop->watchers[fd];
    if (w->events != 0) loop->backend->watch(loop->state, fd, w->events, 0);
    *w = (struct watcher){0};
}

int loop_wait(struct loop *loop, int timeout_ms) {
    int n = loop->backend->wait(loop->state, loop, timeout_ms);
    return n == -1 && errno != EINTR ? -1 : 0;
}

void loop_ready(struct loop *loop, int fd, unsigned ready) {
    struct watcher w = loop->watchers[fd]; // fn() may move the array
    ready &= w.events;
    if (ready != 0) w.fn(w.arg, fd, ready);
}
