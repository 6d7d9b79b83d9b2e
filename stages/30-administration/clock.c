// clock.c - the monotonic clock plus one offset to wall time.

#include "clock.h"

#include <time.h>

static int64_t read_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t); // cannot fail: both clocks exist
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void) {
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct clock clock_start(void) {
    int64_t wall_us = read_us(CLOCK_REALTIME);
    return (struct clock){(wall_us - read_us(CLOCK_MONOTONIC)) / 1000};
}

int64_t clock_now_ms(const struct clock *clock) {
    return clock_monotonic_us() / 1000 + clock->offset_ms;
}
