// cmd_scan.c - all keys, a few at a time, and one of them by chance.

#include "command.h"
#include "glob.h"
#include "num.h"

#define SCAN_COUNT 10 // keys, where the client does not say how many

// RANDOMKEY
void cmd_randomkey(struct call *call) {
    struct slice key;
    if (store_random(call->store, call->now_ms, &key) == STORE_OK) {
        reply_bulk(call->reply, key);
    } else {
        reply_null(call->reply);
    }
}

struct scan_options {
    struct slice pattern;
    int64_t count;
    bool has_strings; // no TYPE, or the only one that there is
};

// Answers with an error, and returns false, if the options make no sense.
static bool read_scan_options(struct call *call, struct scan_options *options) {
    *options = (struct scan_options){slice_of("*"), SCAN_COUNT, true};
    for (size_t i = 2; i < call->argc; i += 2) {
        struct slice option = call->argv[i];
        if (i + 1 == call->argc) {
            command_syntax_error(call);
            return false;
        }
        struct slice value = call->argv[i + 1];
        if (command_word_is(option, "MATCH")) {
            options->pattern = value;
        } else if (command_word_is(option, "TYPE")) {
            options->has_strings = command_word_is(value, "STRING");
        } else if (!command_word_is(option, "COUNT")) {
            command_syntax_error(call);
            return false;
        } else if (!num_parse(value, &options->count)) {
            command_not_an_integer(call);
            return false;
        } else if (options->count < 1) {
            command_syntax_error(call);
            return false;
        }
    }
    return true;
}

struct scanning {
    struct reply *reply;
    const struct scan_options *options;
    size_t found;
};

static void scan_key(void *arg, struct slice key) {
    struct scanning *scanning = arg;
    if (!scanning->options->has_strings) return;
    if (!glob_match(scanning->options->pattern, key)) return;
    reply_bulk(scanning->reply, key);
    scanning->found++;
}

static void pass_key(void *arg, struct slice key) {
    (void)arg;
    (void)key;
}

// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
void cmd_scan(struct call *call) {
    struct scan_options options;
    int64_t cursor;
    if (!num_parse(call->argv[1], &cursor)) {
        reply_error(call->reply, "ERR invalid cursor");
        return;
    }
    if (!read_scan_options(call, &options)) return;

    // The next cursor comes before the keys in the reply, so the same keys are
    // gone through twice: once to know it, once for them.
    size_t count = (size_t)options.count;
    uint64_t next = store_scan(
        call->store, (uint64_t)cursor, count, call->now_ms, pass_key, NULL);
    char text[NUM_MAX_TEXT];
    reply_array(call->reply, 2);
    reply_bulk(
        call->reply, (struct slice){text, num_format((int64_t)next, text)});
    struct scanning scanning = {call->reply, &options, 0};
    size_t mark = reply_array_begin(call->reply);
    store_scan(call->store, (uint64_t)cursor, count, call->now_ms, scan_key,
        &scanning);
    reply_array_end(call->reply, mark, scanning.found);
}
