// cmd_server.c - commands on the connection and on the server itself.

#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "command.h"
#include "evict.h"
#include "num.h"
#include "rss.h"
#include "version.h"

// PING [message]
void cmd_ping(struct call *call) {
    if (call->argc == 2) {
        reply_bulk(call->reply, call->argv[1]);
    } else {
        reply_simple(call->reply, "PONG");
    }
}

// QUIT
// EXIT
void cmd_quit(struct call *call) {
    call->session->closing = true;
    reply_simple(call->reply, "OK");
}

// TIME
void cmd_time(struct call *call) {
    char text[NUM_MAX_TEXT];
    int64_t ms = call->now_ms;
    reply_array(call->reply, 2);
    reply_bulk(call->reply, (struct slice){text, num_format(ms / 1000, text)});
    size_t n = num_format(ms % 1000 * 1000, text); // microseconds
    reply_bulk(call->reply, (struct slice){text, n});
}

// SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]
void cmd_shutdown(struct call *call) {
    static const char *const words[] = {"NOSAVE", "SAVE", "NOW", "FORCE"};
    unsigned given = 0; // a bit for each of them, and one for other words
    for (size_t i = 1; i < call->argc; i++) {
        if (command_word_is(call->argv[i], "ABORT") && call->argc == 2) {
            reply_error(call->reply, "ERR No shutdown in progress.");
            return;
        }
        size_t j = 0;
        while (j < 4 && !command_word_is(call->argv[i], words[j])) j++;
        given |= 1u << j;
    }
    if (given >= 16 || (given & 3) == 3) { // unknown, or the first two at once
        command_syntax_error(call);
        return;
    }
    call->session->closing = true; // that the server ends is the answer
    call->ops->shut_down(call->ops->server);
}

// The text of INFO while it is put together.
struct info {
    struct buf text;
    bool no_memory;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
add_line(struct info *info, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!buf_append(&info->text, slice_of(text))) info->no_memory = true;
    if (!buf_append(&info->text, slice_of("\r\n"))) info->no_memory = true;
}

static void info_server(struct info *info, const struct call *call) {
    struct utsname os = {0};
    uname(&os);
    int64_t uptime_ms = call->now_ms - call->stats->start_ms;

    add_line(info, "medusa_version:%s", MEDUSA_VERSION);
    add_line(info, "redis_version:%s", MEDUSA_REDIS_VERSION);
    add_line(info, "redis_mode:standalone");
    add_line(info, "os:%s %s %s", os.sysname, os.release, os.machine);
    add_line(info, "multiplexing_api:%s", call->stats->event_loop);
    add_line(info, "process_id:%ld", (long)getpid());
    add_line(info, "tcp_port:%d", call->stats->tcp_port);
    add_line(info, "uptime_in_seconds:%lld", (long long)(uptime_ms / 1000));
}

static void info_clients(struct info *info, const struct call *call) {
    add_line(info, "connected_clients:%zu", call->stats->clients);
    add_line(info, "maxclients:%zu", call->stats->max_clients);
    add_line(info, "blocked_clients:0"); // no command waits for another client
    add_line(info, "client_buffer_bytes:%zu", call->stats->client_bytes);
}

static void info_memory(struct info *info, const struct call *call) {
    struct store_stats store = store_stats(call->store);
    size_t rss = rss_bytes();

    add_line(info, "used_memory:%zu", store.bytes);
    add_line(info, "used_memory_peak:%zu", store.peak_bytes);
    if (rss > 0) add_line(info, "used_memory_rss:%zu", rss);
    add_line(info, "maxmemory:%zu", call->stats->max_bytes);
    add_line(info, "maxmemory_policy:%s", evict_policy_name(store.eviction));
}

static void info_stats(struct info *info, const struct call *call) {
    const struct stats *stats = call->stats;
    struct store_stats store = store_stats(call->store);

    add_line(info, "total_connections_received:%llu",
        (unsigned long long)stats->connections);
    add_line(info, "total_commands_processed:%llu",
        (unsigned long long)stats->commands);
    add_line(info, "total_net_input_bytes:%llu",
        (unsigned long long)stats->bytes_in);
    add_line(info, "total_net_output_bytes:%llu",
        (unsigned long long)stats->bytes_out);
    add_line(
        info, "rejected_connections:%llu", (unsigned long long)stats->rejected);
    add_line(info, "timed_out_connections:%llu",
        (unsigned long long)stats->timed_out);
    add_line(info, "stuck_connections:%llu", (unsigned long long)stats->stuck);
    add_line(info, "keyspace_hits:%llu", (unsigned long long)store.hits);
    add_line(info, "keyspace_misses:%llu", (unsigned long long)store.misses);
    add_line(info, "expired_keys:%llu", (unsigned long long)store.expired);
    add_line(info, "evicted_keys:%llu", (unsigned long long)store.evicted);
}

