// test_entry.c - the packed form of a key, its value and its deadline.

#include "entry.h"

#include "check.h"

#define MOST_BYTES 70000

static char key_bytes[MOST_BYTES], value_bytes[MOST_BYTES];

// The sizes that entry.h draws.
static size_t expected_size(
    size_t key_len, size_t value_len, int64_t deadline) {
    size_t header = key_len > 255 || value_len > 255 ? 9 : 3;
    return header + (deadline != ENTRY_NO_DEADLINE ? 8 : 0) + key_len +
        value_len;
}

static void check_entry(const struct entry *e, struct slice key,
    struct slice value, int64_t deadline_ms) {
    CHECK_BYTES(entry_key(e), key);
    CHECK_BYTES(entry_value(e), value);
    CHECK_INT(entry_deadline(e), deadline_ms);
    size_t size = expected_size(key.len, value.len, deadline_ms);
    CHECK_INT(entry_size(e), size);
    CHECK_INT(entry_size_for(key, value, deadline_ms), size);
}

static void test_what_goes_in_comes_out_for_all_lengths(void) {
    static const size_t lengths[] = {
        0, 1, 2, 7, 8, 127, 128, 254, 255, 256, 257, 4200, 65535, 65536, 70000};
    static const int64_t deadlines[] = {
        ENTRY_NO_DEADLINE, 0, 1, -1, 1700000000000, INT64_MAX - 1, INT64_MIN};
    size_t n = sizeof(lengths) / sizeof(lengths[0]);
    struct slab_pool *pool = slab_pool_new();
    for (size_t i = 0; i < n * n; i++) {
        struct slice key = {key_bytes, lengths[i / n]};
        struct slice value = {value_bytes, lengths[i % n]};
        for (size_t j = 0; j < sizeof(deadlines) / sizeof(deadlines[0]); j++) {
            struct entry *e = entry_new(pool, key, value, deadlines[j]);
            CHECK(e != NULL);
            check_entry(e, key, value, deadlines[j]);
            entry_free(pool, e);
        }
    }
    slab_pool_free(pool);
}

static void test_an_entry_holds_copies(void) {
    struct slab_pool *pool = slab_pool_new();
    char key[] = "key", value[] = "value";
    struct entry *e = entry_new(pool, slice_of(key), slice_of(value), 5);
    key[0] = value[0] = '#';
    check_entry(e, BYTES("key"), BYTES("value"), 5);
    entry_free(pool, e);
    slab_pool_free(pool);
}

static void test_overwriting_keeps_the_sizes_or_does_nothing(void) {
    struct slab_pool *pool = slab_pool_new();
    struct slice key = BYTES("k\0"), value = BYTES("old");
    struct entry *stays = entry_new(pool, key, value, ENTRY_NO_DEADLINE);
    struct entry *ends = entry_new(pool, key, value, 1000);

    CHECK(!entry_overwrite(stays, BYTES("newer"), ENTRY_NO_DEADLINE));
    CHECK(!entry_overwrite(stays, BYTES("n"), ENTRY_NO_DEADLINE));
    CHECK(!entry_overwrite(stays, BYTES("new"), 1000));
    check_entry(stays, key, value, ENTRY_NO_DEADLINE);
    CHECK(!entry_overwrite(ends, BYTES("newer"), 1000));
    CHECK(!entry_overwrite(ends, BYTES("new"), ENTRY_NO_DEADLINE));
    check_entry(ends, key, value, 1000);

    CHECK(entry_overwrite(stays, BYTES("n\0w"), ENTRY_NO_DEADLINE));
    check_entry(stays, key, BYTES("n\0w"), ENTRY_NO_DEADLINE);
    CHECK(entry_overwrite(ends, BYTES("new"), 2000));
    check_entry(ends, key, BYTES("new"), 2000);
    // The value may be the entry's own, when only the deadline changes.
    CHECK(entry_overwrite(ends, entry_value(ends), 3000));
    check_entry(ends, key, BYTES("new"), 3000);

    entry_free(pool, stays);
    entry_free(pool, ends);
    slab_pool_free(pool);
}

// A value of up to 255 bytes beside a long key has wide lengths all the same.
static void test_overwriting_wide_entries(void) {
    struct slab_pool *pool = slab_pool_new();
    struct slice key = {key_bytes, 300}, value = BYTES("old");
    struct entry *e = entry_new(pool, key, value, 1000);
    CHECK(entry_overwrite(e, BYTES("new"), 77));
    check_entry(e, key, BYTES("new"), 77);
    entry_free(pool, e);
    slab_pool_free(pool);
}

int main(void) {
    for (size_t i = 0; i < MOST_BYTES; i++) {
        key_bytes[i] = (char)check_random();
        value_bytes[i] = (char)check_random();
    }
    test_what_goes_in_comes_out_for_all_lengths();
    test_an_entry_holds_copies();
    test_overwriting_keeps_the_sizes_or_does_nothing();
    test_overwriting_wide_entries();
    puts("ok");
    return 0;
}
