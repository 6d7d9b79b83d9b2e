// request.c - the parser. It keeps no state.

#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE_BYTES ((size_t)64 * 1024)

#define NO_MEMORY "OOM out of memory, nothing was changed"

void request_deinit(struct request *r) {
    free(r->argv);
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

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static enum request_result split_line(struct request *r, struct slice line) {
    const char *p = line.data, *end = p + line.len;
    for (;;) {
        while (p < end && is_blank(*p)) p++;
        if (p == end) return REQUEST_DONE;

        const char *start = p;
        while (p < end && !is_blank(*p)) p++;
        struct slice word = {start, (size_t)(p - start)};
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
    return parse_line(r, in, used);
}
