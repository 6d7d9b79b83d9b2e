// expire.c - arithmetic on deadlines, and the slice of active expiry.

#include "expire.h"

#include "clock.h"

// The range is checked before anything is multiplied or added: an overflow of
// a signed integer is undefined, and would make a deadline in the past.
bool expire_deadline(
    int64_t amount, int64_t unit_ms, int64_t from_ms, int64_t *deadline_ms) {
    if (amount > (STORE_NO_DEADLINE - 1 - from_ms) / unit_ms) return false;
    if (amount < INT64_MIN / unit_ms) return false;
    *deadline_ms = from_ms + amount * unit_ms;
    return true;
}

int64_t expire_seconds_left(int64_t deadline_ms, int64_t now_ms) {
    int64_t left_ms = deadline_ms - now_ms;
    return left_ms / EXPIRE_SECOND_MS + (left_ms % EXPIRE_SECOND_MS != 0);
}

int64_t expire_nearest_second(int64_t deadline_ms) {
    int64_t rest_ms = deadline_ms % EXPIRE_SECOND_MS;
    return deadline_ms / EXPIRE_SECOND_MS + (2 * rest_ms >= EXPIRE_SECOND_MS);
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
