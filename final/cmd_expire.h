// cmd_expire.h - how a command is told when its key is to expire.
//
// A client gives a number of seconds or of milliseconds, which count from now
// or from the beginning of Unix time. Each function here answers with an error
// itself, and returns false, if what it reads cannot be used.

#ifndef MEDUSA_CMD_EXPIRE_H
#define MEDUSA_CMD_EXPIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"
#include "expire.h"
#include "slice.h"

#define EXPIRE_UNIX_TIME ((int64_t)0) // what EXPIREAT counts from

// Puts the moment that is `word` times `unit_ms` after `from_ms` into
// *deadline_ms (milliseconds, Unix time). It may have passed.
bool expiry_read(struct call *call, struct slice word, int64_t unit_ms,
    int64_t from_ms, int64_t *deadline_ms);

// The same for a command that stores a value: it refuses zero and less.
bool expiry_read_positive(struct call *call, struct slice word, int64_t unit_ms,
    int64_t from_ms, int64_t *deadline_ms);

// What the options of a command say about the deadline of its key. All zero is
// nothing.
struct expiry {
    const struct expiry_form *form; // EX, PX, EXAT or PXAT, or NULL
    struct slice number; // that stands behind it
    bool is_plain; // the option without a number was given: KEEPTTL, PERSIST
};

// Reads the option at argv[*i] and moves *i to the last word of it. `plain` is
// the one option of this command that says it without a number: KEEPTTL or
// PERSIST. Returns false, without an answer, if it is no such option, has no
// number or contradicts one before it.
bool expiry_parse(
    struct expiry *expiry, struct call *call, size_t *i, const char *plain);

// Puts the deadline that was asked for into *deadline_ms; leaves it alone if
// none was.
bool expiry_deadline(
    const struct expiry *expiry, struct call *call, int64_t *deadline_ms);

#endif
