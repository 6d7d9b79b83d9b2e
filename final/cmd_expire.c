// cmd_expire.c - commands on deadlines, and the words that stand for them.

#include "cmd_expire.h"

#include "num.h"

#define ECHO_BYTES 128 // of an unknown option that the error repeats

bool expiry_read(struct call *call, struct slice word, int64_t unit_ms,
    int64_t from_ms, int64_t *deadline_ms) {
    int64_t amount;
    if (!num_parse(word, &amount)) {
        command_not_an_integer(call);
        return false;
    }
    if (!expire_deadline(amount, unit_ms, from_ms, deadline_ms)) {
        command_bad_expire_time(call);
        return false;
    }
    return true;
}

bool expiry_read_positive(struct call *call, struct slice word, int64_t unit_ms,
    int64_t from_ms, int64_t *deadline_ms) {
    if (!expiry_read(call, word, unit_ms, from_ms, deadline_ms)) return false;
    if (*deadline_ms > from_ms) return true;
    command_bad_expire_time(call);
    return false;
}

struct expiry_form {
    const char *word; // in upper case
    int64_t unit_ms;
    bool is_from_now;
};

static const struct expiry_form forms[] = {
    {"EX", EXPIRE_SECOND_MS, true},
    {"PX", 1, true},
    {"EXAT", EXPIRE_SECOND_MS, false},
    {"PXAT", 1, false},
};

static const struct expiry_form *find_form(struct slice word) {
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (command_word_is(word, forms[i].word)) return &forms[i];
    }
    return NULL;
}

// The same option may come twice, as in Redis: the last one counts.
bool expiry_parse(
    struct expiry *expiry, struct call *call, size_t *i, const char *plain) {
    struct slice word = call->argv[*i];
    if (command_word_is(word, plain)) {
        expiry->is_plain = true;
        return expiry->form == NULL;
    }
    const struct expiry_form *form = find_form(word);
    if (form == NULL || expiry->is_plain) return false;
    if (expiry->form != NULL && expiry->form != form) return false;
    if (*i + 1 == call->argc) return false;
    expiry->form = form;
    expiry->number = call->argv[++*i];
    return true;
}

bool expiry_deadline(
    const struct expiry *expiry, struct call *call, int64_t *deadline_ms) {
    const struct expiry_form *form = expiry->form;
    if (form == NULL) return true;
    int64_t from_ms = form->is_from_now ? call->now_ms : EXPIRE_UNIX_TIME;
    return expiry_read_positive(
        call, expiry->number, form->unit_ms, from_ms, deadline_ms);
}

// What a key's old deadline must be for EXPIRE to give it another one.
enum condition {
    IF_NONE = 1, // NX
    IF_SOME = 2, // XX
    IF_LATER = 4, // GT: the new one must be later
    IF_EARLIER = 8, // LT
};

// Returns 0 for a word that is none.
static unsigned parse_condition(struct slice word) {
    if (command_word_is(word, "NX")) return IF_NONE;
    if (command_word_is(word, "XX")) return IF_SOME;
    if (command_word_is(word, "GT")) return IF_LATER;
    if (command_word_is(word, "LT")) return IF_EARLIER;
    return 0;
}

static void unsupported_option(struct call *call, struct slice word) {
    int len = word.len < ECHO_BYTES ? (int)word.len : ECHO_BYTES;
    reply_error(call->reply, "ERR Unsupported option %.*s", len, word.data);
}

static bool read_conditions(struct call *call, unsigned *conditions) {
    for (size_t i = 3; i < call->argc; i++) {
        unsigned condition = parse_condition(call->argv[i]);
        if (condition == 0) {
            unsupported_option(call, call->argv[i]);
            return false;
        }
        *conditions |= condition;
    }
    if (*conditions & IF_NONE && *conditions != IF_NONE) {
        reply_error(call->reply,
            "ERR NX and XX, GT or LT options at the same "
            "time are not compatible");
        return false;
    }
    if (*conditions & IF_LATER && *conditions & IF_EARLIER) {
        reply_error(call->reply,
            "ERR GT and LT options at the same time are not compatible");
        return false;
    }
    return true;
}

