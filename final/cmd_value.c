// cmd_value.c - commands on several values at once, and on parts of one.

#include "command.h"
#include "num.h"

#define MAX_VALUE_BYTES ((size_t)512 * 1024 * 1024) // as long as an argument

// MGET key [key ...]
void cmd_mget(struct call *call) {
    reply_array(call->reply, call->argc - 1);
    for (size_t i = 1; i < call->argc; i++) {
        command_reply_value(call, call->argv[i]);
    }
}

static bool are_pairs(struct call *call) {
    if (call->argc % 2 == 1) return true;
    command_wrong_number(call);
    return false;
}

// Returns whether the memory limit lets each pair in, one after the other.
static bool has_room(struct call *call) {
    struct store_need need = {0};
    for (size_t i = 1; i < call->argc; i += 2) {
        store_add_need(call->store, call->argv[i], call->argv[i + 1],
            STORE_NO_DEADLINE, &need);
        if (!store_has_room(call->store, need)) return false;
    }
    return true;
}

// Sets the pairs and counts those that are set. Stops at one that is not.
static enum store_result set_pairs(struct call *call, size_t *count) {
    *count = 0;
    if (!has_room(call)) return STORE_OVER_LIMIT;
    for (size_t i = 1; i < call->argc; i += 2) {
        enum store_result result = store_set(
            call->store, call->argv[i], call->argv[i + 1], STORE_NO_DEADLINE);
        if (result != STORE_OK) return result;
        ++*count;
    }
    return STORE_OK;
}

// MSET key value [key value ...]
void cmd_mset(struct call *call) {
    size_t count;
    if (!are_pairs(call)) return;
    enum store_result result = set_pairs(call, &count);
    if (result != STORE_OK && count > 0) {
        reply_error(call->reply,
            "OOM out of memory, only the first %zu of %zu keys were set", count,
            call->argc / 2);
    } else if (command_is_stored(call, result)) {
        reply_simple(call->reply, "OK");
    }
}

// MSETNX key value [key value ...]
void cmd_msetnx(struct call *call) {
    size_t count;
    if (!are_pairs(call)) return;
    for (size_t i = 1; i < call->argc; i += 2) {
        if (command_has_key(call, call->argv[i])) {
            reply_integer(call->reply, 0);
            return;
        }
    }
    enum store_result result = set_pairs(call, &count);
    if (command_is_stored(call, result)) {
        reply_integer(call->reply, 1);
        return;
    }
    // All or none: none of these keys was there before.
    for (size_t i = 0; i < count; i++) {
        store_delete(call->store, call->argv[2 * i + 1], call->now_ms);
    }
}

// Returns the value at argv[1], empty if there is no such key.
static struct slice value_of(struct call *call) {
    struct slice value = {NULL, 0};
    store_get(call->store, call->argv[1], call->now_ms, &value);
    return value;
}

// Returns the length of the value at argv[1], before it is changed.
static size_t old_len_of(struct call *call) {
    struct slice value = {NULL, 0};
    store_get_for_write(call->store, call->argv[1], call->now_ms, &value);
    return value.len;
}

// Writes `bytes` at `offset` into the value at argv[1], which is `len` bytes
// long then, and answers with that.
static void write_part(
    struct call *call, size_t len, size_t offset, struct slice bytes) {
    char *value;
    if (!command_is_stored(call,
            store_resize(
                call->store, call->argv[1], call->now_ms, len, &value))) {
        return;
    }
    if (bytes.len > 0) memcpy(value + offset, bytes.data, bytes.len);
    reply_integer(call->reply, (int64_t)len);
}

static void too_long(struct call *call) {
    reply_error(call->reply,
        "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
}

// APPEND key value
void cmd_append(struct call *call) {
    size_t old_len = old_len_of(call);
    struct slice bytes = call->argv[2];
    if (bytes.len > MAX_VALUE_BYTES - old_len) {
        too_long(call);
    } else {
        write_part(call, old_len + bytes.len, old_len, bytes);
    }
}

// STRLEN key
void cmd_strlen(struct call *call) {
    reply_integer(call->reply, (int64_t)value_of(call).len);
}

// Returns a position that may count from the end, where -1 is the last byte.
static int64_t position(int64_t n, size_t len) {
    if (n >= 0) return n;
    return n + (int64_t)len > 0 ? n + (int64_t)len : 0;
}

// Both ends belong to the part. As in Redis 7, an end before the first byte is
// the first byte.
static struct slice part(struct slice value, int64_t start, int64_t end) {
    struct slice none = {NULL, 0};
    if (start < 0 && end < 0 && start > end) return none;
    start = position(start, value.len);
    end = position(end, value.len);
    if (end >= (int64_t)value.len) end = (int64_t)value.len - 1;
    if (start > end) return none;
    return (struct slice){value.data + start, (size_t)(end - start + 1)};
}

// GETRANGE key start end
void cmd_getrange(struct call *call) {
    int64_t start, end;
    if (!num_parse(call->argv[2], &start) || !num_parse(call->argv[3], &end)) {
        command_not_an_integer(call);
        return;
    }
    reply_bulk(call->reply, part(value_of(call), start, end));
}

// SETRANGE key offset value
void cmd_setrange(struct call *call) {
    struct slice bytes = call->argv[3];
    int64_t offset;
    if (!num_parse(call->argv[2], &offset)) {
        command_not_an_integer(call);
        return;
    }
    if (offset < 0) {
        reply_error(call->reply, "ERR offset is out of range");
        return;
    }
    size_t old_len = old_len_of(call);
    if (bytes.len == 0) { // writes nothing, and makes no key
        reply_integer(call->reply, (int64_t)old_len);
        return;
    }
    if ((uint64_t)offset > MAX_VALUE_BYTES - bytes.len) {
        too_long(call);
        return;
    }
    size_t end = (size_t)offset + bytes.len;
    write_part(call, end > old_len ? end : old_len, (size_t)offset, bytes);
}
