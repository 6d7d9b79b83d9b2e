// session.c - one command at a time. A command is never sent twice: when the
// connection breaks before the reply, nobody here knows whether it was run.

#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resp.h"

#define SHOWN_BYTES 32 // of a reply that is none

static bool is_color_terminal(int fd) {
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    if (no_color != NULL && *no_color != '\0') return false;
    return isatty(fd) && term != NULL && strcmp(term, "dumb") != 0;
}

void session_init(struct session *s, const struct options *o) {
    bool is_terminal = isatty(STDOUT_FILENO);
    *s = (struct session){.options = o, .conn = {.fd = -1}};
    s->form = o->form_given ? o->form : is_terminal ? PRINT_TYPED : PRINT_RAW;
    s->color = is_color_terminal(STDOUT_FILENO);
}

void session_deinit(struct session *s) {
    conn_close(&s->conn);
    buf_deinit(&s->password);
}

enum session_status session_no_memory(void) {
    fputs("medusa-client: out of memory\n", stderr);
    return SESSION_FAILED;
}

bool session_set_password(struct session *s, struct slice password) {
    s->password.len = 0;
    return buf_append(&s->password, password);
}

static void explain_malformed(struct session *s) {
    struct slice start = {s->conn.in.data, s->conn.in.len};
    if (start.len > SHOWN_BYTES) start.len = SHOWN_BYTES;
    fputs("medusa-client: malformed reply, it starts with ", stderr);
    print_quoted(stderr, start);
    fputs("; is this a Medusa server? (the first stage needs --inline)\n",
        stderr);
}

// Closes the connection after a reply that did not come, and says why.
static enum session_status fail(struct session *s, enum conn_result result) {
    fflush(stdout);
    switch (result) {
    case CONN_OK:
        break;
    case CONN_CLOSED:
    case CONN_BROKEN:
        fputs(s->conn.in.len > s->conn.taken
                ? "medusa-client: the connection ended in the middle of a reply"
                : "medusa-client: the server closed the connection without a "
                  "reply",
            stderr);
        fputs("; the command may have run or not\n", stderr);
        break;
    case CONN_INTERRUPTED:
        fputs("medusa-client: stopped waiting and closed the connection; the "
              "command may have run or not\n",
            stderr);
        break;
    case CONN_MALFORMED:
        explain_malformed(s);
        break;
    case CONN_NO_MEMORY:
        (void)session_no_memory();
        break;
    }
    conn_close(&s->conn);
    return SESSION_FAILED;
}

static bool append_request(const struct session *s, const struct words *words,
    struct slice line, struct buf *out) {
    if (!s->options->inline_lines) return words_encode(words, out);
    if (line.data == NULL) return words_join(words, out);
    return buf_append(out, line) && buf_append(out, slice_of("\n"));
}

// Sends a command and waits for its reply, which is valid until the next one.
static enum conn_result exchange(struct session *s, const struct words *words,
    struct slice line, struct slice *reply, bool *is_text) {
    struct buf request = {0};
    enum conn_result result = CONN_NO_MEMORY;
    *is_text = false;
    if (!append_request(s, words, line, &request)) goto done;
    struct slice bytes = {request.data, request.len};
    result = conn_send(&s->conn, bytes);
    // A server that closed while we were sending may have said why.
    if (result != CONN_OK && result != CONN_BROKEN) goto done;
    result = s->options->inline_lines
        ? conn_read_line_or_reply(&s->conn, bytes, reply, is_text)
        : conn_read_reply(&s->conn, reply);

done:
    buf_deinit(&request);
    return result;
}

// The same for two words that nobody has typed.
static enum conn_result ask(struct session *s, const char *command,
    struct slice argument, struct slice *reply, bool *is_text) {
    struct slice items[] = {slice_of(command), argument};
    struct words words = {.count = 2, .items = items};
    return exchange(s, &words, (struct slice){NULL, 0}, reply, is_text);
}

static enum session_status give_password(struct session *s) {
    struct slice password = {s->password.data, s->password.len};
    struct slice reply;
    bool is_text;
    if (password.len == 0) return SESSION_OK;
    enum conn_result result = ask(s, "AUTH", password, &reply, &is_text);
    if (result != CONN_OK) return fail(s, result);
    if (!is_text && resp_is_error(reply)) {
        fputs("medusa-client: the password was not taken: ", stderr);
        print_reply(stderr, reply, PRINT_RAW, false, false);
    }
    return SESSION_OK;
}

static bool starts_with(struct slice text, const char *start) {
    size_t len = strlen(start);
    return text.len >= len && memcmp(text.data, start, len) == 0;
}

