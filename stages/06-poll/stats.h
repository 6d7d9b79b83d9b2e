// stats.h - what the server counts about itself, for INFO.

#ifndef MEDUSA_STATS_H
#define MEDUSA_STATS_H

#include <stddef.h>
#include <stdint.h>

struct stats {
    int64_t start_ms; // Unix time
    size_t clients; // connected now
    uint64_t connections; // accepted since the start
    uint64_t commands; // run since the start
    uint64_t bytes_in; // read from clients
    uint64_t bytes_out; // written to clients
};

#endif
