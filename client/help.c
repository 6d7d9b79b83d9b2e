// help.c - the table of commands.

#include "help.h"

#include "words.h"

struct help_row {
    const char *name;
    const char *arguments;
    const char *summary;
};

static const struct help_row rows[] = {
    {"CLEAR", "", "removes every key; Ctrl-L clears the screen"},
    {"COUNT", "", "tells how many keys there are"},
    {"DELETE", "key [key ...]", "removes keys; tells how many there were"},
    {"EXISTS", "key [key ...]", "tells how many of the keys exist"},
    {"EXIT", "", "closes the connection and leaves"},
    {"EXPIRE", "key seconds", "lets a key live for that many seconds more"},
    {"FLUSHALL", "[ASYNC|SYNC]", "removes every key, as CLEAR does"},
    {"GET", "key", "shows the value of a key"},
    {"INFO", "[section]", "shows figures about the server"},
    {"KEYS", "pattern", "lists the keys that match: * ? [a-z] \\x"},
    {"LIST", "", "lists all keys"},
    {"PING", "[message]", "answers PONG, or the message"},
    {"QUIT", "", "closes the connection and leaves"},
    {"SET", "key value [seconds]",
        "stores a value, for that many seconds if given"},
    {"TTL", "key", "tells the seconds left; -1: no limit, -2: no key"},
};

// Of the client itself; completed and hinted like the rest.
static const struct help_row help_row = {
    "HELP", "[command]", "explains a command, or lists them all"};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct help_row *row_at(size_t i) {
    return i < ROWS ? &rows[i] : &help_row;
}

static const struct help_row *find(struct slice name) {
    for (size_t i = 0; i <= ROWS; i++) {
        if (words_match(name, row_at(i)->name)) return row_at(i);
    }
    return NULL;
}

const char *help_complete(struct slice prefix, size_t *row) {
    while (*row <= ROWS) {
        const char *name = row_at((*row)++)->name;
        if (prefix.len > strlen(name)) continue;
        char start[32] = "";
        memcpy(start, name, prefix.len);
        if (words_match(prefix, start)) return name;
    }
    return NULL;
}

// The end of the argument that starts at `p`: a word, or a part in brackets.
static const char *argument_end(const char *p) {
    int depth = 0;
    for (; *p != '\0' && (depth > 0 || *p != ' '); p++) {
        if (*p == '[') depth++;
        if (*p == ']') depth--;
    }
    return p;
}

// Leaves out the first `given` arguments; one that repeats stays.
static const char *skip_arguments(const char *p, size_t given) {
    for (; given > 0 && *p != '\0'; given--) {
        const char *end = argument_end(p);
        const char *dots = strstr(p, "...");
        if (dots != NULL && dots < end) break;
        p = *end == ' ' ? end + 1 : end;
    }
    return p;
}

bool help_hint(struct slice line, struct buf *out) {
    struct words words;
    if (words_split(line, &words) != WORDS_OK) return true;
    const struct help_row *row = words.count > 0 ? find(words.items[0]) : NULL;
    size_t given = words.count > 0 ? words.count - 1 : 0;
    words_deinit(&words);
    if (row == NULL) return true;

    const char *hint = skip_arguments(row->arguments, given);
    if (row->arguments[0] == '\0' && given == 0) hint = row->summary;
    if (*hint == '\0') return true;
    bool ends_with_blank = line.data[line.len - 1] == ' ';
    return (ends_with_blank || buf_append(out, slice_of(" "))) &&
        buf_append(out, slice_of(hint));
}

static void print_row(FILE *out, const struct help_row *row, int width) {
    int n = fprintf(out, "  %s %s", row->name, row->arguments);
    fprintf(out, "%*s %s\n", n < width ? width - n : 0, "", row->summary);
}

void help_print_all(FILE *out) {
    for (size_t i = 0; i <= ROWS; i++) print_row(out, row_at(i), 27);
    fputs("Any other command goes to the server as it is.\n"
          "Keys: Tab completes, Up and Down browse the history, Ctrl-R searches"
          " it,\nCtrl-C drops the line or stops waiting, Ctrl-D leaves.\n",
        out);
}

bool help_print(FILE *out, struct slice name) {
    const struct help_row *row = find(name);
    if (row == NULL) return false;
    print_row(out, row, 0);
    return true;
}
