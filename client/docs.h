// docs.h - reads the answer to COMMAND DOCS.

#ifndef MEDUSA_DOCS_H
#define MEDUSA_DOCS_H

#include "help.h"
#include "slice.h"

// Adds a row to `h` for each command and subcommand that `reply`, which may be
// any complete reply, describes, as long as there is room.
void docs_read(struct help *h, struct slice reply);

#endif