static void info_replication(struct info *info, const struct call *call) {
    (void)call; // there is no other server
    add_line(info, "role:master");
    add_line(info, "connected_slaves:0");
}

static void info_cpu(struct info *info, const struct call *call) {
    (void)call;
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    add_line(info, "used_cpu_sys:%lld.%06ld", (long long)use.ru_stime.tv_sec,
        (long)use.ru_stime.tv_usec);
    add_line(info, "used_cpu_user:%lld.%06ld", (long long)use.ru_utime.tv_sec,
        (long)use.ru_utime.tv_usec);
}

static void info_commandstats(struct info *info, const struct call *call) {
    if (call->cmdstats == NULL) return;
    for (size_t i = 0; i < command_count(); i++) {
        const struct cmdstat *stat = &call->cmdstats[i];
        char name[COMMAND_NAME_BYTES];
        if (!cmdstat_is_used(stat)) continue;
        double us = (double)stat->ns / 1000;
        command_name(command_at(i), name);
        add_line(info,
            "cmdstat_%s:calls=%llu,usec=%.0f,usec_per_call=%.2f,"
            "rejected_calls=%llu,failed_calls=%llu",
            name, (unsigned long long)stat->calls, us,
            stat->calls > 0 ? us / (double)stat->calls : 0,
            (unsigned long long)stat->rejected,
            (unsigned long long)stat->failed);
    }
}

static void info_latencystats(struct info *info, const struct call *call) {
    if (call->cmdstats == NULL) return;
    for (size_t i = 0; i < command_count(); i++) {
        const struct hist *latency = call->cmdstats[i].latency;
        char name[COMMAND_NAME_BYTES];
        if (latency == NULL) continue;
        command_name(command_at(i), name);
        add_line(info,
            "latency_percentiles_usec_%s:p50=%.3f,p99=%.3f,p99.9=%.3f", name,
            (double)hist_percentile(latency, 50) / 1000,
            (double)hist_percentile(latency, 99) / 1000,
            (double)hist_percentile(latency, 99.9) / 1000);
    }
}

static void info_keyspace(struct info *info, const struct call *call) {
    size_t keys = store_stats(call->store).keys;
    if (keys > 0) add_line(info, "db0:keys=%zu", keys);
}

struct info_section {
    const char *name;
    const char *word; // in upper case, as an argument of INFO
    void (*write)(struct info *info, const struct call *call);
};

static const struct info_section sections[] = {
    {"Server", "SERVER", info_server},
    {"Clients", "CLIENTS", info_clients},
    {"Memory", "MEMORY", info_memory},
    {"Stats", "STATS", info_stats},
    {"Replication", "REPLICATION", info_replication},
    {"CPU", "CPU", info_cpu},
    {"Commandstats", "COMMANDSTATS", info_commandstats},
    {"Latencystats", "LATENCYSTATS", info_latencystats},
    {"Keyspace", "KEYSPACE", info_keyspace},
};

// Whether plain INFO leaves it out, because it has a line for each command.
static bool is_extra(const struct info_section *s) {
    return s->write == info_commandstats || s->write == info_latencystats;
}

static bool is_wanted(const struct call *call, const struct info_section *s) {
    if (call->argc == 1) return !is_extra(s);
    for (size_t i = 1; i < call->argc; i++) {
        struct slice arg = call->argv[i];
        if (command_word_is(arg, s->word)) return true;
        if (command_word_is(arg, "ALL")) return true;
        if (command_word_is(arg, "DEFAULT") && !is_extra(s)) return true;
        if (command_word_is(arg, "EVERYTHING")) return true;
    }
    return false;
}

// INFO [section ...]
void cmd_info(struct call *call) {
    struct info info = {0};
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        const struct info_section *s = &sections[i];
        if (!is_wanted(call, s)) continue;
        if (info.text.len > 0) add_line(&info, "%s", "");
        add_line(&info, "# %s", s->name);
        s->write(&info, call);
    }
    if (info.no_memory) {
        call->reply->no_memory = true;
    } else {
        reply_bulk(call->reply, (struct slice){info.text.data, info.text.len});
    }
    buf_deinit(&info.text);
}
