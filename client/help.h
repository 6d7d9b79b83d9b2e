// help.h - what the client knows of the commands: for completion, for hints
// and for `help`.

#ifndef MEDUSA_HELP_H
#define MEDUSA_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "buf.h"
#include "slice.h"

// Finds the next command that starts with `prefix`, in any case, from row
// *row on, and moves *row past it. Returns NULL after the last.
const char *help_complete(struct slice prefix, size_t *row);

// Appends what may follow `line`: the arguments that are still to come, or
// what the command does if it takes none. Appends nothing for an unknown
// command. Returns false if there is no memory.
bool help_hint(struct slice line, struct buf *out);

// Prints the list of commands and keys.
void help_print_all(FILE *out);

// Prints the entry of one command. Returns false if there is none.
bool help_print(FILE *out, struct slice name);

#endif
