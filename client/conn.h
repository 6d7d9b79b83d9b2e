// conn.h - the connection to the server: requests out, replies in.
//
// Waiting ends early when a signal handler has run. Whoever wants SIGINT,
// SIGTERM or SIGHUP to stop a wait blocks it and installs a handler: it is
// unblocked here, for as long as the wait takes.

#ifndef MEDUSA_CONN_H
#define MEDUSA_CONN_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "slice.h"

#define CONN_ERROR_SIZE 256

enum conn_result {
    CONN_OK,
    CONN_CLOSED, // the server has closed; conn_close is still to be called
    CONN_BROKEN, // as CLOSED, but not in order: replies may be lost
    CONN_INTERRUPTED, // a signal came; the reply is still to come
    CONN_MALFORMED, // what came is no reply; c->in has the bytes
    CONN_NO_MEMORY,
};

struct conn {
    int fd; // -1 while there is no connection
    struct buf in; // received, not yet taken
    size_t taken; // bytes at the front of `in` that the last reply used
};

// Connects to the first address of `host` that accepts. Returns false with a
// line for the user in `error`.
bool conn_open(struct conn *c, const char *host, const char *port, char *error);

// Closes and forgets what was received. Does nothing if it is closed already.
void conn_close(struct conn *c);

// Sends all of `bytes`, waiting where it must.
enum conn_result conn_send(struct conn *c, struct slice bytes);

// Waits for one reply. On CONN_OK, *reply borrows its bytes: they are valid
// until the next call.
enum conn_result conn_read_reply(struct conn *c, struct slice *reply);

// As conn_read_reply, for a server that may be a plain line tool: after `sent`,
// a line that repeats it or starts like no reply is taken as text. *is_text
// tells which it was.
enum conn_result conn_read_line_or_reply(
    struct conn *c, struct slice sent, struct slice *reply, bool *is_text);

// Appends what has come to c->in, waiting for the first byte.
enum conn_result conn_read_more(struct conn *c);

// Tells whether the server has closed since the last reply.
bool conn_is_closed_by_peer(const struct conn *c);

#endif
