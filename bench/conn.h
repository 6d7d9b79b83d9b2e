// conn.h - one connection to the server and what it still owes us.

#ifndef MEDUSA_CONN_H
#define MEDUSA_CONN_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "load.h"

struct conn {
    int fd; // -1 once closed
    size_t sent; // bytes of `out` that the socket has taken so far
    size_t next; // index of the oldest request without a reply
    size_t count; // requests in this batch; next == count: all answered
    int64_t sent_ns; // when this batch was sent
    struct load_request *requests; // owned; room for one batch
    struct buf out; // owned; the bytes of one batch
    struct buf in; // owned; bytes received and not yet read
};

// Where and how to connect.
struct conn_target {
    const char *host;
    const char *password; // NULL: no AUTH
    int64_t port;
    int64_t timeout_ms; // for connecting, and again for the reply to AUTH
};

// Connects, and sends AUTH where there is a password. Leaves a non-blocking
// socket in c->fd; `c` was zero, and has room for `batch` requests afterwards.
// On failure returns false and writes a sentence to `problem`. conn_close() and
// conn_deinit() are due in any case.
bool conn_open(struct conn *c, const struct conn_target *target, size_t batch,
    char *problem, size_t size);

void conn_close(struct conn *c);
void conn_deinit(struct conn *c);

#endif
