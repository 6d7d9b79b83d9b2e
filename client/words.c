// words.c - splitting and encoding commands.

#include "words.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "num.h"

bool words_match(struct slice word, const char *name) {
    return word.len == strlen(name) &&
        strncasecmp(word.data, name, word.len) == 0;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Resolves the escape after a backslash at `from` and moves it past it.
static char unescape(const char **from, const char *end) {
    const char *p = *from;
    if (end - p >= 3 && p[0] == 'x' && hex_digit(p[1]) >= 0 &&
        hex_digit(p[2]) >= 0) {
        *from = p + 3;
        return (char)(hex_digit(p[1]) * 16 + hex_digit(p[2]));
    }
    *from = p + 1;
    switch (*p) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return *p;
    }
}

// Copies a quoted part to *to; *from is past the opening quote. Returns false
// if the closing one is missing or text follows it.
static bool copy_quoted(
    char quote, const char **from, const char *end, char **to) {
    const char *p = *from;
    while (p < end && *p != quote) {
        char c = *p++;
        if (c == '\\' && p < end && quote == '"') {
            c = unescape(&p, end);
        } else if (c == '\\' && p < end && *p == '\'') {
            c = *p++;
        }
        *(*to)++ = c;
    }
    if (p == end) return false;
    *from = p + 1;
    return *from == end || is_blank(**from);
}

static bool copy_word(const char **from, const char *end, char **to) {
    while (*from < end && !is_blank(**from)) {
        char c = *(*from)++;
        if (c == '"' || c == '\'') {
            if (!copy_quoted(c, from, end, to)) return false;
        } else {
            *(*to)++ = c;
        }
    }
    return true;
}

enum words_result words_split(struct slice line, struct words *out) {
    // Words never take more bytes than the line, and half of it in number.
    struct words words = {.text = malloc(line.len + 1),
        .items = malloc((line.len / 2 + 1) * sizeof(struct slice))};
    enum words_result result = WORDS_NO_MEMORY;
    if (words.text == NULL || words.items == NULL) goto fail;

    char *to = words.text;
    const char *from = line.data;
    const char *end = line.data + line.len;
    result = WORDS_UNBALANCED;
    while (true) {
        while (from < end && is_blank(*from)) from++;
        if (from == end) break;
        char *start = to;
        if (!copy_word(&from, end, &to)) goto fail;
        words.items[words.count++] =
            (struct slice){start, (size_t)(to - start)};
    }
    *out = words;
    return WORDS_OK;

fail:
    words_deinit(&words);
    return result;
}

bool words_from_args(size_t argc, char **argv, struct words *out) {
    // One more, for the argument that -x reads.
    *out = (struct words){.items = malloc((argc + 1) * sizeof(*out->items))};
    if (out->items == NULL) return false;
    for (size_t i = 0; i < argc; i++) out->items[i] = slice_of(argv[i]);
    out->count = argc;
    return true;
}

void words_deinit(struct words *words) {
    free(words->items);
    free(words->text);
    *words = (struct words){0};
}

static bool append_header(char type, size_t n, struct buf *out) {
    char text[NUM_MAX_TEXT];
    size_t len = num_format((int64_t)n, text);
    return buf_append(out, (struct slice){&type, 1}) &&
        buf_append(out, (struct slice){text, len}) &&
        buf_append(out, slice_of("\r\n"));
}

bool words_encode(const struct words *words, struct buf *out) {
    if (!append_header('*', words->count, out)) return false;
    for (size_t i = 0; i < words->count; i++) {
        if (!append_header('$', words->items[i].len, out) ||
            !buf_append(out, words->items[i]) ||
            !buf_append(out, slice_of("\r\n"))) {
            return false;
        }
    }
    return true;
}

static bool is_plain(unsigned char c) {
    return c > ' ' && c != 0x7f && c != '"' && c != '\'' && c != '\\';
}

static bool needs_quotes(struct slice word) {
    for (size_t i = 0; i < word.len; i++) {
        if (!is_plain((unsigned char)word.data[i]) && word.data[i] != '\\') {
            return true;
        }
    }
    return word.len == 0;
}

static bool append_quoted(struct slice word, struct buf *out) {
    if (!buf_append(out, slice_of("\""))) return false;
    for (size_t i = 0; i < word.len; i++) {
        char text[8] = {word.data[i], '\0'};
        unsigned char c = (unsigned char)word.data[i];
        if (!is_plain(c) && c != ' ' && c != '\'') {
            snprintf(text, sizeof(text), "\\x%02x", c);
        }
        if (!buf_append(out, slice_of(text))) return false;
    }
    return buf_append(out, slice_of("\""));
}

bool words_join(const struct words *words, struct buf *out) {
    for (size_t i = 0; i < words->count; i++) {
        struct slice word = words->items[i];
        if (i > 0 && !buf_append(out, slice_of(" "))) return false;
        bool ok = needs_quotes(word) ? append_quoted(word, out)
                                     : buf_append(out, word);
        if (!ok) return false;
    }
    return buf_append(out, slice_of("\n"));
}
