// entry.h - a key and its value, in one allocation.

#ifndef MEDUSA_ENTRY_H
#define MEDUSA_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "slice.h"

struct entry {
    struct entry *next; // the next in its chain: for the table
    uint64_t hash; // of the key: for the table
    size_t key_len;
    size_t value_len;
    char bytes[]; // the key, then the value
};

// Copies `key` and `value` into a new entry. The caller owns it. Returns NULL
// if there is no memory.
struct entry *entry_new(struct slice key, struct slice value);

void entry_free(struct entry *e);

// Both borrow the entry's own bytes.
struct slice entry_key(const struct entry *e);
struct slice entry_value(const struct entry *e);

#endif
