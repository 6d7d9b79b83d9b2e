// test_store.c - the keyspace at moments of our choice.

#include "store.h"

#include <time.h>

#include "check.h"

#define NOW ((int64_t)1700000000000) // milliseconds, Unix time
#define NO_DEADLINE STORE_NO_DEADLINE
#define SHORT_HEADER 3 // bytes of an entry beside key and value; see entry.h
#define DEADLINE 8 // bytes more of one that has a deadline

static void set(struct store *st, const char *key, const char *value) {
    CHECK_INT(
        store_set(st, slice_of(key), slice_of(value), NO_DEADLINE), STORE_OK);
}

static void set_until(
    struct store *st, const char *key, const char *value, int64_t deadline_ms) {
    CHECK_INT(
        store_set(st, slice_of(key), slice_of(value), deadline_ms), STORE_OK);
}

// Checks the value of a key; NULL is none.
static void check_get(
    struct store *st, const char *key, int64_t now_ms, const char *expected) {
    struct slice value = {0};
    enum store_result result = store_get(st, slice_of(key), now_ms, &value);
    CHECK_INT(result, expected != NULL ? STORE_OK : STORE_MISSING);
    if (expected != NULL) {
        CHECK_BYTES(value, slice_of(expected));
    } else {
        CHECK(value.data == NULL); // untouched
    }
}

static size_t bytes(const struct store *st) {
    return store_stats(st).bytes;
}

static void count_key(void *arg, struct slice key) {
    (void)key;
    (*(size_t *)arg)++;
}

static size_t count_live(struct store *st, int64_t now_ms) {
    size_t n = 0;
    store_each(st, now_ms, count_key, &n);
    return n;
}

static void test_set_get_delete(void) {
    struct store *st = store_new(0);
    check_get(st, "k", NOW, NULL);
    set(st, "k", "one");
    check_get(st, "k", NOW, "one");
    check_get(st, "K", NOW, NULL);
    set(st, "k", "two"); // of the same size, in place
    check_get(st, "k", NOW, "two");
    set(st, "k", "three");
    check_get(st, "k", NOW, "three");
    CHECK_INT(store_stats(st).keys, 1);

    CHECK(store_exists(st, BYTES("k"), NOW));
    CHECK(store_delete(st, BYTES("k"), NOW));
    CHECK(!store_delete(st, BYTES("k"), NOW));
    CHECK(!store_exists(st, BYTES("k"), NOW));
    CHECK_INT(store_stats(st).keys, 0);
    store_free(st);
}

static void test_keys_and_values_are_any_bytes(void) {
    const struct slice keys[] = {
        BYTES(""), BYTES("\0"), BYTES("\0\0"), BYTES("a\0b"), BYTES("\r\n")};
    struct store *st = store_new(0);
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(store_set(st, keys[i], keys[4 - i], NO_DEADLINE), STORE_OK);
    }
    for (size_t i = 0; i < 5; i++) {
        struct slice value;
        CHECK_INT(store_get(st, keys[i], NOW, &value), STORE_OK);
        CHECK_BYTES(value, keys[4 - i]);
    }
    store_free(st);
}

static void test_a_key_ends_at_the_very_millisecond(void) {
    struct store *st = store_new(0);
    set_until(st, "k", "v", NOW + 1000);
    check_get(st, "k", NOW + 999, "v");
    CHECK_INT(count_live(st, NOW + 999), 1);
    CHECK_INT(count_live(st, NOW + 1000), 0); // though it is still in there
    CHECK_INT(store_stats(st).keys, 1);
    check_get(st, "k", NOW + 1000, NULL);
    CHECK_INT(store_stats(st).keys, 0);
    CHECK_INT(store_stats(st).expired, 1);

    // No function sees a key at its deadline.
    int64_t deadline_ms = 7;
    set_until(st, "k", "v", NOW);
    CHECK(!store_exists(st, BYTES("k"), NOW));
    set_until(st, "k", "v", NOW);
    CHECK(!store_delete(st, BYTES("k"), NOW));
    set_until(st, "k", "v", NOW);
    CHECK_INT(store_deadline(st, BYTES("k"), NOW, &deadline_ms), STORE_MISSING);
    CHECK_INT(deadline_ms, 7);
    set_until(st, "k", "v", NOW);
    CHECK_INT(store_set_deadline(st, BYTES("k"), NOW, NOW + 5), STORE_MISSING);
    CHECK_INT(store_stats(st).keys, 0);
    CHECK_INT(store_stats(st).expired, 5);
    store_free(st);
}

