// resp.c - the reply reader. Every item is a line; `$`, `=` and `!` have bytes
// after it, `*`, `~`, `>` and `%` have other items after it.

#include "resp.h"

#include <assert.h>
#include <stdint.h>

#include "num.h"

bool resp_is_type(char c) {
    return c != '\0' && strchr("+-:$*_#,(!=%~>", c) != NULL;
}

bool resp_is_error(struct slice reply) {
    return reply.len > 0 && (reply.data[0] == '-' || reply.data[0] == '!');
}

// A length or a count: a number from zero on, or -1 for null.
static bool read_count(
    struct slice text, struct resp_item *item, int64_t *count) {
    if (!num_parse(text, count)) return false;
    item->is_null = *count == -1 && (item->type == '$' || item->type == '*');
    if (item->is_null) *count = 0;
    return *count >= 0 && *count <= INT64_MAX / 4;
}

// The bytes that follow the line of a bulk string, and their own "\r\n".
static enum resp_result read_bulk(
    struct slice in, struct resp_item *item, size_t *used) {
    int64_t count;
    if (!read_count(item->text, item, &count)) return RESP_BAD;
    item->text = (struct slice){in.data + *used, (size_t)count};
    if (item->is_null) return RESP_DONE;

    if (in.len - *used < item->text.len + 2) return RESP_MORE;
    const char *end = item->text.data + item->text.len;
    if (end[0] != '\r' || end[1] != '\n') return RESP_BAD;
    *used += item->text.len + 2;
    if (item->type != '=') return RESP_DONE;

    // A verbatim string starts with a format of three letters and a colon.
    if (item->text.len < 4) return RESP_BAD;
    item->text.data += 4;
    item->text.len -= 4;
    return RESP_DONE;
}

static enum resp_result read_head(struct resp_item *item) {
    int64_t count;
    if (!read_count(item->text, item, &count)) return RESP_BAD;
    item->has_items = !item->is_null;
    item->count = (size_t)count * (item->type == '%' ? 2 : 1);
    return RESP_DONE;
}

enum resp_result resp_item(
    struct slice in, struct resp_item *item, size_t *used) {
    int64_t number;
    if (in.len == 0) return RESP_MORE;
    if (!resp_is_type(in.data[0])) return RESP_BAD;
    const char *end = memchr(in.data, '\n', in.len);
    if (end == NULL) return RESP_MORE;
    if (end[-1] != '\r') return RESP_BAD;

    *used = (size_t)(end - in.data) + 1;
    *item = (struct resp_item){
        .type = in.data[0], .text = {in.data + 1, *used - 3}};

    switch (item->type) {
    case '$':
    case '=':
    case '!':
        return read_bulk(in, item, used);
    case '*':
    case '~':
    case '>':
    case '%':
        return read_head(item);
    case ':':
        return num_parse(item->text, &number) ? RESP_DONE : RESP_BAD;
    case '_':
        item->is_null = true;
        return item->text.len == 0 ? RESP_DONE : RESP_BAD;
    case '#':
        return slice_equal(item->text, slice_of("t")) ||
                slice_equal(item->text, slice_of("f"))
            ? RESP_DONE
            : RESP_BAD;
    default: // + - , ( are a line of text
        return RESP_DONE;
    }
}

enum resp_result resp_scan(struct resp_scan *scan, struct slice in) {
    do {
        struct resp_item item;
        size_t used = 0;
        struct slice rest = {in.data + scan->pos, in.len - scan->pos};
        enum resp_result result = resp_item(rest, &item, &used);
        if (result != RESP_DONE) return result;

        scan->pos += used;
        if (scan->depth > 0) scan->left[scan->depth - 1]--;
        if (item.count > 0) {
            if (scan->depth == RESP_MAX_DEPTH) return RESP_BAD;
            scan->left[scan->depth++] = item.count;
        }
        while (scan->depth > 0 && scan->left[scan->depth - 1] == 0) {
            scan->depth--;
        }
    } while (scan->depth > 0);
    return RESP_DONE;
}

struct resp_item resp_next(struct slice *rest) {
    struct resp_item item = {0};
    size_t used = 0;
    enum resp_result result = resp_item(*rest, &item, &used);
    assert(result == RESP_DONE); // the scan has been over these bytes
    (void)result;
    rest->data += used;
    rest->len -= used;
    return item;
}

struct slice resp_next_whole(struct slice *rest) {
    struct resp_scan scan = {0};
    enum resp_result result = resp_scan(&scan, *rest);
    assert(result == RESP_DONE);
    (void)result;
    struct slice whole = {rest->data, scan.pos};
    rest->data += scan.pos;
    rest->len -= scan.pos;
    return whole;
}
