// store.c - the keyspace: expiry on top of the table.
//
// A key that is past its deadline is removed when it is met (lazy expiry) and,
// so that memory comes back without any access, by store_expire_step() (active
// expiry). Both see the same moment, so nobody can tell which came first.

#include "store.h"

#include <stdlib.h>

#include "hash.h"
#include "table.h"

struct store {
    struct table *table;
    uint64_t hits;
    uint64_t misses;
    uint64_t expired;
    uint64_t cursor; // of the expiry walk
};

struct store *store_new(void) {
    struct store *st = calloc(1, sizeof(*st));
    if (st == NULL) return NULL;
    st->table = table_new();
    if (st->table != NULL) return st;
    free(st);
    return NULL;
}

void store_free(struct store *st) {
    if (st == NULL) return;
    table_free(st->table);
    free(st);
}

// Returns the entry of a key that exists at `now_ms`, or NULL. An entry that
// has expired is removed.
static struct entry *find(
    struct store *st, struct slice key, uint64_t hash, int64_t now_ms) {
    struct entry *e = table_find(st->table, key, hash);
    if (e == NULL || entry_deadline(e) > now_ms) return e;
    table_remove(st->table, key, hash);
    st->expired++;
    return NULL;
}

enum store_result store_get(
    struct store *st, struct slice key, int64_t now_ms, struct slice *out) {
    struct entry *e = find(st, key, hash_bytes(key), now_ms);
    if (e == NULL) {
        st->misses++;
        return STORE_MISSING;
    }
    st->hits++;
    *out = entry_value(e);
    return STORE_OK;
}

enum store_result store_set(struct store *st, struct slice key,
    struct slice value, int64_t deadline_ms) {
    struct entry *e = entry_new(key, value, deadline_ms);
    if (e == NULL) return STORE_NO_MEMORY;
    if (!table_put(st->table, e, hash_bytes(key))) {
        entry_free(e);
        return STORE_NO_MEMORY;
    }
    return STORE_OK;
}

bool store_delete(struct store *st, struct slice key, int64_t now_ms) {
    uint64_t hash = hash_bytes(key);
    if (find(st, key, hash, now_ms) == NULL) return false;
    return table_remove(st->table, key, hash);
}

bool store_exists(struct store *st, struct slice key, int64_t now_ms) {
    struct slice value;
    return store_get(st, key, now_ms, &value) == STORE_OK;
}

enum store_result store_deadline(
    struct store *st, struct slice key, int64_t now_ms, int64_t *deadline_ms) {
    struct entry *e = find(st, key, hash_bytes(key), now_ms);
    if (e == NULL) return STORE_MISSING;
    *deadline_ms = entry_deadline(e);
    return STORE_OK;
}

enum store_result store_set_deadline(
    struct store *st, struct slice key, int64_t now_ms, int64_t deadline_ms) {
    uint64_t hash = hash_bytes(key);
    struct entry *e = find(st, key, hash, now_ms);
    if (e == NULL) return STORE_MISSING;
    if (deadline_ms > now_ms) {
        entry_set_deadline(e, deadline_ms);
        return STORE_OK;
    }
    table_remove(st->table, key, hash);
    st->expired++;
    return STORE_OK;
}

bool store_clear(struct store *st) {
    struct table *fresh = table_new();
    if (fresh == NULL) return false;
    table_free(st->table);
    st->table = fresh;
    st->cursor = 0;
    return true;
}

struct each {
    store_visit_fn *visit;
    void *arg;
    int64_t now_ms;
};

static void visit_live(void *arg, const struct entry *e) {
    struct each *each = arg;
    if (entry_deadline(e) > each->now_ms) each->visit(each->arg, entry_key(e));
}

void store_each(
    struct store *st, int64_t now_ms, store_visit_fn *visit, void *arg) {
    struct each each = {visit, arg, now_ms};
    uint64_t cursor = 0;
    do {
        cursor = table_walk(st->table, cursor, visit_live, &each);
    } while (cursor != 0);
}

bool store_expire_step(struct store *st, int64_t now_ms) {
    size_t before = table_count(st->table);
    st->cursor = table_expire(st->table, st->cursor, now_ms);
    st->expired += before - table_count(st->table);
    return st->cursor != 0;
}

struct store_stats store_stats(const struct store *st) {
    return (struct store_stats){
        .hits = st->hits,
        .misses = st->misses,
        .expired = st->expired,
        .keys = table_count(st->table),
    };
}
