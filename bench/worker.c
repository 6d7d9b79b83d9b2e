// worker.c - one thread of a run.
//
// A connection always has one batch of requests under way: one write sends it,
// and when its last reply has been read the next one is built and sent. The
// clock is read once for each read and each write, not for each request.

#include "worker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_CHUNK (16 * 1024)
#define ORDER_CHECK_MS 100 // how long a changed order may go unnoticed

int64_t worker_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// The next place for a description; NULL once there are enough.
static char *error_place(struct worker *w) {
    if (w->error_count == WORKER_ERRORS) return NULL;
    return w->errors[w->error_count++];
}

// Gives up on a connection: what it still owes is lost.
static void lose(struct worker *w, struct conn *c, const char *why) {
    size_t owed = c->count - c->next;
    char *place = error_place(w);
    if (place != NULL) {
        snprintf(place, WORKER_ERROR_SIZE,
            "%s; %zu requests are without a reply", why, owed);
    }
    w->tally.lost += owed;
    conn_close(c);
    w->open_count--;
}

static void lose_errno(struct worker *w, struct conn *c, const char *what) {
    char why[128];
    snprintf(
        why, sizeof(why), "cannot %s the server: %s", what, strerror(errno));
    lose(w, c, why);
}

// Sends what the socket takes; the rest follows once it has room again.
static void flush(struct worker *w, struct conn *c) {
    size_t rest = c->out.len - c->sent;
    ssize_t n = send(c->fd, c->out.data + c->sent, rest, MSG_NOSIGNAL);
    if (n == -1 && errno != EAGAIN && errno != EINTR) {
        lose_errno(w, c, "write to");
    } else if (n > 0) {
        c->sent += (size_t)n;
    }
}

// Builds and sends the next batch, or closes the connection where its work is
// done. May leave the connection closed.
static void send_batch(struct worker *w, struct conn *c, int64_t now_ns) {
    size_t count = w->pipeline;
    if (w->left < (int64_t)count) count = (size_t)w->left;
    if (now_ns >= w->deadline_ns) count = 0;
    c->next = 0;
    c->count = 0;
    c->sent = 0;
    c->out.len = 0;
    if (count == 0) {
        conn_close(c);
        w->open_count--;
        return;
    }
    for (; c->count < count; c->count++) {
        c->requests[c->count] = load_next(w->load, &w->source);
        if (load_append(w->load, c->requests[c->count], &c->out)) continue;
        lose(
            w, c, "there is no memory for a batch: lower --pipeline or --size");
        return;
    }
    w->left -= (int64_t)count;
    c->sent_ns = worker_now_ns();
    flush(w, c);
}

// Counts one reply.
static void take(struct worker *w, struct load_request request,
    const struct answer *answer) {
    enum load_verdict verdict = load_check(w->load, request, answer);
    w->tally.operations++;
    w->tally.commands[request.command]++;
    switch (verdict) {
    case LOAD_RIGHT:
        if (load_reads(request.command)) w->tally.hits++;
        return;
    case LOAD_MISS:
        w->tally.misses++;
        return;
    case LOAD_REFUSED:
        w->tally.refused++;
        break;
    case LOAD_WRONG:
        w->tally.wrong++;
        break;
    }
    char *place = error_place(w);
    if (place == NULL) return;
    load_describe(w->load, request, answer, place, WORKER_ERROR_SIZE);
}

// Takes every whole reply that has arrived. Returns false where the bytes are
// not a reply, or no request asked for them.
static bool take_all(struct worker *w, struct conn *c) {
    size_t at = 0;
    enum answer_result result = ANSWER_DONE;
    while (c->next < c->count) {
        struct answer answer;
        size_t used;
        struct slice bytes = {c->in.data + at, c->in.len - at};
        result = answer_parse(bytes, &answer, &used);
        if (result != ANSWER_DONE) break;
        take(w, c->requests[c->next++], &answer);
        at += used;
    }
    buf_consume(&c->in, at);
    if (result == ANSWER_BAD) return false;
    return c->next < c->count || c->in.len == 0;
}

static void on_readable(struct worker *w, struct conn *c) {
    if (!buf_reserve(&c->in, READ_CHUNK)) {
        lose(w, c, "there is no memory for a reply: lower --size");
        return;
    }
    ssize_t n = read(c->fd, c->in.data + c->in.len, c->in.cap - c->in.len);
    if (n == -1 && (errno == EAGAIN || errno == EINTR)) return;
    if (n == -1) {
        lose_errno(w, c, "read from");
        return;
    }
    if (n == 0) {
        lose(w, c, "the server closed the connection (its log may say why)");
        return;
    }
    int64_t now_ns = worker_now_ns();
    size_t before = c->next;
    c->in.len += (size_t)n;
    bool is_sound = take_all(w, c);
    size_t taken = c->next - before;
    // All of these replies were seen at the same moment.
    if (taken > 0) hist_record(&w->latency, now_ns - c->sent_ns, taken);
    if (taken > 0) w->end_ns = now_ns;
    atomic_store_explicit(&w->done, w->tally.operations, memory_order_relaxed);
    if (!is_sound) {
        w->tally.wrong++;
        lose(w, c,
            "the server sent bytes that are no reply to our requests; if it "
            "takes only lines, use --inline");
    } else if (c->next == c->count) {
        send_batch(w, c, now_ns);
    }
}

// Says which sockets to watch, and for what. poll() passes over those with the
// descriptor -1: the closed ones.
static void watch(struct worker *w) {
    for (size_t i = 0; i < w->conn_count; i++) {
        const struct conn *c = &w->conns[i];
        short events = c->sent < c->out.len ? POLLIN | POLLOUT : POLLIN;
        w->fds[i] = (struct pollfd){c->fd, events, 0};
    }
}

// Serves the connections until all are closed or the order changes.
static int serve(struct worker *w) {
    int order = WORKER_GO;
    while (w->open_count > 0 && order == WORKER_GO) {
        watch(w);
        int n = poll(w->fds, (nfds_t)w->conn_count, ORDER_CHECK_MS);
        if (n == -1 && errno != EINTR) return WORKER_GIVE_UP;
        for (size_t i = 0; n > 0 && i < w->conn_count; i++) {
            struct conn *c = &w->conns[i];
            short events = w->fds[i].revents;
            if (events & POLLOUT) flush(w, c);
            if (events & ~POLLOUT && c->fd != -1) on_readable(w, c);
        }
        order = atomic_load_explicit(w->order, memory_order_relaxed);
    }
    return order;
}

void *worker_main(void *arg) {
    static const char no_answer[] =
        "the server does not answer; check it, or use fewer --clients and "
        "--threads if it serves one at a time";
    struct worker *w = arg;
    w->open_count = w->conn_count;
    for (size_t i = 0; i < w->conn_count; i++) {
        send_batch(w, &w->conns[i], worker_now_ns());
    }
    bool is_hopeless = serve(w) == WORKER_GIVE_UP;
    for (size_t i = 0; i < w->conn_count; i++) {
        struct conn *c = &w->conns[i];
        if (c->fd != -1 && is_hopeless) lose(w, c, no_answer);
        conn_close(c);
    }
    // The pipe has room for a byte of every thread, and the run reads them.
    ssize_t ignored = write(w->wake_fd, "", 1);
    (void)ignored;
    return NULL;
}
