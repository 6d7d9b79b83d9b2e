// client.c - one connection, from its first byte to its last.
//
// Whoever finds a client closed or broken in the middle of its turn sets a
// flag; it is freed as the last thing that happens to it in the turn.

#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_BYTES ((size_t)32 * 1024) // of one client in one turn
#define MAX_MOVED_BYTES ((size_t)4 * 1024 * 1024) // takes half a millisecond

// ---------------------------------------------------------------- the end

static void client_close(struct client *c) {
    struct clients *all = c->all;
    loop_forget(all->loop, c->fd);
    if (c->prev != NULL) {
        c->prev->next = c->next;
    } else {
        all->first = c->next;
    }
    if (c->next != NULL) c->next->prev = c->prev;
    all->stats->clients--;
    close(c->fd);
    buf_deinit(&c->in);
    buf_deinit(&c->out);
    free(c);
}

void clients_deinit(struct clients *all) {
    while (all->first != NULL) client_close(all->first);
    request_deinit(&all->request);
}

// ---------------------------------------------------------------- input

// Ends a client whose request does not fit into memory.
static void refuse_input(struct client *c, const char *error) {
    struct reply reply = {.out = &c->out};
    if (buf_reserve(&c->out, REPLY_ROOM)) reply_error(&reply, "%s", error);
    c->closing = true;
}

// Reads once, behind what the client has sent before.
static void read_input(struct client *c) {
    if (!buf_reserve(&c->in, READ_BYTES)) {
        refuse_input(c, "OOM out of memory, nothing was changed");
        return;
    }
    ssize_t n = read(c->fd, c->in.data + c->in.len, READ_BYTES);
    if (n == -1 && errno != EAGAIN && errno != EINTR) c->broken = true;
    if (n == 0) c->at_end = true;
    if (n <= 0) return;
    c->all->stats->bytes_in += (uint64_t)n;
    c->in.len += (size_t)n;
}

// ---------------------------------------------------------------- requests

// Whether too many replies wait for this client to run another request. Bytes
// that have been sent count as long as they take up memory.
static bool is_full(const struct client *c) {
    return c->out.len > MAX_PENDING_BYTES;
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
static void run_requests(struct client *c, int64_t now_ms) {
    struct request *r = &c->all->request;
    size_t done = 0; // bytes of c->in
    while (done < c->in.len && !c->closing && !c->broken && !is_full(c)) {
        struct slice rest = {c->in.data + done, c->in.len - done};
        size_t used;
        enum request_result result = request_parse(r, rest, &used);
        if (result == REQUEST_MORE) break;
        done += used;
        if (result != REQUEST_DONE) {
            refuse(c, result);
        } else if (r->argc > 0) {
            run_command(c, now_ms);
        }
    }
    buf_consume(&c->in, done);
}

// ---------------------------------------------------------------- output

// Writes once.
static void flush(struct client *c) {
    if (c->sent == c->out.len) return;
    ssize_t n = write(c->fd, c->out.data + c->sent, c->out.len - c->sent);
    if (n == -1) {
        if (errno != EAGAIN && errno != EINTR) c->broken = true;
        return;
    }
    c->all->stats->bytes_out += (uint64_t)n;
    c->sent += (size_t)n;
    if (c->sent > c->out.len / 2 && // moving less than was written
        c->out.len - c->sent <= MAX_MOVED_BYTES) {
        buf_consume(&c->out, c->sent);
        c->sent = 0;
    }
}

// ---------------------------------------------------------------- the turn

// Whether nothing will come from, or go to, this client any more.
static bool is_over(const struct client *c) {
    if (c->broken) return true;
    if (c->paused || c->sent < c->out.len) return false;
    return c->closing || c->at_end;
}

// The client's turn. A client that is full of replies gets its next requests
// run when it has read enough of them, which is when it is writable.
// May free the client.
static void client_on_ready(void *arg, int fd, unsigned ready) {
    struct client *c = arg;
    struct clients *all = c->all;
    int64_t now_ms = clock_now_ms(all->clock);
    (void)fd;

    bool may_read = !c->at_end && !c->closing && !is_full(c);
    if (ready & LOOP_READ && may_read) read_input(c);
    run_requests(c, now_ms);
    c->paused = is_full(c);
    flush(c);
    if (is_over(c)) {
        client_close(c);
        return;
    }
    bool reads = !c->at_end && !c->closing && !is_full(c);
    unsigned read = reads ? LOOP_READ : 0;
    unsigned write = c->paused || c->sent < c->out.len ? LOOP_WRITE : 0;
    if (!loop_watch(all->loop, c->fd, read | write, client_on_ready, c)) {
        client_close(c);
    }
}

// ---------------------------------------------------------------- all of them

void clients_add(struct clients *all, int fd) {
    struct client *c = calloc(1, sizeof(*c));
    if (c == NULL ||
        !loop_watch(all->loop, fd, LOOP_READ, client_on_ready, c)) {
        free(c);
        close(fd);
        return;
    }
    c->fd = fd;
    c->all = all;
    c->next = all->first;
    if (c->next != NULL) c->next->prev = c;
    all->first = c;
    all->stats->clients++;
    all->stats->connections++;
}
