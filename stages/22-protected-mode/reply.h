// reply.h - from results to the bytes of RESP, the Redis protocol.
//
// Each function appends one whole reply to the output. A caller makes room for
// REPLY_ROOM bytes first; then only a large value or a long array can fail for
// want of memory, never the short answer of a command that changed something.

#ifndef MEDUSA_REPLY_H
#define MEDUSA_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "slice.h"

#define REPLY_ROOM 512 // bytes; no error line is longer

struct reply {
    struct buf *out; // borrowed
    bool no_memory; // something did not fit; what is in `out` is cut short
};

void reply_simple(struct reply *r, const char *text); // +text
void reply_integer(struct reply *r, int64_t value); // :123
void reply_bulk(struct reply *r, struct slice bytes); // $5 hello
void reply_null(struct reply *r); // $-1

// Sends -CODE message, made as by printf(). Control bytes become spaces, so
// that no request can put a line of its own into a reply.
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void reply_error(struct reply *r, const char *format, ...);

// Begins an array whose length is known only at its end. Returns the mark that
// reply_array_end() wants back, together with the number of replies between.
size_t reply_array_begin(struct reply *r);
void reply_array_end(struct reply *r, size_t mark, size_t count);

#endif
