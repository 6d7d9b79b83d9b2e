// test_expire.c - deadlines: the arithmetic at its edges, and active expiry.

#include "expire.h"

#include "check.h"
#include "clock.h"

#define NOW ((int64_t)1700000000000) // milliseconds, Unix time
#define KEYS 20000

static void test_deadlines_of_ordinary_seconds(void) {
    static const int64_t seconds[] = {0, 1, -1, 60, -60, 86400, 1000000000};
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        int64_t deadline_ms;
        CHECK(expire_deadline(seconds[i], 1000, NOW, &deadline_ms));
        CHECK_INT(deadline_ms, NOW + 1000 * seconds[i]);
        CHECK(expire_deadline(seconds[i], 1, 0, &deadline_ms));
        CHECK_INT(deadline_ms, seconds[i]);
    }
}

static void test_numbers_that_do_not_fit_are_refused(void) {
    int64_t most = (STORE_NO_DEADLINE - 1 - NOW) / 1000;
    int64_t least = INT64_MIN / 1000;
    int64_t deadline_ms = 7;
    CHECK(!expire_deadline(most + 1, 1000, NOW, &deadline_ms));
    CHECK(!expire_deadline(INT64_MAX, 1000, NOW, &deadline_ms));
    CHECK(!expire_deadline(INT64_MAX / 1000, 1000, NOW, &deadline_ms));
    CHECK(!expire_deadline(least - 1, 1000, NOW, &deadline_ms));
    CHECK(!expire_deadline(INT64_MIN, 1000, NOW, &deadline_ms));
    CHECK(!expire_deadline(INT64_MAX - NOW, 1, NOW, &deadline_ms));
    CHECK(!expire_deadline(STORE_NO_DEADLINE, 1, 0, &deadline_ms));
    // From here, whole seconds lead to the very number that means none.
    int64_t odd_now = NOW + STORE_NO_DEADLINE % 1000;
    int64_t too_many = (STORE_NO_DEADLINE - odd_now) / 1000;
    CHECK(!expire_deadline(too_many, 1000, odd_now, &deadline_ms));
    CHECK_INT(deadline_ms, 7);

    CHECK(expire_deadline(most, 1000, NOW, &deadline_ms));
    CHECK(deadline_ms > NOW && deadline_ms < STORE_NO_DEADLINE);
    CHECK(expire_deadline(least, 1000, NOW, &deadline_ms));
    CHECK(deadline_ms < 0);
    CHECK(expire_deadline(STORE_NO_DEADLINE - 1, 1, 0, &deadline_ms));
    CHECK_INT(deadline_ms, STORE_NO_DEADLINE - 1);
}

static void test_seconds_left_are_rounded_up(void) {
    static const int64_t cases[][2] = {// milliseconds, seconds
        {1, 1}, {999, 1}, {1000, 1}, {1001, 2}, {59999, 60}, {60000, 60}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_INT(expire_seconds_left(NOW + cases[i][0], NOW), cases[i][1]);
    }
    CHECK_INT(
        expire_seconds_left(INT64_MAX - 1, 0), (INT64_MAX - 1) / 1000 + 1);
}

static void test_the_nearest_second(void) {
    static const int64_t cases[][2] = {// milliseconds, seconds
        {0, 0}, {1, 0}, {499, 0}, {500, 1}, {999, 1}, {1000, 1}, {1499, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_INT(expire_nearest_second(cases[i][0]), cases[i][1]);
    }
    CHECK_INT(expire_nearest_second(INT64_MAX - 1), INT64_MAX / 1000 + 1);
}

static struct store *store_with_keys(void) {
    struct store *st = store_new(0);
    char key[32];
    for (int i = 0; i < KEYS; i++) { // one key for each millisecond
        snprintf(key, sizeof(key), "key:%d", i);
        CHECK_INT(store_set(st, slice_of(key), BYTES("v"), NOW + i), STORE_OK);
    }
    CHECK_INT(
        store_set(st, BYTES("stays"), BYTES("v"), STORE_NO_DEADLINE), STORE_OK);
    return st;
}

// Runs slices until nothing is left to do. Returns how many it took.
static size_t run_slices(struct store *st, int64_t now_ms, int64_t budget_us) {
    size_t slices = 1;
    while (expire_slice(st, now_ms, budget_us)) slices++;
    return slices;
}

static void test_due_keys_go_without_any_access(void) {
    struct store *st = store_with_keys();
    CHECK(!expire_slice(st, NOW - 1, 1000));
    CHECK_INT(store_stats(st).keys, KEYS + 1);
    static const int64_t moments[] = {0, 1, 2, 5000, 5001, KEYS - 2, KEYS - 1};
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        run_slices(st, NOW + moments[i], 1000);
        CHECK_INT(store_stats(st).keys, KEYS - moments[i]);
        CHECK_INT(store_stats(st).expired, moments[i] + 1);
    }
    CHECK(!expire_slice(st, INT64_MAX - 1, 1000));
    CHECK_INT(store_stats(st).keys, 1);
    store_free(st);
}

// Keys that come during a walk, behind its cursor, are found by the next one.
static void test_keys_set_between_two_slices_are_not_forgotten(void) {
    struct store *st = store_with_keys();
    char key[32];
    int64_t now_ms = NOW;
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof(key), "late:%d", i);
        CHECK_INT(
            store_set(st, slice_of(key), BYTES("v"), now_ms + 1), STORE_OK);
        expire_slice(st, ++now_ms, 0);
    }
    run_slices(st, now_ms, 0);
    run_slices(st, now_ms, 0); // one walk may have begun before the last key
    CHECK_INT(store_stats(st).keys, KEYS + 1 - (now_ms - NOW) - 1);
    store_free(st);
}

static void test_a_slice_ends_when_its_time_is_over(void) {
    struct store *st = store_with_keys();
    CHECK(store_clear(st)); // now there are keys to free, and to expire
    char key[32];
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof(key), "key:%d", i);
        CHECK_INT(store_set(st, slice_of(key), BYTES("v"), NOW), STORE_OK);
    }
    // Without time, a slice does one step of each kind all the same.
    CHECK(expire_slice(st, NOW, 0));
    size_t left = store_stats(st).keys;
    CHECK(left < KEYS && left >= KEYS - 512);
    CHECK(run_slices(st, NOW, 0) > KEYS / 512);
    CHECK_INT(store_stats(st).keys, 0);
    CHECK(!store_free_step(st));
    store_free(st);
}

static void test_the_clock_goes_on_and_agrees_with_the_system(void) {
    struct clock clock = clock_start();
    int64_t before_us = clock_monotonic_us(), before_ms = clock_now_ms(&clock);
    int64_t now_us = before_us;
    while (now_us < before_us + 3000) now_us = clock_monotonic_us();
    CHECK(clock_now_ms(&clock) >= before_ms + 2);
    CHECK(before_ms > 1500000000000); // a moment after 2017
}

int main(void) {
    test_deadlines_of_ordinary_seconds();
    test_numbers_that_do_not_fit_are_refused();
    test_seconds_left_are_rounded_up();
    test_the_nearest_second();
    test_due_keys_go_without_any_access();
    test_keys_set_between_two_slices_are_not_forgotten();
    test_a_slice_ends_when_its_time_is_over();
    test_the_clock_goes_on_and_agrees_with_the_system();
    puts("ok");
    return 0;
}
