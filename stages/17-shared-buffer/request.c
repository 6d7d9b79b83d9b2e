// request.c - the parser. It keeps no state but what the caller hands in, and
// commits no memory for what a client only announces.

#include "request.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num.h"

#define MAX_LINE_BYTES ((size_t)64 * 1024) // of a line or a header
#define MAX_WORDS (1024 * 1024)
#define MAX_WORD_BYTES (512 * 1024 * 1024)
#define KEPT_WORDS 1024 // that argv has room for between two requests

#define NO_MEMORY "OOM out of memory, nothing was changed"

void request_deinit(struct request *r) {
    free(r->argv);
    buf_deinit(&r->text);
    *r = (struct request){0};
}

void request_shrink(struct request *r) {
    if (r->cap > KEPT_WORDS) request_deinit(r);
}

static enum request_result refuse(struct request *r, const char *error) {
    snprintf(r->error, sizeof(r->error), "%s", error);
    return REQUEST_REFUSED;
}

static enum request_result bad(struct request *r, const char *error) {
    snprintf(r->error, sizeof(r->error), "%s", error);
    return REQUEST_BAD;
}

static bool add_word(struct request *r, struct slice word) {
    if (r->argc == r->cap) {
        size_t cap = r->cap == 0 ? 8 : 2 * r->cap;
        struct slice *argv = realloc(r->argv, cap * sizeof(*argv));
        if (argv == NULL) return false;
        r->argv = argv;
        r->cap = cap;
    }
    r->argv[r->argc++] = word;
    return true;
}

// ---------------------------------------------------------------- a line

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

// Reads the escape at `p`, just behind its backslash, into *byte. Returns the
// place behind it. An unknown escape stands for its own character.
static const char *read_escape(const char *p, const char *end, char *byte) {
    static const char names[] = "nrtba", bytes[] = "\n\r\t\b\a";
    if (*p == 'x' && end - p >= 3) {
        int high = hex_digit(p[1]), low = hex_digit(p[2]);
        if (high >= 0 && low >= 0) {
            *byte = (char)(high * 16 + low);
            return p + 3;
        }
    }
    const char *name = memchr(names, *p, sizeof(names) - 1);
    *byte = name != NULL ? bytes[name - names] : *p;
    return p + 1;
}

// Writes what stands between the quote at `p` and its closing one to `out`.
// Returns the place behind the closing quote, or NULL if it is missing or
// something else than a blank follows it.
static const char *read_quoted(
    const char *p, const char *end, struct buf *out) {
    char quote = *p++;
    while (p < end && *p != quote) {
        char byte = *p++;
        if (byte == '\\' && p < end) {
            if (quote == '"') {
                p = read_escape(p, end, &byte);
            } else if (*p == '\'') {
                byte = *p++;
            }
        }
        out->data[out->len++] = byte;
    }
    if (p == end || (p + 1 < end && !is_blank(p[1]))) return NULL;
    return p + 1;
}

// Writes the word at `p` to `out`. Returns the place behind it, or NULL if its
// quotes are unbalanced. As in a shell, quotes may start inside a word.
static const char *read_word(const char *p, const char *end, struct buf *out) {
    while (p != NULL && p < end && !is_blank(*p)) {
        if (*p == '"' || *p == '\'') {
            p = read_quoted(p, end, out);
        } else {
            out->data[out->len++] = *p++;
        }
    }
    return p;
}

static enum request_result split_line(struct request *r, struct slice line) {
    // No word grows by its escapes, so `text` never moves while words point
    // into it.
    if (!buf_reserve(&r->text, line.len)) return refuse(r, NO_MEMORY);
    const char *p = line.data, *end = p + line.len;
    for (;;) {
        while (p < end && is_blank(*p)) p++;
        if (p == end) return REQUEST_DONE;

        size_t start = r->text.len;
        p = read_word(p, end, &r->text);
        if (p == NULL) {
            return refuse(
                r, "ERR Protocol error: unbalanced quotes in request");
        }
        struct slice word = {r->text.data + start, r->text.len - start};
        if (!add_word(r, word)) return refuse(r, NO_MEMORY);
    }
}

static enum request_result parse_line(
    struct request *r, struct slice in, size_t *used) {
    // Room for the longest line with its "\r\n", so that the search stops.
    size_t most = in.len < MAX_LINE_BYTES + 2 ? in.len : MAX_LINE_BYTES + 2;
    const char *newline = memchr(in.data, '\n', most);
    if (newline == NULL && in.len < MAX_LINE_BYTES + 2) return REQUEST_MORE;

    size_t len = newline != NULL ? (size_t)(newline - in.data) : most;
    struct slice line = {in.data, len};
    *used = newline != NULL ? len + 1 : len;
    if (line.len > 0 && line.data[line.len - 1] == '\r') line.len--;
    if (newline == NULL || line.len > MAX_LINE_BYTES) {
        return bad(r, "ERR Protocol error: too big inline request");
    }
    return split_line(r, line);
}

// ---------------------------------------------------------------- an array

struct number {
    int64_t value; // INT64_MAX for what is no number: too large for any use
    size_t used; // bytes that it takes, CRLF included
};