static void check_deadline(struct store *st, int64_t expected_ms) {
    int64_t deadline_ms;
    CHECK_INT(store_deadline(st, BYTES("k"), NOW, &deadline_ms), STORE_OK);
    CHECK_INT(deadline_ms, expected_ms);
    check_get(st, "k", NOW, "v");
}

static void test_deadlines_are_set_changed_and_taken_away(void) {
    struct store *st = store_new(0);
    CHECK_INT(store_set_deadline(st, BYTES("k"), NOW, NOW + 5), STORE_MISSING);
    set(st, "k", "v");
    check_deadline(st, NO_DEADLINE);
    static const int64_t deadlines[] = {
        NOW + 5, NOW + 1, NO_DEADLINE - 1, NO_DEADLINE, NOW + 7};
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(
            store_set_deadline(st, BYTES("k"), NOW, deadlines[i]), STORE_OK);
        check_deadline(st, deadlines[i]);
    }
    set(st, "k", "v"); // a plain SET clears the deadline
    check_deadline(st, NO_DEADLINE);
    CHECK_INT(store_set_deadline(st, BYTES("k"), NOW, NOW), STORE_OK);
    CHECK_INT(store_stats(st).keys, 0); // gone at once
    check_get(st, "k", NOW, NULL);
    set(st, "k", "v");
    CHECK_INT(store_set_deadline(st, BYTES("k"), NOW, INT64_MIN), STORE_OK);
    check_get(st, "k", NOW, NULL);
    store_free(st);
}

static void test_used_bytes_are_exact(void) {
    struct store *st = store_new(0);
    size_t empty = bytes(st);
    CHECK_INT(store_stats(st).peak_bytes, empty);
    set(st, "key", "value");
    CHECK_INT(bytes(st), empty + SHORT_HEADER + 3 + 5);
    set(st, "key", "VALUE");
    CHECK_INT(bytes(st), empty + SHORT_HEADER + 3 + 5);
    set_until(st, "key", "v", NOW + 5);
    CHECK_INT(bytes(st), empty + SHORT_HEADER + DEADLINE + 3 + 1);
    set(st, "other", "");
    CHECK_INT(bytes(st), empty + 2 * SHORT_HEADER + DEADLINE + 3 + 1 + 5);
    size_t peak = bytes(st);
    check_get(st, "key", NOW + 5, NULL);
    CHECK_INT(bytes(st), empty + SHORT_HEADER + 5);
    CHECK(store_delete(st, BYTES("other"), NOW));
    CHECK_INT(bytes(st), empty);
    CHECK_INT(store_stats(st).peak_bytes, peak);
    store_free(st);
}

static void test_hits_and_misses_are_counted(void) {
    struct store *st = store_new(0);
    set(st, "k", "v");
    check_get(st, "k", NOW, "v");
    check_get(st, "none", NOW, NULL);
    store_exists(st, BYTES("k"), NOW);
    store_exists(st, BYTES("none"), NOW);
    store_exists(st, BYTES("none"), NOW);
    CHECK_INT(store_stats(st).hits, 2);
    CHECK_INT(store_stats(st).misses, 3);

    struct slice old; // looked up to be changed, so it counts as neither
    CHECK_INT(store_get_for_write(st, BYTES("k"), NOW, &old), STORE_OK);
    CHECK_BYTES(old, BYTES("v"));
    CHECK_INT(store_get_for_write(st, BYTES("none"), NOW, &old), STORE_MISSING);
    CHECK_INT(store_stats(st).hits, 2);
    CHECK_INT(store_stats(st).misses, 3);
    store_free(st);
}

