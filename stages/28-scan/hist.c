// hist.c - a histogram of latencies in constant memory.
//
// A value is kept as its HIST_STEPS_LOG2 + 1 highest bits and the number of
// bits that were cut off below them. Both together number the bucket, and
// neighboring values always land in the same or in the next bucket.

#include "hist.h"

#include <stddef.h>

static int bit_length(uint64_t value) {
    int bits = 0;
    for (int step = 32; step > 0; step /= 2) {
        if (value >> step == 0) continue;
        value >>= step;
        bits += step;
    }
    return value == 0 ? bits : bits + 1;
}

static size_t bucket_of(int64_t value) {
    int cut = bit_length((uint64_t)value) - (HIST_STEPS_LOG2 + 1);
    if (cut <= 0) return (size_t)value;
    // The highest bit is set, so the shifted value is HIST_STEPS or more, and
    // each further bit that is cut moves on by exactly one power of two.
    return (size_t)cut * HIST_STEPS + (size_t)(value >> cut);
}

// The largest value that belongs to a bucket.
static int64_t top_of(size_t bucket) {
    if (bucket < 2 * HIST_STEPS) return (int64_t)bucket;
    size_t cut = bucket / HIST_STEPS - 1;
    uint64_t high = bucket - cut * HIST_STEPS;
    return (int64_t)(((high + 1) << cut) - 1);
}

void hist_record(struct hist *h, int64_t value, uint64_t times) {
    if (value < 0) value = 0;
    h->count += times;
    h->sum += (uint64_t)value * times;
    if (value > h->max) h->max = value;
    h->buckets[bucket_of(value)] += times;
}

void hist_merge(struct hist *into, const struct hist *from) {
    into->count += from->count;
    into->sum += from->sum;
    if (from->max > into->max) into->max = from->max;
    for (size_t i = 0; i < HIST_BUCKETS; i++) {
        into->buckets[i] += from->buckets[i];
    }
}

double hist_mean(const struct hist *h) {
    return h->count == 0 ? 0 : (double)h->sum / (double)h->count;
}

int64_t hist_percentile(const struct hist *h, double percent) {
    double wanted = (double)h->count * percent / 100;
    uint64_t seen = 0;
    for (size_t i = 0; i < HIST_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen == 0 || (double)seen < wanted) continue;
        int64_t top = top_of(i);
        return top < h->max ? top : h->max;
    }
    return h->max;
}
