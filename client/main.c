// main.c - the client: one command, lines from stdin, or a prompt.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "bulk.h"
#include "edit.h"
#include "help.h"
#include "history.h"
#include "options.h"
#include "session.h"
#include "term.h"
#include "words.h"

#define READ_CHUNK 65536 // bytes
#define PROMPT_SIZE 300 // bytes; a longer host name is cut

// --- one command -----------------------------------------------------------

static bool read_stdin(struct buf *out) {
    while (buf_reserve(out, READ_CHUNK)) {
        ssize_t n = read(STDIN_FILENO, out->data + out->len, READ_CHUNK);
        if (n == -1 && errno == EINTR) continue;
        if (n <= 0) return n == 0;
        out->len += (size_t)n;
    }
    return false;
}

static void wait_ms(int64_t ms) {
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
    while (nanosleep(&left, &left) == -1 && errno == EINTR) continue;
}

// Runs the command as often as -r says. The worst outcome counts, and no
// connection ends it.
static int run_repeatedly(struct session *s, const struct words *words) {
    const struct options *o = s->options;
    int worst = SESSION_OK;
    for (int64_t i = 0; o->repeat == -1 || i < o->repeat; i++) {
        if (i > 0) wait_ms(o->interval_ms);
        int status = (int)session_run(s, words, (struct slice){NULL, 0});
        if (status > worst) worst = status;
        if (status == SESSION_FAILED) break;
    }
    return worst;
}

static int run_command(struct session *s) {
    const struct options *o = s->options;
    struct buf last = {0};
    struct words words;
    if (!words_from_args(o->command_count, o->command, &words)) {
        return session_no_memory();
    }
    int status = SESSION_FAILED;
    if (o->last_from_stdin) {
        if (!read_stdin(&last)) {
            fputs("medusa-client: cannot read all of stdin\n", stderr);
            goto done;
        }
        words.items[words.count++] = (struct slice){last.data, last.len};
    }
    status = run_repeatedly(s, &words);

done:
    words_deinit(&words);
    buf_deinit(&last);
    return status;
}

// --- lines -----------------------------------------------------------------

enum line_outcome { LINE_RUN, LINE_EMPTY, LINE_LEAVES, LINE_BAD };

// Makes the words of a line. Only LINE_RUN and LINE_LEAVES fill *words.
static enum line_outcome split(
    const struct session *s, struct slice line, struct words *words) {
    bool plain_lines = s->options->inline_lines;
    enum words_result result = words_split(line, words);
    if (result == WORDS_UNBALANCED && plain_lines) {
        // Whatever answers may know no quotes: let it have the line.
        *words = (struct words){0};
        return LINE_RUN;
    }
    if (result == WORDS_UNBALANCED) {
        fputs("medusa-client: a quote is not closed, or text follows a closing"
              " one; nothing was sent\n",
            stderr);
        return LINE_BAD;
    }
    if (result == WORDS_NO_MEMORY) {
        (void)session_no_memory();
        return LINE_BAD;
    }
    if (words->count == 0) {
        words_deinit(words);
        return LINE_EMPTY;
    }
    bool leaves = words->count == 1 &&
        (words_match(words->items[0], "quit") ||
            words_match(words->items[0], "exit"));
    return leaves ? LINE_LEAVES : LINE_RUN;
}

// Reads a line from stdin without its end. Returns false at the end.
static bool next_line(char **text, size_t *cap, struct slice *line) {
    ssize_t len = getline(text, cap, stdin);
    if (len <= 0) return false;
    if ((*text)[len - 1] == '\n') len--;
    if (len > 0 && (*text)[len - 1] == '\r') len--;
    *line = (struct slice){*text, (size_t)len};
    return true;
}

// Runs each line of stdin; QUIT is answered, and ends it.
static int run_lines(struct session *s) {
    char *text = NULL;
    size_t cap = 0;
    struct slice line;
    int worst = SESSION_OK;
    bool done = false;
    while (!done && next_line(&text, &cap, &line)) {
        struct words words;
        enum line_outcome outcome = split(s, line, &words);
        int status = outcome == LINE_BAD ? SESSION_ERROR_REPLY : SESSION_OK;
        if (outcome == LINE_RUN || outcome == LINE_LEAVES) {
            status = (int)session_run(s, &words, line);
            words_deinit(&words);
        }
        if (status > worst) worst = status;
        done = outcome == LINE_LEAVES || status == SESSION_FAILED;
    }
    free(text);
    return worst;
}

// --- the prompt ------------------------------------------------------------

static void make_prompt(const struct session *s, char *prompt) {
    const struct options *o = s->options;
    bool is_ipv6 = strchr(o->host, ':') != NULL;
    if (s->conn.fd == -1) {
        snprintf(prompt, PROMPT_SIZE, "not connected> ");
    } else {
        snprintf(prompt, PROMPT_SIZE, is_ipv6 ? "[%.250s]:%s> " : "%.250s:%s> ",
            o->host, o->port);
    }
}

// `help` and `help command` are answered here. Returns whether it was that.
static bool run_help(const struct help *help, const struct words *words) {
    if (words->count == 0 || !words_match(words->items[0], "help")) {
        return false;
    }
    struct words name = {.count = words->count - 1, .items = words->items + 1};
    if (name.count == 0) {
        help_print_all(help, stdout);
    } else if (!help_print(help, &name, stdout)) {
        fputs("No help for ", stdout);
        print_quoted(stdout, name.items[name.count - 1]);
        fputs("; `help` lists the commands.\n", stdout);
    }
    return true;
}

