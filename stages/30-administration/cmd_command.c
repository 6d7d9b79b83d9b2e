// cmd_command.c - COMMAND: what the table of commands says, for programs.
//
// The table has the arguments of a command as a person writes them, such as
// "key value [NX | XX] [GET]". COMMAND DOCS takes this text apart: brackets are
// optional, bars are a choice, a word in capitals is said as it stands, and
// "key [key ...]" may be repeated.

#include "command.h"
#include "glob.h"
#include "version.h"

static void reply_lower(struct reply *r, struct slice name) {
    char text[COMMAND_WORD_BYTES];
    reply_bulk(r, command_lower(name, text));
}

static void reply_text(struct reply *r, const char *text) {
    reply_bulk(r, slice_of(text));
}

// ---------------------------------------------------------------- arguments

// A part of the text of the arguments, without the marks around it.
struct arg {
    struct slice text;
    bool is_optional;
    bool is_repeated;
};

static struct slice skip(struct slice text, size_t n) {
    return (struct slice){text.data + n, text.len - n};
}

static struct slice cut(struct slice text, size_t n) {
    return (struct slice){text.data, n};
}

static bool starts_with(struct slice text, struct slice start) {
    return text.len >= start.len && slice_equal(cut(text, start.len), start);
}

static bool is_token(struct slice text) {
    return text.len > 0 && text.data[0] >= 'A' && text.data[0] <= 'Z';
}

// Returns the length of the bracket at the start of `text`, marks included.
static size_t bracket_len(struct slice text) {
    size_t n = 0, depth = 0;
    do {
        if (text.data[n] == '[') depth++;
        if (text.data[n] == ']') depth--;
        n++;
    } while (depth > 0);
    return n;
}

static size_t word_len(struct slice text) {
    size_t n = 0;
    while (n < text.len && text.data[n] != ' ') n++;
    return n;
}

// Returns the length of X if `text` starts with "X [X ...]", or 0.
static size_t repeated_len(struct slice text) {
    for (size_t n = 1; n + 2 < text.len; n++) {
        if (text.data[n] != ' ' || text.data[n + 1] != '[') continue;
        struct slice rest = skip(text, n + 2);
        bool is_same = starts_with(rest, cut(text, n));
        return is_same && starts_with(skip(rest, n), slice_of(" ...]")) ? n : 0;
    }
    return 0;
}

// Cuts the next argument off the start of *rest.
static struct arg next_arg(struct slice *rest) {
    struct arg arg = {0};
    size_t repeated = repeated_len(*rest);
    size_t used;
    if (repeated > 0) {
        arg.text = cut(*rest, repeated);
        arg.is_repeated = true;
        used = repeated + 2 + repeated + strlen(" ...]");
    } else if (rest->data[0] == '[') {
        used = bracket_len(*rest);
        struct slice inside = skip(cut(*rest, used - 1), 1);
        arg.text = inside;
        struct arg first = next_arg(&inside);
        if (inside.len == 0) arg = first; // "[key [key ...]]"
        arg.is_optional = true;
    } else {
        used = word_len(*rest);
        arg.text = cut(*rest, used);
    }
    *rest = skip(*rest, used < rest->len ? used + 1 : used);
    return arg;
}

// Returns the length of the first choice of "a | b | c", or 0 if it is none.
static size_t choice_len(struct slice text) {
    for (size_t n = 0; n + 3 < text.len; n++) {
        if (text.data[n] == '[') n += bracket_len(skip(text, n));
        if (n < text.len && starts_with(skip(text, n), slice_of(" | "))) {
            return n;
        }
    }
    return 0;
}

static const char *type_of(struct slice name) {
    static const char *const types[][2] = {{"key", "key"},
        {"pattern", "pattern"}, {"seconds", "integer"}, {"cursor", "integer"},
        {"count", "integer"}, {"index", "integer"}, {"client-id", "integer"},
        {"version", "integer"}};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (slice_equal(name, slice_of(types[i][0]))) return types[i][1];
    }
    return "string";
}

static void reply_args(struct reply *r, struct slice text);

static void reply_choices(struct reply *r, struct slice text);

// Answers with the pairs that all arguments have.
static void reply_arg_start(struct reply *r, size_t more, struct arg arg,
    struct slice name, const char *type) {
    bool has_flags = arg.is_optional || arg.is_repeated;
    reply_map(r, 2 + more + has_flags);
    reply_text(r, "name");
    reply_lower(r, name);
    reply_text(r, "type");
    reply_text(r, type);
    if (!has_flags) return;
    reply_text(r, "flags");
    reply_array(r, (size_t)arg.is_optional + arg.is_repeated);
    if (arg.is_optional) reply_simple(r, "optional");
    if (arg.is_repeated) reply_simple(r, "multiple");
}

