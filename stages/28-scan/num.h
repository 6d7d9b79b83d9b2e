// num.h - decimal integers as text: strict in, fast out.

#ifndef MEDUSA_NUM_H
#define MEDUSA_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

#define NUM_MAX_TEXT 20 // bytes of the longest int64_t: "-9223372036854775808"

// Reads the whole of `text` as a decimal int64_t: an optional '-', then digits
// without leading zeros; nothing else. Returns false, and leaves *out alone,
// for anything else and for what does not fit.
bool num_parse(struct slice text, int64_t *out);

// Writes `value` in decimal to `text`, which has room for NUM_MAX_TEXT bytes.
// Returns the number of bytes written; there is no NUL.
size_t num_format(int64_t value, char *text);

#endif
