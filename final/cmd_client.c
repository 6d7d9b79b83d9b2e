// cmd_client.c - CLIENT: connections, their names, and the end of one.

#include <stdlib.h>

#include "command.h"
#include "num.h"

#define MAX_NAME_BYTES 128 // so that three of them fit into a line

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
    if (name.len > MAX_NAME_BYTES) {
        reply_error(call->reply, "ERR %s cannot be longer than %d bytes.", what,
            MAX_NAME_BYTES);
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

// The lines of the wanted clients, put together.
struct client_lines {
    const uint64_t *ids; // of those that are wanted, in order; NULL: all are
    size_t count;
    struct buf text;
    bool no_memory;
};

static int compare_ids(const void *a, const void *b) {
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void add_line(void *arg, uint64_t id, const char *line) {
    struct client_lines *lines = arg;
    if (lines->ids != NULL &&
        bsearch(&id, lines->ids, lines->count, sizeof(id), compare_ids) ==
            NULL) {
        return;
    }
    if (!buf_append(&lines->text, slice_of(line)) ||
        !buf_append(&lines->text, slice_of("\n"))) {
        lines->no_memory = true;
    }
}

// Answers with the client of this number, or with all that are wanted if it is 0.
static void reply_lines(
    struct call *call, uint64_t id, struct client_lines lines) {
    call->ops->each_client(call->ops->server, id, add_line, &lines);
    if (lines.no_memory) call->reply->no_memory = true;
    reply_bulk(call->reply, (struct slice){lines.text.data, lines.text.len});
    buf_deinit(&lines.text);
}

// Answers with the clients whose numbers are the words from the fourth on. They
// are sorted first: a million of them times as many clients would take too long.
static void reply_lines_of(struct call *call) {
    size_t count = call->argc - 3;
    uint64_t *ids = malloc(count * sizeof(*ids));
    if (ids == NULL) {
        call->reply->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t id;
        if (!num_parse(call->argv[i + 3], &id)) {
            reply_error(call->reply, "ERR Invalid client ID");
            free(ids);
            return;
        }
        ids[i] = (uint64_t)id;
    }
    qsort(ids, count, sizeof(*ids), compare_ids);
    reply_lines(call, 0, (struct client_lines){.ids = ids, .count = count});
    free(ids);
}

// CLIENT LIST [ID client-id [client-id ...]]
void cmd_client_list(struct call *call) {
    if (call->argc == 2) {
        reply_lines(call, 0, (struct client_lines){0});
    } else if (call->argc > 3 && command_word_is(call->argv[2], "ID")) {
        reply_lines_of(call);
    } else {
        command_syntax_error(call);
    }
}

// CLIENT INFO
void cmd_client_info(struct call *call) {
    reply_lines(call, call->session->id, (struct client_lines){0});
}

// CLIENT KILL ID client-id
void cmd_client_kill(struct call *call) {
    int64_t id;
    if (call->argc == 3) { // the old form, with an address
        reply_error(call->reply, "ERR No such client");
        return;
    }
    if (call->argc != 4 || !command_word_is(call->argv[2], "ID")) {
        command_syntax_error(call);
        return;
    }
    if (!num_parse(call->argv[3], &id) || id < 1) {
        reply_error(call->reply, "ERR client-id should be greater than 0");
        return;
    }
    // Oneself is left out, as in Redis: QUIT is for that.
    bool is_killed = (uint64_t)id != call->session->id &&
        call->ops->kill_client(call->ops->server, (uint64_t)id);
    reply_integer(call->reply, is_killed);
}
