// stats.h - what the server counts about itself, for INFO.

#ifndef MEDUSA_STATS_H
#define MEDUSA_STATS_H

#include <stdint.h>

struct stats {
    uint64_t commands; // run since the start
};

#endif
