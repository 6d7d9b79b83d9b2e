// help.c - the rows that describe the commands, and what is made of them.

#include "help.h"

#include <stdlib.h>
#include <strings.h>

#include "docs.h"

static const struct help_row native[] = {
    {"CLEAR", "server", "", "Removes all keys; Ctrl-L clears the screen."},
    {"COUNT", "server", "", "Returns the number of keys."},
    {"DELETE", "generic", "key [key ...]", "Removes keys."},
    {"EXISTS", "generic", "key [key ...]", "Counts how many keys exist."},
    {"EXIT", "connection", "", "Closes the connection and leaves."},
    {"EXPIRE", "generic", "key seconds", "Lets a key end in some seconds."},
    {"FLUSHALL", "server", "[ASYNC | SYNC]", "Removes all keys."},
    {"GET", "string", "key", "Returns the value of a key."},
    {"INFO", "server", "[section]", "Returns figures about the server."},
    {"KEYS", "generic", "pattern", "Returns the keys that match a pattern."},
    {"LIST", "generic", "", "Returns all keys."},
    {"PING", "connection", "[message]", "Answers PONG, or the message."},
    {"QUIT", "connection", "", "Closes the connection and leaves."},
    {"SET", "string", "key value [seconds]",
        "Stores a value, for that many seconds if given."},
    {"TTL", "generic", "key", "Returns how many seconds a key has left."},
};

static const struct help_row of_client = {"HELP", "client",
    "[command [subcommand]]", "Explains a command, or lists them all."};

static int compare(const void *a, const void *b) {
    const struct help_row *first = a, *second = b;
    return strcmp(first->name, second->name);
}

void help_init(struct help *h) {
    // The pages of rows that are never filled take no memory.
    h->rows = calloc(HELP_MAX_ROWS, sizeof(h->rows[0]));
    help_learn(h, slice_of("*0\r\n"));
}

void help_deinit(struct help *h) {
    free(h->rows);
    *h = (struct help){0};
}

void help_learn(struct help *h, struct slice reply) {
    h->count = 0;
    if (h->rows == NULL) return;
    h->rows[h->count++] = of_client;
    docs_read(h, reply);
    if (h->count == 1) {
        memcpy(h->rows + 1, native, sizeof(native));
        h->count += sizeof(native) / sizeof(native[0]);
    }
    qsort(h->rows, h->count, sizeof(h->rows[0]), compare);
}

// How many words at the start of `words` are those of `name`.
static size_t common_words(const char *name, const struct words *words) {
    size_t n = 0;
    while (*name != '\0' && n < words->count) {
        struct slice word = words->items[n];
        size_t len = strcspn(name, " ");
        if (word.len != len || strncasecmp(word.data, name, len) != 0) break;
        name += len + (name[len] == ' ');
        n++;
    }
    return n;
}

static size_t count_words(const char *name) {
    const char *blank = strchr(name, ' ');
    return blank == NULL ? 1 : 1 + count_words(blank + 1);
}

// Finds the command, or better the subcommand, that `line` starts with.
static const struct help_row *find(
    const struct help *h, const struct words *line) {
    const struct help_row *found = NULL;
    for (size_t i = 0; i < h->count; i++) {
        const char *name = h->rows[i].name; // CLIENT ID comes after CLIENT
        if (common_words(name, line) == count_words(name)) found = &h->rows[i];
    }
    return found;
}

// --- the editor -------------------------------------------------------------

const char *help_complete(
    const struct help *h, struct slice prefix, size_t *row) {
    while (*row < h->count) {
        const char *name = h->rows[(*row)++].name;
        if (strlen(name) < prefix.len) continue;
        if (strncasecmp(prefix.data, name, prefix.len) != 0) continue;
        if (strchr(name + prefix.len, ' ') == NULL) return name;
    }
    return NULL;
}

// The length of the argument at the start of `usage`: a word, or a part in
// brackets.
static size_t argument_len(const char *usage) {
    size_t n = 0;
    for (int depth = 0; usage[n] != '\0'; n++) {
        if (depth == 0 && usage[n] == ' ') break;
        if (usage[n] == '[' || usage[n] == '<') depth++;
        if (usage[n] == ']' || usage[n] == '>') depth--;
    }
    return n;
}

