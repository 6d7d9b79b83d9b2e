// store.c - the keyspace: expiry and limits on top of the table.
//
// A key that is past its deadline is removed when it is met (lazy expiry) and,
// so that memory comes back without any access, by store_expire_step() (active
// expiry). Both see the same moment, so nobody can tell which came first.
//
// In a store that evicts, a write that would pass the limit makes room first.

#include "store.h"

#include <stdlib.h>

#include "hash.h"
#include "slab.h"
#include "table.h"

#define EVICTIONS_PER_STEP 32 // freeing a large entry takes some 50 us
#define RANDOM_DRAWS 64 // of keys that may have expired
#define WALK_KEYS 512 // that store_random() looks at in one step

// A table that store_clear() took out of use.
struct dying {
    struct dying *next;
    struct table *table;
};

struct store {
    struct hash_secret secret;
    struct slab_pool *pool;
    struct table *table;
    struct dying *dying;
    size_t max_bytes; // 0: no limit
    enum store_eviction eviction;
    size_t empty_bytes; // of a table without entries
    size_t peak_bytes;
    uint64_t hits;
    uint64_t misses;
    uint64_t expired;
    uint64_t evicted;
    uint64_t hand; // of table_evict()
    int64_t now_ms; // what store_expire_step() was told last
    uint64_t randoms; // drawn by store_random()
    uint64_t cursor; // of the running expiry walk; 0 between two walks
    int64_t due_ms; // no deadline behind the cursor is earlier
    struct slice expected; // the key that store_expect() announced
    uint64_t expected_hash;
};

struct store *store_new(size_t max_bytes) {
    struct store *st = calloc(1, sizeof(*st));
    if (st == NULL) return NULL;
    st->max_bytes = max_bytes;
    st->due_ms = STORE_NO_DEADLINE;
    if (!hash_secret_make(&st->secret)) goto fail;
    st->pool = slab_pool_new();
    if (st->pool == NULL) goto fail;
    st->table = table_new(st->pool, &st->secret);
    if (st->table == NULL) goto fail;
    st->empty_bytes = st->peak_bytes = table_bytes(st->table);
    return st;

fail:
    store_free(st);
    return NULL;
}

void store_free(struct store *st) {
    if (st == NULL) return;
    while (store_free_step(st)) continue;
    table_free(st->table);
    slab_pool_free(st->pool);
    free(st);
}

void store_set_limit(
    struct store *st, size_t max_bytes, enum store_eviction eviction) {
    st->max_bytes = max_bytes;
    st->eviction = eviction;
}

uint64_t store_prefetch(const struct store *st, struct slice key) {
    uint64_t hash = table_hash(st->table, key);
    table_prefetch_slot(st->table, hash);
    return hash;
}

void store_prefetch_entry(const struct store *st, uint64_t hash) {
    table_prefetch_entry(st->table, hash);
}

void store_expect(struct store *st, struct slice key, uint64_t hash) {
    st->expected = key;
    st->expected_hash = hash;
}

