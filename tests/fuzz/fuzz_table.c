// fuzz_table.c - the hash table against an array, which is easy to believe.
//
// Each four bytes of input are an operation and a run of keys that it is done
// to, so that a short input can make the table grow over many segments and
// shrink again. A walk that goes on meanwhile must visit every key that was
// there from its first step to its last.

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define KEYS 2048 // four segments and more
#define MOST_OPERATIONS 48
#define NOW_MS 1000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// What is known of a key.
struct known {
    bool is_there;
    bool was_throughout; // since the walk began
    bool was_visited; // by it
    size_t len; // of the value
    int64_t deadline_ms;
};

struct world {
    struct slab_pool *pool;
    struct table *table;
    struct known keys[KEYS];
    size_t count, deadlines;
    uint64_t cursor; // of the walk
    uint64_t hand; // of the eviction
};

static struct slice key_of(size_t k, char text[16]) {
    return (struct slice){text, (size_t)snprintf(text, 16, "key:%zu", k)};
}

static size_t number_of(const struct entry *e) {
    struct slice key = entry_key(e);
    char text[16] = {0};
    assert(key.len > 4 && key.len < sizeof(text));
    memcpy(text, key.data, key.len);
    return strtoul(text + 4, NULL, 10);
}

static void check_entry(const struct known *k, const struct entry *e) {
    assert(k->is_there);
    assert(entry_value(e).len == k->len);
    assert(entry_deadline(e) == k->deadline_ms);
}

static void forget(struct world *w, size_t k) {
    if (!w->keys[k].is_there) return;
    w->count--;
    w->deadlines -= w->keys[k].deadline_ms != ENTRY_NO_DEADLINE;
    w->keys[k] = (struct known){0};
}

static void put(struct world *w, size_t k, size_t value_len, bool expires) {
    char text[16], value[64] = {0};
    struct slice key = key_of(k, text);
    struct known *known = &w->keys[k];
    int64_t deadline_ms = expires ? NOW_MS + (int64_t)k : ENTRY_NO_DEADLINE;
    struct slice bytes = {value, value_len % sizeof(value)};
    struct entry *e = entry_new(w->pool, key, bytes, deadline_ms);
    assert(e != NULL && table_put(w->table, e, table_hash(w->table, key)));
    bool was_throughout = known->was_throughout;
    bool was_visited = known->was_visited;
    forget(w, k);
    *known = (struct known){
        true, was_throughout, was_visited, bytes.len, deadline_ms};
    w->count++;
    w->deadlines += expires;
}

static void drop(struct world *w, size_t k) {
    char text[16];
    struct slice key = key_of(k, text);
    bool was_there = table_remove(w->table, key, table_hash(w->table, key));
    assert(was_there == w->keys[k].is_there);
    forget(w, k);
}

static void look(struct world *w, size_t k) {
    char text[16];
    struct slice key = key_of(k, text);
    uint64_t hash = table_hash(w->table, key);
    struct entry *e = table_find(w->table, key, hash);
    assert((e != NULL) == w->keys[k].is_there);
    if (e == NULL) return;
    check_entry(&w->keys[k], e);
    table_use(w->table, e, hash);
}

static void visit(void *arg, const struct entry *e) {
    struct world *w = arg;
    struct known *known = &w->keys[number_of(e)];
    check_entry(known, e);
    known->was_visited = true;
}

// One step of the walk. At its end, nothing may have been left out.
static void walk(struct world *w, size_t count) {
    if (w->cursor == 0) {
        for (size_t k = 0; k < KEYS; k++) {
            w->keys[k].was_throughout = w->keys[k].is_there;
            w->keys[k].was_visited = false;
        }
    }
    w->cursor = count % 2 == 0
        ? table_walk(w->table, w->cursor, visit, w)
        : table_scan(w->table, w->cursor, count, visit, w);
    if (w->cursor != 0) return;
    for (size_t k = 0; k < KEYS; k++) {
        const struct known *known = &w->keys[k];
        assert(!known->was_throughout || known->was_visited);
    }
}

// Removes what is due at some moment, in one walk of its own.
static void expire(struct world *w, int64_t now_ms) {
    int64_t earliest_ms = INT64_MAX;
    uint64_t cursor = 0;
    do {
        cursor = table_expire(w->table, cursor, now_ms, &earliest_ms);
    } while (cursor != 0);
    for (size_t k = 0; k < KEYS; k++) {
        if (w->keys[k].is_there && w->keys[k].deadline_ms <= now_ms) {
            forget(w, k);
        }
    }
    assert(earliest_ms > now_ms);
}

// Which key it takes is its own choice: all are looked for afterwards.
static void evict(struct world *w, size_t times) {
    for (; times > 0 && table_count(w->table) > 0; times--) {
        table_evict(w->table, &w->hand);
    }
    for (size_t k = 0; k < KEYS; k++) {
        char text[16];
        struct slice key = key_of(k, text);
        uint64_t hash = table_hash(w->table, key);
        if (table_find(w->table, key, hash) == NULL) forget(w, k);
    }
}

static void run(struct world *w, const uint8_t op[4]) {
    size_t first = (size_t)(op[1] * 256 + op[2]) % KEYS;
    size_t count = (size_t)op[3] * (op[0] & 8 ? 4 : 1);
    switch (op[0] % 8) {
    case 5:
        walk(w, count);
        return;
    case 6:
        expire(w, NOW_MS + (int64_t)first);
        return;
    case 7:
        evict(w, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t k = (first + i) % KEYS;
        if (op[0] % 8 < 2) put(w, k, op[3], op[0] % 8 == 1);
        if (op[0] % 8 == 2 || op[0] % 8 == 3) drop(w, k);
        if (op[0] % 8 == 4) look(w, k);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    static struct world w;
    struct hash_secret secret = {len, 7}; // other keys fall together
    w = (struct world){.pool = slab_pool_new()};
    w.table = table_new(w.pool, &secret);
    if (len > 4 * MOST_OPERATIONS) len = 4 * MOST_OPERATIONS;
    for (size_t at = 0; at + 4 <= len; at += 4) {
        run(&w, data + at);
        assert(table_count(w.table) == w.count);
        assert(table_deadlines(w.table) == w.deadlines);
    }
    for (size_t k = 0; k < KEYS; k++) look(&w, k);
    while (table_free_step(w.table)) continue;
    slab_pool_free(w.pool);
    return 0;
}
