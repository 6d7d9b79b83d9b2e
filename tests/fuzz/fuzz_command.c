// fuzz_command.c - bytes in, bytes out, as a connection would see it, without
// any socket: nothing that a client can send may break the server, and every
// request gets exactly one reply.
//
// The first byte of the input chooses the settings; requests follow. MULTI, the
// version of the protocol, names and the password last from one to the next, as
// they do for a client. A wrong or missing password must get at nothing.

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "evict.h"
#include "expire.h"
#include "request.h"
#include "store.h"

#define MOST_BYTES 4096
#define MOST_DATA ((size_t)64 * 1024) // bytes in the store
#define NOW_MS 1700000000000

enum { WITH_PASSWORD = 1, WITH_METRICS = 2, WITH_EVICTION = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// A server as far as commands know one.
struct world {
    struct store *store;
    struct session session;
    struct stats stats;
    struct secret password;
    struct cmdstat *cmdstats;
    struct config config;
    struct server_ops ops;
    bool is_over;
};

// ------------------------------------------------------ what commands ask for

static void each_client(
    void *server, uint64_t id, ops_client_fn *visit, void *arg) {
    const struct world *w = server;
    if (id == 0 || id == w->session.id)
        visit(arg, w->session.id, "id=1 addr=127.0.0.1:1 name=");
}

static bool kill_client(void *server, uint64_t id) {
    struct world *w = server;
    if (id == w->session.id) w->session.closing = true;
    return id == w->session.id;
}

static void each_setting(void *server, ops_setting_fn *visit, void *arg) {
    const struct world *w = server;
    config_each(&w->config, visit, arg);
}

static enum ops_result check_setting(
    void *server, struct slice name, struct slice value, const char **allowed) {
    const struct world *w = server;
    struct config changed = w->config;
    return config_change(&changed, name, value, allowed);
}

// What was checked can be set.
static void change_setting(
    void *server, struct slice name, struct slice value) {
    struct world *w = server;
    const char *allowed;
    assert(config_change(&w->config, name, value, &allowed) == OPS_OK);
}

static void reset_stats(void *server) {
    struct world *w = server;
    store_reset_stats(w->store);
    stats_reset(&w->stats);
    if (w->cmdstats != NULL) cmdstats_reset(w->cmdstats, command_count());
}

static void shut_down(void *server) {
    struct world *w = server;
    w->is_over = true;
}

static void open_world(struct world *w, uint8_t options) {
    char *argv[] = {"medusa", NULL};
    *w = (struct world){.stats = {.event_loop = "none", .start_ms = NOW_MS}};
    assert(config_read(&w->config, 1, argv) == CONFIG_OK);
    w->ops = (struct server_ops){w, each_client, kill_client, each_setting,
        check_setting, change_setting, reset_stats, shut_down};
    w->store = store_new(MOST_DATA);
    w->session.id = 1;
    if (options & WITH_EVICTION) {
        store_set_limit(w->store, MOST_DATA, STORE_EVICTS);
    }
    if (options & WITH_METRICS) w->cmdstats = cmdstats_new(command_count());
    if (options & WITH_PASSWORD) {
        assert(secret_set(&w->password, slice_of("pw")));
        w->session.needs_password = true;
    }
}

static void close_world(struct world *w) {
    session_reset(&w->session);
    store_free(w->store);
    cmdstats_free(w->cmdstats, command_count());
}

// ------------------------------------------------------------ what must be so

// Returns the place behind the reply at `p`, or NULL if it is not a whole one.
static const char *skip_reply(const char *p, const char *end) {
    const char *newline = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
    if (newline == NULL || newline[-1] != '\r') return NULL;
    long n = strtol(p + 1, NULL, 10);
    const char *next = newline + 1;
    if (*p == '_') return next - p == 3 ? next : NULL;
    if (*p == '+' || *p == '-' || *p == ':' || n < 0) return next;
    if (*p == '$') return end - next >= n + 2 ? next + n + 2 : NULL;
    if (*p != '*' && *p != '%') return NULL;
    for (n *= *p == '%' ? 2 : 1; n > 0 && next != NULL; n--) {
        next = skip_reply(next, end);
    }
    return next;
}

static void run(struct world *w, const struct request *r, int64_t now_ms) {
    struct buf out = {0};
    struct reply reply = {.out = &out, .is_resp3 = w->session.is_resp3};
    struct call call = {
        .argc = r->argc,
        .argv = r->argv,
        .store = w->store,
        .reply = &reply,
        .session = &w->session,
        .stats = &w->stats,
        .password = &w->password,
        .ops = &w->ops,
        .cmdstats = w->cmdstats,
        .now_ms = now_ms,
    };
    bool is_stranger = w->session.needs_password;
    struct store_stats before = store_stats(w->store);
    assert(command_run(command_find(r->argv[0]), &call));
    const char *end = out.data + out.len;
    bool has_reply = out.len > 0;
    assert(has_reply || w->is_over); // SHUTDOWN alone has no answer
    if (has_reply) assert(skip_reply(out.data, end) == end);
    if (!w->session.is_resp3 && !reply.is_resp3) {
        assert(!has_reply || (out.data[0] != '_' && out.data[0] != '%'));
    }
    struct store_stats stats = store_stats(w->store);
    assert(stats.bytes <= MOST_DATA);
    if (is_stranger && w->session.needs_password) {
        assert(stats.keys == before.keys && stats.bytes == before.bytes);
        assert(!w->is_over);
    }
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (len == 0 || len > MOST_BYTES) return 0;
    struct world w;
    struct request request = {0};
    struct request_progress progress = {0};
    open_world(&w, data[0]);
    char *in = malloc(len);
    memcpy(in, data + 1, len - 1);
    len--;

    int64_t now_ms = NOW_MS;
    for (size_t at = 0; at < len && !w.session.closing; now_ms += 400) {
        size_t used;
        struct slice rest = {in + at, len - at};
        request.is_limited = w.session.needs_password;
        enum request_result result =
            request_parse(&request, rest, &progress, &used);
        if (result == REQUEST_MORE || result == REQUEST_BAD) break;
        if (result == REQUEST_DONE && request.argc > 0) {
            run(&w, &request, now_ms);
        }
        expire_slice(w.store, now_ms, 100);
        at += used;
    }
    request_deinit(&request);
    close_world(&w);
    free(in);
    return 0;
}
