// entry.h - a key, its value and perhaps its deadline, in one allocation.

#ifndef MEDUSA_ENTRY_H
#define MEDUSA_ENTRY_H

#include <stdint.h>

#include "slice.h"

#define ENTRY_NO_DEADLINE INT64_MAX // later than any moment

struct entry {
    struct entry *next; // the next in its chain: for the table
    uint64_t hash; // of the key: for the table
    int64_t deadline_ms;
    size_t key_len;
    size_t value_len;
    char bytes[]; // the key, then the value
};

// Copies `key` and `value` into a new entry that lives until `deadline_ms`
// (Unix time). The caller owns it. Returns NULL if there is no memory.
struct entry *entry_new(
    struct slice key, struct slice value, int64_t deadline_ms);

void entry_free(struct entry *e);

// Both borrow the entry's own bytes.
struct slice entry_key(const struct entry *e);
struct slice entry_value(const struct entry *e);

// Returns Unix time in milliseconds, or ENTRY_NO_DEADLINE.
int64_t entry_deadline(const struct entry *e);

void entry_set_deadline(struct entry *e, int64_t deadline_ms);

#endif
