// loop_poll.c - waiting with poll(2), which every POSIX system has.
//
// The kernel is handed all descriptors at each call and looks at every one of
// them, so a wait costs as much as there are connections, busy or not.

#include "loop.h"

#include <poll.h>
#include <stdlib.h>

struct poll_state {
    struct pollfd *fds;
    int count;
    int cap;
    int *places; // by descriptor: its index in fds
    int places_cap;
};

static void *open_poll(void) {
    return calloc(1, sizeof(struct poll_state));
}

static void close_poll(void *state) {
    struct poll_state *s = state;
    free(s->fds);
    free(s->places);
    free(s);
}

// Makes `*array` of items of `size` bytes longer than `index`.
static bool make_room(void **array, int *cap, int index, size_t size) {
    if (index < *cap) return true;
    int more = *cap < 64 ? 64 : *cap;
    while (more <= index) more *= 2;
    void *bigger = realloc(*array, (size_t)more * size);
    if (bigger == NULL) return false;
    *array = bigger;
    *cap = more;
    return true;
}

static bool watch_poll(void *state, int fd, unsigned before, unsigned events) {
    struct poll_state *s = state;
    if (before == 0) {
        void *fds = s->fds, *places = s->places;
        bool ok = make_room(&fds, &s->cap, s->count, sizeof(*s->fds));
        s->fds = fds;
        ok = ok && make_room(&places, &s->places_cap, fd, sizeof(*s->places));
        s->places = places;
        if (!ok) return false;
        s->places[fd] = s->count++;
    }
    int i = s->places[fd];
    if (events == 0) { // the last one takes its place
        s->fds[i] = s->fds[--s->count];
        s->places[s->fds[i].fd] = i;
        return true;
    }
    int read = events & LOOP_READ ? POLLIN : 0;
    int write = events & LOOP_WRITE ? POLLOUT : 0;
    s->fds[i] = (struct pollfd){.fd = fd, .events = (short)(read | write)};
    return true;
}

static int wait_poll(void *state, struct loop *loop, int timeout_ms) {
    struct poll_state *s = state;
    int n = poll(s->fds, (nfds_t)s->count, timeout_ms);

    // From the end, because a removal fills its gap with the last one.
    int left = n;
    for (int i = s->count - 1; i >= 0 && left > 0; i--) {
        if (i >= s->count) continue; // more than one has been removed
        short ready = s->fds[i].revents;
        if (ready == 0) continue;
        left--;
        s->fds[i].revents = 0;
        bool is_broken = ready & (POLLERR | POLLHUP | POLLNVAL);
        unsigned read = ready & POLLIN || is_broken ? LOOP_READ : 0;
        unsigned write = ready & POLLOUT || is_broken ? LOOP_WRITE : 0;
        loop_ready(loop, s->fds[i].fd, read | write);
    }
    return n;
}

const struct loop_backend loop_poll = {
    "poll", open_poll, close_poll, watch_poll, wait_poll};
