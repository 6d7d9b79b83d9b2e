// line.c - text with a cursor.

#include "line.h"

#include "text.h"

void line_deinit(struct line *l) {
    buf_deinit(&l->text);
    l->cursor = 0;
}

// An empty buffer has no data; a slice of it has.
struct slice line_text(const struct line *l) {
    return (struct slice){l->text.len == 0 ? "" : l->text.data, l->text.len};
}

struct slice line_before_cursor(const struct line *l) {
    return (struct slice){line_text(l).data, l->cursor};
}

bool line_insert(struct line *l, struct slice text) {
    if (text.len == 0) return true;
    if (!buf_reserve(&l->text, text.len)) return false;
    char *at = l->text.data + l->cursor;
    memmove(at + text.len, at, l->text.len - l->cursor);
    memcpy(at, text.data, text.len);
    l->text.len += text.len;
    l->cursor += text.len;
    return true;
}

bool line_set(struct line *l, struct slice text) {
    l->text.len = 0;
    l->cursor = 0;
    return line_insert(l, text);
}

void line_delete(struct line *l, size_t from, size_t to) {
    if (from >= to) return;
    memmove(l->text.data + from, l->text.data + to, l->text.len - to);
    l->text.len -= to - from;
    l->cursor = from;
}

size_t line_next(const struct line *l) {
    return text_next(line_text(l), l->cursor);
}

size_t line_previous(const struct line *l) {
    return text_previous(line_text(l), l->cursor);
}

size_t line_word_right(const struct line *l) {
    size_t at = l->cursor;
    while (at < l->text.len && l->text.data[at] == ' ') at++;
    while (at < l->text.len && l->text.data[at] != ' ') at++;
    return at;
}

size_t line_word_left(const struct line *l) {
    size_t at = l->cursor;
    while (at > 0 && l->text.data[at - 1] == ' ') at--;
    while (at > 0 && l->text.data[at - 1] != ' ') at--;
    return at;
}

void line_transpose(struct line *l) {
    if (l->cursor == l->text.len) l->cursor = line_previous(l);
    size_t from = line_previous(l);
    size_t to = line_next(l);
    size_t len = to - l->cursor;
    char moved[4]; // no code point is longer
    if (from == l->cursor || len == 0 || len > sizeof(moved)) return;
    memcpy(moved, l->text.data + l->cursor, len);
    memmove(l->text.data + from + len, l->text.data + from, l->cursor - from);
    memcpy(l->text.data + from, moved, len);
    l->cursor = to;
}
