// main.c - the load generator: decides which runs there are, and runs them.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "options.h"
#include "report.h"
#include "run.h"

#define MAX_PLANS 4
#define TOUR_THREADS 4 // for the second half of a run without arguments
#define PREFILL_PIPELINE 64
#define PREFILL_BATCH_BYTES (1024 * 1024) // fewer large values go in one batch

#define EXIT_ERRORS 1
#define EXIT_USAGE 2
#define EXIT_INTERRUPTED 130 // as a shell reports a program ended by SIGINT

static struct run_plan plan_of(
    const struct options *o, struct load_mix mix, int64_t threads) {
    struct run_plan plan = {
        .target = {o->host, o->password, o->port, o->timeout_s * 1000},
        .mix = mix,
        .keys = o->keys,
        .value_size = o->value_size,
        .threads = threads,
        .clients = o->clients > 0 ? o->clients : threads,
        .pipeline = o->pipeline > 0 ? o->pipeline : 1,
        .operations = o->operations,
        .stress_s = o->stress_s,
        .timeout_s = o->timeout_s,
        .seed = o->seed,
        .is_inline = o->is_inline,
        .shows_progress = !o->quiet && isatty(STDERR_FILENO),
    };
    load_mix_name(&mix, plan.name, sizeof(plan.name));
    return plan;
}

// Plans SETs and, as the same seed draws the same keys, GETs of those keys.
static size_t plan_set_and_get(
    const struct options *o, int64_t threads, struct run_plan *plans) {
    plans[0] = plan_of(o, load_mix_of(LOAD_SET), threads);
    plans[1] = plan_of(o, load_mix_of(LOAD_GET), threads);
    return 2;
}

// Writes the runs that are asked for to `plans`, and returns how many.
static size_t make_plans(const struct options *o, struct run_plan *plans) {
    int64_t threads = o->threads > 0 ? o->threads : 1;
    if (o->mix.total > 0 || o->stress_s > 0) {
        struct load_mix mix = o->mix;
        if (mix.total == 0) {
            mix.weight[LOAD_GET] = 80;
            mix.weight[LOAD_SET] = 20;
            mix.total = 100;
        }
        plans[0] = plan_of(o, mix, threads);
        return 1;
    }
    size_t count = plan_set_and_get(o, threads, plans);
    if (o->threads == 0 && o->clients == 0 && o->pipeline == 0) {
        count += plan_set_and_get(o, TOUR_THREADS, plans + count);
    }
    return count;
}

// Plans one SET of every key, over one connection that is closed at the end.
static struct run_plan plan_prefill(const struct run_plan *plan) {
    struct run_plan prefill = *plan;
    snprintf(prefill.name, sizeof(prefill.name), "prefill");
    prefill.mix = load_mix_of(LOAD_SET);
    prefill.is_sequential = true;
    prefill.threads = 1;
    prefill.clients = 1;
    prefill.stress_s = 0;
    prefill.operations = plan->keys;
    int64_t fit = PREFILL_BATCH_BYTES / plan->value_size;
    if (fit < 1) fit = 1;
    prefill.pipeline = fit < PREFILL_PIPELINE ? fit : PREFILL_PIPELINE;
    return prefill;
}

// Runs a plan and describes its first errors. Returns false, after one line on
// stderr, where it could not start.
static bool run_plan(const struct run_plan *plan, struct run_result *result) {
    char problem[RUN_PROBLEM_SIZE];
    bool has_run = run_execute(plan, result, problem);
    if (!has_run && !run_is_interrupted()) {
        fprintf(stderr, "medusa-benchmark: %s\n", problem);
    }
    if (!has_run) return false;
    for (size_t i = 0; i < result->error_count; i++) {
        fprintf(stderr, "medusa-benchmark: %s: %s\n", plan->name,
            result->errors[i]);
    }
    return true;
}

// Fills the key space. Returns false where that failed or was interrupted.
static bool fill_first(const struct run_plan *plan, struct run_result *result) {
    struct run_plan prefill = plan_prefill(plan);
    if (!run_plan(&prefill, result)) return false;
    uint64_t errors = run_errors(result);
    if (errors > 0) {
        fprintf(stderr,
            "medusa-benchmark: prefill had %" PRIu64 " errors; see "
            "--no-prefill\n",
            errors);
    }
    return errors == 0 && !result->was_interrupted;
}

static enum report_form form_of(const struct options *o) {
    if (o->csv) return REPORT_CSV;
    if (o->json) return REPORT_JSON;
    return o->quiet ? REPORT_LINE : REPORT_TEXT;
}

// Runs everything that is asked for and returns the exit status.
static int run_all(const struct options *o, struct run_result *result) {
    struct run_plan plans[MAX_PLANS];
    size_t count = make_plans(o, plans);
    enum report_form form = form_of(o);
    bool needs_data = o->mix.total > 0 || o->stress_s > 0;
    needs_data = needs_data && !o->no_prefill && load_mix_reads(&plans[0].mix);
    if (needs_data && !fill_first(&plans[0], result)) {
        return run_is_interrupted() ? EXIT_INTERRUPTED : EXIT_ERRORS;
    }

    int status = EXIT_SUCCESS;
    report_begin(stdout, form);
    for (size_t i = 0; i < count && !run_is_interrupted(); i++) {
        if (!run_plan(&plans[i], result)) {
            if (!run_is_interrupted()) status = EXIT_ERRORS;
            break;
        }
        report_run(stdout, form, i, &plans[i], result);
        if (run_errors(result) > 0) status = EXIT_ERRORS;
    }
    report_end(stdout, form);
    if (status == EXIT_SUCCESS && run_is_interrupted()) return EXIT_INTERRUPTED;
    return status;
}

int main(int argc, char **argv) {
    struct options options;
    switch (options_read(argc, argv, &options)) {
    case OPTIONS_RUN:
        break;
    case OPTIONS_SHOWN:
        return EXIT_SUCCESS;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    }
    // It holds a histogram, which is large for a stack.
    struct run_result *result = malloc(sizeof(*result));
    if (result == NULL) {
        fprintf(stderr, "medusa-benchmark: there is no memory\n");
        return EXIT_ERRORS;
    }
    run_catch_signals();
    int status = run_all(&options, result);
    free(result);
    if (ferror(stdout)) {
        fprintf(stderr,
            "medusa-benchmark: cannot write the report; is the disk full?\n");
        return EXIT_ERRORS;
    }
    return status;
}
