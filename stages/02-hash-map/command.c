// command.c - the commands, and the checks before one is run.

#include "command.h"

#include <stdio.h>

#define ECHO_BYTES 128 // of an unknown command that the error repeats

static char upper(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

// Returns whether `word` is `name`, which is in upper case, in any case.
static bool word_is(struct slice word, const char *name) {
    size_t i = 0;
    while (i < word.len && name[i] != '\0' && upper(word.data[i]) == name[i]) {
        i++;
    }
    return i == word.len && name[i] == '\0';
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

// GET key
static void run_get(struct call *call) {
    struct slice value;

    switch (store_get(call->store, call->argv[1], &value)) {
    case STORE_OK:
        reply_bulk(call->reply, value);
        break;
    case STORE_MISSING:
    case STORE_NO_MEMORY:
        reply_null(call->reply);
        break;
    }
}

// SET key value
static void run_set(struct call *call) {
    switch (store_set(call->store, call->argv[1], call->argv[2])) {
    case STORE_OK:
    case STORE_MISSING:
        reply_simple(call->reply, "OK");
        break;
    case STORE_NO_MEMORY:
        reply_error(call->reply, "OOM out of memory, nothing was changed");
        break;
    }
}

// DELETE key [key ...]
static void run_delete(struct call *call) {
    int64_t deleted = 0;
    for (size_t i = 1; i < call->argc; i++) {
        deleted += store_delete(call->store, call->argv[i]);
    }
    reply_integer(call->reply, deleted);
}

static void run(struct call *call) {
    struct slice name = call->argv[0];
    size_t argc = call->argc;
    if (word_is(name, "GET")) {
        argc == 2 ? run_get(call) : wrong_number(call);
    } else if (word_is(name, "SET")) {
        argc == 3 ? run_set(call) : wrong_number(call);
    } else if (word_is(name, "DELETE")) {
        argc >= 2 ? run_delete(call) : wrong_number(call);
    } else {
        unknown_command(call);
    }
}

bool command_run(struct call *call) {
    struct reply *reply = call->reply;
    if (!buf_reserve(reply->out, REPLY_ROOM)) return false;

    size_t start = reply->out->len;
    run(call);
    if (reply->no_memory) { // take the cut reply back; an error does fit
        reply->out->len = start;
        reply->no_memory = false;
        reply_error(reply, "OOM out of memory, nothing was changed");
    }
    return true;
}
