// command.c - finds a command, and makes the checks before it is run.

#include "command.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "transaction.h"

#define ECHO_BYTES 128 // of an unknown command that the error repeats

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
    size_t count = command_count();
    for (size_t i = 0; i < count; i++) {
        const struct command *command = command_at(i);
        if (!command_word_is(name, command->name)) continue;
        return command_is_part(command) ? NULL : command;
    }
    return NULL;
}

bool command_is_part(const struct command *command) {
    return strchr(command->name, '|') != NULL;
}

bool command_has_part(
    const struct command *command, const struct command *part) {
    if (part->name == NULL) return false;
    size_t n = strlen(command->name);
    return strncmp(part->name, command->name, n) == 0 && part->name[n] == '|';
}

// Returns the subcommand that the second word names, the command itself if it
// has none or no second word, or NULL if there is no such subcommand.
static const struct command *find_part(
    const struct command *command, const struct call *call) {
    const struct command *part = command + 1;
    if (!(command->flags & CMD_PARENT) || call->argc < 2) return command;
    size_t start = strlen(command->name) + 1;
    for (; command_has_part(command, part); part++) {
        if (command_word_is(call->argv[1], part->name + start)) return part;
    }
    return NULL;
}

struct slice command_lower(struct slice name, char text[COMMAND_WORD_BYTES]) {
    size_t n = name.len < COMMAND_WORD_BYTES ? name.len : COMMAND_WORD_BYTES;
    for (size_t i = 0; i < n; i++) {
        char c = name.data[i];
        text[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct slice){text, n};
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

static void wrong_number(const struct command *command, struct call *call) {
    char name[ECHO_BYTES + 1];
    copy_lower(name, slice_of(command->name), ECHO_BYTES);
    reply_error(
        call->reply, "ERR wrong number of arguments for '%s' command", name);
}

void command_wrong_number(struct call *call) {
    wrong_number(command_find(call->argv[0]), call);
}

static void unknown_subcommand(
    const struct command *command, struct call *call) {
    char name[ECHO_BYTES + 1];
    copy_text(name, call->argv[1], ECHO_BYTES);
    reply_error(call->reply, "ERR unknown subcommand '%s'. Try %s HELP.", name,
        command->name);
}

bool command_is_stored(struct call *call, enum store_result result) {
    switch (result) {
    case STORE_OK:
        return true;
    case STORE_MISSING: // no error, if the command gives it any meaning
        return true;
    case STORE_NO_MEMORY:
        reply_error(call->reply, "OOM out of memory, nothing was changed");
        return false;
    case STORE_OVER_LIMIT:
        reply_error(call->reply,
            "OOM command not allowed when used memory > 'maxmemory'.");
        return false;
    }
    return false;
}

bool command_reply_value(struct call *call, struct slice key) {
    struct slice value;
    bool is_there =
        store_get(call->store, key, call->now_ms, &value) == STORE_OK;
    if (is_there) {
        reply_bulk(call->reply, value);
    } else { // no such key, or it has expired
        reply_null(call->reply);
    }
    return is_there;
}

bool command_has_key(struct call *call, struct slice key) {
    int64_t deadline_ms;
    return store_deadline(call->store, key, call->now_ms, &deadline_ms) ==
        STORE_OK;
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
    const struct command *part = command ? find_part(command, call) : NULL;
    if (command == NULL) {
        transaction_abort(call->session);
        unknown_command(call);
    } else if (part == NULL) {
        transaction_abort(call->session);
        unknown_subcommand(command, call);
    } else if (!is_arity_right(part, call->argc)) {
        transaction_abort(call->session);
        wrong_number(part, call);
        note_rejected(part, call);
    } else if (call->session->needs_password && !(command->flags & CMD_OPEN)) {
        reply_error(call->reply, "NOAUTH Authentication required.");
        note_rejected(part, call);
    } else if (call->session->transaction && part->flags & CMD_ALONE) {
        transaction_abort(call->session);
        reply_error(
            call->reply, "ERR Command not allowed inside a transaction");
        note_rejected(part, call);
    } else if (call->session->transaction && !(command->flags & CMD_NOW)) {
        transaction_queue(command, call);
    } else {
        run_handler(part, call);
    }
}

void command_answer(
    const struct command *command, struct call *call, size_t after) {
    struct reply *reply = call->reply;
    size_t start = reply->out->len;
    reply->after = after;
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
