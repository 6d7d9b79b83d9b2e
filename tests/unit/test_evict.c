// test_evict.c - a full store that evicts: what goes, what stays, and that the
// limit holds to the byte.

#include "evict.h"

#include "check.h"
#include "entry.h"
#include "expire.h"

#define NOW ((int64_t)1700000000000) // milliseconds, Unix time
#define NO_DEADLINE STORE_NO_DEADLINE
#define LIMIT ((size_t)60000) // room for well over a thousand small keys
#define NAMES 3000 // keys of the random test
#define OPERATIONS 200000

static struct store *st;
static size_t limit; // that st has now; 0 is none

static void set_limit(size_t max_bytes) {
    limit = max_bytes;
    store_set_limit(st, max_bytes, STORE_EVICTS);
}

static void open_store(size_t max_bytes) {
    st = store_new(0);
    CHECK(st != NULL);
    set_limit(max_bytes);
}

static size_t bytes(void) {
    return store_stats(st).bytes;
}

static size_t keys(void) {
    return store_stats(st).keys;
}

// Checks that a write kept to the limit, or at least added nothing to what was
// too much.
static void check_limit(size_t before) {
    CHECK(limit == 0 || bytes() <= limit || bytes() <= before);
}

// Writes to a buffer that the next call uses again.
static struct slice name_of(const char *group, size_t i) {
    static char text[32];
    return (struct slice){
        text, (size_t)snprintf(text, sizeof(text), "%s:%zu", group, i)};
}

static void set(const char *group, size_t i, struct slice value) {
    size_t before = bytes();
    CHECK_INT(store_set(st, name_of(group, i), value, NO_DEADLINE), STORE_OK);
    check_limit(before);
}

static void set_many(const char *group, size_t n) {
    for (size_t i = 0; i < n; i++) set(group, i, BYTES("value"));
}

static size_t count_left(const char *group, size_t n) {
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        left += store_exists(st, name_of(group, i), NOW);
    }
    return left;
}

static void use(const char *group, size_t i) {
    struct slice value;
    CHECK_INT(store_get(st, name_of(group, i), NOW, &value), STORE_OK);
}

static void test_policies_have_the_names_that_redis_gives_them(void) {
    enum store_eviction eviction = STORE_REFUSES;
    CHECK(evict_policy_find("allkeys-lru", &eviction));
    CHECK_INT(eviction, STORE_EVICTS);
    CHECK(evict_policy_find("NoEviction", &eviction));
    CHECK_INT(eviction, STORE_REFUSES);
    CHECK_BYTES(
        slice_of(evict_policy_name(STORE_REFUSES)), BYTES("noeviction"));
    CHECK_BYTES(
        slice_of(evict_policy_name(STORE_EVICTS)), BYTES("allkeys-lru"));
    eviction = STORE_EVICTS;
    CHECK(!evict_policy_find("allkeys-lr", &eviction));
    CHECK(!evict_policy_find("allkeys-lfu", &eviction));
    CHECK(!evict_policy_find("", &eviction));
    CHECK_INT(eviction, STORE_EVICTS);
}

static void test_a_new_store_refuses(void) {
    st = store_new(LIMIT);
    CHECK_INT(store_stats(st).eviction, STORE_REFUSES);
    enum store_result result = STORE_OK;
    for (size_t i = 0; result == STORE_OK; i++) {
        result = store_set(st, name_of("key", i), BYTES("value"), NO_DEADLINE);
    }
    CHECK_INT(result, STORE_OVER_LIMIT);
    CHECK(!evict_slice(st, 0));
    CHECK_INT(store_stats(st).evicted, 0);

    size_t full = keys();
    set_limit(LIMIT); // the same one, but another policy
    CHECK_INT(store_stats(st).eviction, STORE_EVICTS);
    set_many("another", 500);
    CHECK(store_stats(st).evicted > 0);
    CHECK_INT(keys() + store_stats(st).evicted, full + 500);
    store_free(st);
}