// Reads "<number>\r\n" at `in`. `too_big` is the error for a line without end.
static enum request_result parse_number(struct request *r, struct slice in,
    const char *too_big, struct number *out) {
    // The common case by hand: a few digits and the end of the line.
    int64_t value = 0;
    size_t i = 0;
    while (i < in.len && i < 10 && in.data[i] >= '0' && in.data[i] <= '9') {
        value = value * 10 + (in.data[i++] - '0');
    }
    bool is_plain = i > 0 && (i == 1 || in.data[0] != '0');
    if (is_plain && i + 1 < in.len && in.data[i] == '\r') {
        *out = (struct number){value, i + 2};
        return REQUEST_DONE;
    }
    size_t most = in.len < MAX_LINE_BYTES ? in.len : MAX_LINE_BYTES;
    const char *end = memchr(in.data, '\r', most);
    if (end == NULL && in.len > MAX_LINE_BYTES) return bad(r, too_big);
    if (end == NULL || end + 1 == in.data + in.len) return REQUEST_MORE;

    struct slice text = {in.data, (size_t)(end - in.data)};
    out->used = text.len + 2;
    if (!num_parse(text, &out->value)) out->value = INT64_MAX;
    return REQUEST_DONE;
}

// Reads "$<length>\r\n<bytes>\r\n" at `in` into *word. Puts the bytes it takes
// into *used.
static enum request_result parse_word(
    struct request *r, struct slice in, struct slice *word, size_t *used) {
    if (in.len == 0) return REQUEST_MORE;
    if (in.data[0] != '$') {
        unsigned char got = (unsigned char)in.data[0];
        snprintf(r->error, sizeof(r->error),
            "ERR Protocol error: expected '$', got '%c'",
            got < ' ' || got == 127 ? ' ' : got);
        return REQUEST_BAD;
    }
    struct number length;
    enum request_result result =
        parse_number(r, (struct slice){in.data + 1, in.len - 1},
            "ERR Protocol error: too big bulk count string", &length);
    if (result != REQUEST_DONE) return result;
    if (length.value < 0 || length.value > MAX_WORD_BYTES) {
        return bad(r, "ERR Protocol error: invalid bulk length");
    }
    size_t start = 1 + length.used, len = (size_t)length.value;
    if (in.len - start < len + 2) return REQUEST_MORE;
    *word = (struct slice){in.data + start, len};
    *used = start + len + 2;
    return REQUEST_DONE;
}

// Reads `count` words from in->data + *at on. On REQUEST_MORE, *at is behind
// the last complete one and r->argc is how many there were.
static enum request_result parse_words(
    struct request *r, struct slice in, size_t count, size_t *at) {
    while (r->argc < count) {
        struct slice rest = {in.data + *at, in.len - *at}, word;
        size_t used;
        enum request_result result = parse_word(r, rest, &word, &used);
        if (result != REQUEST_DONE) return result;
        if (!add_word(r, word)) return bad(r, NO_MEMORY);
        *at += used;
    }
    return REQUEST_DONE;
}

static enum request_result parse_array(struct request *r, struct slice in,
    struct request_progress *progress, size_t *used) {
    struct number count;
    *used = in.len; // if it is bad, all of it
    enum request_result result =
        parse_number(r, (struct slice){in.data + 1, in.len - 1},
            "ERR Protocol error: too big mbulk count string", &count);
    if (result != REQUEST_DONE) return result;
    if (count.value > MAX_WORDS) {
        return bad(r, "ERR Protocol error: invalid multibulk length");
    }
    size_t words = count.value > 0 ? (size_t)count.value : 0;
    size_t start = 1 + count.used;

    // The words that are complete already need not be looked at again until
    // all are there; only then are they collected from the start.
    *used = progress->at > 0 ? progress->at : start;
    size_t left = progress->at > 0 ? progress->words_left : words;
    result = parse_words(r, in, left, used);
    if (result == REQUEST_MORE) {
        *progress = (struct request_progress){*used, left - r->argc};
    } else if (result == REQUEST_DONE && left < words) {
        r->argc = 0;
        *used = start;
        result = parse_words(r, in, words, used);
    }
    return result;
}

enum request_result request_parse(struct request *r, struct slice in,
    struct request_progress *progress, size_t *used) {
    r->argc = 0;
    r->text.len = 0;
    enum request_result result = in.data[0] == '*'
        ? parse_array(r, in, progress, used)
        : parse_line(r, in, used);
    if (result != REQUEST_MORE) *progress = (struct request_progress){0};
    return result;
}

size_t request_missing(
    struct slice in, const struct request_progress *progress) {
    size_t at = progress->at;
    if (at == 0 || at == in.len || in.data[at] != '$') return 0;
    struct slice word = {in.data + at + 1, in.len - at - 1};
    struct request unused = {0}; // takes the text of an error
    struct number length;
    if (parse_number(&unused, word, "", &length) != REQUEST_DONE) return 0;
    if (length.value > MAX_WORD_BYTES) return 0;
    size_t bytes = length.used + (size_t)length.value + 2;
    return bytes > word.len ? bytes - word.len : 0;
}
