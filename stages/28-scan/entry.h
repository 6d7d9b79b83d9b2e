// entry.h - a key, its value and perhaps its deadline, in one allocation.
//
//     flags | key length | value length | deadline, if any | key | value
//     1     | 1 or 4     | 1 or 4       | 8                |     |
//
// Lengths take one byte each where both fit, else four: a short entry has
// three bytes of header, where a struct of pointers and lengths has forty.

#ifndef MEDUSA_ENTRY_H
#define MEDUSA_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slab.h"
#include "slice.h"

#define ENTRY_NO_DEADLINE INT64_MAX // later than any moment

struct entry; // opaque: bytes, at any address that is a multiple of 8

// Copies `key` and `value` (at most 4 GiB each) into a new entry that lives
// until `deadline_ms` (Unix time). The caller owns it. Returns NULL if there
// is no memory.
struct entry *entry_new(struct slab_pool *pool, struct slice key,
    struct slice value, int64_t deadline_ms);

void entry_free(struct slab_pool *pool, struct entry *e);

// Both borrow the entry's own bytes.
struct slice entry_key(const struct entry *e);
struct slice entry_value(const struct entry *e);

// Returns Unix time in milliseconds, or ENTRY_NO_DEADLINE.
int64_t entry_deadline(const struct entry *e);

// Returns the bytes of the whole entry, and of one that entry_new() would make.
size_t entry_size(const struct entry *e);
size_t entry_size_for(
    struct slice key, struct slice value, int64_t deadline_ms);

// Writes a new value and deadline over the old ones. Returns false, with
// nothing changed, if they do not have the same sizes.
bool entry_overwrite(struct entry *e, struct slice value, int64_t deadline_ms);

#endif
