// cmd_key.c - commands on keys, whatever their values.

#include "command.h"
#include "expire.h"
#include "glob.h"
#include "num.h"

// DELETE key [key ...]
void cmd_delete(struct call *call) {
    int64_t deleted = 0;
    for (size_t i = 1; i < call->argc; i++) {
        deleted += store_delete(call->store, call->argv[i], call->now_ms);
    }
    reply_integer(call->reply, deleted);
}

// EXISTS key [key ...]
void cmd_exists(struct call *call) {
    int64_t found = 0;
    for (size_t i = 1; i < call->argc; i++) {
        found += store_exists(call->store, call->argv[i], call->now_ms);
    }
    reply_integer(call->reply, found);
}

struct listing {
    struct reply *reply;
    struct slice pattern;
    size_t count; // of keys that match
};

static void list_key(void *arg, struct slice key) {
    struct listing *listing = arg;
    if (!glob_match(listing->pattern, key)) return;
    reply_bulk(listing->reply, key);
    listing->count++;
}

static void list(struct call *call, struct slice pattern) {
    struct listing listing = {call->reply, pattern, 0};
    size_t mark = reply_array_begin(call->reply);
    store_each(call->store, call->now_ms, list_key, &listing);
    reply_array_end(call->reply, mark, listing.count);
}

// LIST
void cmd_list(struct call *call) {
    list(call, slice_of("*"));
}

// COUNT
void cmd_count(struct call *call) {
    reply_integer(call->reply, (int64_t)store_stats(call->store).keys);
}

// CLEAR
// FLUSHALL [ASYNC | SYNC]
void cmd_clear(struct call *call) {
    if (call->argc == 2 && !command_word_is(call->argv[1], "ASYNC") &&
        !command_word_is(call->argv[1], "SYNC")) {
        command_syntax_error(call);
        return;
    }
    if (store_clear(call->store)) {
        reply_simple(call->reply, "OK");
    } else {
        reply_error(call->reply, "OOM out of memory, nothing was changed");
    }
}

// TTL key
void cmd_ttl(struct call *call) {
    int64_t deadline_ms;
    struct slice key = call->argv[1];

    if (store_deadline(call->store, key, call->now_ms, &deadline_ms) !=
        STORE_OK) {
        reply_integer(call->reply, -2);
    } else if (deadline_ms == STORE_NO_DEADLINE) {
        reply_integer(call->reply, -1);
    } else {
        int64_t left = expire_seconds_left(deadline_ms, call->now_ms);
        reply_integer(call->reply, left);
    }
}

// EXPIRE key seconds
void cmd_expire(struct call *call) {
    int64_t seconds, deadline_ms;
    if (!num_parse(call->argv[2], &seconds)) {
        command_not_an_integer(call);
        return;
    }
    if (!expire_deadline(seconds, call->now_ms, &deadline_ms)) {
        command_bad_expire_time(call);
        return;
    }
    switch (store_set_deadline(
        call->store, call->argv[1], call->now_ms, deadline_ms)) {
    case STORE_OK:
    case STORE_OVER_LIMIT: // eight bytes for a deadline are never refused
        reply_integer(call->reply, 1);
        break;
    case STORE_MISSING:
        reply_integer(call->reply, 0);
        break;
    case STORE_NO_MEMORY:
        reply_error(call->reply, "OOM out of memory, nothing was changed");
        break;
    }
}

// KEYS pattern
void cmd_keys(struct call *call) {
    list(call, call->argv[1]);
}