static void test_every_write_fits_and_the_limit_holds(void) {
    open_store(LIMIT);
    size_t empty = bytes();
    set_many("key", 30000);
    CHECK_INT(keys() + store_stats(st).evicted, 30000);
    CHECK(keys() > 1000);
    CHECK(bytes() > LIMIT - 5000); // no more than needed went
    CHECK(store_stats(st).peak_bytes <= LIMIT);
    CHECK_INT(store_stats(st).expired, 0);

    for (size_t i = 0; i < 30000; i++) store_delete(st, name_of("key", i), NOW);
    CHECK_INT(keys(), 0);
    CHECK_INT(bytes(), empty); // every byte was accounted for
    store_free(st);
}

// Each key is used once while fifty others come: the hand needs some hundreds
// for a round. Keys that are only asked after are not used.
static void test_used_keys_outlive_many_that_are_not(void) {
    open_store(LIMIT);
    int64_t deadline_ms;
    set_many("used", 200);
    set_many("seen", 200);
    for (size_t i = 0; i < 20000; i++) {
        if (i % 50 == 0) {
            for (size_t k = 0; k < 200; k++) {
                use("used", k);
                store_exists(st, name_of("seen", k), NOW);
                store_deadline(st, name_of("seen", k), NOW, &deadline_ms);
            }
        }
        set("scan", i, BYTES("value"));
    }
    CHECK_INT(count_left("used", 200), 200);
    CHECK_INT(count_left("seen", 200), 0);
    store_free(st);
}

static void test_a_write_to_a_key_is_a_use(void) {
    static const struct slice values[] = {
        BYTES_INIT("value"), BYTES_INIT("VALUE"), BYTES_INIT("a longer value")};
    open_store(LIMIT);
    set_many("written", 100);
    for (size_t i = 0; i < 20000; i++) {
        for (size_t k = 0; i % 50 == 0 && k < 100; k++) {
            CHECK(store_exists(st, name_of("written", k), NOW));
            set("written", k, values[i / 50 % 3]);
        }
        set("scan", i, BYTES("value"));
    }
    store_free(st);
}

// An unused key is spared for one round and is gone in the next, a used one is
// spared for three. About two thirds of the keys go in a round.
static void test_one_use_is_worth_some_rounds(void) {
    open_store(LIMIT);
    set_many("key", 10000);
    set_many("used", 200);
    set_many("new", 200);
    for (size_t k = 0; k < 200; k++) {
        struct slice value; // but for a few that are gone already
        store_get(st, name_of("used", k), NOW, &value);
    }
    set_many("scan", keys() * 3 / 2);
    CHECK(count_left("used", 200) > 150);
    CHECK(count_left("new", 200) < 50);
    store_free(st);
}

// But for a few, whose slot the hand meets twice when others move.
static void test_a_new_key_outlives_the_next_writes(void) {
    open_store(LIMIT);
    set_many("key", 10000);
    size_t full = keys(), left = 0;
    for (size_t round = 0; round < 100; round++) {
        set("new", round, BYTES("value"));
        for (size_t i = 0; i < full / 4; i++) {
            set("scan", round * full + i, BYTES("value"));
        }
        left += store_exists(st, name_of("new", round), NOW);
    }
    CHECK(left >= 90);
    store_free(st);
}

static void test_what_can_never_fit_is_refused_and_nothing_goes(void) {
    open_store(LIMIT);
    size_t empty = bytes();
    set_many("key", 5000);
    size_t before = keys(), evicted = store_stats(st).evicted;
    char *big = calloc(1, LIMIT);
    struct slice key = BYTES("big"); // 3 bytes, and 9 of header
    struct slice value = {big, LIMIT - empty - 3 - 9 + 1};
    CHECK_INT(store_set(st, key, value, NO_DEADLINE), STORE_OVER_LIMIT);
    CHECK_INT(keys(), before);
    CHECK_INT(store_stats(st).evicted, evicted);

    value.len--; // fits, but alone
    CHECK_INT(store_set(st, key, value, NO_DEADLINE), STORE_OK);
    CHECK_INT(keys(), 1);
    CHECK_INT(bytes(), LIMIT);
    set("key", 0, BYTES("value"));
    CHECK_INT(keys(), 1);
    CHECK(!store_exists(st, key, NOW));
    free(big);
    store_free(st);
}

