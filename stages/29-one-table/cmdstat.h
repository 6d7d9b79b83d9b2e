// cmdstat.h - what is counted about each command: how often, how long.
//
// Nothing here reads the clock or knows the table of commands: a row belongs to
// the command in the same row of that table.

#ifndef MEDUSA_CMDSTAT_H
#define MEDUSA_CMDSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hist.h"

#define CMDSTAT_BOUNDS 13 // durations at which the coarse histogram is cut

struct cmdstat {
    uint64_t calls; // run, whatever the answer was
    uint64_t failed; // of them, those that answered an error
    uint64_t rejected; // refused before they could run; not in `calls`
    uint64_t ns; // that all calls together took
    // Calls by duration: [i] holds those of at most cmdstat_bound_ns(i), but
    // longer than the bound before it; the last one holds the rest.
    uint64_t buckets[CMDSTAT_BOUNDS + 1];
    struct hist *latency; // owned; NULL before the first call or without memory
};

// Returns `rows` rows of zeros, or NULL if there is no memory.
struct cmdstat *cmdstats_new(size_t rows);

void cmdstats_free(struct cmdstat *stats, size_t rows);

// Counts a call that took `ns` nanoseconds. Its histogram is 58 KB, so only a
// command that is used gets one; without memory the call is missing there, and
// counted everywhere else.
void cmdstat_note(struct cmdstat *stat, int64_t ns, bool has_failed);

// Returns whether there is something to tell about this command.
bool cmdstat_is_used(const struct cmdstat *stat);

// Returns bound `i` (below CMDSTAT_BOUNDS) in nanoseconds: 1 us to 1 s.
int64_t cmdstat_bound_ns(size_t i);

#endif
