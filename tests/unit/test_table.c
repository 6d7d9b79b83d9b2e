// test_table.c - the hash table against a plain model: an array that says for
// each possible key whether it is there, with which value and deadline.

#include "table.h"

#include "check.h"

#define KEYS 30000 // some dozens of segments of 512 slots
#define NO_DEADLINE ENTRY_NO_DEADLINE

struct world {
    struct slab_pool *pool;
    struct hash_secret secret;
    struct table *table;
    size_t empty_bytes; // of the table without entries
    size_t count; // of keys that are there
    // The model. A value is the text of its number.
    bool is_there[KEYS];
    int64_t value[KEYS];
    int64_t deadline_ms[KEYS];
    unsigned visits[KEYS]; // of a walk
};

static struct world w;

static void open_world(void) {
    memset(&w, 0, sizeof(w));
    w.pool = slab_pool_new();
    w.secret = (struct hash_secret){check_random(), check_random()};
    w.table = table_new(w.pool, &w.secret);
    CHECK(w.table != NULL);
    w.empty_bytes = table_bytes(w.table);
}

static void close_world(void) {
    table_free(w.table);
    slab_pool_free(w.pool);
}

// Both write to a buffer that the next call uses again.
static struct slice key_of(size_t k) {
    static char text[32];
    return (struct slice){
        text, (size_t)snprintf(text, sizeof(text), "key:%zu", k)};
}

static struct slice value_of(size_t k) {
    static char text[32];
    return (struct slice){
        text, (size_t)snprintf(text, sizeof(text), "%" PRId64, w.value[k])};
}

static size_t size_of(size_t k) {
    return entry_size_for(key_of(k), value_of(k), w.deadline_ms[k]);
}

// Puts key `k` and checks the promise that table_growth() makes, to the byte.
static void put(size_t k, int64_t value, int64_t deadline_ms) {
    uint64_t hash = table_hash(w.table, key_of(k));
    size_t before = table_bytes(w.table);
    size_t dropped = w.is_there[k] ? size_of(k) : 0;
    size_t growth = w.is_there[k] ? 0 : table_growth(w.table, hash);

    w.count += w.is_there[k] ? 0 : 1;
    w.is_there[k] = true;
    w.value[k] = value;
    w.deadline_ms[k] = deadline_ms;
    struct entry *e = entry_new(w.pool, key_of(k), value_of(k), deadline_ms);
    CHECK(table_put(w.table, e, hash));
    CHECK_INT(table_bytes(w.table), before - dropped + size_of(k) + growth);
}

static void drop(size_t k) {
    uint64_t hash = table_hash(w.table, key_of(k));
    CHECK_INT(table_remove(w.table, key_of(k), hash), w.is_there[k]);
    if (!w.is_there[k]) return;
    w.is_there[k] = false;
    w.count--;
}

static void check_key(size_t k) {
    uint64_t hash = table_hash(w.table, key_of(k));
    const struct entry *e = table_find(w.table, key_of(k), hash);
    CHECK_INT(e != NULL, w.is_there[k]);
    if (e == NULL) return;
    CHECK_BYTES(entry_key(e), key_of(k));
    CHECK_BYTES(entry_value(e), value_of(k));
    CHECK_INT(entry_deadline(e), w.deadline_ms[k]);
}

static void visit(void *arg, const struct entry *e) {
    (void)arg;
    char text[32]; // a copy with an end: the value follows the key in memory
    snprintf(
        text, sizeof(text), "%.*s", (int)entry_key(e).len, entry_key(e).data);
    size_t k = (size_t)strtoul(text + strlen("key:"), NULL, 10);
    CHECK(k < KEYS && w.is_there[k]);
    CHECK_BYTES(entry_key(e), key_of(k));
    w.visits[k]++;
}

static void check_all(void) {
    CHECK_INT(table_count(w.table), w.count);
    for (size_t k = 0; k < KEYS; k++) check_key(k);
    memset(w.visits, 0, sizeof(w.visits));
    uint64_t cursor = 0;
    do {
        cursor = table_walk(w.table, cursor, visit, NULL);
    } while (cursor != 0);
    for (size_t k = 0; k < KEYS; k++) CHECK_INT(w.visits[k], w.is_there[k]);
}

static void test_grows_and_shrinks_and_loses_nothing(void) {
    open_world();
    check_all();
    for (size_t k = 0; k < KEYS; k++) put(k, (int64_t)k, NO_DEADLINE);
    check_all();
    for (size_t k = 0; k < KEYS; k += 2) drop(k);
    check_all();
    for (size_t k = 0; k < KEYS; k++) drop(k);
    check_all();
    // An empty table is as small as a new one.
    CHECK_INT(table_bytes(w.table), w.empty_bytes);
    close_world();
}

