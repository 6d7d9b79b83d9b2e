// print.c - walks over a reply and prints each item; nested items recurse, no
// deeper than the reader allows.

#include "print.h"

#include <inttypes.h>

#include "resp.h"
#include "text.h"

#define RED "\x1b[31m"
#define DIM "\x1b[2m"
#define PLAIN "\x1b[0m"

// What all the functions for typed replies need.
struct typed {
    FILE *out;
    bool as_text;
    bool color;
};

static void write_bytes(FILE *out, struct slice bytes) {
    fwrite(bytes.data, 1, bytes.len, out);
}

void print_text(FILE *out, struct slice text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= ' ' ? c != 0x7f : c == '\n' || c == '\t') putc(c, out);
    }
}

void print_quoted(FILE *out, struct slice bytes) {
    static const char named[] = "\n\r\t\a\b\"\\";
    static const char letters[] = "nrtab\"\\";
    putc('"', out);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        const char *found = c == '\0' ? NULL : strchr(named, c);
        if (found != NULL) {
            fprintf(out, "\\%c", letters[found - named]);
        } else if (c >= ' ' && c < 0x7f) {
            putc(c, out);
        } else {
            fprintf(out, "\\x%02x", c);
        }
    }
    putc('"', out);
}

// --- typed -----------------------------------------------------------------

static void typed_marked(const struct typed *t, const char *color,
    const char *label, struct slice text) {
    if (t->color) fputs(color, t->out);
    fputs(label, t->out);
    print_text(t->out, text);
    if (t->color) fputs(PLAIN, t->out);
}

static struct slice without_last_line_end(struct slice text) {
    if (text.len > 0 && text.data[text.len - 1] == '\n') text.len--;
    if (text.len > 0 && text.data[text.len - 1] == '\r') text.len--;
    return text;
}

static void typed_value(const struct typed *t, const struct resp_item *item) {
    const struct slice none = {"", 0};
    if (item->is_null) {
        typed_marked(t, DIM, "(nil)", none);
        return;
    }
    switch (item->type) {
    case '-':
    case '!':
        typed_marked(t, RED, "(error) ", item->text);
        break;
    case ':':
        fputs("(integer) ", t->out);
        print_text(t->out, item->text);
        break;
    case ',':
        fputs("(double) ", t->out);
        print_text(t->out, item->text);
        break;
    case '#':
        fputs(item->text.data[0] == 't' ? "(true)" : "(false)", t->out);
        break;
    case '$':
        if (!t->as_text) {
            print_quoted(t->out, item->text);
            break;
        }
        print_text(t->out, without_last_line_end(item->text));
        break;
    default: // + ( = are text
        print_text(t->out, item->text);
    }
}

static int decimal_digits(size_t n) {
    return n < 10 ? 1 : 1 + decimal_digits(n / 10);
}

// Prints one item without its line end. The first line starts where the output
// stands; every further line starts with `indent` spaces.
static void typed_item(const struct typed *t, struct slice *rest, int indent) {
    struct resp_item item = resp_next(rest);
    if (!item.has_items) {
        typed_value(t, &item);
        return;
    }
    bool is_map = item.type == '%';
    if (item.count == 0) {
        fputs(is_map ? "(empty map)" : "(empty array)", t->out);
        return;
    }
    size_t entries = is_map ? item.count / 2 : item.count;
    char mark = is_map ? '#' : item.type == '~' ? '~' : ')';
    int width = decimal_digits(entries);
    for (size_t i = 1; i <= entries; i++) {
        if (i > 1) fprintf(t->out, "\n%*s", indent, "");
        fprintf(t->out, "%*zu%c ", width, i, mark);
        typed_item(t, rest, indent + width + 2);
        if (!is_map) continue;
        fputs(" => ", t->out);
        typed_item(t, rest, indent + width + 6);
    }
}

// --- raw -------------------------------------------------------------------

