// store.c - the keyspace, on top of the table.

#include "store.h"

#include <stdlib.h>

#include "hash.h"
#include "table.h"

struct store {
    struct table *table;
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
    if (e == NULL) return STORE_MISSING;
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
