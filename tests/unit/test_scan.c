// test_scan.c - table_scan() keeps its promise while segments are split and
// merged between its steps, and table_pick() is fair.

#include "table.h"

#include "check.h"

#define KEYS 20000 // some dozens of segments of 512 slots
#define STAYING 300 // the first of them, which are never removed
#define EXACT ((uint64_t)1 << 53) // no larger integer is safe in a double
#define DEADLINE ENTRY_NO_DEADLINE

static struct slab_pool *pool;
static struct hash_secret secret;
static struct table *table;
static bool is_there[KEYS];
static unsigned shown[KEYS];

static void open_table(void) {
    memset(is_there, 0, sizeof(is_there));
    pool = slab_pool_new();
    secret = (struct hash_secret){check_random(), check_random()};
    table = table_new(pool, &secret);
    CHECK(table != NULL);
}

static void close_table(void) {
    table_free(table);
    slab_pool_free(pool);
}

// Writes to a buffer that the next call uses again.
static struct slice key_of(size_t k) {
    static char text[32];
    return (struct slice){
        text, (size_t)snprintf(text, sizeof(text), "key:%zu", k)};
}

static void put(size_t k) {
    struct entry *e = entry_new(pool, key_of(k), BYTES("v"), DEADLINE);
    CHECK(table_put(table, e, table_hash(table, key_of(k))));
    is_there[k] = true;
}

static void put_all(size_t n) {
    for (size_t k = 0; k < n; k++) put(k);
}

static void drop(size_t k) {
    uint64_t hash = table_hash(table, key_of(k));
    CHECK_INT(table_remove(table, key_of(k), hash), is_there[k]);
    is_there[k] = false;
}

static size_t number_of(const struct entry *e) {
    char text[32]; // a copy with an end: the value follows the key in memory
    snprintf(
        text, sizeof(text), "%.*s", (int)entry_key(e).len, entry_key(e).data);
    size_t k = (size_t)strtoul(text + strlen("key:"), NULL, 10);
    CHECK(k < KEYS && is_there[k]);
    return k;
}

static void visit(void *arg, const struct entry *e) {
    shown[number_of(e)]++;
    if (arg != NULL) ++*(size_t *)arg;
}

// Makes one step of a scan. Returns how many entries it has shown.
static size_t step(uint64_t *cursor, size_t count) {
    size_t n = 0;
    *cursor = table_scan(table, *cursor, count, visit, &n);
    CHECK(*cursor < EXACT);
    return n;
}

static void check_staying(void) {
    for (size_t k = 0; k < STAYING; k++) CHECK(shown[k] >= 1);
}

static void test_a_table_that_rests_is_shown_once(void) {
    static const size_t sizes[] = {0, 1, 2, 447, 448, 449, 2000, KEYS};
    static const size_t counts[] = {1, 2, 10, 300, 512, 5000, SIZE_MAX};
    open_table();
    size_t size = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (; size < sizes[i]; size++) put(size);
        for (size_t j = 0; j < sizeof(counts) / sizeof(counts[0]); j++) {
            memset(shown, 0, sizeof(shown));
            uint64_t cursor = 0;
            size_t steps = 0;
            do {
                size_t n = step(&cursor, counts[j]);
                if (counts[j] < 512) CHECK(n < 4 * counts[j] + 50);
                CHECK(++steps < 4 * size / counts[j] + 100);
            } while (cursor != 0);
            for (size_t k = 0; k < KEYS; k++) CHECK_INT(shown[k], is_there[k]);
        }
    }
    close_table();
}

// Puts and removes all keys but those that stay, twice, some between two steps.
// The pieces decide how far the scan is when a segment is split or merged.
static void scan_with_changes(size_t count, size_t piece) {
    memset(shown, 0, sizeof(shown));
    uint64_t cursor = 0;
    size_t changed = 0;
    do {
        step(&cursor, count);
        for (size_t i = 0; i < piece; i++, changed++) {
            if (changed == 4 * (KEYS - STAYING)) break;
            size_t k = STAYING + changed % (KEYS - STAYING);
            if (changed / (KEYS - STAYING) % 2 == 0) {
                if (!is_there[k]) put(k);
            } else if (is_there[k]) {
                drop(k);
            }
        }
    } while (cursor != 0);
    check_staying();
}

