// num.h - decimal integers as text.

#ifndef MEDUSA_NUM_H
#define MEDUSA_NUM_H

#include <stddef.h>
#include <stdint.h>

#define NUM_MAX_TEXT 20 // bytes of the longest int64_t: "-9223372036854775808"

// Writes `value` in decimal to `text`, which has room for NUM_MAX_TEXT bytes.
// Returns the number of bytes written; there is no NUL.
size_t num_format(int64_t value, char *text);

#endif
