// store.h - the keyspace: every key and its value.
//
// Keys and values are bytes and may hold NUL.

#ifndef MEDUSA_STORE_H
#define MEDUSA_STORE_H

#include <stdbool.h>

#include "slice.h"

struct store; // opaque: its fields are known in store.c only

enum store_result {
    STORE_OK,
    STORE_MISSING, // no such key
    STORE_NO_MEMORY, // the system has none left; nothing was changed
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

#endif
