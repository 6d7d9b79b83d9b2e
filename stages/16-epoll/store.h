// store.h - the keyspace: every key, its value and its deadline.
//
// Keys and values are bytes and may hold NUL. No function here reads the
// clock: callers pass `now_ms`, so a test can pick any moment it likes. A key
// whose deadline is not after `now_ms` does not exist for any of them.

#ifndef MEDUSA_STORE_H
#define MEDUSA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

#define STORE_NO_DEADLINE INT64_MAX // a key that stays until it is removed

struct store; // opaque: its fields are known in store.c only

enum store_result {
    STORE_OK,
    STORE_MISSING, // no such key, or it has expired
    STORE_NO_MEMORY, // the system has none left; nothing was changed
};

struct store_stats {
    uint64_t hits; // lookups of keys for reading that found one
    uint64_t misses;
    uint64_t expired; // keys removed because their deadline had come
    size_t keys; // some of which may have expired, but for no more than 1 s
};

// Returns an empty store, or NULL if there is no memory or, with errno set, no
// random secret.
struct store *store_new(void);

void store_free(struct store *st);

// Looks up the string at `key` as of `now_ms` (milliseconds, Unix time).
//
// On STORE_OK, *out borrows the store's own bytes: they are valid until the
// next call that changes the store. Otherwise *out is untouched.
enum store_result store_get(
    struct store *st, struct slice key, int64_t now_ms, struct slice *out);

// Stores copies of `key` and `value`, in place of what was there. The key
// lives until `deadline_ms`, which may be STORE_NO_DEADLINE.
enum store_result store_set(struct store *st, struct slice key,
    struct slice value, int64_t deadline_ms);

// Returns whether there was such a key.
bool store_delete(struct store *st, struct slice key, int64_t now_ms);
bool store_exists(struct store *st, struct slice key, int64_t now_ms);

// Puts the key's deadline into *deadline_ms, where STORE_NO_DEADLINE is none.
enum store_result store_deadline(
    struct store *st, struct slice key, int64_t now_ms, int64_t *deadline_ms);

// Gives the key another deadline. One that is not after `now_ms` removes it.
enum store_result store_set_deadline(
    struct store *st, struct slice key, int64_t now_ms, int64_t deadline_ms);

// Removes all keys; their memory is freed by later calls of store_free_step().
// Returns false, with nothing changed, if there is no memory.
bool store_clear(struct store *st);

// Calls `visit` with each key that exists at `now_ms`, in no order.
typedef void store_visit_fn(void *arg, struct slice key);
void store_each(
    struct store *st, int64_t now_ms, store_visit_fn *visit, void *arg);

// Removes a few keys that are due. Returns false when none is left.
bool store_expire_step(struct store *st, int64_t now_ms);

// Frees some dozens of keys that store_clear() left. Returns false when none is
// left.
bool store_free_step(struct store *st);

struct store_stats store_stats(const struct store *st);

#endif
