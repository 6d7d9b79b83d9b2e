// help.h - what the client knows of the commands: for completion, for hints
// and for `help`. A server that answers COMMAND DOCS has told it; otherwise it
// is the native commands, which every server has.

#ifndef MEDUSA_HELP_H
#define MEDUSA_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "buf.h"
#include "slice.h"
#include "words.h"

#define HELP_MAX_ROWS 4000 // more than ten times what Redis has

// Room for the longest texts of Redis, and more; longer ones are cut.
struct help_row {
    char name[48]; // in capitals; a subcommand has both words: "CLIENT ID"
    char group[32]; // of related commands; may be empty, as all below
    char usage[640]; // the arguments, as in "key [key ...]"
    char summary[256]; // one sentence
};

struct help {
    struct help_row *rows; // owned; sorted by name
    size_t count;
};

// Starts with the native commands. Without memory there is less help, here and
// below, and nothing else. Freed with help_deinit.
void help_init(struct help *h);
void help_deinit(struct help *h);

// Takes what `reply`, a complete answer to COMMAND DOCS, says in place of all
// before. Goes back to the native commands if that is an error, or nothing.
void help_learn(struct help *h, struct slice reply);

// Finds the next command, or subcommand after a command and a blank, that
// starts with `prefix`, in any case, from row *row on, and moves *row past it.
// Returns NULL after the last.
const char *help_complete(
    const struct help *h, struct slice prefix, size_t *row);

// Appends what may follow `line`: the arguments that are still to come, or
// what the command does if it takes none. Appends nothing for an unknown
// command. Returns false if there is no memory.
bool help_hint(const struct help *h, struct slice line, struct buf *out);

// Prints the commands by group, and the keys.
void help_print_all(const struct help *h, FILE *out);

// Prints the entry of a command with those of its subcommands, or of one
// subcommand. Returns false if there is none.
bool help_print(const struct help *h, const struct words *name, FILE *out);

#endif
