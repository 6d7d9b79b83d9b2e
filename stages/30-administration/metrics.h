// metrics.h - what the server counts, for Prometheus: GET /metrics over HTTP.
//
// A scraper connects to a port of its own, sends one request, gets one answer,
// and is closed. The loop serves it like any client: nothing here waits. Source
// of the text format: "Exposition formats" in the Prometheus documentation.

#ifndef MEDUSA_METRICS_H
#define MEDUSA_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "clock.h"
#include "cmdstat.h"
#include "log.h"
#include "loop.h"
#include "stats.h"
#include "store.h"

#define METRICS_SCRAPERS 16 // at once; more wait in the kernel's queue

struct scraper; // opaque: its fields are known in metrics.c only

struct metrics {
    struct loop *loop; // borrowed, like all pointers of this group
    const struct store *store;
    const struct stats *stats;
    const struct cmdstat *cmdstats; // by row of the table of commands
    const struct log *log;
    const struct clock *clock;
    bool is_protected; // other machines are refused
    int listener; // owned; -1: metrics are off, or it is closed
    bool is_accepting; // the listener is watched
    struct scraper *scrapers[METRICS_SCRAPERS]; // owned; NULL: a free place
};

// Starts to accept scrapers, and logs where. Returns false if there is no
// memory.
bool metrics_start(struct metrics *m);

// Closes scrapers that take too long.
void metrics_tick(struct metrics *m, int64_t now_ms);

// Closes the listener and all scrapers. Calling it again does nothing.
void metrics_close(struct metrics *m);

// ---- between metrics.c and metrics_text.c

// Appends all metrics as text. Returns false, with a part of the text appended,
// if there is no memory.
bool metrics_text(const struct metrics *m, struct buf *out);

#endif
