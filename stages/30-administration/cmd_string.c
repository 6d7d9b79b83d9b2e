// cmd_string.c - commands on values.

#include "command.h"
#include "expire.h"
#include "num.h"

// GET key
void cmd_get(struct call *call) {
    struct slice value;

    switch (store_get(call->store, call->argv[1], call->now_ms, &value)) {
    case STORE_OK:
        reply_bulk(call->reply, value);
        break;
    case STORE_MISSING: // no such key, or it has expired
    case STORE_NO_MEMORY:
    case STORE_OVER_LIMIT:
        reply_null(call->reply);
        break;
    }
}

static bool is_digits(struct slice word) {
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] < '0' || word.data[i] > '9') return false;
    }
    return word.len > 0;
}

// Reads the third word of SET. Answers with an error, and returns false, if it
// is no time to live.
static bool read_seconds(
    struct call *call, struct slice word, int64_t *deadline_ms) {
    int64_t seconds;
    if (!is_digits(word)) {
        command_syntax_error(call);
        return false;
    }
    while (word.len > 1 && word.data[0] == '0') {
        word.data++;
        word.len--;
    }
    if (!num_parse(word, &seconds)) {
        command_not_an_integer(call);
        return false;
    }
    if (seconds == 0 || !expire_deadline(seconds, call->now_ms, deadline_ms)) {
        command_bad_expire_time(call);
        return false;
    }
    return true;
}

// SET key value [seconds]
void cmd_set(struct call *call) {
    int64_t deadline_ms = STORE_NO_DEADLINE;
    if (call->argc > 4) {
        command_syntax_error(call);
        return;
    }
    if (call->argc == 4 && !read_seconds(call, call->argv[3], &deadline_ms)) {
        return;
    }
    switch (store_set(call->store, call->argv[1], call->argv[2], deadline_ms)) {
    case STORE_OK:
    case STORE_MISSING:
        reply_simple(call->reply, "OK");
        break;
    case STORE_NO_MEMORY:
        reply_error(call->reply, "OOM out of memory, nothing was changed");
        break;
    case STORE_OVER_LIMIT:
        reply_error(call->reply,
            "OOM command not allowed when used memory > 'maxmemory'.");
        break;
    }
}
