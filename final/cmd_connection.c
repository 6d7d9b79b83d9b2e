// cmd_connection.c - commands on the connection they come from.

#include "command.h"
#include "num.h"
#include "version.h"

// Reads the version that HELLO asks for. Answers with an error, and returns
// false, if there is no such version.
static bool read_version(struct call *call, bool *is_resp3) {
    int64_t version;
    if (!num_parse(call->argv[1], &version)) {
        reply_error(call->reply,
            "ERR Protocol version is not an integer or out of range");
        return false;
    }
    if (version != 2 && version != 3) {
        reply_error(call->reply, "NOPROTO unsupported protocol version");
        return false;
    }
    *is_resp3 = version == 3;
    return true;
}

static void pair(struct reply *r, const char *name, const char *value) {
    reply_bulk(r, slice_of(name));
    reply_bulk(r, slice_of(value));
}

static void number_pair(struct reply *r, const char *name, int64_t value) {
    reply_bulk(r, slice_of(name));
    reply_integer(r, value);
}

// Whether `user` with `password` may use the server. There is one user, whose
// name is "default" as in Redis; without a password to give, any will do.
static bool is_allowed(
    const struct call *call, struct slice user, struct slice password) {
    bool is_right = secret_matches(call->password, password);
    if (call->password->len == 0) is_right = true;
    return is_right && slice_equal(user, slice_of("default"));
}

static bool log_in(
    struct call *call, struct slice user, struct slice password) {
    if (!is_allowed(call, user, password)) {
        reply_error(call->reply,
            "WRONGPASS invalid username-password pair or user is disabled.");
        return false;
    }
    call->session->needs_password = false;
    return true;
}

// AUTH [user] password
void cmd_auth(struct call *call) {
    struct slice user = slice_of("default"), password = call->argv[1];
    if (call->argc > 3) {
        command_syntax_error(call);
        return;
    }
    if (call->argc == 3) {
        user = call->argv[1];
        password = call->argv[2];
    } else if (call->password->len == 0) {
        reply_error(call->reply,
            "ERR AUTH <password> called without any password configured for "
            "the default user. Are you sure your configuration is correct?");
        return;
    }
    if (log_in(call, user, password)) reply_simple(call->reply, "OK");
}

// RESET
void cmd_reset(struct call *call) {
    session_reset(call->session);
    call->reply->is_resp3 = false;
    call->session->needs_password = call->password->len > 0;
    reply_simple(call->reply, "RESET");
}

// Reads what follows the version. Answers with an error, and returns false, if
// it cannot be done.
static bool read_hello_options(struct call *call) {
    struct slice name = {0};
    for (size_t i = 2; i < call->argc; i++) {
        const struct slice *option = &call->argv[i];
        size_t left = call->argc - i - 1;
        if (command_word_is(*option, "AUTH") && left >= 2) {
            if (!log_in(call, option[1], option[2])) return false;
            i += 2;
        } else if (command_word_is(*option, "SETNAME") && left >= 1) {
            name = option[1];
            i++;
        } else {
            reply_error(call->reply, "ERR Syntax error in HELLO option '%.*s'",
                (int)(option->len < 64 ? option->len : 64), option->data);
            return false;
        }
    }
    if (call->session->needs_password) {
        reply_error(call->reply,
            "NOAUTH HELLO must be called with the client already "
            "authenticated, otherwise the HELLO AUTH <user> <pass> option can "
            "be used to authenticate the client and select the RESP protocol "
            "version at the same time");
        return false;
    }
    return name.data == NULL || command_set_name(call, name);
}

// HELLO [version [AUTH user password] [SETNAME clientname]]
void cmd_hello(struct call *call) {
    bool is_resp3 = call->session->is_resp3;
    if (!reply_reserve(call->reply, REPLY_ROOM)) return; // before any change
    if (call->argc > 1 && !read_version(call, &is_resp3)) return;
    if (!read_hello_options(call)) return;

    struct reply *r = call->reply;
    call->session->is_resp3 = r->is_resp3 = is_resp3;
    reply_map(r, 7);
    pair(r, "server", "redis"); // clients branch on it, and on the version
    pair(r, "version", MEDUSA_REDIS_VERSION);
    number_pair(r, "proto", is_resp3 ? 3 : 2);
    number_pair(r, "id", (int64_t)call->session->id);
    pair(r, "mode", "standalone");
    pair(r, "role", "master");
    reply_bulk(r, slice_of("modules"));
    reply_array(r, 0);
}

// ECHO message
void cmd_echo(struct call *call) {
    reply_bulk(call->reply, call->argv[1]);
}

// SELECT index
void cmd_select(struct call *call) {
    int64_t index;
    if (!num_parse(call->argv[1], &index)) {
        command_not_an_integer(call);
    } else if (index != 0) {
        reply_error(call->reply, "ERR DB index is out of range");
    } else {
        reply_simple(call->reply, "OK");
    }
}
