// command.h - what a command is, and how one is run.

#ifndef MEDUSA_COMMAND_H
#define MEDUSA_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "reply.h"
#include "slice.h"
#include "store.h"

// One command being run: all that running it may know. No socket in here.
struct call {
    size_t argc;
    const struct slice *argv; // argv[0] is the command name; borrowed
    struct store *store;
    struct reply *reply; // the answer goes here, through reply_...()
};

// Runs the command that argv[0] names, in any case, and appends exactly one
// reply. Returns false if there was no memory for as much as an error reply;
// the connection is then of no use.
bool command_run(struct call *call);

#endif
