// num.c - decimal integers.

#include "num.h"

size_t num_format(int64_t value, char *text) {
    char digits[NUM_MAX_TEXT];
    size_t n = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[n++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) digits[n++] = '-';

    for (size_t i = 0; i < n; i++) text[i] = digits[n - 1 - i];
    return n;
}
