// cmd_string.c - commands that read or write one whole value.

#include "command.h"

#include "cmd_expire.h"

// GET key
void cmd_get(struct call *call) {
    command_reply_value(call, call->argv[1]);
}

// What to do besides storing a value. All zero is nothing.
struct set_options {
    bool only_new; // NX
    bool only_old; // XX
    bool answers_old; // GET: the reply is the value that was there
    struct expiry expiry;
};

static bool is_digits(struct slice word) {
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] < '0' || word.data[i] > '9') return false;
    }
    return word.len > 0;
}

// Reads a third word of SET that consists of digits: a time to live.
static bool read_seconds(
    struct call *call, struct slice word, int64_t *deadline_ms) {
    while (word.len > 1 && word.data[0] == '0') {
        word.data++;
        word.len--;
    }
    return expiry_read_positive(
        call, word, EXPIRE_SECOND_MS, call->now_ms, deadline_ms);
}

// Reads the option at argv[*i] and moves *i to its last word. Returns false if
// it is none, or contradicts one before it.
static bool read_option(
    struct call *call, size_t *i, struct set_options *options) {
    struct slice word = call->argv[*i];
    if (command_word_is(word, "NX")) {
        options->only_new = true;
    } else if (command_word_is(word, "XX")) {
        options->only_old = true;
    } else if (command_word_is(word, "GET")) {
        options->answers_old = true;
    } else if (!expiry_parse(&options->expiry, call, i, "KEEPTTL")) {
        return false;
    }
    return !(options->only_new && options->only_old);
}

// Reads the words behind the value of SET. Answers with an error, and returns
// false, if they are wrong.
static bool read_options(
    struct call *call, struct set_options *options, int64_t *deadline_ms) {
    if (call->argc == 4 && is_digits(call->argv[3])) {
        return read_seconds(call, call->argv[3], deadline_ms);
    }
    for (size_t i = 3; i < call->argc; i++) {
        if (!read_option(call, &i, options)) {
            command_syntax_error(call);
            return false;
        }
    }
    if (options->expiry.is_plain) *deadline_ms = STORE_KEEP_DEADLINE;
    return expiry_deadline(&options->expiry, call, deadline_ms);
}

// Looks the key up, and answers with its value if the options say so. Returns
// whether they, and the memory, let a new value be stored.
static bool is_welcome(struct call *call, const struct set_options *options) {
    struct slice key = call->argv[1];
    bool is_there = options->answers_old ? command_reply_value(call, key)
                                         : command_has_key(call, key);
    if (is_there ? options->only_new : options->only_old) {
        if (!options->answers_old) reply_null(call->reply);
        return false;
    }
    return !call->reply->no_memory;
}

// Stores `value` as the options say, and answers.
static void set(struct call *call, struct slice value, int64_t deadline_ms,
    const struct set_options *options) {
    size_t start = call->reply->out->len;
    bool has_condition = options->only_new || options->only_old;
    if ((has_condition || options->answers_old || options->expiry.is_plain) &&
        !is_welcome(call, options)) {
        return;
    }
    enum store_result result =
        store_set(call->store, call->argv[1], value, deadline_ms);
    if (result != STORE_OK) call->reply->out->len = start; // the error instead
    if (command_is_stored(call, result) && !options->answers_old) {
        reply_simple(call->reply, "OK");
    }
}

// SET key value [seconds]
// SET key value [NX | XX] [GET] [EX seconds | PX milliseconds |
//     EXAT unix-seconds | PXAT unix-milliseconds | KEEPTTL]
void cmd_set(struct call *call) {
    struct set_options options = {0};
    int64_t deadline_ms = STORE_NO_DEADLINE;
    if (read_options(call, &options, &deadline_ms)) {
        set(call, call->argv[2], deadline_ms, &options);
    }
}

// GETSET key value
void cmd_getset(struct call *call) {
    struct set_options options = {.answers_old = true};
    set(call, call->argv[2], STORE_NO_DEADLINE, &options);
}

// SETNX key value
void cmd_setnx(struct call *call) {
    struct slice key = call->argv[1], value = call->argv[2];
    if (command_has_key(call, key)) {
        reply_integer(call->reply, 0);
        return;
    }
    if (command_is_stored(
            call, store_set(call->store, key, value, STORE_NO_DEADLINE))) {
        reply_integer(call->reply, 1);
    }
}

static void set_with_deadline(struct call *call, int64_t unit_ms) {
    struct set_options options = {0};
    int64_t deadline_ms;
    if (expiry_read_positive(
            call, call->argv[2], unit_ms, call->now_ms, &deadline_ms)) {
        set(call, call->argv[3], deadline_ms, &options);
    }
}

// SETEX key seconds value
void cmd_setex(struct call *call) {
    set_with_deadline(call, EXPIRE_SECOND_MS);
}

// PSETEX key milliseconds value
void cmd_psetex(struct call *call) {
    set_with_deadline(call, 1);
}

// GETDEL key
void cmd_getdel(struct call *call) {
    if (command_reply_value(call, call->argv[1]) && !call->reply->no_memory) {
        store_delete(call->store, call->argv[1], call->now_ms);
    }
}

// GETEX key [EX seconds | PX milliseconds | EXAT unix-seconds |
//     PXAT unix-milliseconds | PERSIST]
void cmd_getex(struct call *call) {
    struct slice key = call->argv[1], value;
    struct expiry expiry = {0};
    int64_t deadline_ms = STORE_NO_DEADLINE;
    for (size_t i = 2; i < call->argc; i++) {
        if (!expiry_parse(&expiry, call, &i, "PERSIST")) {
            command_syntax_error(call);
            return;
        }
    }
    if (store_get(call->store, key, call->now_ms, &value) != STORE_OK) {
        reply_null(call->reply);
        return;
    }
    if (!expiry_deadline(&expiry, call, &deadline_ms)) return;
    reply_bulk(call->reply, value);
    if (call->argc == 2 || call->reply->no_memory) return;
    if (store_set_deadline(call->store, key, call->now_ms, deadline_ms) !=
        STORE_OK) {
        call->reply->no_memory = true; // an error takes the value's place
    }
}
