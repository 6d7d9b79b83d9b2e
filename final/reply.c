// reply.c - RESP, versions 2 and 3.

#include "reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "num.h"

#define HEADER_BYTES (1 + NUM_MAX_TEXT + 2) // type, number, CRLF

static void append(struct reply *r, struct slice bytes) {
    if (!r->no_memory && !buf_append(r->out, bytes)) r->no_memory = true;
}

// Writes a type byte, a number and CRLF. Returns the bytes written.
static size_t format_header(char *text, char type, int64_t value) {
    size_t n = 0;
    text[n++] = type;
    n += num_format(value, text + n);
    text[n++] = '\r';
    text[n++] = '\n';
    return n;
}

bool reply_reserve(struct reply *r, size_t bytes) {
    bool fits = !r->no_memory && buf_reserve(r->out, bytes + r->after);
    if (!fits) r->no_memory = true;
    return fits;
}

void reply_simple(struct reply *r, const char *text) {
    append(r, slice_of("+"));
    append(r, slice_of(text));
    append(r, slice_of("\r\n"));
}

void reply_integer(struct reply *r, int64_t value) {
    char header[HEADER_BYTES];
    append(r, (struct slice){header, format_header(header, ':', value)});
}

void reply_bulk(struct reply *r, struct slice bytes) {
    // One reservation and three copies: this is the hottest of all replies.
    struct buf *out = r->out;
    if (!reply_reserve(r, HEADER_BYTES + bytes.len + 2)) return;
    char *p = out->data + out->len;
    p += format_header(p, '$', (int64_t)bytes.len);
    if (bytes.len > 0) memcpy(p, bytes.data, bytes.len);
    p += bytes.len;
    memcpy(p, "\r\n", 2);
    out->len = (size_t)(p + 2 - out->data);
}

void reply_null(struct reply *r) {
    append(r, slice_of(r->is_resp3 ? "_\r\n" : "$-1\r\n"));
}

static void append_header(struct reply *r, char type, size_t count) {
    char header[HEADER_BYTES];
    append(
        r, (struct slice){header, format_header(header, type, (int64_t)count)});
}

void reply_array(struct reply *r, size_t count) {
    append_header(r, '*', count);
}

void reply_map(struct reply *r, size_t pairs) {
    append_header(r, r->is_resp3 ? '%' : '*', r->is_resp3 ? pairs : 2 * pairs);
}

void reply_error(struct reply *r, const char *format, ...) {
    char line[REPLY_ROOM - 3]; // '-' and CRLF come to it
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    for (char *p = line; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < ' ' || c == 127) *p = ' ';
    }
    append(r, slice_of("-"));
    append(r, slice_of(line));
    append(r, slice_of("\r\n"));
}

// The header is put in at the end, and what follows it moves up. A second walk
// through all keys, just to count them first, would cost far more.
size_t reply_array_begin(struct reply *r) {
    return r->out->len;
}

static void insert_header(
    struct reply *r, size_t mark, char type, size_t count) {
    char header[HEADER_BYTES];
    size_t n = format_header(header, type, (int64_t)count);
    if (r->no_memory || !buf_reserve(r->out, n)) {
        r->no_memory = true;
        return;
    }
    char *start = r->out->data + mark;
    memmove(start + n, start, r->out->len - mark);
    memcpy(start, header, n);
    r->out->len += n;
}

void reply_array_end(struct reply *r, size_t mark, size_t count) {
    insert_header(r, mark, '*', count);
}

void reply_map_end(struct reply *r, size_t mark, size_t count) {
    insert_header(
        r, mark, r->is_resp3 ? '%' : '*', r->is_resp3 ? count : 2 * count);
}
