// num.c - decimal integers. strtol() skips blanks, accepts "+1" and "010", and
// needs a NUL at the end: all wrong for bytes from a client.

#include "num.h"

bool num_parse(struct slice text, int64_t *out) {
    bool negative = text.len > 0 && text.data[0] == '-';
    size_t i = negative ? 1 : 0;
    size_t digits = text.len - i;
    if (digits == 0 || digits > NUM_MAX_TEXT - 1) return false;
    if (text.data[i] == '0' && text.len > 1) return false; // "-0", "007"

    // 19 digits fit in a uint64_t, whatever they are.
    uint64_t value = 0;
    for (; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    if (value > limit) return false;
    // -INT64_MIN does not exist, so the sign is applied to value - 1.
    *out = negative ? -(int64_t)(value - 1) - 1 : (int64_t)value;
    return true;
}

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
