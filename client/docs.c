// docs.c - walks over the answer to COMMAND DOCS.
//
// A command is a name and a map that describes it; its arguments are maps in an
// array, and may have arguments themselves. RESP2 has no maps: there a map is
// an array in which every other item is a name.
//
// The server may be any: all text has a bound, what a terminal would not show
// becomes a '?', and a field of another type counts as empty. How deep items
// lie in items is bounded by resp.h.

#include "docs.h"

#include <ctype.h>

#include "resp.h"

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

static size_t count_of(struct slice value) {
    return resp_next(&value).count;
}

static struct slice text_of(struct slice value) {
    struct resp_item item = resp_next(&value);
    bool has_text = !item.is_null && !item.has_items;
    return has_text ? item.text : slice_of("");
}

// Returns the value of a field of a map, or null.
static struct slice field(struct slice map, const char *name) {
    for (size_t n = resp_next(&map).count / 2; n > 0; n--) {
        struct slice key = text_of(resp_next_whole(&map));
        struct slice value = resp_next_whole(&map);
        if (slice_equal(key, slice_of(name))) return value;
    }
    return slice_of("_\r\n");
}

static void put_field(
    char *to, size_t size, struct slice map, const char *name) {
    struct text text = {to, size, 0};
    put(&text, text_of(field(map, name)));
}

static bool has_flag(struct slice argument, const char *name) {
    struct slice flags = field(argument, "flags");
    for (size_t n = resp_next(&flags).count; n > 0; n--) {
        struct slice flag = text_of(resp_next_whole(&flags));
        if (slice_equal(flag, slice_of(name))) return true;
    }
    return false;
}

static void put_arguments(
    struct text *t, struct slice array, const char *between);

// Puts what stands behind the token: a name, "a b", or <a | b> for a choice.
static void put_value(struct text *t, struct slice argument, bool has_marks) {
    struct slice parts = field(argument, "arguments");
    struct slice name = text_of(field(argument, "display_text"));
    if (name.len == 0) name = text_of(field(argument, "name"));
    bool is_choice =
        slice_equal(text_of(field(argument, "type")), slice_of("oneof"));
    if (count_of(parts) == 0) {
        put(t, name);
        return;
    }
    if (is_choice && !has_marks) put(t, slice_of("<"));
    put_arguments(t, parts, is_choice ? " | " : " ");
    if (is_choice && !has_marks) put(t, slice_of(">"));
}

// Puts one argument as a person writes it: "key", "[EX seconds]".
static void put_argument(struct text *t, struct slice argument) {
    struct slice token = text_of(field(argument, "token"));
    bool is_token =
        slice_equal(text_of(field(argument, "type")), slice_of("pure-token"));
    bool is_optional = has_flag(argument, "optional");
    bool is_repeated = has_flag(argument, "multiple");
    if (is_optional) put(t, slice_of("["));
    size_t start = t->len; // of what may be repeated
    put(t, token);
    if (token.len > 0 && !is_token) put(t, slice_of(" "));
    if (!has_flag(argument, "multiple_token")) start = t->len;
    if (token.len == 0 || !is_token) {
        put_value(t, argument, is_optional && !is_repeated && token.len == 0);
    }
    if (is_repeated) { // "key [key ...]"
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

// "client|id" is CLIENT ID to those who type it.
static void put_name(struct help_row *row, struct slice name) {
    struct text text = {row->name, sizeof(row->name), 0};
    put(&text, name);
    for (char *c = row->name; *c != '\0'; c++) {
        *c = *c == '|' ? ' ' : (char)toupper((unsigned char)*c);
    }
}

void docs_read(struct help *h, struct slice reply) {
    for (size_t n = resp_next(&reply).count / 2; n > 0; n--) {
        if (h->count == HELP_MAX_ROWS) return;
        struct help_row *row = &h->rows[h->count++];
        put_name(row, text_of(resp_next_whole(&reply)));
        struct slice map = resp_next_whole(&reply);
        put_field(row->summary, sizeof(row->summary), map, "summary");
        put_field(row->group, sizeof(row->group), map, "group");
        struct text usage = {row->usage, sizeof(row->usage), 0};
        put(&usage, slice_of(""));
        put_arguments(&usage, field(map, "arguments"), " ");
        docs_read(h, field(map, "subcommands"));
    }
}
