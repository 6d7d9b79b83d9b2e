// clock.h - the time of day that never jumps.

#ifndef MEDUSA_CLOCK_H
#define MEDUSA_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t offset_ms; // from the monotonic clock to Unix time
};

// Returns microseconds since some moment in the past: good for durations.
int64_t clock_monotonic_us(void);

// The same in nanoseconds.
int64_t clock_monotonic_ns(void);

// Returns a clock that agrees with the system's wall clock now. It goes on
// with the monotonic clock, so a later change of the wall clock does not move
// it: a deadline ten seconds away stays ten seconds away.
struct clock clock_start(void);

// Returns Unix time in milliseconds.
int64_t clock_now_ms(const struct clock *clock);

#endif
