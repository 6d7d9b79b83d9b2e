// command.c - the table of commands, and the checks before one is run.

#include "command.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "transaction.h"

#define ECHO_BYTES 128 // of an unknown command that the error repeats

// The two that nearly everybody sends come first.
static const struct command commands[] = {
    // name, handler, fewest and most arguments counting the name (-1: any), flags
    {"GET", cmd_get, 2, 2, CMD_KEY},
    {"SET", cmd_set, 3, -1, CMD_KEY},
    {"DELETE", cmd_delete, 2, -1, CMD_KEY},
    {"EXISTS", cmd_exists, 2, -1, CMD_KEY},
    {"LIST", cmd_list, 1, 1, CMD_SLOW},
    {"COUNT", cmd_count, 1, 1, 0},
    {"CLEAR", cmd_clear, 1, 1, 0},
    {"FLUSHALL", cmd_clear, 1, 2, 0},
    {"PING", cmd_ping, 1, 2, 0},
    {"INFO", cmd_info, 1, -1, CMD_SLOW},
    {"QUIT", cmd_quit, 1, -1, CMD_NOW | CMD_OPEN},
    {"EXIT", cmd_quit, 1, -1, CMD_NOW | CMD_OPEN},
    {"TTL", cmd_ttl, 2, 2, CMD_KEY},
    {"EXPIRE", cmd_expire, 3, 3, CMD_KEY},
    {"KEYS", cmd_keys, 2, 2, CMD_SLOW},
    {"MULTI", cmd_multi, 1, 1, CMD_NOW},
    {"EXEC", cmd_exec, 1, 1, CMD_NOW | CMD_SLOW},
    {"DISCARD", cmd_discard, 1, 1, CMD_NOW},
    {"HELLO", cmd_hello, 1, -1, CMD_OPEN},
    {"AUTH", cmd_auth, 2, -1, CMD_OPEN},
    {"RESET", cmd_reset, 1, 1, CMD_NOW | CMD_OPEN | CMD_SLOW},
};

static char upper(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool command_word_is(struct slice word, const char *name) {
    size_t i = 0;
    while (i < word.len && name[i] != '\0' && upper(word.data[i]) == name[i]) {
        i++;
    }
    return i == word.len && name[i] == '\0';
}

const struct command *command_find(struct slice name) {
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (command_word_is(name, commands[i].name)) return &commands[i];
    }
    return NULL;
}

size_t command_count(void) {
    return sizeof(commands) / sizeof(commands[0]);
}

const struct command *command_at(size_t row) {
    return &commands[row];
}

size_t command_row(const struct command *command) {
    return (size_t)(command - commands);
}

void command_syntax_error(struct call *call) {
    reply_error(call->reply, "ERR syntax error");
}

void command_not_an_integer(struct call *call) {
    reply_error(call->reply, "ERR value is not an integer or out of range");
}

// Writes the first `max` bytes to `text`, for printf(): a NUL becomes a space.
static void copy_text(char *text, struct slice bytes, size_t max) {
    size_t n = bytes.len < max ? bytes.len : max;
    for (size_t i = 0; i < n; i++) {
        text[i] = bytes.data[i] != '\0' ? bytes.data[i] : ' ';
    }
    text[n] = '\0';
}

// The same in lower case, as errors have the name of a command.
static void copy_lower(char *text, struct slice bytes, size_t max) {
    copy_text(text, bytes, max);
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z') *text = (char)(*text - 'A' + 'a');
    }
}

void command_name(const struct command *command, char *text) {
    copy_lower(text, slice_of(command->name), COMMAND_NAME_BYTES - 1);
}

void command_bad_expire_time(struct call *call) {
    char name[ECHO_BYTES + 1];
    copy_lower(name, call->argv[0], ECHO_BYTES);
    reply_error(call->reply, "ERR invalid expire time in '%s' command", name);
}

static void wrong_number(struct call *call) {
    char name[ECHO_BYTES + 1];
    copy_lower(name, call->argv[0], ECHO_BYTES);
    reply_error(
        call->reply, "ERR wrong number of arguments for '%s' command", name);
}

static void unknown_command(struct call *call) {
    char name[ECHO_BYTES + 1];
    char args[2 * ECHO_BYTES]; // the last word may pass ECHO_BYTES by "'' "
    size_t n = 0;
    copy_text(name, call->argv[0], ECHO_BYTES);
    args[0] = '\0';
    for (size_t i = 1; i < call->argc && n < ECHO_BYTES; i++) {
        char word[ECHO_BYTES + 1];
        copy_text(word, call->argv[i], ECHO_BYTES - n);
        n += (size_t)snprintf(args + n, sizeof(args) - n, "'%s' ", word);
    }
    reply_error(call->reply,
        "ERR unknown command '%s', with args beginning with: %s", name, args);
}

static bool is_arity_right(const struct command *command, size_t argc) {
    if (argc < (size_t)command->min_argc) return false;
    return command->max_argc == -1 || argc <= (size_t)command->max_argc;
}

// Runs the handler, under the clock if somebody wants to know.
static void run_handler(const struct command *command, struct call *call) {
    if (call->cmdstats == NULL) {
        command->run(call);
        return;
    }
    const struct reply *reply = call->reply;
    size_t start = reply->out->len;
    int64_t start_ns = clock_monotonic_ns();
    command->run(call);
    int64_t ns = clock_monotonic_ns() - start_ns;
    bool has_failed = reply->no_memory ||
        (reply->out->len > start && reply->out->data[start] == '-');
    cmdstat_note(&call->cmdstats[command_row(command)], ns, has_failed);
}

// Counts a command that is known, but is not run.
static void note_rejected(const struct command *command, struct call *call) {
    if (call->cmdstats != NULL) call->cmdstats[command_row(command)].rejected++;
}

static void dispatch(const struct command *command, struct call *call) {
    if (command == NULL) {
        transaction_abort(call->session);
        unknown_command(call);
    } else if (!is_arity_right(command, call->argc)) {
        transaction_abort(call->session);
        wrong_number(call);
        note_rejected(command, call);
    } else if (call->session->needs_password && !(command->flags & CMD_OPEN)) {
        reply_error(call->reply, "NOAUTH Authentication required.");
        note_rejected(command, call);
    } else if (call->session->transaction && !(command->flags & CMD_NOW)) {
        transaction_queue(command, call);
    } else {
        run_handler(command, call);
    }
}

void command_answer(
    const struct command *command, struct call *call, size_t after) {
    struct reply *reply = call->reply;
    size_t start = reply->out->len;
    dispatch(command, call);
    if (reply->no_memory || !buf_reserve(reply->out, after)) {
        reply->out->len = start; // take it back; a short error does fit
        reply->no_memory = false;
        reply_error(reply, "OOM out of memory, nothing was changed");
    }
}

bool command_run(const struct command *command, struct call *call) {
    if (!buf_reserve(call->reply->out, REPLY_ROOM)) return false;
    command_answer(command, call, 0);
    return true;
}
