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
#define TTL_SEGMENTS 2 // that store_average_ttl() looks at
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

// Notes whether a lookup for reading has found something.
static bool counted(struct store *st, bool is_hit) {
    st->hits += is_hit;
    st->misses += !is_hit;
    return is_hit;
}

// Only a store that evicts wants to know, and pays for it.
static void note_use(struct store *st, const struct entry *e, uint64_t hash) {
    if (st->eviction == STORE_EVICTS) table_use(st->table, e, hash);
}

enum store_result store_get_for_write(
    struct store *st, struct slice key, int64_t now_ms, struct slice *out) {
    uint64_t hash = hash_of(st, key);
    struct entry *e = find(st, key, hash, now_ms);
    if (e == NULL) return STORE_MISSING;
    note_use(st, e, hash);
    *out = entry_value(e);
    return STORE_OK;
}

enum store_result store_get(
    struct store *st, struct slice key, int64_t now_ms, struct slice *out) {
    enum store_result result = store_get_for_write(st, key, now_ms, out);
    counted(st, result == STORE_OK);
    return result;
}

// Returns by how much an entry of `size` bytes for a key, instead of its `old`
// one, makes the store grow.
static int64_t growth(const struct store *st, const struct entry *old,
    uint64_t hash, size_t size) {
    if (old != NULL) return (int64_t)size - (int64_t)entry_size(old);
    return (int64_t)(size + table_growth(st->table, hash));
}

// What makes the store smaller is always allowed.
static bool fits(const struct store *st, int64_t more, size_t max_bytes) {
    if (st->max_bytes == 0 || more <= 0) return true;
    return table_bytes(st->table) + (size_t)more <= max_bytes;
}

// Where the store evicts, a write is refused only if it would not fit without
// any other key: nothing is evicted in vain.
bool store_has_room(const struct store *st, struct store_need need) {
    if (fits(st, need.more, st->max_bytes)) return true;
    if (st->eviction == STORE_REFUSES) return false;
    return st->empty_bytes + need.bytes <= st->max_bytes;
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
    if (st->eviction == STORE_REFUSES) return;
    for (;;) {
        struct entry *old = table_find(st->table, entry_key(e), hash);
        int64_t more = growth(st, old, hash, entry_size(e));
        if (fits(st, more, max_bytes)) return;
        if (table_count(st->table) == 0) return;
        evict_one(st);
    }
}

static void note_bytes(struct store *st) {
    size_t bytes = table_bytes(st->table);
    if (bytes > st->peak_bytes) st->peak_bytes = bytes;
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
        make_room(st, e, hash);
    } else if (deadline_ms == STORE_NO_DEADLINE) {
        return STORE_OK;
    }
    if (!table_put(st->table, e, hash)) {
        entry_free(st->pool, e);
        return STORE_NO_MEMORY;
    }
    note_deadline(st, deadline_ms);
    note_bytes(st);
    return STORE_OK;
}

// Returns the deadline that a key gets which had this `old` entry.
static int64_t new_deadline(const struct entry *old, int64_t deadline_ms) {
    if (deadline_ms != STORE_KEEP_DEADLINE) return deadline_ms;
    return old != NULL ? entry_deadline(old) : STORE_NO_DEADLINE;
}

enum store_result store_set(struct store *st, struct slice key,
    struct slice value, int64_t deadline_ms) {
    uint64_t hash = hash_of(st, key);
    struct entry *old = table_find(st->table, key, hash);
    deadline_ms = new_deadline(old, deadline_ms);
    size_t size = entry_size_for(key, value, deadline_ms);
    struct store_need need = {growth(st, old, hash, size), size};
    if (!store_has_room(st, need)) return STORE_OVER_LIMIT;
    return put(st, old, key, hash, value, deadline_ms);
}

void store_add_need(struct store *st, struct slice key, struct slice value,
    int64_t deadline_ms, struct store_need *need) {
    uint64_t hash = hash_of(st, key);
    struct entry *old = table_find(st->table, key, hash);
    deadline_ms = new_deadline(old, deadline_ms);
    size_t size = entry_size_for(key, value, deadline_ms);
    need->more += growth(st, old, hash, size);
    need->bytes += size;
}