// The same bytes at the same address, because they stay untouched while they
// are expected, are the same key.
static uint64_t hash_of(const struct store *st, struct slice key) {
    bool is_expected = key.data != NULL && key.data == st->expected.data &&
        key.len == st->expected.len;
    return is_expected ? st->expected_hash : table_hash(st->table, key);
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

// Looks a key up for reading.
static struct entry *find_counted(
    struct store *st, struct slice key, uint64_t hash, int64_t now_ms) {
    struct entry *e = find(st, key, hash, now_ms);
    if (e != NULL) {
        st->hits++;
    } else {
        st->misses++;
    }
    return e;
}

// Only a store that evicts wants to know, and pays for it.
static void note_use(struct store *st, const struct entry *e, uint64_t hash) {
    if (st->eviction == STORE_EVICTS) table_use(st->table, e, hash);
}

enum store_result store_get(
    struct store *st, struct slice key, int64_t now_ms, struct slice *out) {
    uint64_t hash = hash_of(st, key);
    struct entry *e = find_counted(st, key, hash, now_ms);
    if (e == NULL) return STORE_MISSING;
    note_use(st, e, hash);
    *out = entry_value(e);
    return STORE_OK;
}

// Whether `added` bytes for a key instead of its `old` entry are too many. What
// makes the store smaller is always allowed.
static bool is_over_limit(const struct store *st, const struct entry *old,
    uint64_t hash, size_t added, size_t max_bytes) {
    size_t dropped = old != NULL ? entry_size(old) : 0;
    if (st->max_bytes == 0 || added <= dropped) return false;
    size_t growth = old == NULL ? table_growth(st->table, hash) : 0;
    return table_bytes(st->table) - dropped + added + growth > max_bytes;
}

// Where the store evicts, a write is refused only if it would not fit without
// any other key: nothing is evicted in vain.
static bool is_refused(const struct store *st, const struct entry *old,
    uint64_t hash, size_t added) {
    if (!is_over_limit(st, old, hash, added, st->max_bytes)) return false;
    return st->eviction == STORE_REFUSES ||
        st->empty_bytes + added > st->max_bytes;
}

static void evict_one(struct store *st) {
    int64_t deadline_ms = table_evict(st->table, &st->hand);
    if (deadline_ms > st->now_ms) {
        st->evicted++;
    } else {
        st->expired++; // nobody could have seen it any more
    }
}

// Evicts until there is room for `e`; an entry with the same key may be among
// those that go. If the store is over its limit already, because that was
// lowered, it only has to make up for what is added.
static void make_room(struct store *st, const struct entry *e, uint64_t hash) {
    size_t bytes = table_bytes(st->table);
    size_t max_bytes = bytes > st->max_bytes ? bytes : st->max_bytes;
    for (;;) {
        struct entry *old = table_find(st->table, entry_key(e), hash);
        if (!is_over_limit(st, old, hash, entry_size(e), max_bytes)) return;
        if (table_count(st->table) == 0) return;
        evict_one(st);
    }
}

static void note_deadline(struct store *st, int64_t deadline_ms) {
    if (deadline_ms < st->due_ms) st->due_ms = deadline_ms;
}

// Puts a new entry into the table, or a new value into the old entry. The new
// entry is made before there is room for it, as `value` may be the bytes of one
// that is evicted.
static enum store_result put(struct store *st, struct entry *old,
    struct slice key, uint64_t hash, struct slice value, int64_t deadline_ms) {
    struct entry *e = old;
    if (old != NULL) note_use(st, old, hash);
    if (old == NULL || !entry_overwrite(old, value, deadline_ms)) {
        e = entry_new(st->pool, key, value, deadline_ms);
        if (e == NULL) return STORE_NO_MEMORY;
        if (st->eviction == STORE_EVICTS) make_room(st, e, hash);
    } else if (deadline_ms == STORE_NO_DEADLINE) {
        return STORE_OK;
    }
    if (!table_put(st->table, e, hash)) {
        entry_free(st->pool, e);
        return STORE_NO_MEMORY;
    }
    note_deadline(st, deadline_ms);
    size_t bytes = table_bytes(st->table);
    if (bytes > st->peak_bytes) st->peak_bytes = bytes;
    return STORE_OK;
}

enum store_result store_set(struct store *st, struct slice key,
    struct slice value, int64_t deadline_ms) {
    uint64_t hash = hash_of(st, key);
    struct entry *old = table_find(st->table, key, hash);
    size_t size = entry_size_for(key, value, deadline_ms);
    if (is_refused(st, old, hash, size)) return STORE_OVER_LIMIT;
    return put(st, old, key, hash, value, deadline_ms);
}

bool store_delete(struct store *st, struct slice key, int64_t now_ms) {
    uint64_t hash = hash_of(st, key);
    if (find(st, key, hash, now_ms) == NULL) return false;
    return table_remove(st->table, key, hash);
}

bool store_exists(struct store *st, struct slice key, int64_t now_ms) {
    return find_counted(st, key, hash_of(st, key), now_ms) != NULL;
}

enum store_result store_deadline(
    struct store *st, struct slice key, int64_t now_ms, int64_t *deadline_ms) {
    struct entry *e = find(st, key, hash_of(st, key), now_ms);
    if (e == NULL) return STORE_MISSING;
    *deadline_ms = entry_deadline(e);
    return STORE_OK;
}

enum store_result store_set_deadline(
    struct store *st, struct slice key, int64_t now_ms, int64_t deadline_ms) {
    uint64_t hash = hash_of(st, key);
    struct entry *e = find(st, key, hash, now_ms);
    if (e == NULL) return STORE_MISSING;
    if (deadline_ms > now_ms) {
        return put(st, e, key, hash, entry_value(e), deadline_ms);
    }
    table_remove(st->table, key, hash);
    st->expired++;
    return STORE_OK;
}

bool store_clear(struct store *st) {
    struct dying *dying = malloc(sizeof(*dying));
    struct table *fresh = table_new(st->pool, &st->secret);
    if (dying == NULL || fresh == NULL) {
        free(dying);
        table_free(fresh);
        return false;
    }
    *dying = (struct dying){st->dying, st->table};
    st->dying = dying;
    st->table = fresh;
    st->cursor = 0;
    st->due_ms = STORE_NO_DEADLINE;
    store_free_step(st); // all of a small table: many CLEARs pile nothing up
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

uint64_t store_scan(struct store *st, uint64_t cursor, size_t count,
    int64_t now_ms, store_visit_fn *visit, void *arg) {
    struct each each = {visit, arg, now_ms};
    return table_scan(st->table, cursor, count, visit_live, &each);
}

// A keyed hash of 1, 2, 3, ... is as good as random bits.
static uint64_t random_bits(struct store *st) {
    st->randoms++;
    return hash_bytes(&st->secret,
        (struct slice){(const char *)&st->randoms, sizeof(st->randoms)});
}

static void keep_first(void *arg, struct slice key) {
    struct slice *first = arg;
    if (first->data == NULL) *first = key;
}

enum store_result store_random(
    struct store *st, int64_t now_ms, struct slice *key) {
    for (int i = 0; i < RANDOM_DRAWS; i++) {
        struct entry *e = table_pick(st->table, random_bits(st));
        if (e == NULL) return STORE_MISSING;
        *key = entry_key(e);
        if (entry_deadline(e) > now_ms) return STORE_OK;
    }
    // Nearly all are due, and gone soon. Until then, any other key will do.
    *key = (struct slice){0};
    uint64_t cursor = 0;
    do {
        cursor = store_scan(st, cursor, WALK_KEYS, now_ms, keep_first, key);
    } while (cursor != 0 && key->data == NULL);
    return key->data != NULL ? STORE_OK : STORE_MISSING;
}

// A walk starts only when the earliest deadline has come, and finds the next
// one on its way: while nothing is due, this costs one comparison.
bool store_expire_step(struct store *st, int64_t now_ms) {
    st->now_ms = now_ms;
    if (st->cursor == 0) {
        if (st->due_ms > now_ms) return false;
        st->due_ms = STORE_NO_DEADLINE;
    }
    size_t before = table_count(st->table);
    st->cursor = table_expire(st->table, st->cursor, now_ms, &st->due_ms);
    st->expired += before - table_count(st->table);
    return st->cursor != 0;
}

bool store_free_step(struct store *st) {
    struct dying *dying = st->dying;
    if (dying == NULL) return false;
    if (!table_free_step(dying->table)) {
        st->dying = dying->next;
        free(dying);
    }
    return st->dying != NULL;
}

static bool has_too_much(const struct store *st) {
    if (st->eviction == STORE_REFUSES || st->max_bytes == 0) return false;
    return table_count(st->table) > 0 && table_bytes(st->table) > st->max_bytes;
}

bool store_evict_step(struct store *st) {
    for (int i = 0; i < EVICTIONS_PER_STEP && has_too_much(st); i++) {
        evict_one(st);
    }
    return has_too_much(st);
}

struct store_stats store_stats(const struct store *st) {
    return (struct store_stats){
        .hits = st->hits,
        .misses = st->misses,
        .expired = st->expired,
        .keys = table_count(st->table),
        .bytes = table_bytes(st->table),
        .peak_bytes = st->peak_bytes,
        .evicted = st->evicted,
        .eviction = st->eviction,
    };
}

void store_reset_stats(struct store *st) {
    st->hits = st->misses = st->expired = st->evicted = 0;
    st->peak_bytes = table_bytes(st->table);
}