static void test_the_limit_is_exact(void) {
    struct store *probe = store_new(0);
    size_t empty = bytes(probe);
    store_free(probe);

    struct store *st = store_new(empty + SHORT_HEADER + 10);
    enum store_result over = STORE_OVER_LIMIT;
    CHECK_INT(
        store_set(st, BYTES("k"), BYTES("1234567890"), NO_DEADLINE), over);
    CHECK_INT(store_set(st, BYTES("k"), BYTES("12"), NOW + 5), over);
    CHECK_INT(store_stats(st).keys, 0);
    CHECK_INT(bytes(st), empty);
    set(st, "k", "123456789");
    CHECK_INT(store_set(st, BYTES("l"), BYTES(""), NO_DEADLINE), over);
    CHECK_INT(
        store_set(st, BYTES("k"), BYTES("abcdefghij"), NO_DEADLINE), over);
    check_get(st, "k", NOW, "123456789");
    set(st, "k", "987654321"); // of the same size
    set(st, "k", "12345"); // smaller
    set_until(st, "k", "1", NOW + 5);

    // A deadline is never refused, even if it passes the limit; from there,
    // what makes the store smaller is still allowed.
    set(st, "k", "123456789");
    CHECK_INT(store_set_deadline(st, BYTES("k"), NOW, NOW + 5), STORE_OK);
    CHECK(bytes(st) > empty + SHORT_HEADER + 10);
    CHECK_INT(store_set(st, BYTES("k"), BYTES("abcdefghij"), NOW + 5), over);
    set_until(st, "k", "12345678", NOW + 5);
    CHECK(bytes(st) > empty + SHORT_HEADER + 10);
    CHECK(store_delete(st, BYTES("k"), NOW));
    CHECK_INT(bytes(st), empty);
    store_free(st);
}

// The table itself has to grow for more keys: that counts before it happens.
static void test_the_limit_holds_while_the_table_grows(void) {
    struct store *st = store_new(60000);
    char key[32];
    size_t stored = 0, refused = 0;
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "key:%d", i);
        enum store_result result =
            store_set(st, slice_of(key), BYTES("v"), NO_DEADLINE);
        stored += result == STORE_OK;
        refused += result == STORE_OVER_LIMIT;
        CHECK(bytes(st) <= 60000);
    }
    CHECK_INT(stored + refused, 5000);
    CHECK_INT(store_stats(st).keys, stored);
    CHECK(stored > 1000 && refused > 1000);
    CHECK(store_stats(st).peak_bytes <= 60000);
    store_free(st);
}

static void set_number(struct store *st, int i, enum store_result expected) {
    char key[32];
    snprintf(key, sizeof(key), "key:%04d", i);
    CHECK_INT(store_set(st, slice_of(key), BYTES("v"), NO_DEADLINE), expected);
}

// A first store without a limit finds the key for which the table grows. In a
// second one there is room for that key, but not for the growth.
static void test_growth_of_the_table_counts_before_it_happens(void) {
    struct store *st = store_new(0);
    size_t last, added;
    int keys = 0;
    do {
        last = bytes(st);
        set_number(st, keys++, STORE_OK);
        added = bytes(st) - last;
    } while (added < 1000); // an entry is small, a part of the table is not
    store_free(st);

    st = store_new(last + 500);
    for (int i = 0; i < keys - 1; i++) set_number(st, i, STORE_OK);
    CHECK_INT(bytes(st), last);
    set_number(st, keys - 1, STORE_OVER_LIMIT);
    CHECK_INT(bytes(st), last);
    set_number(st, 0, STORE_OK); // a key that is there needs no growth
    CHECK_INT(store_stats(st).keys, keys - 1);
    store_free(st);
}