// Returns an entry with a value of `len` bytes, `more` bytes larger in all, in
// place of `old`, or NULL.
static struct entry *resized(struct store *st, struct entry *old,
    struct slice key, uint64_t hash, size_t len, int64_t more) {
    // Not where something must go first: that might be this very entry.
    if (old != NULL && fits(st, more, st->max_bytes)) {
        struct entry *e = table_resize(st->table, key, hash, len);
        if (e != NULL) return e;
    }
    int64_t deadline_ms = new_deadline(old, STORE_KEEP_DEADLINE);
    struct entry *e = entry_new_zeros(st->pool, key, len, deadline_ms);
    if (e == NULL) return NULL;
    if (old != NULL) {
        struct slice value = entry_value(old);
        size_t kept = value.len < len ? value.len : len;
        if (kept > 0) memcpy(entry_value_bytes(e), value.data, kept);
    }
    make_room(st, e, hash);
    if (table_put(st->table, e, hash)) return e;
    entry_free(st->pool, e);
    return NULL;
}

enum store_result store_resize(struct store *st, struct slice key,
    int64_t now_ms, size_t len, char **value) {
    uint64_t hash = hash_of(st, key);
    struct entry *e = find(st, key, hash, now_ms);
    if (e == NULL || entry_value(e).len != len) {
        struct slice wanted = {NULL, len};
        int64_t deadline_ms = new_deadline(e, STORE_KEEP_DEADLINE);
        size_t size = entry_size_for(key, wanted, deadline_ms);
        struct store_need need = {growth(st, e, hash, size), size};
        if (!store_has_room(st, need)) return STORE_OVER_LIMIT;
        e = resized(st, e, key, hash, len, need.more);
        if (e == NULL) return STORE_NO_MEMORY;
        note_bytes(st);
    }
    *value = entry_value_bytes(e);
    return STORE_OK;
}

enum store_result store_rename(
    struct store *st, struct slice from, struct slice to, int64_t now_ms) {
    uint64_t hash = hash_of(st, from), hash_to = table_hash(st->table, to);
    struct entry *e = find(st, from, hash, now_ms);
    if (e == NULL) return STORE_MISSING;

    // Both are there for a moment: others go only for what a longer name adds.
    size_t max_bytes = st->max_bytes, before = table_bytes(st->table);
    note_use(st, e, hash);
    if (max_bytes > 0) st->max_bytes += entry_size(e);
    enum store_result result = put(st, table_find(st->table, to, hash_to), to,
        hash_to, entry_value(e), entry_deadline(e));
    st->max_bytes = max_bytes;
    if (result == STORE_OK) table_remove(st->table, from, hash);
    while (table_bytes(st->table) > before && store_evict_step(st)) continue;
    return result;
}

bool store_delete(struct store *st, struct slice key, int64_t now_ms) {
    uint64_t hash = hash_of(st, key);
    if (find(st, key, hash, now_ms) == NULL) return false;
    return table_remove(st->table, key, hash);
}

bool store_exists(struct store *st, struct slice key, int64_t now_ms) {
    return counted(st, find(st, key, hash_of(st, key), now_ms) != NULL);
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

enum store_result store_usage(
    struct store *st, struct slice key, int64_t now_ms, size_t *bytes) {
    struct entry *e = find(st, key, hash_of(st, key), now_ms);
    if (e == NULL) return STORE_MISSING;
    *bytes = entry_size(e);
    return STORE_OK;
}

struct lifetimes {
    int64_t now_ms;
    double sum_ms;
    size_t count;
};

static void add_lifetime(void *arg, const struct entry *e) {
    struct lifetimes *lifetimes = arg;
    int64_t deadline_ms = entry_deadline(e);
    if (deadline_ms == ENTRY_NO_DEADLINE) return;
    if (deadline_ms <= lifetimes->now_ms) return;
    lifetimes->sum_ms += (double)(deadline_ms - lifetimes->now_ms);
    lifetimes->count++;
}

int64_t store_average_ttl(struct store *st, int64_t now_ms) {
    struct lifetimes lifetimes = {.now_ms = now_ms};
    if (table_deadlines(st->table) == 0) return 0;
    uint64_t cursor = random_bits(st);
    for (int i = 0; i < TTL_SEGMENTS; i++) {
        cursor = table_walk(st->table, cursor, add_lifetime, &lifetimes);
    }
    if (lifetimes.count == 0) return 0;
    return (int64_t)(lifetimes.sum_ms / (double)lifetimes.count);
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
        .deadlines = table_deadlines(st->table),
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
