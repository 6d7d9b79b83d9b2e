// request.h - from the bytes of a connection to the words of a request.
//
// A request is a line as a person types it. Its words are written to `text`,
// where quotes and escapes are resolved.

#ifndef MEDUSA_REQUEST_H
#define MEDUSA_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "slice.h"

#define REQUEST_ERROR_BYTES 96

enum request_result {
    REQUEST_DONE, // the words are in argv; there may be none of them
    REQUEST_MORE, // incomplete: call again with the same bytes and more
    REQUEST_REFUSED, // `error` is the reply; the next request can be read
    REQUEST_BAD, // `error` is the reply; what follows cannot be trusted
};

struct request {
    struct slice *argv; // owned array of borrowed words
    size_t argc;
    size_t cap; // words that argv has room for
    struct buf text; // the words of a line
    char error[REQUEST_ERROR_BYTES]; // code and message, without '-' and CRLF
};

// Frees what a request owns and leaves a valid empty one.
void request_deinit(struct request *r);

// Reads one request from the start of `in`, which is not empty, and puts the
// bytes that it takes into *used, which REQUEST_MORE leaves without meaning.
// Words are valid until the next call.
enum request_result request_parse(
    struct request *r, struct slice in, size_t *used);

#endif