// The table tends to grow for a while, then to shrink, and so on.
static void test_random_changes(void) {
    open_world();
    for (int step = 0; step < 200000; step++) {
        size_t k = check_random() % KEYS;
        bool is_growing = step / 50000 % 2 == 0;
        if (check_random() % 8 < (is_growing ? 6 : 1)) {
            bool ends = check_random() % 2 == 0;
            put(k, (int64_t)(check_random() % 100000),
                ends ? (int64_t)(check_random() % 1000) : NO_DEADLINE);
        } else {
            drop(k);
        }
        check_key(check_random() % KEYS);
        if (step % 50000 == 49999) check_all();
    }
    close_world();
}

// Hashes that all want the same few places, at the end of a segment, so that
// clusters go around it. Below 448 entries, no split asks for the true hash.
static void test_colliding_hashes(void) {
    enum { COLLIDING = 400 };
    static const uint64_t places[] = {509, 510, 511, 0, 1, 511 + 512};
    open_world();
    for (int step = 0; step < 40000; step++) {
        size_t k = check_random() % COLLIDING;
        uint64_t hash = places[k % 6];
        const struct entry *found = table_find(w.table, key_of(k), hash);
        CHECK_INT(found != NULL, w.is_there[k]);
        if (found != NULL) CHECK_BYTES(entry_value(found), value_of(k));

        if (check_random() % 2 == 0) {
            w.value[k] = step;
            struct entry *e =
                entry_new(w.pool, key_of(k), value_of(k), NO_DEADLINE);
            CHECK(table_put(w.table, e, hash));
            w.is_there[k] = true;
        } else {
            CHECK_INT(table_remove(w.table, key_of(k), hash), w.is_there[k]);
            w.is_there[k] = false;
        }
    }
    close_world();
}

// Keys below KEYS / 10 stay; all others come or go between the steps of a walk.
static void check_walk_with_changes(bool is_growing) {
    memset(w.visits, 0, sizeof(w.visits));
    uint64_t cursor = 0;
    do {
        cursor = table_walk(w.table, cursor, visit, NULL);
        for (int i = 0; i < 1500; i++) {
            size_t k = KEYS / 10 + check_random() % (KEYS - KEYS / 10);
            if (is_growing) {
                put(k, 1, NO_DEADLINE);
            } else {
                drop(k);
            }
        }
    } while (cursor != 0);
    for (size_t k = 0; k < KEYS / 10; k++) CHECK(w.visits[k] >= 1);
}

static void test_a_walk_visits_what_is_there_throughout(void) {
    open_world();
    for (size_t k = 0; k < KEYS / 10; k++) put(k, 0, NO_DEADLINE);
    for (int round = 0; round < 3; round++) {
        check_walk_with_changes(true);
        for (size_t k = 0; k < KEYS; k++) put(k, 2, NO_DEADLINE);
        check_walk_with_changes(false);
        for (size_t k = KEYS / 10; k < KEYS; k++) drop(k);
    }
    check_all();
    close_world();
}

// Removes from the model what is due, and returns the earliest deadline left.
static int64_t expire_model(int64_t now_ms) {
    int64_t earliest_ms = NO_DEADLINE;
    for (size_t k = 0; k < KEYS; k++) {
        if (!w.is_there[k]) continue;
        if (w.deadline_ms[k] <= now_ms) {
            w.is_there[k] = false;
            w.count--;
        } else if (w.deadline_ms[k] < earliest_ms) {
            earliest_ms = w.deadline_ms[k];
        }
    }
    return earliest_ms;
}

static void test_expiring_removes_what_is_due_and_nothing_else(void) {
    open_world();
    for (size_t k = 0; k < KEYS; k++) {
        put(k, 0, k % 3 == 0 ? NO_DEADLINE : (int64_t)(check_random() % 1000));
    }
    put(1, 0, 5000);
    static const int64_t moments[] = {-1, 0, 10, 11, 500, 999, 5000};
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        int64_t earliest_ms = NO_DEADLINE;
        uint64_t cursor = 0;
        do {
            cursor = table_expire(w.table, cursor, moments[i], &earliest_ms);
        } while (cursor != 0);
        CHECK_INT(earliest_ms, expire_model(moments[i]));
        check_all();
    }
    for (size_t k = 0; k < KEYS; k++) drop(k);
    CHECK_INT(table_bytes(w.table), w.empty_bytes);
    close_world();
}

// A deadline that is changed in place, or that goes with its key, must neither
// be forgotten nor come back.
static void test_the_earliest_deadline_is_never_missed(void) {
    open_world();
    for (int step = 0; step < 30000; step++) {
        size_t k = check_random() % 3000;
        if (check_random() % 3 == 0) {
            drop(k);
        } else {
            put(k, step, step + (int64_t)(check_random() % 4000));
        }
        if (step % 500 != 0) continue;

        int64_t earliest_ms = NO_DEADLINE;
        uint64_t cursor = 0;
        do {
            cursor = table_expire(w.table, cursor, step, &earliest_ms);
        } while (cursor != 0);
        int64_t expected_ms = expire_model(step);
        CHECK(earliest_ms <= expected_ms && earliest_ms > step);
        CHECK_INT(table_count(w.table), w.count);
    }
    check_all();
    close_world();
}

