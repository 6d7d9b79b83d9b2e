// hist.h - a histogram of latencies in constant memory.
//
// The idea is HdrHistogram's (Gil Tene): each power of two is cut into the same
// number of equal buckets, so that the error is a fixed share of the value and
// not a fixed number of nanoseconds. Here there are HIST_STEPS buckets to a
// power of two: a percentile is never below the true sample, and at most
// 1/HIST_STEPS (0.8 %) above it. Values below 2 * HIST_STEPS, the mean and the
// largest value are exact.

#ifndef MEDUSA_HIST_H
#define MEDUSA_HIST_H

#include <stdint.h>

#define HIST_STEPS_LOG2 7
#define HIST_STEPS (1 << HIST_STEPS_LOG2)
// An int64_t has 63 bits. The first HIST_STEPS_LOG2 powers of two together fill
// HIST_STEPS buckets, each of the others has HIST_STEPS of its own.
#define HIST_BUCKETS (HIST_STEPS * (63 - HIST_STEPS_LOG2 + 1))

struct hist {
    uint64_t count; // samples in all
    uint64_t sum; // of all samples
    int64_t max; // the largest sample; 0 while there is none
    uint64_t buckets[HIST_BUCKETS]; // samples in each bucket
};

// Adds `times` samples of `value`. A negative value counts as 0.
void hist_record(struct hist *h, int64_t value, uint64_t times);

// Adds every sample of `from` to `into`.
void hist_merge(struct hist *into, const struct hist *from);

// Gives the mean of all samples; 0 where there are none.
double hist_mean(const struct hist *h);

// Gives a value that `percent` (0 to 100) of the samples do not exceed; 0 where
// there are none.
int64_t hist_percentile(const struct hist *h, double percent);

#endif