// Tells whether the argument at `at` has `word` in capitals.
static bool has_token(const char *at, struct slice word) {
    const char *end = at + argument_len(at);
    while (at < end) {
        size_t len = strcspn(at, " []<>|");
        if (len == word.len && *at >= 'A' && *at <= 'Z' &&
            strncasecmp(at, word.data, len) == 0) {
            return true;
        }
        at += len + 1;
    }
    return false;
}

// Finds what a typed word stands for: the first argument if it must be given,
// or else one that has the word, or else the first that starts with no token.
static char *find_argument(char *usage, struct slice word) {
    char *nameless = NULL;
    if (*usage != '[') return usage;
    for (char *p = usage; *p != '\0'; p += argument_len(p), p += *p == ' ') {
        if (has_token(p, word)) return p;
        if (nameless == NULL && !(p[1] >= 'A' && p[1] <= 'Z')) nameless = p;
    }
    return nameless;
}

// Cuts what the typed word stands for out of `usage`; what repeats stays.
static void cut_typed(char *usage, struct slice word) {
    char *argument = find_argument(usage, word);
    if (argument == NULL) return;
    char *end = argument + argument_len(argument);
    const char *dots = strstr(argument, "...");
    if (dots != NULL && dots < end) return;
    if (*end == ' ') end++;
    memmove(argument, end, strlen(end) + 1);
}

static bool append_hint(
    const struct help_row *row, const struct words *line, struct buf *out) {
    char usage[sizeof(row->usage)];
    size_t named = count_words(row->name);
    memcpy(usage, row->usage, sizeof(usage));
    for (size_t i = named; i < line->count; i++) {
        cut_typed(usage, line->items[i]);
    }
    bool takes_none = row->usage[0] == '\0' && line->count == named;
    return buf_append(out, slice_of(takes_none ? row->summary : usage));
}

bool help_hint(const struct help *h, struct slice line, struct buf *out) {
    struct words words;
    if (words_split(line, &words) != WORDS_OK) return true;
    const struct help_row *row = find(h, &words);
    bool ok = row == NULL || line.data[line.len - 1] == ' ' ||
        buf_append(out, slice_of(" "));
    if (row != NULL) ok = ok && append_hint(row, &words, out);
    words_deinit(&words);
    return ok;
}

// --- `help` -----------------------------------------------------------------

static void print_group(const struct help *h, const char *group, FILE *out) {
    size_t column = 0;
    fprintf(out, "%s:\n", *group == '\0' ? "other" : group);
    for (size_t i = 0; i < h->count; i++) {
        const char *name = h->rows[i].name;
        if (strcmp(h->rows[i].group, group) != 0) continue;
        if (strchr(name, ' ') != NULL) continue; // a subcommand
        if (column + 2 + strlen(name) > 78) {
            putc('\n', out);
            column = 0;
        }
        fprintf(out, "  %s", name);
        column += 2 + strlen(name);
    }
    putc('\n', out);
}

// Each group is printed where its first command stands.
void help_print_all(const struct help *h, FILE *out) {
    for (size_t i = 0; i < h->count; i++) {
        const char *group = h->rows[i].group;
        size_t first = 0;
        while (strcmp(h->rows[first].group, group) != 0) first++;
        if (first == i) print_group(h, group, out);
    }
    fputs("`help COMMAND` explains a command; any command goes to the server"
          " as it is.\n"
          "Keys: Tab completes, Up and Down browse the history, Ctrl-R searches"
          " it,\nCtrl-C drops the line or stops waiting, Ctrl-D leaves.\n",
        out);
}

bool help_print(const struct help *h, const struct words *name, FILE *out) {
    bool found = false;
    for (size_t i = 0; i < h->count; i++) {
        const struct help_row *row = &h->rows[i];
        if (common_words(row->name, name) < name->count) continue;
        fprintf(
            out, "  %s %s\n      %s\n", row->name, row->usage, row->summary);
        found = true;
    }
    return found;
}
