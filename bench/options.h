// options.h - what the command line and the environment ask for.

#ifndef MEDUSA_OPTIONS_H
#define MEDUSA_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "load.h"

#define OPTIONS_VERSION "0.1.0"

struct options {
    const char *host;
    const char *password; // NULL for none
    int64_t port;
    int64_t operations; // per thread
    int64_t threads; // 0: not given
    int64_t clients; // connections in all; 0: one a thread
    int64_t pipeline; // 0: not given, which means 1
    int64_t value_size; // bytes
    int64_t keys;
    int64_t stress_s; // seconds; 0: count operations instead
    int64_t timeout_s; // longest time without any reply
    int64_t seed;
    struct load_mix mix; // total 0: not given
    bool is_inline;
    bool no_prefill;
    bool csv;
    bool json;
    bool quiet;
};

enum options_result {
    OPTIONS_RUN,
    OPTIONS_SHOWN, // --help or --version was printed
    OPTIONS_BAD, // one line on stderr says what is wrong
};

// Reads the environment, then the arguments, which win. *o borrows from both.
enum options_result options_read(int argc, char **argv, struct options *o);

#endif
