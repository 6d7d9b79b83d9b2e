// test_num.c - decimal integers: what is one, and what is not.

#include "num.h"

#include "check.h"

static void test_numbers_are_read(void) {
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
        {"0", 0},
        {"1", 1},
        {"-1", -1},
        {"10", 10},
        {"42", 42},
        {"-900", -900},
        {"999999999999999999", 999999999999999999},
        {"1000000000000000000", 1000000000000000000},
        {"9223372036854775806", INT64_MAX - 1},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775807", -INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 7;
        CHECK(num_parse(slice_of(cases[i].text), &value));
        CHECK_INT(value, cases[i].value);
        char text[NUM_MAX_TEXT];
        size_t n = num_format(cases[i].value, text);
        CHECK_BYTES(((struct slice){text, n}), slice_of(cases[i].text));
    }
}

static void test_other_bytes_are_refused_and_nothing_is_written(void) {
    static const struct slice cases[] = {
        {"", 0},
        {"-", 1},
        {"--1", 3},
        {"+1", 2},
        {" 1", 2},
        {"1 ", 2},
        {"1\n", 2},
        {"1\0", 2},
        {"\0", 1},
        {"01", 2},
        {"00", 2},
        {"-0", 2},
        {"-01", 3},
        {"0x10", 4},
        {"1.0", 3},
        {"1e3", 3},
        {"1,000", 5},
        {"12a", 3},
        {"a", 1},
        {"1-", 2},
        {"\xb2", 1}, // a digit in some locales
        {"/", 1}, // the bytes before '0' and behind '9'
        {":", 1},
        {"9223372036854775808", 19},
        {"-9223372036854775809", 20},
        {"9999999999999999999", 19},
        {"-9999999999999999999", 20},
        {"18446744073709551616", 20}, // 0 in 64 bits
        {"18446744073709551617", 20}, // 1 in 64 bits
        {"00000000000000000001", 20},
        {"100000000000000000000000000000000000000000", 42},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 7;
        if (num_parse(cases[i], &value)) check_show("accepted", cases[i]);
        CHECK(!num_parse(cases[i], &value));
        CHECK_INT(value, 7);
    }
}

static void test_only_the_slice_is_read(void) {
    int64_t value;
    CHECK(num_parse((struct slice){"12345", 2}, &value));
    CHECK_INT(value, 12);
}

// Numbers of every length, against the C library.
static void test_text_and_number_are_the_same_both_ways(void) {
    for (int i = 0; i < 20000; i++) {
        int64_t value = (int64_t)(check_random() >> (check_random() % 64));
        if (i % 2 == 0) value = -value;
        char expected[32], text[NUM_MAX_TEXT];
        snprintf(expected, sizeof(expected), "%" PRId64, value);
        struct slice got = {text, num_format(value, text)};
        CHECK_BYTES(got, slice_of(expected));
        int64_t back;
        CHECK(num_parse(got, &back));
        CHECK_INT(back, value);
    }
}

int main(void) {
    test_numbers_are_read();
    test_other_bytes_are_refused_and_nothing_is_written();
    test_only_the_slice_is_read();
    test_text_and_number_are_the_same_both_ways();
    puts("ok");
    return 0;
}
