// expire.h - deadlines: from a client's seconds, and at their time.

#ifndef MEDUSA_EXPIRE_H
#define MEDUSA_EXPIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

// Puts `seconds` after `now_ms` into *deadline_ms (milliseconds, Unix time).
// Returns false if that moment does not fit.
bool expire_deadline(int64_t seconds, int64_t now_ms, int64_t *deadline_ms);

// Returns the seconds from `now_ms` to `deadline_ms`, rounded up.
int64_t expire_seconds_left(int64_t deadline_ms, int64_t now_ms);

// Removes keys that are due and frees what store_clear() left, for about
// `budget_us` microseconds. Returns true if there is more to do.
bool expire_slice(struct store *st, int64_t now_ms, int64_t budget_us);

#endif