// A key without a deadline has the latest of all, STORE_NO_DEADLINE.
static bool are_met(unsigned conditions, int64_t old_ms, int64_t new_ms) {
    bool has_old = old_ms != STORE_NO_DEADLINE;
    if (conditions & IF_NONE && has_old) return false;
    if (conditions & IF_SOME && !has_old) return false;
    if (conditions & IF_LATER && new_ms <= old_ms) return false;
    if (conditions & IF_EARLIER && new_ms >= old_ms) return false;
    return true;
}

static void set_deadline(struct call *call, int64_t unit_ms, int64_t from_ms) {
    struct slice key = call->argv[1], number = call->argv[2];
    int64_t deadline_ms, old_ms;
    unsigned conditions = 0;

    if (!read_conditions(call, &conditions)) return;
    if (!expiry_read(call, number, unit_ms, from_ms, &deadline_ms)) return;
    if (store_deadline(call->store, key, call->now_ms, &old_ms) != STORE_OK ||
        !are_met(conditions, old_ms, deadline_ms)) {
        reply_integer(call->reply, 0);
        return;
    }
    if (command_is_stored(call,
            store_set_deadline(call->store, key, call->now_ms, deadline_ms))) {
        reply_integer(call->reply, 1);
    }
}

// EXPIRE key seconds [NX | XX | GT | LT]
void cmd_expire(struct call *call) {
    set_deadline(call, EXPIRE_SECOND_MS, call->now_ms);
}

// PEXPIRE key milliseconds [NX | XX | GT | LT]
void cmd_pexpire(struct call *call) {
    set_deadline(call, 1, call->now_ms);
}

// EXPIREAT key unix-seconds [NX | XX | GT | LT]
void cmd_expireat(struct call *call) {
    set_deadline(call, EXPIRE_SECOND_MS, EXPIRE_UNIX_TIME);
}

// PEXPIREAT key unix-milliseconds [NX | XX | GT | LT]
void cmd_pexpireat(struct call *call) {
    set_deadline(call, 1, EXPIRE_UNIX_TIME);
}

// Puts the key's deadline into *deadline_ms. Answers with -2, and returns
// false, if there is no such key; with -1 if it has none.
static bool find_deadline(struct call *call, int64_t *deadline_ms) {
    if (store_deadline(call->store, call->argv[1], call->now_ms, deadline_ms) !=
        STORE_OK) {
        reply_integer(call->reply, -2);
        return false;
    }
    if (*deadline_ms == STORE_NO_DEADLINE) {
        reply_integer(call->reply, -1);
        return false;
    }
    return true;
}

// TTL key
void cmd_ttl(struct call *call) {
    int64_t deadline_ms;
    if (!find_deadline(call, &deadline_ms)) return;
    reply_integer(call->reply, expire_seconds_left(deadline_ms, call->now_ms));
}

// PTTL key
void cmd_pttl(struct call *call) {
    int64_t deadline_ms;
    if (!find_deadline(call, &deadline_ms)) return;
    reply_integer(call->reply, deadline_ms - call->now_ms);
}

// EXPIRETIME key
void cmd_expiretime(struct call *call) {
    int64_t deadline_ms;
    if (!find_deadline(call, &deadline_ms)) return;
    reply_integer(call->reply, expire_nearest_second(deadline_ms));
}

// PEXPIRETIME key
void cmd_pexpiretime(struct call *call) {
    int64_t deadline_ms;
    if (!find_deadline(call, &deadline_ms)) return;
    reply_integer(call->reply, deadline_ms);
}

// PERSIST key
void cmd_persist(struct call *call) {
    struct slice key = call->argv[1];
    int64_t deadline_ms;
    if (store_deadline(call->store, key, call->now_ms, &deadline_ms) !=
            STORE_OK ||
        deadline_ms == STORE_NO_DEADLINE) {
        reply_integer(call->reply, 0);
        return;
    }
    if (command_is_stored(call,
            store_set_deadline(
                call->store, key, call->now_ms, STORE_NO_DEADLINE))) {
        reply_integer(call->reply, 1);
    }
}
