// buf.c - a growable buffer. Doubling makes n appends cost O(n) in all.

#include "buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BUF_MIN_CAP 64 // bytes; smaller steps only cost calls to realloc()

void buf_deinit(struct buf *b) {
    free(b->data);
    *b = (struct buf){0};
}

bool buf_reserve(struct buf *b, size_t more) {
    if (more <= b->cap - b->len) return true;
    if (more > SIZE_MAX / 2 - b->len) return false;

    size_t cap = b->cap < BUF_MIN_CAP ? BUF_MIN_CAP : b->cap;
    while (cap < b->len + more) cap *= 2;
    char *data = realloc(b->data, cap);
    if (data == NULL) return false;
    b->data = data;
    b->cap = cap;
    return true;
}

bool buf_append(struct buf *b, struct slice bytes) {
    if (bytes.len == 0) return true;
    if (!buf_reserve(b, bytes.len)) return false;
    memcpy(b->data + b->len, bytes.data, bytes.len);
    b->len += bytes.len;
    return true;
}

void buf_consume(struct buf *b, size_t n) {
    assert(n <= b->len);
    b->len -= n;
    if (n > 0 && b->len > 0) memmove(b->data, b->data + n, b->len);
}
