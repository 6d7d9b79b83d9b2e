// stats.h - what the server counts about itself, for INFO.

#ifndef MEDUSA_STATS_H
#define MEDUSA_STATS_H

#include <stddef.h>
#include <stdint.h>

struct stats {
    int64_t start_ms; // Unix time
    int tcp_port;
    size_t max_clients;
    size_t max_bytes; // of data; 0: no limit
    const char *event_loop; // name of the backend
    size_t clients; // connected now
    size_t client_bytes; // allocated for their input and output
    uint64_t connections; // accepted since the start
    uint64_t rejected; // refused because there were too many
    uint64_t timed_out; // closed because nothing came or went
    uint64_t stuck; // dropped because they did not read their replies
    uint64_t commands; // run since the start
    uint64_t bytes_in; // read from clients
    uint64_t bytes_out; // written to clients
};

#endif
