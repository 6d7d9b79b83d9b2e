// cmd_keyspace.c - commands on keys that leave their values alone.

#include "command.h"

// TOUCH key [key ...]
void cmd_touch(struct call *call) {
    int64_t found = 0;
    struct slice value; // to look at it is what counts as a use
    for (size_t i = 1; i < call->argc; i++) {
        found += store_get(call->store, call->argv[i], call->now_ms, &value) ==
            STORE_OK;
    }
    reply_integer(call->reply, found);
}

// TYPE key
void cmd_type(struct call *call) {
    bool found = store_exists(call->store, call->argv[1], call->now_ms);
    reply_simple(call->reply, found ? "string" : "none");
}

// Answers for RENAME, with `done` where it worked.
static void rename_key(struct call *call, const char *done) {
    struct slice from = call->argv[1], to = call->argv[2];
    enum store_result result = STORE_OK;
    if (!slice_equal(from, to)) {
        result = store_rename(call->store, from, to, call->now_ms);
    }
    if (!command_is_stored(call, result)) return;
    if (done != NULL) {
        reply_simple(call->reply, done);
    } else {
        reply_integer(call->reply, 1);
    }
}

// Answers with an error, and returns false, if there is no such key.
static bool must_exist(struct call *call, struct slice key) {
    if (command_has_key(call, key)) return true;
    reply_error(call->reply, "ERR no such key");
    return false;
}

// RENAME key newkey
void cmd_rename(struct call *call) {
    if (must_exist(call, call->argv[1])) rename_key(call, "OK");
}

// RENAMENX key newkey
void cmd_renamenx(struct call *call) {
    if (!must_exist(call, call->argv[1])) return;
    if (command_has_key(call, call->argv[2])) {
        reply_integer(call->reply, 0);
    } else {
        rename_key(call, NULL);
    }
}
