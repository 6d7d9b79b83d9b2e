// docs.h - reads the answer to COMMAND DOCS.

#ifndef MEDUSA_DOCS_H
#define MEDUSA_DOCS_H

#include <stddef.h>

#include "help.h"
#include "slice.h"

// Fills `rows`, which has room for `max`, with the commands and subcommands
// that `reply`, any complete reply, describes. Returns how many.
size_t docs_read(struct slice reply, struct help_row *rows, size_t max);

#endif