static void reply_token(struct reply *r, struct slice token) {
    reply_text(r, "token");
    reply_bulk(r, token);
}

static void reply_arg(struct reply *r, struct arg arg) {
    struct slice text = arg.text;
    size_t first = word_len(text);
    if (choice_len(text) > 0) {
        reply_arg_start(r, 1, arg, slice_of("choice"), "oneof");
        reply_text(r, "arguments");
        reply_choices(r, text);
        return;
    }
    if (first == text.len && is_token(text)) {
        reply_arg_start(r, 1, arg, text, "pure-token");
        reply_token(r, text);
        return;
    }
    struct slice token = {0};
    if (is_token(text)) {
        token = cut(text, first);
        text = skip(text, first + 1);
    }
    if (word_len(text) == text.len) { // "EX seconds"
        reply_arg_start(r, token.len > 0, arg, text, type_of(text));
        if (token.len > 0) reply_token(r, token);
        return;
    }
    struct slice name = token.len > 0 ? token : slice_of("block");
    reply_arg_start(r, 1 + (token.len > 0), arg, name, "block");
    if (token.len > 0) reply_token(r, token);
    reply_text(r, "arguments");
    reply_args(r, text);
}

static void reply_args(struct reply *r, struct slice text) {
    if (choice_len(text) > 0) { // no bracket around it: one of them must be
        reply_array(r, 1);
        reply_arg(r, (struct arg){.text = text});
        return;
    }
    size_t count = 0, mark = reply_array_begin(r);
    for (; text.len > 0; count++) reply_arg(r, next_arg(&text));
    reply_array_end(r, mark, count);
}

static void reply_choices(struct reply *r, struct slice text) {
    size_t count = 0, mark = reply_array_begin(r);
    while (text.len > 0) {
        size_t n = choice_len(text);
        struct arg arg = {.text = n > 0 ? cut(text, n) : text};
        reply_arg(r, arg);
        text = skip(text, n > 0 ? n + strlen(" | ") : text.len);
        count++;
    }
    reply_array_end(r, mark, count);
}

// ---------------------------------------------------------------- DOCS

// Returns a command or a subcommand, as in "client|id", or NULL.
static const struct command *find_any(struct slice name) {
    for (size_t i = 0; i < command_count(); i++) {
        if (command_word_is(name, command_at(i)->name)) return command_at(i);
    }
    return NULL;
}

static size_t count_subcommands(const struct command *command) {
    size_t n = 0;
    while (command_has_part(command, command + 1 + n)) n++;
    return n;
}

static void reply_docs(struct reply *r, const struct command *command) {
    size_t subcommands = count_subcommands(command);
    bool has_args = command->usage[0] != '\0';
    reply_lower(r, slice_of(command->name));
    reply_map(r, (size_t)3 + has_args + (subcommands > 0));
    reply_text(r, "summary");
    reply_text(r, command->summary);
    reply_text(r, "since");
    reply_text(r, MEDUSA_VERSION);
    reply_text(r, "group");
    reply_text(r, command->group);
    if (has_args) {
        reply_text(r, "arguments");
        reply_args(r, slice_of(command->usage));
    }
    if (subcommands == 0) return;
    reply_text(r, "subcommands");
    reply_map(r, subcommands);
    for (size_t i = 0; i < subcommands; i++) reply_docs(r, command + 1 + i);
}

// COMMAND DOCS [name [name ...]]
void cmd_command_docs(struct call *call) {
    struct reply *r = call->reply;
    size_t count = 0, mark = reply_array_begin(r);
    if (call->argc == 2) {
        for (size_t i = 0; i < command_count(); i++) {
            const struct command *command = command_at(i);
            if (command_is_part(command)) continue;
            reply_docs(r, command);
            count++;
        }
    }
    for (size_t i = 2; i < call->argc; i++) {
        const struct command *command = find_any(call->argv[i]);
        if (command == NULL) continue;
        reply_docs(r, command);
        count++;
    }
    reply_map_end(r, mark, count);
}

// ---------------------------------------------------------------- INFO