// Asks the server for its commands. One that takes lines knows no COMMAND; a
// connection that is lost over it is made without it next time.
static enum session_status learn(struct session *s) {
    static const char asked[] = "COMMAND DOCS, which gives help and hints";
    struct slice reply;
    bool is_text;
    if (s->help == NULL || s->options->inline_lines) return SESSION_OK;
    enum conn_result result =
        ask(s, "COMMAND", slice_of("DOCS"), &reply, &is_text);
    if (result != CONN_OK) {
        fprintf(stderr, "medusa-client: %s, is not sent again:\n", asked);
        s->help = NULL;
        return fail(s, result);
    }
    help_learn(s->help, reply);
    // An unknown command is no news, but that all clients are refused is.
    if (resp_is_error(reply) && !starts_with(reply, "-ERR unknown command")) {
        fprintf(stderr, "medusa-client: %s: ", asked);
        print_reply(stderr, reply, PRINT_TYPED, false, false);
    }
    return SESSION_OK;
}

enum session_status session_connect(struct session *s) {
    char error[CONN_ERROR_SIZE];
    const struct options *o = s->options;
    if (!conn_open(&s->conn, o->host, o->port, error)) {
        fflush(stdout);
        fprintf(stderr, "medusa-client: %s\n", error);
        return SESSION_FAILED;
    }
    if (s->was_connected) {
        fputs("medusa-client: connected again; what was set on the old "
              "connection is gone\n",
            stderr);
    }
    s->was_connected = true;
    return give_password(s) == SESSION_OK ? learn(s) : SESSION_FAILED;
}

// A server closes idle connections: notice before sending, when it is certain
// that the command has not run.
static enum session_status ensure_connected(struct session *s) {
    if (s->conn.fd != -1 && conn_is_closed_by_peer(&s->conn)) {
        fputs("medusa-client: the server has closed the connection\n", stderr);
        conn_close(&s->conn);
    }
    return s->conn.fd != -1 ? SESSION_OK : session_connect(s);
}

static bool is_command(
    const struct words *words, const char *name, const char *second) {
    if (words->count == 0 || !words_match(words->items[0], name)) return false;
    if (second == NULL) return true;
    return words->count > 1 && words_match(words->items[1], second);
}

static bool is_for_reading(const struct words *words) {
    return is_command(words, "INFO", NULL) ||
        is_command(words, "CLIENT", "LIST") ||
        is_command(words, "CLIENT", "INFO");
}

// Servers before stage 08 take the parts of a RESP array for lines.
static void explain_inline_only(struct slice reply) {
    if (!starts_with(reply, "-ERR unknown command '*")) return;
    fputs("medusa-client: this server takes text lines only: use --inline\n",
        stderr);
}

// After AUTH, or HELLO with AUTH, there may be more to learn. Between MULTI and
// EXEC they have not been run yet.
static enum session_status note_login(
    struct session *s, const struct words *words, struct slice reply) {
    bool is_auth = is_command(words, "AUTH", NULL);
    if (!is_auth && !is_command(words, "HELLO", NULL)) return SESSION_OK;
    if (starts_with(reply, "+QUEUED")) return SESSION_OK;
    if (is_auth && words->count == 2) {
        (void)session_set_password(s, words->items[1]);
    }
    return learn(s);
}

static enum session_status show(
    struct session *s, const struct words *words, struct slice reply) {
    bool is_error = resp_is_error(reply);
    FILE *out = is_error && !s->interactive ? stderr : stdout;
    bool color = out == stdout ? s->color : is_color_terminal(STDERR_FILENO);
    if (out == stderr) fflush(stdout);
    // On stderr an error is text for people, whatever the form of the values.
    enum print_form form =
        out == stderr && s->form != PRINT_TYPED ? PRINT_RAW : s->form;
    print_reply(out, reply, form, is_for_reading(words), color);
    if (is_error) explain_inline_only(reply);

    if (is_error) return SESSION_ERROR_REPLY;
    return note_login(s, words, reply);
}

enum session_status session_run(
    struct session *s, const struct words *words, struct slice line) {
    if (ensure_connected(s) != SESSION_OK) return SESSION_FAILED;
    struct slice reply;
    bool is_text;
    enum conn_result result = exchange(s, words, line, &reply, &is_text);
    bool is_gone = result == CONN_CLOSED || result == CONN_BROKEN;
    if (is_gone && is_command(words, "SHUTDOWN", NULL)) {
        conn_close(&s->conn); // nobody is left to answer
        return SESSION_OK;
    }
    if (result != CONN_OK) return fail(s, result);
    enum session_status status = SESSION_OK;
    if (is_text) {
        fwrite(reply.data, 1, reply.len, stdout);
        putchar('\n');
    } else {
        status = show(s, words, reply);
    }
    fflush(stdout); // a program at the other end may wait for it
    return status;
}
