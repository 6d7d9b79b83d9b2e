// request.h - from the bytes of a connection to the words of a request.
//
// Two forms are told apart by the first byte: a RESP array, as Redis clients
// send it ("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), and a line as a person types it.
// Words of an array are borrowed from the input. Those of a line are written
// to `text`, where quotes and escapes are resolved.

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

// How far an incomplete array has been looked at, so that the next call does
// not start over: without it, a client that sends a million words byte by byte
// would make us count all of them for each byte. All zero is the start.
struct request_progress {
    size_t at; // bytes that are known to be complete words
    size_t words_left; // how many words follow them
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

// Gives back the memory of an unusually long request that has been run.
void request_shrink(struct request *r);

// Reads one request from the start of `in`, which is not empty, and puts the
// bytes that it takes into *used, which REQUEST_MORE leaves without meaning.
// Words are valid as long as the input is and until the next call. `progress`
// belongs to the connection; REQUEST_MORE sets it, any other result clears it.
enum request_result request_parse(struct request *r, struct slice in,
    struct request_progress *progress, size_t *used);

// Returns how many bytes are missing of the word that has begun at the end of
// `in`, or 0 if its length is not known. For a request that is REQUEST_MORE.
size_t request_missing(
    struct slice in, const struct request_progress *progress);

#endif
