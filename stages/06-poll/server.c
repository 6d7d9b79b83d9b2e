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
#define SLICE_US 4000 // of background work in a tick
#define ACCEPTS_PER_TURN 64

struct server {
    struct clock clock;
    struct stats stats;
    struct store *store;
    struct loop *loop;
    struct clients clients;
    int listener; // -1: none yet
    int64_t tick_ms; // time of the last tick
};

// The only thing that a signal handler may safely do is set a flag.
static volatile sig_atomic_t stop_requested;

static void on_stop_signal(int signal_number) {
    (void)signal_number;
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

static void server_on_connection(void *arg, int fd, unsigned ready) {
    struct server *s = arg;
    (void)ready;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int client = net_accept(fd);
        if (client == -1) return; // nobody is waiting, or gave up waiting
        clients_add(&s->clients, client);
    }
}

// ---------------------------------------------------------------- start

static struct server *fail(struct server *s, const char *what) {
    fprintf(stderr, "medusa: %s\n", what);
    server_free(s);
    return NULL;
}

struct server *server_new(int port) {
    struct server *s = calloc(1, sizeof(*s));
    if (s == NULL) return fail(NULL, "no memory to start");
    s->listener = -1;
    s->clock = clock_start();
    set_signals();

    s->stats.start_ms = clock_now_ms(&s->clock);
    s->loop = loop_new();
    if (s->loop == NULL) return fail(s, "no memory to start");
    s->store = store_new();
    if (s->store == NULL) return fail(s, "no memory to start");
    s->clients = (struct clients){
        .loop = s->loop,
        .store = s->store,
        .stats = &s->stats,
        .clock = &s->clock,
    };
    s->listener = net_listen(port);
    if (s->listener == -1) {
        fprintf(stderr, "medusa: cannot listen on port %d: %s\n", port,
            strerror(errno));
        server_free(s);
        return NULL;
    }
    if (!loop_watch(s->loop, s->listener, LOOP_READ, server_on_connection, s)) {
        return fail(s, "no memory to start");
    }
    return s;
}

void server_free(struct server *s) {
    if (s == NULL) return;
    if (s->loop != NULL) clients_deinit(&s->clients);
    if (s->listener != -1) close(s->listener);
    loop_free(s->loop);
    store_free(s->store);
    free(s);
}

// ---------------------------------------------------------------- running

static void tick(struct server *s) {
    int64_t now_ms = clock_now_ms(&s->clock);
    if (now_ms - s->tick_ms < TICK_MS) return;
    s->tick_ms = now_ms;
    expire_slice(s->store, now_ms, SLICE_US);
}

// One round: background work, and a wait. A signal that comes just before the
// wait is seen at its end, at most one tick later.
static void run_once(struct server *s) {
    tick(s);
    if (loop_wait(s->loop, TICK_MS) == -1) perror("medusa: cannot wait");
}

void server_run(struct server *s) {
    printf("medusa: listening on 127.0.0.1:%d\n", net_local_port(s->listener));
    fflush(stdout);
    while (!stop_requested) run_once(s);
}