static void test_expiring_gives_the_memory_back(void) {
    open_world();
    for (size_t k = 0; k < KEYS; k++) put(k, 0, 1000);
    int64_t earliest_ms = NO_DEADLINE;
    uint64_t cursor = 0;
    do {
        cursor = table_expire(w.table, cursor, 1000, &earliest_ms);
    } while (cursor != 0);
    CHECK_INT(table_count(w.table), 0);
    CHECK_INT(table_bytes(w.table), w.empty_bytes);
    close_world();
}

// While a client waits, only a few entries may be freed.
static void test_a_step_of_expiring_is_small(void) {
    open_world();
    for (size_t k = 0; k < KEYS; k++) put(k, 0, 1000);
    int64_t earliest_ms = NO_DEADLINE;
    uint64_t cursor = 0;
    do {
        size_t before = table_count(w.table);
        cursor = table_expire(w.table, cursor, 1000, &earliest_ms);
        CHECK(before - table_count(w.table) <= 40);
    } while (cursor != 0);
    close_world();
}

// Puts or drops some keys that are not due, and notes the deadlines.
static void change_some(bool grows, int64_t now_ms, int64_t *earliest_ms) {
    for (int i = 0; i < 25; i++) {
        size_t k = check_random() % KEYS;
        if (w.is_there[k] && w.deadline_ms[k] <= now_ms) continue;
        if (!grows) {
            drop(k);
            continue;
        }
        put(k, 0, now_ms + 1 + (int64_t)(check_random() % 9));
        if (w.deadline_ms[k] < *earliest_ms) *earliest_ms = w.deadline_ms[k];
    }
}

// Segments are split and merged while a walk is in the midst of them. What is
// left behind by that has to be told by the earliest deadline.
static void test_a_walk_among_changes_misses_no_deadline(void) {
    open_world();
    for (int64_t now_ms = 0; now_ms < 100; now_ms++) {
        int64_t earliest_ms;
        do {
            earliest_ms = NO_DEADLINE;
            uint64_t cursor = 0;
            do {
                cursor = table_expire(w.table, cursor, now_ms, &earliest_ms);
                change_some(now_ms % 20 < 10, now_ms, &earliest_ms);
            } while (cursor != 0);
        } while (earliest_ms <= now_ms);
        CHECK(earliest_ms <= expire_model(now_ms));
        CHECK_INT(table_count(w.table), w.count);
    }
    check_all();
    close_world();
}

static void test_putting_an_entry_again_changes_its_deadline(void) {
    open_world();
    put(7, 1, 1000);
    uint64_t hash = table_hash(w.table, key_of(7));
    struct entry *e = table_find(w.table, key_of(7), hash);
    size_t bytes = table_bytes(w.table);
    CHECK(entry_overwrite(e, entry_value(e), 10));
    CHECK(table_put(w.table, e, hash));
    CHECK_INT(table_bytes(w.table), bytes);
    CHECK_INT(table_count(w.table), 1);

    int64_t earliest_ms = NO_DEADLINE;
    table_expire(w.table, 0, 9, &earliest_ms);
    CHECK_INT(earliest_ms, 10);
    table_expire(w.table, 0, 10, &earliest_ms);
    CHECK_INT(table_count(w.table), 0);
    close_world();
}

static void test_freeing_in_steps_ends(void) {
    open_world();
    for (size_t k = 0; k < KEYS; k++) put(k, 0, NO_DEADLINE);
    size_t steps = 1;
    while (table_free_step(w.table)) steps++;
    CHECK(steps > KEYS / 512); // no step frees more than one segment
    slab_pool_free(w.pool);
    table_free(NULL);
}

static void test_prefetching_changes_nothing(void) {
    open_world();
    for (size_t k = 0; k < 2000; k++) {
        uint64_t hash = table_hash(w.table, key_of(k));
        table_prefetch_slot(w.table, hash);
        table_prefetch_entry(w.table, hash);
        put(k, 0, NO_DEADLINE);
        table_prefetch_entry(w.table, hash);
    }
    check_all();
    close_world();
}

int main(void) {
    test_grows_and_shrinks_and_loses_nothing();
    test_random_changes();
    test_colliding_hashes();
    test_a_walk_visits_what_is_there_throughout();
    test_expiring_removes_what_is_due_and_nothing_else();
    test_the_earliest_deadline_is_never_missed();
    test_expiring_gives_the_memory_back();
    test_a_step_of_expiring_is_small();
    test_a_walk_among_changes_misses_no_deadline();
    test_putting_an_entry_again_changes_its_deadline();
    test_freeing_in_steps_ends();
    test_prefetching_changes_nothing();
    puts("ok");
    return 0;
}
