// store.h - the keyspace: every key and its value.
//
// Keys and values are bytes and may hold NUL.

#ifndef MEDUSA_STORE_H
#define MEDUSA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

struct store; // opaque: its fields are known in store.c only

enum store_result {
    STORE_OK,
    STORE_MISSING, // no such key
    STORE_NO_MEMORY, // the system has none left; nothing was changed
};

struct store_stats {
    uint64_t hits; // lookups of keys for reading that found one
    uint64_t misses;
    size_t keys;
};

// Returns an empty store, or NULL if there is no memory.
struct store *store_new(void);

void store_free(struct store *st);

// Looks up the string at `key`.
//
// On STORE_OK, *out borrows the store's own bytes: they are valid until the
// next call that changes the store. Otherwise *out is untouched.
enum store_result store_get(
    struct store *st, struct slice key, struct slice *out);

// Stores copies of `key` and `value`, in place of what was there.
enum store_result store_set(
    struct store *st, struct slice key, struct slice value);

// Returns whether there was such a key.
bool store_delete(struct store *st, struct slice key);
bool store_exists(struct store *st, struct slice key);

// Removes all keys. Returns false, with nothing changed, if there is no memory.
bool store_clear(struct store *st);

// Calls `visit` with each key, in no order.
typedef void store_visit_fn(void *arg, struct slice key);
void store_each(struct store *st, store_visit_fn *visit, void *arg);

struct store_stats store_stats(const struct store *st);

#endif