static void test_a_value_may_be_that_of_an_entry_that_goes(void) {
    open_store(LIMIT);
    char *text = malloc(40000);
    memset(text, 'x', 40000);
    struct slice value = {text, 40000}, borrowed;
    CHECK_INT(store_set(st, BYTES("a"), value, NO_DEADLINE), STORE_OK);
    CHECK_INT(store_get(st, BYTES("a"), NOW, &borrowed), STORE_OK);
    CHECK_INT(store_set(st, BYTES("b"), borrowed, NO_DEADLINE), STORE_OK);
    CHECK(!store_exists(st, BYTES("a"), NOW));
    CHECK_INT(store_get(st, BYTES("b"), NOW, &borrowed), STORE_OK);
    CHECK_BYTES(borrowed, value);
    free(text);
    store_free(st);
}

static void test_a_deadline_makes_its_own_room(void) {
    open_store(LIMIT);
    set_many("key", 5000);
    for (size_t i = 0; i < 5000; i++) {
        int64_t deadline_ms = 0;
        struct slice key = name_of("key", i);
        enum store_result result = store_set_deadline(st, key, NOW, NOW + 1000);
        CHECK(bytes() <= LIMIT);
        if (result == STORE_MISSING) continue;
        CHECK_INT(store_deadline(st, key, NOW, &deadline_ms), STORE_OK);
        CHECK_INT(deadline_ms, NOW + 1000);
    }
    CHECK(keys() > 500);
    store_free(st);
}

// Expiring begins here, but is not at its end when room is needed.
static void test_what_had_expired_does_not_count_as_evicted(void) {
    open_store(0);
    for (size_t i = 0; i < 400; i++) {
        CHECK_INT(
            store_set(st, name_of("key", i), BYTES("value"), NOW), STORE_OK);
    }
    CHECK(store_expire_step(st, NOW));
    size_t left = keys();
    CHECK(left > 300 && left < 400);
    set_limit(bytes());
    set_many("new", 30);
    CHECK(keys() < left + 30);
    size_t evicted = store_stats(st).evicted; // a new one that the hand met
    CHECK(evicted <= 5);
    CHECK_INT(store_stats(st).expired + evicted, 400 + 30 - keys());
    store_free(st);
}

static void test_after_the_limit_was_lowered_no_write_waits(void) {
    open_store(0);
    set_many("key", 20000);
    size_t full = bytes(), before = keys();
    CHECK(!evict_slice(st, 1000));
    set_limit(full / 4);

    char value[1000] = {0};
    for (size_t i = 0; i < 100; i++) {
        size_t evicted = store_stats(st).evicted;
        set("new", i, (struct slice){value, sizeof(value)});
        CHECK(store_stats(st).evicted - evicted < 500); // table growth counts
    }
    CHECK(bytes() > full / 2);

    // Without time, a slice does one step all the same.
    before = keys();
    CHECK(evict_slice(st, 0));
    CHECK(keys() < before && keys() > before - 100);
    size_t slices = 1;
    while (evict_slice(st, 0)) slices++;
    CHECK(slices > 100);
    CHECK(bytes() <= full / 4 && bytes() > full / 5);
    CHECK_INT(keys() + store_stats(st).evicted, 20100);
    store_free(st);
}

static void test_a_limit_can_be_changed_at_any_moment(void) {
    open_store(0);
    set_many("key", 20000);
    size_t full = bytes(), all = keys();
    store_set_limit(st, full / 2, STORE_REFUSES);
    CHECK(!evict_slice(st, 1000)); // a store that refuses takes nothing back
    CHECK_INT(keys(), all);
    CHECK_INT(
        store_set(st, BYTES("k"), BYTES("v"), NO_DEADLINE), STORE_OVER_LIMIT);
    CHECK_INT(
        store_set(st, name_of("key", 7), BYTES("v"), NO_DEADLINE), STORE_OK);

    set_limit(0); // no limit: nothing to evict for
    set("key", 20000, BYTES("value"));
    CHECK(!evict_slice(st, 1000));
    CHECK_INT(store_stats(st).evicted, 0);

    set_limit(1); // less than no key at all needs
    CHECK_INT(
        store_set(st, BYTES("k"), BYTES("v"), NO_DEADLINE), STORE_OVER_LIMIT);
    while (evict_slice(st, 1000)) continue;
    CHECK_INT(keys(), 0);
    set_limit(full);
    set_many("key", 1000);
    CHECK_INT(keys(), 1000);
    store_free(st);
}

