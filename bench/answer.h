// answer.h - one RESP2 reply, as far as a load generator needs to know it.

#ifndef MEDUSA_ANSWER_H
#define MEDUSA_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

enum answer_result {
    ANSWER_DONE, // a whole reply; *used says how many bytes it took
    ANSWER_MORE, // so far so good: call again with the same bytes and more
    ANSWER_BAD, // not a reply that we know: the stream cannot be trusted
};

struct answer {
    char type; // '+' text, '-' error, ':' integer or '$' bulk string
    bool is_null; // the null bulk string; `text` is empty then
    struct slice text; // the line, or the bulk string's bytes; borrowed
};

// Reads the reply at the start of `bytes`. *answer borrows from them.
enum answer_result answer_parse(
    struct slice bytes, struct answer *answer, size_t *used);

#endif
