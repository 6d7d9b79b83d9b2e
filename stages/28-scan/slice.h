// slice.h - a borrowed run of bytes: where it starts and how long it is.
//
// A C string ends at its first NUL, so it cannot hold one. Keys and values
// can, so they travel as a pointer and a length, by value. A slice never owns
// its bytes: whoever made them decides how long they live.

#ifndef MEDUSA_SLICE_H
#define MEDUSA_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *data;
    size_t len;
};

// Borrows the bytes of `text`, its NUL left out.
static inline struct slice slice_of(const char *text) {
    return (struct slice){text, strlen(text)};
}

static inline bool slice_equal(struct slice a, struct slice b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif
