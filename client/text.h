// text.h - UTF-8: code points in bytes, and the columns they take.

#ifndef MEDUSA_TEXT_H
#define MEDUSA_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "slice.h"

#define TEXT_INVALID UINT32_MAX // the code of a byte that is no UTF-8

// Decodes the code point at byte `at` (below text.len) to *code, or
// TEXT_INVALID there. Returns its length in bytes, 1 for an invalid byte.
size_t text_decode(struct slice text, size_t at, uint32_t *code);

// The byte offsets of the next and previous code point; they stay inside.
size_t text_next(struct slice text, size_t at);
size_t text_previous(struct slice text, size_t at);

// Columns that the text takes on a terminal; a byte that cannot be shown
// counts as one, for the '?' in its place.
size_t text_width(struct slice text);

#endif
