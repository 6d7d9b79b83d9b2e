// text.c - UTF-8 without the locale: what is typed is UTF-8 nearly everywhere.

#include "text.h"

#include <stdbool.h>

// Bytes of a sequence that starts with `c`, or 0 if none does.
static size_t sequence_len(unsigned char c) {
    if (c < 0x80) return 1;
    if (c >= 0xc2 && c <= 0xdf) return 2;
    if (c >= 0xe0 && c <= 0xef) return 3;
    if (c >= 0xf0 && c <= 0xf4) return 4;
    return 0;
}

size_t text_decode(struct slice text, size_t at, uint32_t *code) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text.data[at];
    size_t n = sequence_len(first);
    *code = TEXT_INVALID;
    if (n == 0 || n > text.len - at) return 1;

    uint32_t value = n == 1 ? first : first & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        unsigned char c = (unsigned char)text.data[at + i];
        if ((c & 0xc0) != 0x80) return 1;
        value = value << 6 | (c & 0x3f);
    }
    // Overlong forms, halves of surrogate pairs and what is past Unicode.
    if (n > 1 && value < smallest[n]) return 1;
    if ((value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff) return 1;
    *code = value;
    return n;
}

size_t text_next(struct slice text, size_t at) {
    uint32_t code;
    return at >= text.len ? text.len : at + text_decode(text, at, &code);
}

size_t text_previous(struct slice text, size_t at) {
    // A code point has four bytes at most: try where it could start.
    for (size_t n = 4; n > 1; n--) {
        if (n <= at && text_next(text, at - n) == at) return at - n;
    }
    return at == 0 ? 0 : at - 1;
}

struct range {
    uint32_t first;
    uint32_t last;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t code) {
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) return true;
    }
    return false;
}

// The blocks that matter: East Asian wide characters, emoji, combining marks.
static size_t code_width(uint32_t code) {
    static const struct range wide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e},
        {0x3041, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
        {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
        {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    static const struct range narrow[] = {
        {0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};
    if (code < 0x300 || code == TEXT_INVALID) return 1;
    if (is_in(narrow, sizeof(narrow) / sizeof(narrow[0]), code)) return 0;
    return is_in(wide, sizeof(wide) / sizeof(wide[0]), code) ? 2 : 1;
}

size_t text_width(struct slice text) {
    size_t width = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t code;
        at += text_decode(text, at, &code);
        width += code_width(code);
    }
    return width;
}
