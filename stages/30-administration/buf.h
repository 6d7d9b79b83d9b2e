// buf.h - bytes that we own and that can grow: the only growable buffer.
//
// All zero is a valid empty buffer: `struct buf b = {0};`.

#ifndef MEDUSA_BUF_H
#define MEDUSA_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

struct buf {
    char *data; // owned; NULL while cap is 0
    size_t len; // bytes in use
    size_t cap; // bytes allocated; len <= cap
};

// Frees the bytes and leaves a valid empty buffer.
void buf_deinit(struct buf *b);

// Makes room for `more` bytes past the end, at least doubling when it grows.
// Returns false, with the buffer as it was, if there is no memory.
bool buf_reserve(struct buf *b, size_t more);

// Copies `bytes` to the end. Returns false, with the buffer as it was, if
// there is no memory.
bool buf_append(struct buf *b, struct slice bytes);

// Drops the first `n` bytes; the rest moves to the front.
void buf_consume(struct buf *b, size_t n);

#endif
