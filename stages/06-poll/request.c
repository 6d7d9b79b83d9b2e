// request.c - the parser. It keeps no state.

#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE_BYTES ((size_t)64 * 1024)

#define NO_MEMORY "OOM out of memory, nothing was changed"

void request_deinit(struct request *r) {
    free(r->argv);
    buf_deinit(&r->text);
    *r = (struct request){0};
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

enum request_result request_parse(
    struct request *r, struct slice in, size_t *used) {
    r->argc = 0;
    r->text.len = 0;
    return parse_line(r, in, used);
}