// A null is an empty line; arrays are flat, one line for each value.
static void raw_item(FILE *out, struct slice *rest) {
    struct resp_item item = resp_next(rest);
    if (!item.has_items) write_bytes(out, item.text);
    for (size_t i = 0; i < item.count; i++) {
        if (i > 0) putc('\n', out);
        raw_item(out, rest);
    }
}

// --- JSON ------------------------------------------------------------------

// JSON text is UTF-8: what is not becomes the replacement character.
static void json_string(FILE *out, struct slice text) {
    putc('"', out);
    size_t i = 0;
    while (i < text.len) {
        uint32_t code;
        size_t n = text_decode(text, i, &code);
        if (code == '"' || code == '\\') {
            fprintf(out, "\\%c", (int)code);
        } else if (code < ' ' || code == 0x7f) {
            fprintf(out, "\\u%04x", (unsigned)code);
        } else if (code == TEXT_INVALID) {
            fputs("\\ufffd", out);
        } else {
            fwrite(text.data + i, 1, n, out);
        }
        i += n;
    }
    putc('"', out);
}

// JSON numbers know no infinity, "nan", "+1" or ".5".
static bool is_json_number(struct slice text) {
    return text.len > 0 && strspn(text.data, "-+.eE0123456789") >= text.len &&
        text.data[text.len - 1] >= '0' && text.data[0] != '+' &&
        text.data[0] != '.';
}

static void json_value(FILE *out, const struct resp_item *item) {
    if (item->is_null) {
        fputs("null", out);
        return;
    }
    switch (item->type) {
    case '-':
    case '!':
        fputs("{\"error\":", out);
        json_string(out, item->text);
        putc('}', out);
        break;
    case '#':
        fputs(item->text.data[0] == 't' ? "true" : "false", out);
        break;
    case ':':
        write_bytes(out, item->text);
        break;
    case ',':
        if (is_json_number(item->text)) {
            write_bytes(out, item->text);
            break;
        }
        json_string(out, item->text);
        break;
    default:
        json_string(out, item->text);
    }
}

// The names of a JSON object are strings; an array as a key becomes a word.
static void json_name(FILE *out, struct slice *rest) {
    struct slice key = resp_next_whole(rest);
    struct resp_item item = resp_next(&key);
    json_string(out, item.has_items ? slice_of("(array)") : item.text);
}

static void json_item(FILE *out, struct slice *rest) {
    struct resp_item item = resp_next(rest);
    if (!item.has_items) {
        json_value(out, &item);
        return;
    }
    bool is_map = item.type == '%';
    putc(is_map ? '{' : '[', out);
    for (size_t i = 0; i < item.count; i++) {
        bool is_name = is_map && i % 2 == 0;
        if (i > 0) putc(is_map && !is_name ? ':' : ',', out);
        if (is_name) {
            json_name(out, rest);
        } else {
            json_item(out, rest);
        }
    }
    putc(is_map ? '}' : ']', out);
}

// --- CSV -------------------------------------------------------------------

static void csv_string(FILE *out, struct slice text) {
    putc('"', out);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"') putc('"', out);
        putc(text.data[i], out);
    }
    putc('"', out);
}

// A null is the word NULL without quotes; nested arrays are flat.
static void csv_item(FILE *out, struct slice *rest) {
    struct resp_item item = resp_next(rest);
    if (item.is_null) {
        fputs("NULL", out);
    } else if (item.type == ':' || item.type == ',') {
        write_bytes(out, item.text);
    } else if (!item.has_items) {
        csv_string(out, item.text);
    }
    for (size_t i = 0; i < item.count; i++) {
        if (i > 0) putc(',', out);
        csv_item(out, rest);
    }
}

void print_reply(FILE *out, struct slice reply, enum print_form form,
    bool as_text, bool color) {
    struct typed typed = {out, as_text, color};
    switch (form) {
    case PRINT_TYPED:
        typed_item(&typed, &reply, 0);
        break;
    case PRINT_RAW:
        raw_item(out, &reply);
        break;
    case PRINT_JSON:
        json_item(out, &reply);
        break;
    case PRINT_CSV:
        csv_item(out, &reply);
        break;
    }
    putc('\n', out);
}
