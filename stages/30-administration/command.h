// command.h - what a command is, and how one is found and run.

#ifndef MEDUSA_COMMAND_H
#define MEDUSA_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmdstat.h"
#include "ops.h"
#include "reply.h"
#include "secret.h"
#include "session.h"
#include "slice.h"
#include "stats.h"
#include "store.h"

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
    const struct server_ops *ops;
    struct cmdstat *cmdstats; // by row of the table; NULL: nothing is counted
    int64_t now_ms; // one moment for the whole command
};

#define COMMAND_NAME_BYTES 32 // with the NUL; no name is longer
#define COMMAND_WORD_BYTES 64 // of other words that are compared in lower case

typedef void command_fn(struct call *call);

enum command_flag {
    CMD_KEY = 1, // argv[1] is a key
    CMD_SLOW = 2, // may take long: other clients get their turn after it
    CMD_NOW = 4, // is run at once, also between MULTI and EXEC
    CMD_OPEN = 8, // is run for clients that have not given the password, too
    CMD_ALL_KEYS = 16, // and so are all the other arguments
    CMD_READ = 32, // looks at data
    CMD_WRITE = 64, // changes data
    CMD_GROWS = 128, // and may need memory for it
    CMD_PARENT = 256, // has subcommands, in the rows that follow
    CMD_ALONE = 512, // cannot stand between MULTI and EXEC
    CMD_ADMIN = 1024, // for those who run the server
};

struct command {
    const char *name; // in upper case
    command_fn *run; // NULL if only its subcommands can be run
    int min_argc; // fewest and most arguments, the name counted
    int max_argc; // -1: any number
    unsigned flags; // of enum command_flag
    const char *group; // of related commands
    const char *usage; // the arguments, as in "key [key ...]"
    const char *summary; // one sentence
};

// Returns the command of that name, in any case, or NULL.
const struct command *command_find(struct slice name);

// The rows of the table of commands, from 0 on. Subcommands have rows of their
// own, which follow that of their command, and names such as "CLIENT|ID".
size_t command_count(void);
const struct command *command_at(size_t row);
size_t command_row(const struct command *command);

// Returns whether a row is that of a subcommand, and whether of this command.
bool command_is_part(const struct command *command);
bool command_has_part(
    const struct command *command, const struct command *part);

// Gives the connection a name. Answers with an error, and returns false, if that
// cannot be done.
bool command_set_name(struct call *call, struct slice name);

// Returns `name`, cut at COMMAND_WORD_BYTES, in lower case.
struct slice command_lower(struct slice name, char text[COMMAND_WORD_BYTES]);

// Writes the name of a command, in lower case, to `text`, which has room for
// COMMAND_NAME_BYTES.
void command_name(const struct command *command, char *text);

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
command_fn cmd_scan, cmd_randomkey; // cmd_scan.c
command_fn cmd_multi, cmd_exec, cmd_discard; // transaction.c
command_fn cmd_hello, cmd_auth, cmd_reset, cmd_echo,
    cmd_select; // cmd_connection.c
command_fn cmd_client_id, cmd_client_getname, cmd_client_setname,
    cmd_client_setinfo, cmd_client_list, cmd_client_info,
    cmd_client_kill; // cmd_client.c
command_fn cmd_command_info, cmd_command_count, cmd_command_list,
    cmd_command_docs, cmd_help; // cmd_command.c
command_fn cmd_config_get, cmd_config_set, cmd_config_resetstat; // cmd_config.c
command_fn cmd_ping, cmd_info, cmd_quit, cmd_time,
    cmd_shutdown; // cmd_server.c

#endif
