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

// Returns a loop without descriptors, or NULL if there is no memory.
struct loop *loop_new(void);

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

#endif
