// command.h - what a command is, and how one is found and run.

#ifndef MEDUSA_COMMAND_H
#define MEDUSA_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reply.h"
#include "secret.h"
#include "slice.h"
#include "stats.h"
#include "store.h"

// What commands may know of a connection: no socket.
struct session {
    bool closing; // QUIT was said: nothing after it is run
    struct transaction *transaction; // owned; NULL outside of MULTI
    uint64_t id; // counts the connections from 1 on
    bool is_resp3; // HELLO 3 was said
    bool needs_password; // has not given the password yet that it must give
};

// One command being run: all a handler may know. No socket in here, so the
// same handlers serve clients and unit tests.
struct call {
    size_t argc;
    const struct slice *argv; // argv[0] is the command name; borrowed
    struct store *store;
    struct reply *reply; // the answer goes here, through reply_...()
    struct session *session;
    const struct stats *stats;
    const struct secret *password; // empty: none is needed
    int64_t now_ms; // one moment for the whole command
};

typedef void command_fn(struct call *call);

enum command_flag {
    CMD_KEY = 1, // argv[1] is a key
    CMD_SLOW = 2, // may take long: other clients get their turn after it
    CMD_NOW = 4, // is run at once, also between MULTI and EXEC
    CMD_OPEN = 8, // is run for clients that have not given the password, too
};

struct command {
    const char *name; // in upper case
    command_fn *run;
    int min_argc; // fewest and most arguments, the name counted
    int max_argc; // -1: any number
    unsigned flags; // of enum command_flag
};

// Returns the command of that name, in any case, or NULL.
const struct command *command_find(struct slice name);

// Runs `command`, which may be NULL for an unknown one, and appends exactly
// one reply. Returns false if there was no memory for as much as an error
// reply; the connection is then of no use.
bool command_run(const struct command *command, struct call *call);

// The same where the output has room for REPLY_LEAST already. Leaves room for
// `after` bytes more, if it had that before.
void command_answer(
    const struct command *command, struct call *call, size_t after);

// Answers that something is wrong with the command's arguments.
void command_syntax_error(struct call *call);
void command_not_an_integer(struct call *call);
void command_bad_expire_time(struct call *call);

// Returns whether `word` is `name`, which is in upper case, in any case.
bool command_word_is(struct slice word, const char *name);

// The handlers, by file. The comment above each is its usage line.
command_fn cmd_get, cmd_set; // cmd_string.c
command_fn cmd_delete, cmd_exists, cmd_list, cmd_count, cmd_clear, cmd_ttl,
    cmd_expire, cmd_keys; // cmd_key.c
command_fn cmd_ping, cmd_info, cmd_quit; // cmd_server.c
command_fn cmd_multi, cmd_exec, cmd_discard; // transaction.c
command_fn cmd_hello, cmd_auth, cmd_reset; // cmd_connection.c

#endif