// Runs a line that was typed. Returns false if it asks to leave.
static bool run_typed(
    struct session *s, const struct help *help, struct slice line) {
    struct words words;
    enum line_outcome outcome = split(s, line, &words);
    if (outcome == LINE_EMPTY || outcome == LINE_BAD) return true;
    if (outcome == LINE_RUN && !run_help(help, &words)) {
        (void)session_run(s, &words, line);
    }
    words_deinit(&words);
    fflush(stdout);
    return outcome == LINE_RUN;
}

// The path of the history file, owned by the caller; NULL without a home.
static char *history_path(void) {
    static const char name[] = "/.medusa_history";
    const char *home = getenv("HOME");
    if (home == NULL || *home == '\0') return NULL;
    size_t size = strlen(home) + sizeof(name);
    char *path = malloc(size);
    if (path != NULL) snprintf(path, size, "%s%s", home, name);
    return path;
}

static int run_prompt(struct session *s, const struct help *help) {
    struct term term;
    struct history history;
    char prompt[PROMPT_SIZE];
    term_init(&term, STDIN_FILENO, STDOUT_FILENO);
    history_open(&history, history_path());
    struct edit edit = {.term = &term,
        .history = &history,
        .help = help,
        .prompt = prompt,
        .color = s->color};
    enum edit_result result;
    bool leaves = false;
    do {
        struct slice line;
        make_prompt(s, prompt);
        result = edit_line(&edit, &line);
        if (result != EDIT_LINE) continue;
        history_add(&history, line);
        leaves = !run_typed(s, help, line);
    } while (!leaves && (result == EDIT_LINE || result == EDIT_CANCELLED));
    edit_deinit(&edit);
    history_close(&history);
    if (result != EDIT_FAILED) return SESSION_OK;
    fputs("medusa-client: cannot control the terminal; TERM=dumb does without"
          " editing\n",
        stderr);
    return SESSION_FAILED;
}

// For terminals that can only print (TERM=dumb): a prompt, and no editing.
static int run_plain_prompt(struct session *s, const struct help *help) {
    char *text = NULL;
    size_t cap = 0;
    char prompt[PROMPT_SIZE];
    struct slice line;
    do {
        make_prompt(s, prompt);
        if (s->interactive) fputs(prompt, stdout);
        fflush(stdout);
        if (!next_line(&text, &cap, &line)) {
            if (s->interactive) putchar('\n');
            break;
        }
    } while (run_typed(s, help, line));
    free(text);
    return SESSION_OK;
}

static int run_interactive(struct session *s) {
    const char *name = getenv("TERM");
    struct help help;
    help_init(&help);
    s->interactive = isatty(STDOUT_FILENO);
    if (s->interactive) s->help = &help;
    (void)session_connect(s); // the prompt shows if it failed
    bool is_plain =
        !s->interactive || name == NULL || strcmp(name, "dumb") == 0;
    int status = is_plain ? run_plain_prompt(s, &help) : run_prompt(s, &help);
    s->help = NULL;
    help_deinit(&help);
    return status;
}

// --- start and end ---------------------------------------------------------

// Asks for the password on the terminal, whatever stdin is.
static bool ask_password(struct session *s) {
    int fd = open("/dev/tty", O_RDWR);
    struct term term;
    term_init(&term, fd, fd);
    struct edit edit = {.term = &term, .prompt = "Password: ", .secret = true};
    struct slice line;
    enum edit_result result = fd == -1 ? EDIT_FAILED : edit_line(&edit, &line);
    bool ok = result == EDIT_LINE && session_set_password(s, line);
    if (result == EDIT_FAILED) {
        fputs("medusa-client: --askpass needs a terminal; without one, set "
              "MEDUSA_PASSWORD\n",
            stderr);
    }
    edit_deinit(&edit);
    if (fd != -1) close(fd);
    return ok;
}

static bool prepare_password(struct session *s) {
    const struct options *o = s->options;
    if (o->ask_password) return ask_password(s);
    if (o->password == NULL) return true;
    if (session_set_password(s, slice_of(o->password))) return true;
    (void)session_no_memory();
    return false;
}

static int run(struct session *s) {
    const struct options *o = s->options;
    if (!prepare_password(s)) return SESSION_FAILED;
    if (!o->pipe && o->command_count == 0 && isatty(STDIN_FILENO)) {
        return run_interactive(s);
    }
    if (session_connect(s) != SESSION_OK) return SESSION_FAILED;
    if (o->pipe) return bulk_run(&s->conn, STDIN_FILENO);
    return o->command_count > 0 ? run_command(s) : run_lines(s);
}

int main(int argc, char **argv) {
    struct options options;
    int status = SESSION_OK;
    switch (options_read(&options, argc, argv)) {
    case OPTIONS_RUN:
        break;
    case OPTIONS_DONE:
        return SESSION_OK;
    case OPTIONS_WRONG:
        return SESSION_FAILED;
    }
    struct session session;
    session_init(&session, &options);
    status = run(&session);
    session_deinit(&session);
    if (fflush(stdout) == EOF || ferror(stdout)) {
        perror("medusa-client: cannot write the replies");
        return SESSION_FAILED;
    }
    return status;
}
