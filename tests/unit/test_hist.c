// test_hist.c - the latency histogram against sorted samples.

#include "hist.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLES 20000

static int64_t samples[SAMPLES];

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// A small generator of our own, so that every run sees the same samples.
static uint64_t next_random(void) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

// The smallest sample that at least `percent` of all samples do not exceed.
static int64_t exact_percentile(double percent) {
    size_t i = 0;
    while ((double)(i + 1) < percent * SAMPLES / 100) i++;
    return samples[i];
}

static void check_percentiles(const struct hist *h) {
    static const double percents[] = {0, 1, 25, 50, 90, 95, 99, 99.9, 100};
    qsort(samples, SAMPLES, sizeof(samples[0]), compare);
    for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
        int64_t exact = exact_percentile(percents[i]);
        int64_t told = hist_percentile(h, percents[i]);
        assert(told >= exact);
        assert(told - exact <= exact / HIST_STEPS);
    }
    assert(hist_percentile(h, 100) == samples[SAMPLES - 1]);
    assert(h->max == samples[SAMPLES - 1]);
}

// Samples of every magnitude: `bits` random bits, from 0 up to the given ones.
static void test_percentiles_of_random_samples(int most_bits) {
    static struct hist h;
    h = (struct hist){0};
    double sum = 0;
    for (int i = 0; i < SAMPLES; i++) {
        int bits = (int)(next_random() % (uint64_t)most_bits) + 1;
        samples[i] = (int64_t)(next_random() >> (64 - bits));
        sum += (double)samples[i];
        hist_record(&h, samples[i], 1);
    }
    assert(h.count == SAMPLES);
    double error = hist_mean(&h) - sum / SAMPLES;
    assert(error < 1e-6 * sum / SAMPLES && error > -1e-6 * sum / SAMPLES);
    check_percentiles(&h);
}

static void test_small_values_are_exact(void) {
    static struct hist h;
    for (int64_t value = 1; value < 2 * HIST_STEPS; value++) {
        h = (struct hist){0};
        hist_record(&h, value, 1);
        hist_record(&h, 1000000, 1);
        assert(hist_percentile(&h, 50) == value);
    }
}

// Around each power of two, where the buckets change their width.
static void test_edges(void) {
    static struct hist h;
    for (int bit = 1; bit < 63; bit++) {
        for (int64_t off = -1; off <= 1; off++) {
            int64_t value = ((int64_t)1 << bit) + off;
            h = (struct hist){0};
            hist_record(&h, value, 3);
            hist_record(&h, INT64_MAX, 1);
            int64_t told = hist_percentile(&h, 75);
            assert(told >= value && told - value <= value / HIST_STEPS);
            assert(hist_percentile(&h, 100) == INT64_MAX);
        }
    }
}

static void test_empty_and_negative(void) {
    static struct hist h;
    assert(hist_percentile(&h, 50) == 0 && hist_mean(&h) == 0 && h.max == 0);
    hist_record(&h, -5, 1);
    assert(h.count == 1 && hist_percentile(&h, 100) == 0);
}

static void test_merge_is_recording_in_one(void) {
    static struct hist one, two, both;
    for (int i = 0; i < 1000; i++) {
        int64_t value = (int64_t)(next_random() % 1000000);
        hist_record(i % 2 == 0 ? &one : &two, value, 2);
        hist_record(&both, value, 2);
    }
    hist_merge(&one, &two);
    assert(one.count == both.count && one.max == both.max);
    assert(one.sum == both.sum);
    for (size_t i = 0; i < HIST_BUCKETS; i++) {
        assert(one.buckets[i] == both.buckets[i]);
    }
}

int main(void) {
    test_small_values_are_exact();
    test_percentiles_of_random_samples(12);
    test_percentiles_of_random_samples(36);
    test_percentiles_of_random_samples(48);
    test_edges();
    test_empty_and_negative();
    test_merge_is_recording_in_one();
    puts("ok");
    return 0;
}
