// cmd_config.c - CONFIG: settings, seen and changed while the server runs.

#include "command.h"
#include "glob.h"

#define NAME_BYTES 64 // no name of a setting is longer

struct config_listing {
    const struct call *call;
    size_t count;
};

static void list_setting(void *arg, const char *name, const char *value) {
    struct config_listing *listing = arg;
    const struct call *call = listing->call;
    for (size_t i = 2; i < call->argc; i++) {
        char text[COMMAND_WORD_BYTES];
        struct slice pattern = command_lower(call->argv[i], text);
        if (!glob_match(pattern, slice_of(name))) continue;
        reply_bulk(call->reply, slice_of(name));
        reply_bulk(call->reply, slice_of(value));
        listing->count++;
        return;
    }
}

// CONFIG GET pattern [pattern ...]
void cmd_config_get(struct call *call) {
    struct config_listing listing = {call, 0};
    size_t mark = reply_array_begin(call->reply);
    call->ops->each_setting(call->ops->server, list_setting, &listing);
    reply_map_end(call->reply, mark, listing.count);
}

static bool is_named_before(const struct call *call, size_t i) {
    char text[COMMAND_WORD_BYTES], other[COMMAND_WORD_BYTES];
    struct slice name = command_lower(call->argv[i], text);
    for (size_t j = 2; j < i; j += 2) {
        if (slice_equal(name, command_lower(call->argv[j], other))) return true;
    }
    return false;
}

// Answers that a setting cannot be changed so.
static void refuse(struct call *call, size_t i, const char *why) {
    struct slice name = call->argv[i];
    reply_error(call->reply,
        "ERR CONFIG SET failed (possibly related to argument '%.*s') - %s",
        (int)(name.len < NAME_BYTES ? name.len : NAME_BYTES), name.data, why);
}

// Answers with an error, and returns false, if the setting at argv[i] cannot
// have the value behind it.
static bool can_set(struct call *call, size_t i) {
    struct slice name = call->argv[i];
    const char *allowed = "";
    switch (call->ops->check_setting(
        call->ops->server, name, call->argv[i + 1], &allowed)) {
    case OPS_UNKNOWN:
        reply_error(call->reply,
            "ERR Unknown option or number of arguments for CONFIG SET - "
            "'%.*s'",
            (int)(name.len < NAME_BYTES ? name.len : NAME_BYTES), name.data);
        return false;
    case OPS_FIXED:
        refuse(call, i, "can't set immutable config");
        return false;
    case OPS_WRONG:
        refuse(call, i, allowed);
        return false;
    case OPS_OK:
        break;
    }
    if (!is_named_before(call, i)) return true;
    refuse(call, i, "duplicate parameter");
    return false;
}

// CONFIG SET parameter value [parameter value ...]
void cmd_config_set(struct call *call) {
    if (call->argc % 2 != 0) {
        command_syntax_error(call);
        return;
    }
    for (size_t i = 2; i < call->argc; i += 2) { // all of them or none
        if (!can_set(call, i)) return;
    }
    for (size_t i = 2; i < call->argc; i += 2) {
        call->ops->change_setting(
            call->ops->server, call->argv[i], call->argv[i + 1]);
    }
    reply_simple(call->reply, "OK");
}

// CONFIG RESETSTAT
void cmd_config_resetstat(struct call *call) {
    call->ops->reset_stats(call->ops->server);
    reply_simple(call->reply, "OK");
}
