// config.h - the settings: from the environment and the command line.

#ifndef MEDUSA_CONFIG_H
#define MEDUSA_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evict.h"
#include "log.h"
#include "secret.h"

struct config {
    const char *host; // address or name; borrowed, like all text here
    int port; // 0: any free one
    size_t max_connections;
    int64_t timeout_s; // 0: never
    enum log_level log_level;
    const char *event_loop; // "poll", "epoll" or, for the best here, ""
    size_t max_memory; // bytes of data; 0: no limit
    enum store_eviction eviction; // what happens at that limit
    bool protected_mode;
    struct secret password; // empty: none is needed
    bool metrics;
    int metrics_port; // 0: any free one
};

enum config_result {
    CONFIG_OK,
    CONFIG_SHOWN, // --help or --version: printed, nothing else to do
    CONFIG_WRONG, // told on standard error
};

// Fills in *config: defaults, then the environment, then the command line,
// whose text it borrows.
enum config_result config_read(struct config *config, int argc, char **argv);

#endif
