// table.h - a hash table of entries that grows and shrinks in small steps.
//
// A directory, indexed by the first bits of the hash, leads to segments of
// 512 slots. A segment that fills up is split in two, whatever its neighbors
// do: no step moves more than 512 entries, so no client ever waits for a
// table to be copied. Source: Fagin et al., "Extendible Hashing" (1979).
//
// Callers pass the hash of the key with the key: table_hash() of it.

#ifndef MEDUSA_TABLE_H
#define MEDUSA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "entry.h"
#include "hash.h"
#include "slab.h"
#include "slice.h"

struct table; // opaque: its fields are known in table.c only

// Returns an empty table, or NULL if there is no memory. Borrows both
// arguments; entries put into the table must come from `pool`.
struct table *table_new(
    struct slab_pool *pool, const struct hash_secret *secret);

// Frees the table with all its entries.
void table_free(struct table *t);

// Frees some dozens of entries, and at last the table itself. Returns false
// when all is freed and `t` is gone. The table is of no other use then.
bool table_free_step(struct table *t);

size_t table_count(const struct table *t);

// Returns the bytes that the table and its entries asked for, and how many more
// the table itself would ask for if a new key with this hash came.
size_t table_bytes(const struct table *t);
size_t table_growth(const struct table *t, uint64_t hash);

uint64_t table_hash(const struct table *t, struct slice key);

// Starts loading the memory that a later table_find() for `hash` will read:
// first the slot, then, some dozens of nanoseconds later, the entry.
void table_prefetch_slot(const struct table *t, uint64_t hash);
void table_prefetch_entry(const struct table *t, uint64_t hash);

// Returns the entry with this key, borrowed from the table, or NULL.
struct entry *table_find(
    const struct table *t, struct slice key, uint64_t hash);

// Takes `e` and frees the entry that had the same key, if any. To be called
// again with an entry that is in the table already when its deadline changes.
// Returns false, with nothing taken or changed, if there is no memory.
bool table_put(struct table *t, struct entry *e, uint64_t hash);

// Removes and frees the entry with this key. Returns false if there is none.
bool table_remove(struct table *t, struct slice key, uint64_t hash);

typedef void table_visit_fn(void *arg, const struct entry *e);

// Calls `visit` for the entries of one segment. A walk starts with cursor 0,
// goes on with the cursor returned, and is complete when that is 0 again. What
// is in the table throughout is visited, even if it grows or shrinks between.
uint64_t table_walk(
    const struct table *t, uint64_t cursor, table_visit_fn *visit, void *arg);

// Like table_walk(), but removes and frees the entries that are due at
// `now_ms`: if some may be due, it looks at a few and returns a cursor to
// the same segment. If none is, it lowers *earliest_ms to a moment before which
// none of the segment will be, and goes on.
uint64_t table_expire(
    struct table *t, uint64_t cursor, int64_t now_ms, int64_t *earliest_ms);

#endif
