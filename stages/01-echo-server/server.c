// server.c - accepts one client after the other, ends on a signal.

#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "net.h"

struct server {
    struct clients clients;
    int listener; // -1: none yet
    sigset_t wait_mask; // signals that are blocked even while waiting
};

// The only thing that a signal handler may safely do is set a flag.
static volatile sig_atomic_t stop_requested;

static void on_stop_signal(int signal_number) {
    (void)signal_number;
    stop_requested = 1;
}

// Blocks the stop signals but for the moments in which we wait. A signal that
// comes between a look at the flag and the wait would otherwise be missed.
static void set_signals(struct server *s) {
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGTERM);
    sigaddset(&stop_signals, SIGINT);
    sigprocmask(SIG_BLOCK, &stop_signals, &s->wait_mask);
    sigdelset(&s->wait_mask, SIGTERM);
    sigdelset(&s->wait_mask, SIGINT);

    struct sigaction stop = {.sa_handler = on_stop_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL); // a write to a closed socket: EPIPE
    sigaction(SIGHUP, &ignore, NULL); // the terminal has gone: serve on
}

static struct server *fail(struct server *s, const char *what) {
    fprintf(stderr, "medusa: %s\n", what);
    server_free(s);
    return NULL;
}

struct server *server_new(int port) {
    struct server *s = calloc(1, sizeof(*s));
    if (s == NULL) return fail(NULL, "no memory to start");
    s->listener = -1;
    set_signals(s);

    s->clients = (struct clients){
        .wait_mask = &s->wait_mask,
    };
    s->listener = net_listen(port);
    if (s->listener == -1) {
        fprintf(stderr, "medusa: cannot listen on port %d: %s\n", port,
            strerror(errno));
        server_free(s);
        return NULL;
    }
    return s;
}

void server_free(struct server *s) {
    if (s == NULL) return;
    if (s->listener != -1) close(s->listener);
    free(s);
}

void server_run(struct server *s) {
    printf("medusa: listening on 127.0.0.1:%d\n", net_local_port(s->listener));
    fflush(stdout);
    while (!stop_requested) {
        if (!net_wait_readable(s->listener, &s->wait_mask)) continue;
        int fd = net_accept(s->listener);
        if (fd != -1) clients_serve(&s->clients, fd);
    }
}
