// cmd_client.c - CLIENT: connections, their names, and the end of one.

#include <stdlib.h>

#include "command.h"
#include "num.h"

// Whether `text` is printable and has no spaces, so that it can stand in a line
// of CLIENT LIST.
static bool is_plain(struct slice text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '!' || text.data[i] > '~') return false;
    }
    return true;
}

// Notes a name of this connection. Answers with an error, and returns false, if
// it cannot be one.
static bool set_name(struct call *call, enum session_name which,
    struct slice name, const char *what) {
    if (!is_plain(name)) {
        reply_error(call->reply,
            "ERR %s cannot contain spaces, newlines or special characters.",
            what);
        return false;
    }
    if (session_set_name(call->session, which, name)) return true;
    reply_error(call->reply, "OOM out of memory, nothing was changed");
    return false;
}

// CLIENT ID
void cmd_client_id(struct call *call) {
    reply_integer(call->reply, (int64_t)call->session->id);
}

// CLIENT GETNAME
void cmd_client_getname(struct call *call) {
    struct slice name = session_name(call->session, SESSION_NAME);
    if (name.len > 0) {
        reply_bulk(call->reply, name);
    } else {
        reply_null(call->reply);
    }
}

bool command_set_name(struct call *call, struct slice name) {
    return set_name(call, SESSION_NAME, name, "Client names");
}

// CLIENT SETNAME clientname
void cmd_client_setname(struct call *call) {
    if (command_set_name(call, call->argv[2])) reply_simple(call->reply, "OK");
}

// CLIENT SETINFO LIB-NAME libname | LIB-VER libver
void cmd_client_setinfo(struct call *call) {
    struct slice option = call->argv[2], value = call->argv[3];
    bool is_set;
    if (command_word_is(option, "LIB-NAME")) {
        is_set = set_name(call, SESSION_LIB_NAME, value, "lib-name");
    } else if (command_word_is(option, "LIB-VER")) {
        is_set = set_name(call, SESSION_LIB_VER, value, "lib-ver");
    } else {
        reply_error(call->reply, "ERR Unrecognized option '%.*s'",
            (int)(option.len < 64 ? option.len : 64), option.data);
        return;
    }
    if (is_set) reply_simple(call->reply, "OK");
}

// Reads the number of a client. Answers with an error, and returns false, if it
// is none.
static bool read_id(struct call *call, struct slice word, uint64_t *id) {
    int64_t value;
    if (!num_parse(word, &value) || value < 1) {
        reply_error(call->reply, "ERR client-id should be greater than 0");
        return false;
    }
    *id = (uint64_t)value;
    return true;
}

// The lines of the wanted clients, put together.
struct client_lines {
    const struct call *call;
    uint64_t id; // the one that is wanted, or 0: those in the arguments
    struct buf text;
    bool no_memory;
};

static bool is_wanted(const struct client_lines *lines, uint64_t id) {
    const struct call *call = lines->call;
    if (lines->id != 0) return id == lines->id;
    for (size_t i = 3; i < call->argc; i++) {
        int64_t wanted; // a number: it has been read before
        if (num_parse(call->argv[i], &wanted) && (uint64_t)wanted == id) {
            return true;
        }
    }
    return call->argc <= 3;
}

static void add_line(void *arg, uint64_t id, const char *line) {
    struct client_lines *lines = arg;
    if (!is_wanted(lines, id)) return;
    if (!buf_append(&lines->text, slice_of(line)) ||
        !buf_append(&lines->text, slice_of("\n"))) {
        lines->no_memory = true;
    }
}

static void reply_lines(struct call *call, uint64_t id) {
    struct client_lines lines = {.call = call, .id = id};
    call->ops->each_client(call->ops->server, add_line, &lines);
    if (lines.no_memory) call->reply->no_memory = true;
    reply_bulk(call->reply, (struct slice){lines.text.data, lines.text.len});
    buf_deinit(&lines.text);
}

// CLIENT LIST [ID client-id [client-id ...]]
void cmd_client_list(struct call *call) {
    if (call->argc > 2 &&
        (call->argc == 3 || !command_word_is(call->argv[2], "ID"))) {
        command_syntax_error(call);
        return;
    }
    for (size_t i = 3; i < call->argc; i++) {
        uint64_t id;
        if (!read_id(call, call->argv[i], &id)) return;
    }
    reply_lines(call, 0);
}

// CLIENT INFO
void cmd_client_info(struct call *call) {
    reply_lines(call, call->session->id);
}

// CLIENT KILL ID client-id
void cmd_client_kill(struct call *call) {
    uint64_t id;
    if (call->argc == 3) { // the old form, with an address
        reply_error(call->reply, "ERR No such client");
        return;
    }
    if (call->argc != 4 || !command_word_is(call->argv[2], "ID")) {
        command_syntax_error(call);
        return;
    }
    if (!read_id(call, call->argv[3], &id)) return;
    bool is_killed = call->ops->kill_client(call->ops->server, id);
    reply_integer(call->reply, is_killed);
}
