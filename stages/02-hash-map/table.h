// table.h - a hash table of entries: buckets, each with a chain of entries.
//
// Callers pass the hash of the key with the key.

#ifndef MEDUSA_TABLE_H
#define MEDUSA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "entry.h"
#include "slice.h"

struct table; // opaque: its fields are known in table.c only

// Returns an empty table, or NULL if there is no memory.
struct table *table_new(void);

// Frees the table with all its entries.
void table_free(struct table *t);

// Returns the entry with this key, borrowed from the table, or NULL.
struct entry *table_find(
    const struct table *t, struct slice key, uint64_t hash);

// Takes `e` and frees the entry that had the same key, if any. Returns false,
// with nothing taken or changed, if there is no memory.
bool table_put(struct table *t, struct entry *e, uint64_t hash);

// Removes and frees the entry with this key. Returns false if there is none.
bool table_remove(struct table *t, struct slice key, uint64_t hash);

#endif
