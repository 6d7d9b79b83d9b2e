// fuzz_glob.c - the matcher against a plain recursive one, which is easy to
// believe and slow, for short patterns. Input: pattern, NUL, text.

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "glob.h"

#define MOST_BYTES 24 // the recursive matcher is exponential

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool class_matches(const char **p, const char *end, char c) {
    const char *q = *p + 1;
    bool negated = q < end && *q == '^', found = false;
    if (negated) q++;
    while (q < end && *q != ']') {
        if (*q == '\\' && q + 1 < end) {
            q++;
            found |= *q == c;
        } else if (end - q >= 3 && q[1] == '-') {
            unsigned char a = (unsigned char)q[0], b = (unsigned char)q[2];
            unsigned char x = (unsigned char)c;
            found |= (a <= x && x <= b) || (b <= x && x <= a);
            q += 2;
        } else {
            found |= *q == c;
        }
        q++;
    }
    *p = q < end ? q + 1 : q;
    return found != negated;
}

static bool matches(
    const char *p, const char *end, const char *t, const char *t_end) {
    if (p == end) return t == t_end;
    if (*p == '*') {
        return matches(p + 1, end, t, t_end) ||
            (t < t_end && matches(p, end, t + 1, t_end));
    }
    if (t == t_end) return false;
    if (*p == '[') {
        bool ok = class_matches(&p, end, *t);
        return ok && matches(p, end, t + 1, t_end);
    }
    bool any = *p == '?';
    if (*p == '\\' && p + 1 < end) p++;
    return (any || *p == *t) && matches(p + 1, end, t + 1, t_end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (len > MOST_BYTES) return 0;
    char *copy = malloc(len + 1);
    memcpy(copy, data, len);
    copy[len] = '\0';
    size_t pattern_len = strlen(copy);
    size_t start = pattern_len < len ? pattern_len + 1 : len;
    struct slice pattern = {copy, pattern_len},
                 text = {copy + start, len - start};

    assert(glob_match(pattern, text) ==
        matches(copy, copy + pattern_len, text.data, copy + len));
    free(copy);
    return 0;
}
