// server.c - accepts clients, gives time to each duty, ends on a signal.

#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "expire.h"
#include "loop.h"
#include "net.h"
#include "stats.h"
#include "store.h"

#define TICK_MS 100 // between two looks at clocks and signals
#define SLICE_US 250 // of background work between two waits
#define ACCEPTS_PER_TURN 64
#define DRAIN_MS 5000 // until clients that do not read are given up
#define OWN_DESCRIPTORS 32 // for everything that is not a client

struct server {
    const struct config *config; // borrowed
    struct log log;
    struct clock clock;
    struct stats stats;
    struct store *store;
    struct loop *loop;
    struct clients clients;
    int listener; // -1: closed
    bool has_callers; // somebody waits to be accepted
    bool is_accepting; // false while there are no descriptors left
    int64_t tick_ms; // time of the last tick
};

// The only thing that a signal handler may safely do is set a flag.
static volatile sig_atomic_t stop_requested;

static void on_stop_signal(int signal_number) {
    (void)signal_number;
    if (stop_requested) _exit(1); // asked twice: no more patience
    stop_requested = 1;
}

static void set_signals(void) {
    struct sigaction stop = {.sa_handler = on_stop_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL); // a write to a closed socket: EPIPE
    sigaction(SIGHUP, &ignore, NULL); // the terminal has gone: serve on
}

// ---------------------------------------------------------------- accepting

// Tells a client why it is not served, and closes it.
static void turn_away(int fd, const char *reply) {
    ssize_t n = write(fd, reply, strlen(reply)); // best effort
    (void)n;
    net_close_gently(fd);
}

static void add_or_turn_away(struct server *s, int fd, bool is_outside) {
    if (is_outside && s->config->protected_mode) {
        s->stats.rejected++;
        turn_away(fd,
            "-DENIED Medusa is in protected mode: it has no password, so it "
            "serves clients on its own machine only. Connect from there, or "
            "start it with MEDUSA_PROTECTED_MODE=false if every machine that "
            "can reach it may read and change all data.\r\n");
    } else if (s->stats.clients >= s->stats.max_clients) {
        s->stats.rejected++;
        turn_away(fd, "-ERR max number of clients reached\r\n");
    } else {
        clients_add(&s->clients, fd);
    }
}

// Only notes that somebody calls: whoever the same wait found to have left must
// make room first, or callers are refused a place that is free.
static void server_on_connection(void *arg, int fd, unsigned ready) {
    struct server *s = arg;
    (void)fd;
    (void)ready;
    s->has_callers = true;
}

static void accept_callers(struct server *s) {
    int fd = s->listener;
    s->has_callers = false;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        bool is_outside;
        int client = net_accept(fd, &is_outside);
        if (client != -1) {
            add_or_turn_away(s, client, is_outside);
            continue;
        }
        bool is_full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
            errno == ENOMEM;
        if (!is_full) return; // nobody is waiting, or gave up waiting
        // The client stays in the queue, so the listener stays readable:
        // watching it would only spin. The next tick tries again.
        log_write(&s->log, LOG_WARN, "cannot accept: %s", strerror(errno));
        loop_forget(s->loop, fd);
        s->is_accepting = false;
        return;
    }
}

static bool start_accepting(struct server *s) {
    s->is_accepting =
        loop_watch(s->loop, s->listener, LOOP_READ, server_on_connection, s);
    return s->is_accepting;
}

static void stop_accepting(struct server *s) {
    if (s->listener == -1) return;
    if (s->is_accepting) loop_forget(s->loop, s->listener);
    close(s->listener);
    s->listener = -1;
}

// ---------------------------------------------------------------- start

static struct server *fail(struct server *s, const char *what) {
    fprintf(stderr, "medusa: %s\n", what);
    server_free(s);
    return NULL;
}

static bool listen_on_port(struct server *s) {
    const struct config *config = s->config;
    const char *error;
    s->listener = net_listen(config->host, config->port, &error);
    if (s->listener != -1) return true;
    fprintf(stderr, "medusa: cannot listen on %s port %d: %s\n", config->host,
        config->port, error);
    return false;
}

