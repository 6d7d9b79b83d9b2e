// line.h - a line of text with a cursor in it, and the ways to change it.

#ifndef MEDUSA_LINE_H
#define MEDUSA_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "slice.h"

// All zero is an empty line. The text is UTF-8; the cursor stands before a
// code point or at the end.
struct line {
    struct buf text;
    size_t cursor; // bytes before it
};

void line_deinit(struct line *l);

// The text, and the part before the cursor; borrowed until the next change.
struct slice line_text(const struct line *l);
struct slice line_before_cursor(const struct line *l);

// Inserts at the cursor, or replaces all and goes to the end. Return false if
// there is no memory.
bool line_insert(struct line *l, struct slice text);
bool line_set(struct line *l, struct slice text);

// Removes the bytes from `from` up to `to` and puts the cursor there.
void line_delete(struct line *l, size_t from, size_t to);

// Where the cursor would go: by code point, and by word.
size_t line_next(const struct line *l);
size_t line_previous(const struct line *l);
size_t line_word_right(const struct line *l);
size_t line_word_left(const struct line *l);

// Swaps the characters around the cursor; at the end, the last two.
void line_transpose(struct line *l);

#endif
