// check.h - what the unit tests have in common: checks that end the test.
//
// A failed check prints where it is, what was checked and both values, and
// ends the program with status 1: the first failure is the one to look at.

#ifndef MEDUSA_CHECK_H
#define MEDUSA_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "slice.h"

#define CHECK_SHOWN_BYTES 200 // of each side that a failed check prints

// A string literal as a slice; it may hold NUL.
#define BYTES(literal) ((struct slice)BYTES_INIT(literal))
#define BYTES_INIT(literal) \
    { literal, sizeof(literal) - 1 } // in a static table

// Integers, sizes, enums and facts; a slice; 64 bits that are no number.
#define CHECK(fact) check_int(__FILE__, __LINE__, #fact, (fact), true)
#define CHECK_INT(actual, expected) \
    check_int(__FILE__, __LINE__, #actual " == " #expected, (int64_t)(actual), \
        (int64_t)(expected))
#define CHECK_BYTES(actual, expected) \
    check_bytes(__FILE__, __LINE__, #actual, (actual), (expected))
#define CHECK_HEX(actual, expected) \
    check_hex(__FILE__, __LINE__, #actual, (actual), (expected))

static inline void check_int(const char *file, int line, const char *text,
    int64_t actual, int64_t expected) {
    if (actual == expected) return;
    printf("%s:%d: %s: got %" PRId64 ", expected %" PRId64 "\n", file, line,
        text, actual, expected);
    exit(1);
}

static inline void check_hex(const char *file, int line, const char *text,
    uint64_t actual, uint64_t expected) {
    if (actual == expected) return;
    printf("%s:%d: %s: got %016" PRIx64 ", expected %016" PRIx64 "\n", file,
        line, text, actual, expected);
    exit(1);
}

static inline void check_show(const char *title, struct slice bytes) {
    printf("  %s (%zu bytes): \"", title, bytes.len);
    for (size_t i = 0; i < bytes.len && i < CHECK_SHOWN_BYTES; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        if (c < ' ' || c > '~' || c == '"' || c == '\\') {
            printf("\\x%02x", c);
        } else {
            putchar(c);
        }
    }
    printf("\"%s\n", bytes.len > CHECK_SHOWN_BYTES ? "..." : "");
}

static inline void check_bytes(const char *file, int line, const char *text,
    struct slice actual, struct slice expected) {
    if (slice_equal(actual, expected)) return;
    printf("%s:%d: %s\n", file, line, text);
    check_show("got", actual);
    check_show("expected", expected);
    exit(1);
}

// A small generator of our own, so that every run sees the same numbers.
// Source: Marsaglia, "Xorshift RNGs" (2003).
static inline uint64_t check_random(void) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

#endif
