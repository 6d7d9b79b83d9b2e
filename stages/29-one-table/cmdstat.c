// cmdstat.c - what is counted about each command: how often, how long.
//
// There are two histograms, because they have two readers. A percentile in INFO
// wants thousands of narrow buckets (hist.h). Prometheus stores every bucket of
// every command each time it looks, and wants a few with round bounds.

#include "cmdstat.h"

#include <stdlib.h>

// Each about three times the one before: the same step on a logarithmic scale.
static const int64_t bounds_ns[CMDSTAT_BOUNDS] = {1000, 3000, 10000, 30000,
    100000, 300000, 1000000, 3000000, 10000000, 30000000, 100000000, 300000000,
    1000000000};

struct cmdstat *cmdstats_new(size_t rows) {
    return calloc(rows, sizeof(struct cmdstat));
}

void cmdstats_free(struct cmdstat *stats, size_t rows) {
    if (stats == NULL) return;
    for (size_t i = 0; i < rows; i++) free(stats[i].latency);
    free(stats);
}

void cmdstat_note(struct cmdstat *stat, int64_t ns, bool has_failed) {
    size_t i = 0;
    while (i < CMDSTAT_BOUNDS && ns > bounds_ns[i]) i++;
    stat->buckets[i]++;
    stat->calls++;
    stat->ns += (uint64_t)ns;
    if (has_failed) stat->failed++;

    if (stat->latency == NULL) stat->latency = calloc(1, sizeof(struct hist));
    if (stat->latency != NULL) hist_record(stat->latency, ns, 1);
}

bool cmdstat_is_used(const struct cmdstat *stat) {
    return stat->calls > 0 || stat->rejected > 0;
}

int64_t cmdstat_bound_ns(size_t i) {
    return bounds_ns[i];
}
