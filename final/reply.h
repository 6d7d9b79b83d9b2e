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
#define REPLY_LEAST 64 // what a command that changed something answers fits in

struct reply {
    struct buf *out; // borrowed
    bool no_memory; // something did not fit; what is in `out` is cut short
    bool is_resp3; // the client has asked for version 3
    size_t after; // bytes of room to leave for the replies behind this one
};

// Makes room for `bytes` of this reply, besides what has to be left behind it.
// Returns false if there is no memory. A command that changes something, and
// answers more than REPLY_LEAST, calls it before the change.
bool reply_reserve(struct reply *r, size_t bytes);

void reply_simple(struct reply *r, const char *text); // +text
void reply_integer(struct reply *r, int64_t value); // :123
void reply_bulk(struct reply *r, struct slice bytes); // $5 hello
void reply_null(struct reply *r); // $-1, or _ in version 3
void reply_array(struct reply *r, size_t count); // *2; `count` replies follow

// Begins a map: `pairs` times two replies follow, a name and what it has. It is
// %2 in version 3, and an array of twice as many, *4, in version 2.
void reply_map(struct reply *r, size_t pairs);

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

// The same for a map with `count` pairs.
void reply_map_end(struct reply *r, size_t mark, size_t count);

#endif
