// run.h - one run: threads against a server, and what they found out.

#ifndef MEDUSA_RUN_H
#define MEDUSA_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conn.h"
#include "hist.h"
#include "load.h"
#include "worker.h"

#define RUN_NAME_SIZE 96
#define RUN_PROBLEM_SIZE 512 // bytes of a message, with its NUL
#define RUN_ERRORS 5 // errors described in words; all are counted

struct run_plan {
    char name[RUN_NAME_SIZE]; // "SET", "get=80,set=20", "prefill"
    struct conn_target target;
    struct load_mix mix;
    int64_t keys;
    int64_t value_size; // bytes
    int64_t threads;
    int64_t clients; // connections in all, at least one a thread
    int64_t pipeline; // requests in a batch
    int64_t operations; // per thread
    int64_t stress_s; // seconds; 0: count operations
    int64_t timeout_s; // longest time without any reply
    int64_t seed;
    bool is_inline;
    bool is_sequential; // each key once, in order
    bool shows_progress;
};

struct run_result {
    struct tally tally;
    struct hist latency; // nanoseconds
    uint64_t requested; // operations; 0 where a time was set
    double seconds; // from the first request to the last reply
    double cpu_seconds; // what this program used meanwhile
    bool was_interrupted;
    size_t error_count; // descriptions in `errors`
    char errors[RUN_ERRORS][WORKER_ERROR_SIZE];
};

// Makes SIGINT and SIGTERM end a run early; a second signal ends the program.
void run_catch_signals(void);

// Tells whether such a signal has come.
bool run_is_interrupted(void);

// Gives the errors of a run: error replies, wrong replies and lost requests.
uint64_t run_errors(const struct run_result *result);

// Runs a plan. Returns false where it could not start, with a sentence in
// `problem`, which has room for RUN_PROBLEM_SIZE bytes.
bool run_execute(
    const struct run_plan *plan, struct run_result *result, char *problem);

#endif
