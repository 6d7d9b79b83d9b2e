// expire.c - arithmetic on deadlines, and the slice of active expiry.

#include "expire.h"

#include "clock.h"

#define MS_PER_SECOND 1000

// The range is checked before anything is multiplied or added: an overflow of
// a signed integer is undefined, and would make a deadline in the past.
bool expire_deadline(int64_t seconds, int64_t now_ms, int64_t *deadline_ms) {
    if (seconds > (STORE_NO_DEADLINE - 1 - now_ms) / MS_PER_SECOND) {
        return false;
    }
    if (seconds < INT64_MIN / MS_PER_SECOND) return false;
    *deadline_ms = now_ms + seconds * MS_PER_SECOND;
    return true;
}

int64_t expire_seconds_left(int64_t deadline_ms, int64_t now_ms) {
    int64_t left_ms = deadline_ms - now_ms;
    return left_ms / MS_PER_SECOND + (left_ms % MS_PER_SECOND != 0);
}

// Expiring and freeing take turns, so that neither waits for the other's end.
bool expire_slice(struct store *st, int64_t now_ms, int64_t budget_us) {
    int64_t end_us = clock_monotonic_us() + budget_us;
    bool is_due, is_dying;
    do {
        is_due = store_expire_step(st, now_ms);
        is_dying = store_free_step(st);
    } while ((is_due || is_dying) && clock_monotonic_us() < end_us);
    return is_due || is_dying;
}
