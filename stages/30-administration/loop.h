// loop.h - waits for many sockets at once and says which are ready.
//
// A descriptor is watched for being readable, writable or both. When it is, a
// function is called. Being ready is a state and not an event: the function is
// called again, each time, until what it waits for has been read or written.

#ifndef MEDUSA_LOOP_H
#define MEDUSA_LOOP_H

#include <stdbool.h>

#define LOOP_READ 1u
#define LOOP_WRITE 2u

struct loop; // opaque: its fields are known in loop.c only

// `ready` holds LOOP_READ, LOOP_WRITE or both; both after an error, which the
// next read() or write() then reports.
typedef void loop_fn(void *arg, int fd, unsigned ready);

// A way to wait, with the functions that a backend has for it.
struct loop_backend {
    const char *name;
    void *(*open)(void); // returns the backend's state or NULL
    void (*close)(void *state);
    // Sets what `fd` is watched for, from `before` to `events`; 0 is nothing.
    bool (*watch)(void *state, int fd, unsigned before, unsigned events);
    // Waits and tells `loop` of each ready descriptor by loop_ready().
    int (*wait)(void *state, struct loop *loop, int timeout_ms);
};

extern const struct loop_backend loop_poll; // POSIX
#ifdef __linux__
extern const struct loop_backend loop_epoll;
#endif

// Returns the backend of that name ("poll", "epoll") or, for an empty name,
// the best one here. Returns NULL for a name unknown here.
const struct loop_backend *loop_backend_find(const char *name);

// Returns a loop without descriptors, or NULL if there is no memory.
struct loop *loop_new(const struct loop_backend *backend);

// Frees the loop. Descriptors still watched are not closed.
void loop_free(struct loop *loop);

// Watches `fd` for `events`, in place of what it was watched for before, and
// calls `fn` with `arg`. Returns false, with nothing changed, if there is no
// memory.
bool loop_watch(
    struct loop *loop, int fd, unsigned events, loop_fn *fn, void *arg);

// Ends watching `fd`. To be called before it is closed.
void loop_forget(struct loop *loop, int fd);

// Waits until a descriptor is ready, for at most `timeout_ms` milliseconds, and
// calls the functions of those that are. Returns 0, or -1 with errno set on an
// error; a signal is none.
int loop_wait(struct loop *loop, int timeout_ms);

// For backends: calls the function of `fd`, unless it has been forgotten.
void loop_ready(struct loop *loop, int fd, unsigned ready);

#endif
