// store.c - the keyspace, on top of the table.

#include "store.h"

#include <stdlib.h>

#include "hash.h"
#include "table.h"

struct store {
    struct table *table;
    uint64_t hits;
    uint64_t misses;
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

enum store_result store_get(
    struct store *st, struct slice key, struct slice *out) {
    struct entry *e = table_find(st->table, key, hash_bytes(key));
    if (e == NULL) {
        st->misses++;
        return STORE_MISSING;
    }
    st->hits++;
    *out = entry_value(e);
    return STORE_OK;
}

enum store_result store_set(
    struct store *st, struct slice key, struct slice value) {
    struct entry *e = entry_new(key, value);
    if (e == NULL) return STORE_NO_MEMORY;
    if (!table_put(st->table, e, hash_bytes(key))) {
        entry_free(e);
        return STORE_NO_MEMORY;
    }
    return STORE_OK;
}

bool store_delete(struct store *st, struct slice key) {
    return table_remove(st->table, key, hash_bytes(key));
}

bool store_exists(struct store *st, struct slice key) {
    struct slice value;
    return store_get(st, key, &value) == STORE_OK;
}

bool store_clear(struct store *st) {
    struct table *fresh = table_new();
    if (fresh == NULL) return false;
    table_free(st->table);
    st->table = fresh;
    return true;
}

struct each {
    store_visit_fn *visit;
    void *arg;
};

static void visit_live(void *arg, const struct entry *e) {
    struct each *each = arg;
    each->visit(each->arg, entry_key(e));
}

void store_each(struct store *st, store_visit_fn *visit, void *arg) {
    struct each each = {visit, arg};
    uint64_t cursor = 0;
    do {
        cursor = table_walk(st->table, cursor, visit_live, &each);
    } while (cursor != 0);
}

struct store_stats store_stats(const struct store *st) {
    return (struct store_stats){
        .hits = st->hits,
        .misses = st->misses,
        .keys = table_count(st->table),
    };
}
