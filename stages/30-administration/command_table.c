// command_table.c - what there is to say of each command, in one table.
//
// The checks before a command is run, COMMAND, the help of clients and the
// reference in the documentation all come from here.

#include "command.h"

// Those that are sent most come first, as the table is searched from the start.
// A name with a bar is a subcommand and stands behind its command.
static const struct command commands[] = {
    // name, handler, fewest and most arguments counting the name (-1: any),
    // flags, group, arguments, summary
    {"GET", cmd_get, 2, 2, CMD_KEY | CMD_READ, "string", "key",
        "Returns the value of a key."},
    {"SET", cmd_set, 3, -1, CMD_KEY | CMD_WRITE | CMD_GROWS, "string",
        "key value [seconds]", "Stores a value, perhaps for a time."},
    {"EXPIRE", cmd_expire, 3, 3, CMD_KEY | CMD_WRITE, "generic", "key seconds",
        "Lets a key end in some seconds."},
    {"EXISTS", cmd_exists, 2, -1, CMD_KEY | CMD_ALL_KEYS | CMD_READ, "generic",
        "key [key ...]", "Counts how many of the keys exist."},
    {"TTL", cmd_ttl, 2, 2, CMD_KEY | CMD_READ, "generic", "key",
        "Returns how many seconds a key has left."},
    {"PING", cmd_ping, 1, 2, 0, "connection", "[message]",
        "Answers, to show that the server lives."},
    {"DELETE", cmd_delete, 2, -1, CMD_KEY | CMD_ALL_KEYS | CMD_WRITE, "generic",
        "key [key ...]", "Removes keys."},
    {"LIST", cmd_list, 1, 1, CMD_SLOW | CMD_READ, "generic", "",
        "Returns all keys."},
    {"COUNT", cmd_count, 1, 1, CMD_READ, "server", "",
        "Returns the number of keys."},
    {"CLEAR", cmd_clear, 1, 1, CMD_WRITE, "server", "", "Removes all keys."},
    {"FLUSHALL", cmd_clear, 1, 2, CMD_WRITE, "server", "[ASYNC | SYNC]",
        "Removes all keys."},
    {"KEYS", cmd_keys, 2, 2, CMD_SLOW | CMD_READ, "generic", "pattern",
        "Returns the keys that match a pattern."},
    {"INFO", cmd_info, 1, -1, CMD_SLOW, "server", "[section [section ...]]",
        "Returns what the server knows of itself."},
    {"QUIT", cmd_quit, 1, -1, CMD_NOW | CMD_OPEN, "connection", "",
        "Closes the connection."},
    {"EXIT", cmd_quit, 1, -1, CMD_NOW | CMD_OPEN, "connection", "",
        "Closes the connection; the same as QUIT."},
    {"RANDOMKEY", cmd_randomkey, 1, 1, CMD_SLOW | CMD_READ, "generic", "",
        "Returns any one of the keys."},
    {"SCAN", cmd_scan, 2, -1, CMD_SLOW | CMD_READ, "generic",
        "cursor [MATCH pattern] [COUNT count] [TYPE type]",
        "Returns some of the keys, and where to go on."},
    {"MULTI", cmd_multi, 1, 1, CMD_NOW, "transactions", "",
        "Starts to queue commands."},
    {"EXEC", cmd_exec, 1, 1, CMD_NOW | CMD_SLOW, "transactions", "",
        "Runs the queued commands, and nothing between."},
    {"DISCARD", cmd_discard, 1, 1, CMD_NOW, "transactions", "",
        "Forgets the queued commands."},
    {"ECHO", cmd_echo, 2, 2, 0, "connection", "message",
        "Returns the message."},
    {"AUTH", cmd_auth, 2, -1, CMD_OPEN, "connection", "[username] password",
        "Gives the password."},
    {"HELLO", cmd_hello, 1, -1, CMD_OPEN, "connection",
        "[version [AUTH username password] [SETNAME clientname]]",
        "Chooses the version of the protocol."},
    {"SELECT", cmd_select, 2, 2, 0, "connection", "index",
        "Chooses the database; there is only 0."},
    {"RESET", cmd_reset, 1, 1, CMD_NOW | CMD_OPEN | CMD_SLOW, "connection", "",
        "Puts the connection back as it was at first."},
    {"CLIENT", NULL, 2, -1, CMD_PARENT | CMD_SLOW, "connection", "",
        "Commands on connections."},
    {"CLIENT|ID", cmd_client_id, 2, 2, 0, "connection", "",
        "Returns the number of this connection."},
    {"CLIENT|GETNAME", cmd_client_getname, 2, 2, 0, "connection", "",
        "Returns the name of this connection."},
    {"CLIENT|SETNAME", cmd_client_setname, 3, 3, 0, "connection", "clientname",
        "Gives this connection a name."},
    {"CLIENT|SETINFO", cmd_client_setinfo, 4, 4, 0, "connection",
        "LIB-NAME libname | LIB-VER libver",
        "Notes which library the client uses."},
    {"CLIENT|LIST", cmd_client_list, 2, -1, CMD_ADMIN | CMD_SLOW, "connection",
        "[ID client-id [client-id ...]]", "Describes connections."},
    {"CLIENT|INFO", cmd_client_info, 2, 2, 0, "connection", "",
        "Describes this connection."},
    {"CLIENT|KILL", cmd_client_kill, 3, -1, CMD_ADMIN, "connection",
        "ID client-id", "Closes a connection."},
    {"CLIENT|HELP", cmd_help, 2, 2, 0, "connection", "",
        "Lists these subcommands."},
    {"TIME", cmd_time, 1, 1, 0, "server", "",
        "Returns the time of the server."},
    {"COMMAND", cmd_command_info, 1, -1, CMD_PARENT | CMD_SLOW, "server", "",
        "Describes all commands."},
    {"COMMAND|COUNT", cmd_command_count, 2, 2, 0, "server", "",
        "Returns the number of commands."},
    {"COMMAND|LIST", cmd_command_list, 2, -1, CMD_SLOW, "server",
        "[FILTERBY PATTERN pattern]", "Returns the names of commands."},
    {"COMMAND|INFO", cmd_command_info, 2, -1, CMD_SLOW, "server",
        "[command-name [command-name ...]]",
        "Describes commands for programs."},
    {"COMMAND|DOCS", cmd_command_docs, 2, -1, CMD_SLOW, "server",
        "[command-name [command-name ...]]", "Describes commands for people."},
    {"COMMAND|HELP", cmd_help, 2, 2, 0, "server", "",
        "Lists these subcommands."},
    {"CONFIG", NULL, 2, -1, CMD_PARENT, "server", "", "Commands on settings."},
    {"CONFIG|GET", cmd_config_get, 3, -1, CMD_ADMIN, "server",
        "pattern [pattern ...]", "Returns the settings that match."},
    {"CONFIG|SET", cmd_config_set, 4, -1, CMD_ADMIN, "server",
        "parameter value [parameter value ...]",
        "Changes settings while the server runs."},
    {"CONFIG|RESETSTAT", cmd_config_resetstat, 2, 2, CMD_ADMIN, "server", "",
        "Lets the counters of INFO start again at 0."},
    {"CONFIG|HELP", cmd_help, 2, 2, 0, "server", "",
        "Lists these subcommands."},
    {"SHUTDOWN", cmd_shutdown, 1, -1, CMD_ADMIN | CMD_ALONE, "server",
        "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
        "Ends the server, after answering everyone."},
    {0}, // the end
};

size_t command_count(void) {
    return sizeof(commands) / sizeof(commands[0]) - 1;
}

const struct command *command_at(size_t row) {
    return &commands[row];
}

size_t command_row(const struct command *command) {
    return (size_t)(command - commands);
}
