// worker.h - one thread of a run: its connections, its share, its findings.

#ifndef MEDUSA_WORKER_H
#define MEDUSA_WORKER_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "conn.h"
#include "hist.h"
#include "load.h"

#define WORKER_ERRORS 3 // errors described in words; all are counted
#define WORKER_ERROR_SIZE 256 // bytes of one description, with its NUL

// What a run found out. Everything but `lost` belongs to a reply.
struct tally {
    uint64_t operations; // replies received
    uint64_t commands[LOAD_COMMANDS]; // the same, by command
    uint64_t hits; // GET, EXISTS, DELETE or DEL, and the key was there
    uint64_t misses; // and it was not
    uint64_t refused; // error replies
    uint64_t wrong; // replies that cannot be right
    uint64_t lost; // requests without a reply: connection closed, time over
};

enum worker_order {
    WORKER_GO,
    WORKER_STOP, // leave now; what is under way does not count
    WORKER_GIVE_UP, // leave now; what is under way is lost
};

struct worker {
    // Set before the thread starts.
    pthread_t thread;
    const struct load *load; // borrowed, shared
    atomic_int *order; // borrowed, shared: an enum worker_order
    int wake_fd; // gets one byte when the thread ends
    size_t pipeline; // requests in a batch
    size_t conn_count;
    struct conn *conns; // owned; opened by the run
    struct pollfd *fds; // owned; fds[i] watches conns[i]
    struct load_source source;
    int64_t left; // requests not yet part of a batch
    int64_t deadline_ns; // no new batch from then on; INT64_MAX for never

    // Its findings, for others to read once it has ended, but for `done`.
    atomic_uint_fast64_t done; // replies so far, for the progress line
    int64_t end_ns; // when the last reply came
    size_t open_count; // connections not closed
    size_t error_count; // descriptions in `errors`
    char errors[WORKER_ERRORS][WORKER_ERROR_SIZE];
    struct tally tally;
    struct hist latency; // nanoseconds
};

// Reads the monotonic clock, in nanoseconds.
int64_t worker_now_ns(void);

// The thread: runs the share of the struct worker at `arg`. Each connection is
// closed as soon as there is nothing left to send, so that a server which
// serves one client at a time gets to the next one.
void *worker_main(void *arg);

#endif