static void test_clear_empties_at_once_and_frees_in_steps(void) {
    struct store *st = store_new(0);
    size_t empty = bytes(st);
    char key[32];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5000; i++) {
            snprintf(key, sizeof(key), "key:%d", i);
            set_until(st, key, "v", NOW + 1);
        }
        CHECK(store_clear(st));
        CHECK_INT(store_stats(st).keys, 0);
        CHECK_INT(bytes(st), empty);
        CHECK(!store_expire_step(st, NOW + 1)); // no deadline is left behind
        check_get(st, "key:7", NOW, NULL);
    }
    set(st, "key:7", "new"); // a new key is none of those that are freed
    size_t steps = 1;
    while (store_free_step(st)) steps++;
    CHECK(steps > 2 * 5000 / 512);
    CHECK(!store_free_step(st));
    check_get(st, "key:7", NOW, "new");
    CHECK(store_clear(st)); // and what is not freed yet ends with the store
    store_free(st);
    store_free(NULL);
}

static void test_an_expected_key_is_found_like_any_other(void) {
    struct store *st = store_new(0);
    struct slice key = BYTES("key"), other = BYTES("other"), none = {0};
    uint64_t hash = store_prefetch(st, key);
    store_prefetch_entry(st, hash);
    store_expect(st, key, hash);
    CHECK_INT(store_set(st, key, BYTES("v"), NOW + 5), STORE_OK);
    CHECK_INT(store_set(st, other, BYTES("w"), NO_DEADLINE), STORE_OK);
    store_expect(st, none, 0);
    check_get(st, "key", NOW, "v");
    check_get(st, "other", NOW, "w");

    char copy[] = "key"; // the same key at another address
    hash = store_prefetch(st, slice_of(copy));
    CHECK_HEX(hash, store_prefetch(st, key));
    store_prefetch_entry(st, hash);
    store_expect(st, slice_of(copy), hash);
    check_get(st, copy, NOW, "v");
    CHECK_INT(store_set_deadline(st, slice_of(copy), NOW, NOW + 9), STORE_OK);
    CHECK(store_exists(st, key, NOW));
    CHECK(store_delete(st, slice_of(copy), NOW));
    store_expect(st, none, 0);
    CHECK(!store_exists(st, key, NOW));
    store_free(st);
}

static void test_a_random_key_is_found_among_those_that_are_due(void) {
    struct store *st = store_new(0);
    char name[16];
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "due:%d", i);
        set_until(st, name, "v", NOW);
    }
    struct slice key;
    CHECK_INT(store_random(st, NOW, &key), STORE_MISSING);
    set(st, "stays", "v");
    size_t before = bytes(st);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(store_random(st, NOW, &key), STORE_OK);
        CHECK_BYTES(key, BYTES("stays"));
    }
    CHECK_INT(bytes(st), before); // one command does not remove them all
    store_free(st);
}

// Compares processor times, as nothing else tells how far the walk has gone.
static void test_the_walk_for_a_random_key_ends_with_the_first_one(void) {
    struct store *st = store_new(0);
    char name[16];
    for (int i = 0; i < 100000; i++) { // one in 500 is not due
        snprintf(name, sizeof(name), "key:%d", i);
        set_until(st, name, "v", i % 500 == 0 ? NOW + 1 : NOW);
    }
    clock_t start = clock();
    for (int i = 0; i < 50; i++) CHECK_INT(count_live(st, NOW), 200);
    clock_t of_all = clock() - start;

    start = clock();
    for (int i = 0; i < 50; i++) {
        struct slice key;
        CHECK_INT(store_random(st, NOW, &key), STORE_OK);
    }
    CHECK((clock() - start) * 3 < of_all); // of each 500 keys, not of 100,000
    store_free(st);
}

int main(void) {
    test_set_get_delete();
    test_keys_and_values_are_any_bytes();
    test_a_key_ends_at_the_very_millisecond();
    test_deadlines_are_set_changed_and_taken_away();
    test_used_bytes_are_exact();
    test_hits_and_misses_are_counted();
    test_the_limit_is_exact();
    test_the_limit_holds_while_the_table_grows();
    test_growth_of_the_table_counts_before_it_happens();
    test_clear_empties_at_once_and_frees_in_steps();
    test_an_expected_key_is_found_like_any_other();
    test_a_random_key_is_found_among_those_that_are_due();
    test_the_walk_for_a_random_key_ends_with_the_first_one();
    puts("ok");
    return 0;
}
