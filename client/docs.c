// docs.c - walks over the answer to COMMAND DOCS.
//
// A command is a name and a map that describes it; its arguments are maps in an
// array, and may have arguments themselves. RESP2 has no maps: there a map is
// an array in which every other item is a name. Fields come in any order, and
// those that are not known here are left out.
//
// The server may be any: all text has a bound, and what a terminal would not
// show becomes a '?'. How deep items lie in items is bounded by resp.h.

#include "docs.h"

#include <ctype.h>
#include <stdbool.h>

#include "resp.h"

// ---------------------------------------------------------------- text

// An array of chars that is filled; what has no room is left out.
struct text {
    char *data; // ends with a NUL
    size_t size; // the NUL included
    size_t len;
};

static void put(struct text *t, struct slice bytes) {
    for (size_t i = 0; i < bytes.len && t->len + 1 < t->size; i++) {
        char c = bytes.data[i];
        t->data[t->len++] = c >= ' ' && c <= '~' ? c : '?';
    }
    t->data[t->len] = '\0';
}

static void set(char *to, size_t size, struct slice bytes) {
    struct text text = {to, size, 0};
    put(&text, bytes);
}

// ---------------------------------------------------------------- items

// The text of a plain value; empty for anything else.
static struct slice text_of(struct slice value) {
    struct resp_item item = resp_next(&value);
    bool has_text = !item.is_null && !item.has_items;
    return has_text ? item.text : (struct slice){"", 0};
}

// A map, or an array of names and values, that is walked over.
struct pairs {
    size_t left;
    struct slice rest;
};

static struct pairs pairs_of(struct slice value) {
    struct resp_item item = resp_next(&value);
    return (struct pairs){item.count / 2, value};
}

static bool next_pair(
    struct pairs *pairs, struct slice *name, struct slice *value) {
    if (pairs->left == 0) return false;
    pairs->left--;
    *name = text_of(resp_next_whole(&pairs->rest));
    *value = resp_next_whole(&pairs->rest);
    return true;
}

// ---------------------------------------------------------------- arguments

struct argument {
    struct slice name;
    struct slice token; // a word that stands before it; may be empty
    struct slice type;
    struct slice flags; // an array, or empty
    struct slice parts; // the arguments that it is made of, or empty
};

static struct argument read_argument(struct slice value) {
    struct argument argument = {0};
    const struct {
        const char *name;
        struct slice *target;
    } texts[] = {{"name", &argument.name}, {"display_text", &argument.name},
        {"token", &argument.token}, {"type", &argument.type}};
    struct pairs pairs = pairs_of(value);
    struct slice name;
    while (next_pair(&pairs, &name, &value)) {
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            if (!slice_equal(name, slice_of(texts[i].name))) continue;
            *texts[i].target = text_of(value);
        }
        if (slice_equal(name, slice_of("flags"))) argument.flags = value;
        if (slice_equal(name, slice_of("arguments"))) argument.parts = value;
    }
    return argument;
}

static bool has_flag(const struct argument *argument, const char *name) {
    struct slice rest = argument->flags;
    if (rest.len == 0) return false;
    for (size_t n = resp_next(&rest).count; n > 0; n--) {
        struct slice flag = text_of(resp_next_whole(&rest));
        if (slice_equal(flag, slice_of(name))) return true;
    }
    return false;
}

static void put_arguments(
    struct text *t, struct slice array, const char *between);

// Puts an argument once: "EX seconds", or <a | b> for a choice. Returns where
// the part behind the token starts.
static size_t put_once(
    struct text *t, const struct argument *argument, bool has_marks) {
    bool is_choice = slice_equal(argument->type, slice_of("oneof"));
    bool is_token = slice_equal(argument->type, slice_of("pure-token"));
    put(t, argument->token);
    if (argument->token.len > 0 && !is_token) put(t, slice_of(" "));
    size_t start = t->len;
    if (argument->parts.len > 0) {
        bool is_marked = is_choice && (!has_marks || argument->token.len > 0);
        if (is_marked) put(t, slice_of("<"));
        put_arguments(t, argument->parts, is_choice ? " | " : " ");
        if (is_marked) put(t, slice_of(">"));
    } else if (!is_token || argument->token.len == 0) {
        put(t, argument->name);
    }
    return start;
}

static void put_argument(struct text *t, struct slice value) {
    struct argument argument = read_argument(value);
    bool is_optional = has_flag(&argument, "optional");
    bool is_repeated = has_flag(&argument, "multiple");
    if (is_optional) put(t, slice_of("["));
    size_t start = t->len;
    size_t name = put_once(t, &argument, is_optional && !is_repeated);
    if (is_repeated) { // "key [key ...]"
        if (!has_flag(&argument, "multiple_token")) start = name;
        struct slice again = {t->data + start, t->len - start};
        put(t, slice_of(" ["));
        put(t, again);
        put(t, slice_of(" ...]"));
    }
    if (is_optional) put(t, slice_of("]"));
}

static void put_arguments(
    struct text *t, struct slice array, const char *between) {
    size_t count = resp_next(&array).count;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) put(t, slice_of(between));
        put_argument(t, resp_next_whole(&array));
    }
}

// ---------------------------------------------------------------- commands

struct rows {
    struct help_row *rows;
    size_t count;
    size_t max;
};

// "client|id" is CLIENT ID to those who type it.
static void set_name(struct help_row *row, struct slice name) {
    set(row->name, sizeof(row->name), name);
    for (char *c = row->name; *c != '\0'; c++) {
        *c = *c == '|' ? ' ' : (char)toupper((unsigned char)*c);
    }
}

// Fills all but the name of a row. Returns the map of subcommands, or nothing.
static struct slice read_entry(struct slice entry, struct help_row *row) {
    struct slice subcommands = {0};
    struct pairs pairs = pairs_of(entry);
    struct slice name, value;
    while (next_pair(&pairs, &name, &value)) {
        if (slice_equal(name, slice_of("summary"))) {
            set(row->summary, sizeof(row->summary), text_of(value));
        } else if (slice_equal(name, slice_of("group"))) {
            set(row->group, sizeof(row->group), text_of(value));
        } else if (slice_equal(name, slice_of("arguments"))) {
            struct text usage = {row->usage, sizeof(row->usage), 0};
            put_arguments(&usage, value, " ");
        } else if (slice_equal(name, slice_of("subcommands"))) {
            subcommands = value;
        }
    }
    return subcommands;
}

static void read_commands(struct rows *list, struct slice map) {
    struct pairs pairs = pairs_of(map);
    struct slice name, entry;
    while (list->count < list->max && next_pair(&pairs, &name, &entry)) {
        struct help_row *row = &list->rows[list->count];
        *row = (struct help_row){0};
        set_name(row, name);
        if (name.len > 0) list->count++;
        struct slice subcommands = read_entry(entry, row);
        if (subcommands.len > 0) read_commands(list, subcommands);
    }
}

size_t docs_read(struct slice reply, struct help_row *rows, size_t max) {
    struct rows list = {rows, 0, max};
    read_commands(&list, reply);
    return list.count;
}
