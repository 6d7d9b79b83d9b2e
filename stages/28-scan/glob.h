// glob.h - patterns for keys, as the shell has them for files.
//
//     *      any bytes, also none      [abc]  one of these
//     ?      any one byte              [a-z]  one of this range
//     \x     x itself                  [^a]   one that is not among these

#ifndef MEDUSA_GLOB_H
#define MEDUSA_GLOB_H

#include <stdbool.h>

#include "slice.h"

// Returns whether `pattern` matches all of `text`. Takes at most
// pattern.len * text.len steps and no memory.
bool glob_match(struct slice pattern, struct slice text);

#endif