// Returns how many clients there may be, given the system's limit.
static size_t fit_clients(struct server *s) {
    size_t wanted = s->config->max_connections;
    size_t limit = net_raise_descriptor_limit(wanted + OWN_DESCRIPTORS);
    if (limit >= wanted + OWN_DESCRIPTORS) return wanted;
    size_t fit = limit > OWN_DESCRIPTORS ? limit - OWN_DESCRIPTORS : 1;
    log_write(&s->log, LOG_WARN,
        "the system allows %zu descriptors (ulimit -n): only %zu clients "
        "instead of %zu can be served at once",
        limit, fit, wanted);
    return fit;
}

struct server *server_new(const struct config *config) {
    struct server *s = calloc(1, sizeof(*s));
    if (s == NULL) return fail(NULL, "no memory to start");
    s->config = config;
    s->listener = -1;
    s->log.level = config->log_level;
    s->clock = clock_start();
    set_signals();

    const struct loop_backend *backend = loop_backend_find(config->event_loop);
    s->stats.start_ms = clock_now_ms(&s->clock);
    s->stats.max_clients = fit_clients(s);
    s->stats.max_bytes = config->max_memory;
    s->stats.event_loop = backend->name;
    s->loop = loop_new(backend);
    if (s->loop == NULL) return fail(s, "no memory to start");
    errno = ENOMEM;
    s->store = store_new(config->max_memory);
    const char *why =
        errno == ENOMEM ? "no memory to start" : "cannot read /dev/urandom";
    if (s->store == NULL) return fail(s, why);
    s->clients = (struct clients){
        .loop = s->loop,
        .store = s->store,
        .stats = &s->stats,
        .log = &s->log,
        .clock = &s->clock,
        .timeout_ms = config->timeout_s * 1000,
    };
    if (!clients_init(&s->clients)) return fail(s, "no memory to start");
    if (!listen_on_port(s)) {
        server_free(s);
        return NULL;
    }
    if (!start_accepting(s)) return fail(s, "no memory to start");
    return s;
}

void server_free(struct server *s) {
    if (s == NULL) return;
    if (s->loop != NULL) {
        clients_deinit(&s->clients);
        stop_accepting(s);
    }
    loop_free(s->loop);
    store_free(s->store);
    free(s);
}

// ---------------------------------------------------------------- running

// Returns true if there is more to do at once.
static bool tick(struct server *s) {
    int64_t now_ms = clock_now_ms(&s->clock);
    if (now_ms - s->tick_ms < TICK_MS) return false;
    bool more = clients_tick(&s->clients, now_ms);
    if (!more) s->tick_ms = now_ms;
    if (s->listener != -1 && !s->is_accepting) start_accepting(s);
    return more;
}

// One round: background work, the clients' turn, and a wait that is short if
// either has more to do. A signal that comes just before the wait is seen at
// its end, at most one tick later.
static void run_once(struct server *s) {
    bool more = tick(s);
    if (expire_slice(s->store, clock_now_ms(&s->clock), SLICE_US)) more = true;
    if (clients_turn(&s->clients)) more = true;
    if (s->has_callers) accept_callers(s);
    if (s->listener == -1 && s->stats.clients == 0) return; // drained
    if (loop_wait(s->loop, more ? 0 : TICK_MS) == 0) return;
    log_write(&s->log, LOG_ERROR, "cannot wait: %s", strerror(errno));
}

static void drain(struct server *s) {
    int64_t end_ms = clock_now_ms(&s->clock) + DRAIN_MS;
    // Who called before the signal is served as well, if there is a place.
    for (size_t n = 0; n <= s->stats.max_clients; n += ACCEPTS_PER_TURN) {
        if (s->is_accepting) accept_callers(s);
    }
    stop_accepting(s);
    clients_drain(&s->clients);
    while (s->stats.clients > 0 && clock_now_ms(&s->clock) < end_ms) {
        run_once(s);
    }
}

void server_run(struct server *s) {
    char address[NET_ADDRESS_BYTES];
    net_local_address(s->listener, address);
    s->stats.tcp_port = atoi(strrchr(address, ':') + 1);
    printf("medusa: listening on %s\n", address);
    fflush(stdout);
    log_write(&s->log, LOG_INFO, "serving on %s, at most %zu clients", address,
        s->stats.max_clients);

    while (!stop_requested) run_once(s);
    log_write(&s->log, LOG_INFO, "stopping: %zu clients", s->stats.clients);
    drain(s);
    log_write(&s->log, LOG_INFO, "stopped");
}
