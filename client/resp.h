// resp.h - reads replies, RESP2 and RESP3, in two steps.
//
// First a scan finds where a reply ends, however many reads it takes to get
// there; it looks at each byte once. Then the printer walks over the complete
// reply, item by item. No tree is built, so a reply costs its own bytes only.

#ifndef MEDUSA_RESP_H
#define MEDUSA_RESP_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

#define RESP_MAX_DEPTH 32 // arrays within arrays; deeper ones are refused

enum resp_result {
    RESP_DONE, // a whole item or reply
    RESP_MORE, // the end is not there yet
    RESP_BAD, // these bytes are no reply
};

// One item: a plain value, or the head of an array, set or map.
struct resp_item {
    char type; // its first byte: + - : $ * and so on
    bool is_null;
    bool has_items; // an array, set, map or push
    size_t count; // items that follow; a map counts keys and values
    struct slice text; // the bytes of a plain value; borrowed from the input
};

// Where a scan stands. All zero is the start of a reply.
struct resp_scan {
    size_t pos; // bytes looked at
    size_t depth; // arrays that are open
    size_t left[RESP_MAX_DEPTH]; // items that each of them still misses
};

// Reads the item at the start of `in`. On RESP_DONE, *used is its length.
enum resp_result resp_item(
    struct slice in, struct resp_item *item, size_t *used);

// Goes on looking for the end of the reply that starts `in`; call it with the
// same bytes and more after RESP_MORE. On RESP_DONE, scan->pos is the length.
enum resp_result resp_scan(struct resp_scan *scan, struct slice in);

// Takes the next item off the front of `rest`, a complete reply.
struct resp_item resp_next(struct slice *rest);

// The same with all that is in it. Returns its bytes.
struct slice resp_next_whole(struct slice *rest);

// Tells whether `c` can start a reply.
bool resp_is_type(char c);

// Tells whether the reply is an error; a null or a value is not.
bool resp_is_error(struct slice reply);

#endif