static void test_what_stays_is_shown_while_the_table_breathes(void) {
    static const size_t counts[] = {1, 7, 50, 400, 1000};
    static const size_t pieces[] = {10, 333, 3000, KEYS};
    open_table();
    put_all(STAYING);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
            scan_with_changes(counts[i], pieces[j]);
        }
    }
    close_table();
}

// The table shrinks once, at some step of the scan, and grows again at another.
static void test_what_stays_is_shown_wherever_a_merge_meets_the_scan(void) {
    open_table();
    for (size_t round = 0; round < 60; round++) {
        put_all(4000);
        memset(shown, 0, sizeof(shown));
        uint64_t cursor = 0;
        size_t steps = 0;
        do {
            step(&cursor, 40);
            if (++steps == round) {
                for (size_t k = STAYING; k < 4000; k++) drop(k);
            }
            if (steps == round + 3) put_all(4000);
        } while (cursor != 0);
        check_staying();
    }
    close_table();
}

// With few entries all are in one segment, with many none is where it was.
static void test_a_scan_ends_although_all_is_split_and_merged(void) {
    static const size_t counts[] = {1, 10, 100};
    open_table();
    put_all(STAYING);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        memset(shown, 0, sizeof(shown));
        uint64_t cursor = 0;
        size_t steps = 0;
        do {
            if (steps % 2 == 0) put_all(5000);
            step(&cursor, counts[i]);
            for (size_t k = STAYING; k < 5000 && steps % 2 == 0; k++) drop(k);
            CHECK(++steps < 1000);
        } while (cursor != 0);
        check_staying();
    }
    close_table();
}

// Within one segment, where a removal makes entries move to other slots. An
// entry that has come to its home moves no more, so each round has a new table.
static void test_what_stays_is_shown_while_gaps_are_closed(void) {
    for (size_t round = 0; round < 200; round++) {
        open_table();
        for (size_t k = 440; k-- > 0;) put(k);
        memset(shown, 0, sizeof(shown));
        uint64_t cursor = 0;
        do {
            step(&cursor, 20);
            for (int i = 0; i < 20; i++) {
                size_t k = STAYING + check_random() % (440 - STAYING);
                if (is_there[k]) drop(k);
            }
        } while (cursor != 0);
        check_staying();
        close_table();
    }
}

static void test_any_number_is_a_cursor(void) {
    open_table();
    put_all(5000);
    for (int i = 0; i < 20000; i++) {
        uint64_t cursor = check_random() >> check_random() % 64;
        step(&cursor, 1 + check_random() % 30);
        size_t steps = 0; // from wherever it was, the scan ends
        while (i % 100 == 0 && cursor != 0) {
            step(&cursor, 30);
            CHECK(++steps < 1000);
        }
    }
    close_table();
}

static void test_a_pick_is_one_of_the_entries(void) {
    open_table();
    CHECK(table_pick(table, 0) == NULL);
    put_all(KEYS);
    memset(shown, 0, sizeof(shown));
    for (int i = 0; i < 20 * KEYS; i++) {
        shown[number_of(table_pick(table, check_random()))]++;
    }
    // With fair draws 20 are expected, and 0 come once in 10^9.
    for (size_t k = 0; k < KEYS; k++) CHECK(shown[k] < 80);
    size_t missed = 0;
    for (size_t k = 0; k < KEYS; k++) missed += shown[k] == 0;
    CHECK(missed < 5);
    close_table();
}

static void test_the_last_entry_is_picked_wherever_it_is(void) {
    open_table();
    put_all(5000);
    for (size_t k = 1; k < 5000; k++) drop(k);
    for (int i = 0; i < 64; i++) {
        CHECK_INT(number_of(table_pick(table, (uint64_t)1 << i)), 0);
        CHECK_INT(number_of(table_pick(table, UINT64_MAX << i)), 0);
    }
    drop(0);
    CHECK(table_pick(table, UINT64_MAX) == NULL);
    close_table();
}

int main(void) {
    test_a_table_that_rests_is_shown_once();
    test_what_stays_is_shown_while_the_table_breathes();
    test_what_stays_is_shown_wherever_a_merge_meets_the_scan();
    test_a_scan_ends_although_all_is_split_and_merged();
    test_what_stays_is_shown_while_gaps_are_closed();
    test_any_number_is_a_cursor();
    test_a_pick_is_one_of_the_entries();
    test_the_last_entry_is_picked_wherever_it_is();
    puts("ok");
    return 0;
}
