// fuzz_num.c - numbers as text against strtoll() with the rules spelled out:
// a number is right if, written anew, it is the same text.

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num.h"

#define MOST_BYTES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (len > MOST_BYTES) return 0;
    // A copy of just these bytes: a read behind them is found.
    char *exact = malloc(len > 0 ? len : 1);
    if (len > 0) memcpy(exact, data, len);
    char text[MOST_BYTES + 1] = {0};
    if (len > 0) memcpy(text, data, len);

    int64_t value = 12345;
    bool is_number = num_parse((struct slice){exact, len}, &value);
    errno = 0;
    long long expected = strtoll(text, NULL, 10);
    char again[32];
    int n = snprintf(again, sizeof(again), "%lld", expected);
    bool is_expected =
        errno == 0 && (size_t)n == len && memcmp(again, text, len) == 0;
    assert(is_number == is_expected);
    assert(value == (is_number ? expected : 12345));
    if (is_number) {
        char formatted[NUM_MAX_TEXT];
        assert(num_format(value, formatted) == len);
        assert(memcmp(formatted, text, len) == 0);
    }
    free(exact);
    return 0;
}