static void reply_flags(struct reply *r, const struct command *command) {
    size_t count = 0, mark = reply_array_begin(r);
    unsigned flags = command->flags;
    const char *const names[] = {
        flags & CMD_READ ? "readonly" : NULL,
        flags & CMD_WRITE ? "write" : NULL,
        flags & CMD_GROWS ? "denyoom" : NULL,
        flags & CMD_ADMIN ? "admin" : NULL,
        flags & CMD_OPEN ? "no_auth" : NULL,
        flags & CMD_SLOW ? NULL : "fast",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i] == NULL) continue;
        reply_simple(r, names[i]);
        count++;
    }
    reply_array_end(r, mark, count);
}

// Answers with the places of the first and the last key, where -1 is the last
// argument, and the step between two of them.
static void reply_keys(struct reply *r, unsigned flags) {
    bool has_key = flags & CMD_KEY;
    reply_integer(r, has_key);
    reply_integer(r, flags & CMD_ALL_KEYS ? -1 : has_key);
    reply_integer(r, has_key);
}

static void reply_info(struct reply *r, const struct command *command) {
    size_t subcommands = count_subcommands(command);
    bool is_exact = command->max_argc == command->min_argc;
    reply_array(r, 10);
    reply_lower(r, slice_of(command->name));
    reply_integer(r, is_exact ? command->min_argc : -command->min_argc);
    reply_flags(r, command);
    reply_keys(r, command->flags);
    for (int i = 0; i < 3; i++)
        reply_array(r, 0); // ACL groups, tips, key specs
    reply_array(r, subcommands);
    for (size_t i = 0; i < subcommands; i++) reply_info(r, command + 1 + i);
}

// COMMAND
// COMMAND INFO [name [name ...]]
void cmd_command_info(struct call *call) {
    struct reply *r = call->reply;
    if (call->argc > 2) {
        reply_array(r, call->argc - 2);
        for (size_t i = 2; i < call->argc; i++) {
            const struct command *command = find_any(call->argv[i]);
            if (command != NULL) {
                reply_info(r, command);
            } else {
                reply_null(r);
            }
        }
        return;
    }
    size_t count = 0, mark = reply_array_begin(r);
    for (size_t i = 0; i < command_count(); i++) {
        if (command_is_part(command_at(i))) continue;
        reply_info(r, command_at(i));
        count++;
    }
    reply_array_end(r, mark, count);
}

// COMMAND COUNT
void cmd_command_count(struct call *call) {
    int64_t count = 0;
    for (size_t i = 0; i < command_count(); i++) {
        count += !command_is_part(command_at(i));
    }
    reply_integer(call->reply, count);
}

// COMMAND LIST [FILTERBY PATTERN pattern]
void cmd_command_list(struct call *call) {
    struct slice pattern = slice_of("*");
    if (call->argc > 2) {
        if (call->argc != 5 || !command_word_is(call->argv[2], "FILTERBY") ||
            !command_word_is(call->argv[3], "PATTERN")) {
            command_syntax_error(call);
            return;
        }
        pattern = call->argv[4];
    }
    size_t count = 0, mark = reply_array_begin(call->reply);
    for (size_t i = 0; i < command_count(); i++) {
        char text[COMMAND_WORD_BYTES];
        struct slice name = command_lower(slice_of(command_at(i)->name), text);
        if (!glob_match(pattern, name)) continue;
        reply_bulk(call->reply, name);
        count++;
    }
    reply_array_end(call->reply, mark, count);
}

// ---------------------------------------------------------------- HELP

static void reply_line(struct reply *r, const char *start, const char *rest) {
    struct buf line = {0};
    bool fits =
        buf_append(&line, slice_of(start)) && buf_append(&line, slice_of(rest));
    if (!fits) r->no_memory = true;
    reply_bulk(r, (struct slice){line.data, line.len});
    buf_deinit(&line);
}

// CLIENT HELP
// COMMAND HELP
// CONFIG HELP
void cmd_help(struct call *call) {
    const struct command *parent = command_find(call->argv[0]);
    size_t subcommands = count_subcommands(parent);
    size_t start = strlen(parent->name) + 1; // of the subcommand in its name
    reply_array(call->reply, 1 + 3 * subcommands);
    reply_line(call->reply, parent->name, " <subcommand> [argument ...]:");
    for (size_t i = 0; i < subcommands; i++) {
        const struct command *command = parent + 1 + i;
        reply_text(call->reply, command->name + start);
        reply_line(call->reply, "    ", command->usage);
        reply_line(call->reply, "    ", command->summary);
    }
}
