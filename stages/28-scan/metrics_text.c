// metrics_text.c - the numbers, in the text format of Prometheus.
//
// Each family of metrics is two lines that say what it is, then its samples.
// Names follow the Prometheus conventions: seconds and bytes, no thousandths or
// thousands of them, and _total at the end of what only ever grows.

#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>

#include "command.h"
#include "metrics.h"
#include "rss.h"
#include "version.h"

#define NS_PER_SECOND 1e9

struct text {
    struct buf *out; // borrowed
    bool no_memory; // what is in `out` is cut short
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
add(struct text *t, const char *format, ...) {
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (!buf_append(t->out, slice_of(line))) t->no_memory = true;
}

static void add_family(
    struct text *t, const char *name, const char *type, const char *help) {
    add(t, "# HELP medusa_%s %s\n", name, help);
    add(t, "# TYPE medusa_%s %s\n", name, type);
}

// A double is what Prometheus makes of it anyway; up to 15 digits are exact.
static void add_gauge(
    struct text *t, const char *name, const char *help, double value) {
    add_family(t, name, "gauge", help);
    add(t, "medusa_%s %.15g\n", name, value);
}

static void add_counter(
    struct text *t, const char *name, const char *help, double value) {
    add_family(t, name, "counter", help);
    add(t, "medusa_%s %.15g\n", name, value);
}

// ---------------------------------------------------------------- the server

static void add_server(struct text *t, const struct metrics *m) {
    const struct stats *stats = m->stats;
    int64_t uptime_ms = clock_now_ms(m->clock) - stats->start_ms;

    add_family(t, "build_info", "gauge", "What is running; always 1.");
    add(t, "medusa_build_info{version=\"%s\",event_loop=\"%s\"} 1\n",
        MEDUSA_VERSION, stats->event_loop);
    add_gauge(
        t, "uptime_seconds", "Time since the start.", (double)uptime_ms / 1000);
    add_gauge(t, "connected_clients", "Clients connected now.",
        (double)stats->clients);
    add_gauge(t, "max_clients", "Clients that may be connected at once.",
        (double)stats->max_clients);
    add_gauge(t, "client_buffer_bytes", "Allocated for input and output.",
        (double)stats->client_bytes);
}

static void add_traffic(struct text *t, const struct stats *stats) {
    add_counter(t, "connections_total", "Clients accepted.",
        (double)stats->connections);
    add_counter(t, "connections_rejected_total",
        "Clients refused: too many, or from outside in protected mode.",
        (double)stats->rejected);
    add_counter(t, "connections_timed_out_total",
        "Clients closed because they were silent.", (double)stats->timed_out);
    add_counter(t, "connections_stuck_total",
        "Clients dropped because they did not read their replies.",
        (double)stats->stuck);
    add_counter(t, "commands_total", "Requests answered, unknown ones too.",
        (double)stats->commands);
    add_counter(t, "net_input_bytes_total", "Read from clients.",
        (double)stats->bytes_in);
    add_counter(t, "net_output_bytes_total", "Written to clients.",
        (double)stats->bytes_out);
}

static void add_data(struct text *t, const struct metrics *m) {
    struct store_stats store = store_stats(m->store);

    add_counter(t, "keyspace_hits_total", "Lookups that found a key.",
        (double)store.hits);
    add_counter(t, "keyspace_misses_total", "Lookups that found none.",
        (double)store.misses);
    add_counter(t, "expired_keys_total", "Keys removed at their deadline.",
        (double)store.expired);
    add_counter(t, "evicted_keys_total", "Keys removed to make room.",
        (double)store.evicted);
    add_gauge(t, "keys", "Keys stored now.", (double)store.keys);
    add_gauge(t, "memory_used_bytes", "Requested for keys, values and table.",
        (double)store.bytes);
    add_gauge(t, "memory_peak_bytes", "The most that was ever used.",
        (double)store.peak_bytes);
    add_gauge(t, "memory_limit_bytes", "Limit of what is used; 0 is none.",
        (double)m->stats->max_bytes);
}

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void add_process(struct text *t) {
    struct rusage use;
    size_t rss = rss_bytes();

    getrusage(RUSAGE_SELF, &use);
    if (rss > 0) {
        add_gauge(t, "memory_resident_bytes",
            "Memory of the process that is resident.", (double)rss);
    }
    add_family(t, "cpu_seconds_total", "counter", "Processor time used.");
    add(t, "medusa_cpu_seconds_total{mode=\"user\"} %.15g\n",
        seconds_of(use.ru_utime));
    add(t, "medusa_cpu_seconds_total{mode=\"system\"} %.15g\n",
        seconds_of(use.ru_stime));
}

// ---------------------------------------------------------------- commands

static uint64_t calls_of(const struct cmdstat *stat) {
    return stat->calls;
}

static uint64_t failures_of(const struct cmdstat *stat) {
    return stat->failed;
}

static uint64_t rejections_of(const struct cmdstat *stat) {
    return stat->rejected;
}

// A counter with a sample for each command that has been used.
static void add_per_command(struct text *t, const struct cmdstat *stats,
    const char *name, const char *help,
    uint64_t (*count)(const struct cmdstat *stat)) {
    add_family(t, name, "counter", help);
    for (size_t i = 0; i < command_count(); i++) {
        char command[COMMAND_NAME_BYTES];
        if (!cmdstat_is_used(&stats[i])) continue;
        command_name(command_at(i), command);
        add(t, "medusa_%s{command=\"%s\"} %llu\n", name, command,
            (unsigned long long)count(&stats[i]));
    }
}

// Buckets of this format are cumulative: each counts the shorter calls as well.
static void add_durations(
    struct text *t, const char *command, const struct cmdstat *stat) {
    const char *name = "medusa_command_duration_seconds";
    unsigned long long calls = 0;
    for (size_t i = 0; i < CMDSTAT_BOUNDS; i++) {
        calls += stat->buckets[i];
        add(t, "%s_bucket{command=\"%s\",le=\"%g\"} %llu\n", name, command,
            (double)cmdstat_bound_ns(i) / NS_PER_SECOND, calls);
    }
    calls = stat->calls;
    add(t, "%s_bucket{command=\"%s\",le=\"+Inf\"} %llu\n", name, command,
        calls);
    add(t, "%s_sum{command=\"%s\"} %.15g\n", name, command,
        (double)stat->ns / NS_PER_SECOND);
    add(t, "%s_count{command=\"%s\"} %llu\n", name, command, calls);
}

static void add_commands(struct text *t, const struct cmdstat *stats) {
    add_per_command(
        t, stats, "command_calls_total", "Commands run, by name.", calls_of);
    add_per_command(t, stats, "command_failures_total",
        "Commands that ran and answered an error.", failures_of);
    add_per_command(t, stats, "command_rejections_total",
        "Commands refused before they could run.", rejections_of);
    add_family(t, "command_duration_seconds", "histogram",
        "Time that commands took to run, without reading and writing.");
    for (size_t i = 0; i < command_count(); i++) {
        char command[COMMAND_NAME_BYTES];
        if (!cmdstat_is_used(&stats[i])) continue;
        command_name(command_at(i), command);
        add_durations(t, command, &stats[i]);
    }
}

bool metrics_text(const struct metrics *m, struct buf *out) {
    struct text t = {.out = out};
    add_server(&t, m);
    add_traffic(&t, m->stats);
    add_data(&t, m);
    add_process(&t);
    add_commands(&t, m->cmdstats);
    return !t.no_memory;
}