// A model of the random test: the number in the value of each key, or 0 if it
// must not be there. The store may have fewer keys, but no other values.
static uint64_t number_of[NAMES];
static char filler[2000];

// A value starts with its number. Its length makes entries of many sizes.
static struct slice value_of(uint64_t number) {
    memcpy(filler, &number, sizeof(number));
    return (struct slice){
        filler, sizeof(number) + number % 60 + (number % 97 == 0 ? 1500 : 0)};
}

static void check_random_get(size_t k) {
    struct slice value;
    if (store_get(st, name_of("key", k), NOW, &value) == STORE_OK) {
        CHECK(number_of[k] != 0);
        CHECK_BYTES(value, value_of(number_of[k]));
    } else {
        number_of[k] = 0;
    }
}

static void one_operation(uint64_t number) {
    uint64_t kind = check_random() % 1000;
    size_t k = check_random() % NAMES;
    int64_t deadline_ms = kind % 2 == 0 ? NO_DEADLINE : NOW + 5;
    if (kind < 500) {
        CHECK_INT(
            store_set(st, name_of("key", k), value_of(number), deadline_ms),
            STORE_OK);
        number_of[k] = number;
    } else if (kind < 900) {
        check_random_get(k);
    } else if (kind < 960) {
        store_delete(st, name_of("key", k), NOW);
        number_of[k] = 0;
    } else if (kind < 997) {
        store_set_deadline(st, name_of("key", k), NOW, deadline_ms);
    } else if (kind < 999) {
        static const size_t limits[] = {20000, 60000, 100000, 0};
        set_limit(limits[check_random() % 4]);
    } else if (check_random() % 10 == 0) {
        CHECK(store_clear(st));
        memset(number_of, 0, sizeof(number_of));
    }
}

static void add_size(void *arg, struct slice key) {
    struct slice value;
    int64_t deadline_ms;
    store_deadline(st, key, NOW, &deadline_ms);
    store_get(st, key, NOW, &value);
    *(size_t *)arg += entry_size_for(key, value, deadline_ms);
}

static void test_random_operations_agree_with_a_model(void) {
    open_store(LIMIT);
    size_t empty = bytes();
    for (uint64_t number = 1; number <= OPERATIONS; number++) {
        size_t before = bytes();
        one_operation(number);
        check_limit(before);
        if (number % 16 == 0) store_expire_step(st, NOW);
        if (number % 16 == 8) evict_slice(st, 0);
    }
    for (size_t k = 0; k < NAMES; k++) check_random_get(k);
    size_t entries = 0;
    store_each(st, NOW, add_size, &entries);
    CHECK(bytes() >= empty + entries);
    CHECK(store_stats(st).evicted > 1000);
    for (size_t k = 0; k < NAMES; k++) {
        store_delete(st, name_of("key", k), NOW);
    }
    CHECK_INT(keys(), 0);
    CHECK_INT(bytes(), empty);
    store_free(st);
}

int main(void) {
    test_policies_have_the_names_that_redis_gives_them();
    test_a_new_store_refuses();
    test_every_write_fits_and_the_limit_holds();
    test_used_keys_outlive_many_that_are_not();
    test_a_write_to_a_key_is_a_use();
    test_one_use_is_worth_some_rounds();
    test_a_new_key_outlives_the_next_writes();
    test_what_can_never_fit_is_refused_and_nothing_goes();
    test_a_value_may_be_that_of_an_entry_that_goes();
    test_a_deadline_makes_its_own_room();
    test_what_had_expired_does_not_count_as_evicted();
    test_after_the_limit_was_lowered_no_write_waits();
    test_a_limit_can_be_changed_at_any_moment();
    test_random_operations_agree_with_a_model();
    puts("ok");
    return 0;
}
