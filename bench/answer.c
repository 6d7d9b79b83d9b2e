// answer.c - one RESP2 reply. Arrays are not read: none of our commands has one.

#include "answer.h"

#include <stdint.h>
#include <string.h>

#include "num.h"

#define LINE_MAX_BYTES (64 * 1024) // our servers' longest line is far shorter
#define BULK_MAX_BYTES (512 * 1024 * 1024)

static enum answer_result parse_bulk(
    struct slice bytes, size_t line_end, struct answer *answer, size_t *used) {
    int64_t len;
    if (!num_parse(answer->text, &len)) return ANSWER_BAD;
    if (len < -1 || len > BULK_MAX_BYTES) return ANSWER_BAD;
    if (len == -1) {
        *answer = (struct answer){'$', true, {NULL, 0}};
        *used = line_end;
        return ANSWER_DONE;
    }
    if (bytes.len - line_end < (size_t)len + 2) return ANSWER_MORE;

    const char *data = bytes.data + line_end;
    if (data[len] != '\r' || data[len + 1] != '\n') return ANSWER_BAD;
    answer->text = (struct slice){data, (size_t)len};
    *used = line_end + (size_t)len + 2;
    return ANSWER_DONE;
}

enum answer_result answer_parse(
    struct slice bytes, struct answer *answer, size_t *used) {
    if (bytes.len == 0) return ANSWER_MORE;
    char type = bytes.data[0];
    if (type != '+' && type != '-' && type != ':' && type != '$') {
        return ANSWER_BAD;
    }
    const char *newline = memchr(bytes.data, '\n', bytes.len);
    if (newline == NULL) {
        return bytes.len > LINE_MAX_BYTES ? ANSWER_BAD : ANSWER_MORE;
    }
    size_t line_end = (size_t)(newline - bytes.data) + 1;
    if (line_end < 3 || newline[-1] != '\r') return ANSWER_BAD;

    struct slice line = {bytes.data + 1, line_end - 3};
    *answer = (struct answer){type, false, line};
    *used = line_end;
    if (type == '$') return parse_bulk(bytes, line_end, answer, used);
    return ANSWER_DONE;
}
