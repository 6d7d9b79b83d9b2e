// client.c - one connection, from its first byte to its last.
//
// Whoever finds a client closed or broken sets a flag; the loop at the end of
// this file looks at it.

#include "client.h"

#include <errno.h>
#include <unistd.h>

#include "expire.h"
#include "net.h"

#define READ_BYTES ((size_t)32 * 1024)

void clients_deinit(struct clients *all) {
    request_deinit(&all->request);
}

// Ends a client whose request does not fit into memory.
static void refuse_input(struct client *c, const char *error) {
    struct reply reply = {.out = &c->out};
    if (buf_reserve(&c->out, REPLY_ROOM)) reply_error(&reply, "%s", error);
    c->closing = true;
}

// Reads once, behind what the client has sent before. Waits for it.
static void read_input(struct client *c) {
    if (!buf_reserve(&c->in, READ_BYTES)) {
        refuse_input(c, "OOM out of memory, nothing was changed");
        return;
    }
    if (!net_wait_readable(c->fd, c->all->wait_mask)) {
        c->broken = true;
        return;
    }
    ssize_t n = read(c->fd, c->in.data + c->in.len, READ_BYTES);
    if (n == -1 && errno == EAGAIN) return; // it was a false alarm
    if (n <= 0) {
        c->broken = true;
        return;
    }
    c->in.len += (size_t)n;
}

static void run_command(struct client *c, int64_t now_ms) {
    struct clients *all = c->all;
    struct reply reply = {.out = &c->out};
    struct call call = {
        .argc = all->request.argc,
        .argv = all->request.argv,
        .store = all->store,
        .reply = &reply,
        .session = &c->session,
        .stats = all->stats,
        .now_ms = now_ms,
    };
    if (!command_run(command_find(call.argv[0]), &call)) c->broken = true;
    expire_slice(all->store, now_ms);
    all->stats->commands++;
    if (c->session.closing) c->closing = true;
}

// Answers a request that could not be read.
static void refuse(struct client *c, enum request_result result) {
    struct reply reply = {.out = &c->out};
    const char *error = c->all->request.error;
    if (!buf_reserve(&c->out, REPLY_ROOM)) {
        c->broken = true;
        return;
    }
    reply_error(&reply, "%s", error);
    if (result == REQUEST_BAD) c->closing = true;
}

// Runs the complete requests that the client has sent.
static void run_requests(struct client *c) {
    struct request *r = &c->all->request;
    size_t done = 0; // bytes of c->in
    while (done < c->in.len && !c->closing && !c->broken) {
        struct slice rest = {c->in.data + done, c->in.len - done};
        size_t used;
        enum request_result result = request_parse(r, rest, &used);
        if (result == REQUEST_MORE) break;
        done += used;
        if (result != REQUEST_DONE) {
            refuse(c, result);
        } else if (r->argc > 0) {
            run_command(c, clock_now_ms(c->all->clock));
        }
    }
    buf_consume(&c->in, done);
}

// Writes everything, in as many pieces as the kernel takes. While the client
// does not read, everybody waits.
static void flush(struct client *c) {
    while (c->sent < c->out.len && !c->broken) {
        if (!net_wait_writable(c->fd, c->all->wait_mask)) {
            c->broken = true;
            return;
        }
        ssize_t n = write(c->fd, c->out.data + c->sent, c->out.len - c->sent);
        if (n == -1 && errno != EAGAIN) c->broken = true;
        if (n > 0) c->sent += (size_t)n;
    }
    c->out.len = 0;
    c->sent = 0;
}

void clients_serve(struct clients *all, int fd) {
    struct client c = {.fd = fd, .all = all};
    while (!c.closing && !c.broken) {
        read_input(&c);
        run_requests(&c);
        flush(&c);
    }
    close(fd);
    buf_deinit(&c.in);
    buf_deinit(&c.out);
}
