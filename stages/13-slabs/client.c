// client.c - one connection, from its first byte to its last.
//
// Whoever finds a client closed or broken in the middle of its turn sets a
// flag; it is freed as the last thing that happens to it in the turn.

#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "net.h"

#define READ_BYTES ((size_t)32 * 1024) // of one client in one turn
#define LONG_READ_BYTES ((size_t)128 * 1024) // of a word that is long itself
#define MAX_MOVED_BYTES ((size_t)4 * 1024 * 1024) // takes half a millisecond
#define MAX_REQUEST_BYTES ((size_t)1024 * 1024 * 1024)
#define STUCK_MS 30000 // where there is no timeout
#define EXPELS_PER_STEP 32 // closing a connection takes some 5 us

// ---------------------------------------------------------------- lists

static void list_remove(struct client_list *list, struct client *c) {
    if (c->prev != NULL) {
        c->prev->next = c->next;
    } else {
        list->first = c->next;
    }
    if (c->next != NULL) {
        c->next->prev = c->prev;
    } else {
        list->last = c->prev;
    }
}

static void list_append(struct client_list *list, struct client *c) {
    c->next = NULL;
    c->prev = list->last;
    if (c->prev != NULL) {
        c->prev->next = c;
    } else {
        list->first = c;
    }
    list->last = c;
}

static struct client_list *list_of(struct client *c) {
    return c->is_writing ? &c->all->writing : &c->all->idle;
}

// Moves a client to the end of its list: it was active now. Clients with
// replies to read have a list of their own, in which only progress of their
// output counts.
static void touch(struct client *c, int64_t now_ms) {
    list_remove(list_of(c), c);
    c->is_writing = c->sent < c->out.len;
    c->active_ms = now_ms;
    list_append(list_of(c), c);
}

// ---------------------------------------------------------------- the end

static void client_close(struct client *c) {
    struct clients *all = c->all;
    log_write(all->log, LOG_DEBUG, "client %d: closed", c->fd);
    loop_forget(all->loop, c->fd);
    list_remove(list_of(c), c);
    all->stats->clients--;
    close(c->fd);
    buf_deinit(&c->in);
    buf_deinit(&c->out);
    free(c);
}

void clients_deinit(struct clients *all) {
    while (all->idle.first != NULL) client_close(all->idle.first);
    while (all->writing.first != NULL) client_close(all->writing.first);
    request_deinit(&all->request);
}

// ---------------------------------------------------------------- input

// Ends a client whose request does not fit into memory.
static void refuse_input(struct client *c, const char *error) {
    struct reply reply = {.out = &c->out};
    if (buf_reserve(&c->out, REPLY_ROOM)) reply_error(&reply, "%s", error);
    c->closing = true;
}

// A long word is read in large pieces, but in none longer than what has come of
// it: memory is never taken for what is only announced.
static size_t read_size(const struct client *c) {
    struct slice in = {c->in.data, c->in.len};
    size_t bytes = request_missing(in, &c->progress);
    if (bytes > c->in.len) bytes = c->in.len;
    if (bytes > LONG_READ_BYTES) bytes = LONG_READ_BYTES;
    return bytes > READ_BYTES ? bytes : READ_BYTES;
}

// Reads once, behind what the client has sent before.
static void read_input(struct client *c) {
    if (c->in.len > MAX_REQUEST_BYTES) {
        refuse_input(c, "ERR Protocol error: too big request");
        return;
    }
    size_t bytes = read_size(c);
    if (!buf_reserve(&c->in, bytes)) {
        refuse_input(c, "OOM out of memory, nothing was changed");
        return;
    }
    ssize_t n = read(c->fd, c->in.data + c->in.len, bytes);
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
    if (error[0] != '\0') reply_error(&reply, "%s", error);
    if (result == REQUEST_BAD) c->closing = true;
}

// A browser that is sent here by a hostile page speaks HTTP. Its first line is
// no command, but a later one, in the body, might be.
static bool is_http(const struct request *r) {
    if (r->argc == 0) return false;
    return command_word_is(r->argv[0], "POST") ||
        command_word_is(r->argv[0], "HOST:");
}

// Runs the complete requests that the client has sent.
static void run_requests(struct client *c, int64_t now_ms) {
    struct request *r = &c->all->request;
    size_t done = 0; // bytes of c->in
    while (done < c->in.len && !c->closing && !c->broken && !is_full(c)) {
        struct slice rest = {c->in.data + done, c->in.len - done};
        size_t used;
        enum request_result result =
            request_parse(r, rest, &c->progress, &used);
        if (result == REQUEST_MORE) break;
        if (result == REQUEST_DONE && is_http(r)) {
            log_write(c->all->log, LOG_WARN,
                "a client speaks HTTP (attack by a web page?); closing it");
            result = REQUEST_BAD;
            r->error[0] = '\0';
        }
        done += used;
        if (result != REQUEST_DONE) {
            refuse(c, result);
        } else if (r->argc > 0) {
            run_command(c, now_ms);
        }
        request_shrink(r);
    }
    buf_consume(&c->in, done);
}

// ---------------------------------------------------------------- output

// Writes once. Returns whether bytes have gone.
static bool flush(struct client *c) {
    if (c->sent == c->out.len) return false;
    ssize_t n = write(c->fd, c->out.data + c->sent, c->out.len - c->sent);
    if (n == -1) {
        if (errno != EAGAIN && errno != EINTR) c->broken = true;
        return false;
    }
    c->all->stats->bytes_out += (uint64_t)n;
    c->sent += (size_t)n;
    if (c->sent > c->out.len / 2 && // moving less than was written
        c->out.len - c->sent <= MAX_MOVED_BYTES) {
        buf_consume(&c->out, c->sent);
        c->sent = 0;
    }
    return true;
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
    bool was_read = ready & LOOP_READ && may_read;
    if (was_read) read_input(c);
    run_requests(c, now_ms);
    c->paused = is_full(c);
    now_ms = clock_now_ms(all->clock); // the commands may have taken long
    if (flush(c) || (was_read && !c->is_writing)) touch(c, now_ms);
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
        log_write(all->log, LOG_WARN, "client %d: no memory, closed", fd);
        free(c);
        close(fd);
        return;
    }
    c->fd = fd;
    c->all = all;
    c->active_ms = clock_now_ms(all->clock);
    list_append(&all->idle, c);
    all->stats->clients++;
    all->stats->connections++;
    log_write(all->log, LOG_DEBUG, "client %d: connected", fd);
}

static void expel(struct client *c, uint64_t *counter, const char *why) {
    log_write(c->all->log, LOG_INFO, "client %d: %s, closed", c->fd, why);
    (*counter)++;
    client_close(c);
}

// Whether input waits for us. Then the client was not silent: it is we who come
// late, after a stop, or after a command that took long.
static bool has_spoken(const struct client *c) {
    return !c->at_end && !c->closing && net_can_read(c->fd);
}

bool clients_tick(struct clients *all, int64_t now_ms) {
    int64_t timeout_ms = all->timeout_ms;
    int64_t stuck_ms = timeout_ms > 0 ? timeout_ms : STUCK_MS;
    int left = EXPELS_PER_STEP;

    for (struct client *c = all->idle.first, *next; c != NULL; c = next) {
        next = c->next;
        if (timeout_ms == 0 || now_ms - c->active_ms < timeout_ms) break;
        if (left-- == 0) return true;
        if (has_spoken(c)) continue;
        expel(c, &all->stats->timed_out, "silent for too long");
    }
    for (struct client *c = all->writing.first, *next; c != NULL; c = next) {
        next = c->next;
        if (now_ms - c->active_ms < stuck_ms) break;
        if (left-- == 0) return true;
        // The loop tells of room only when a third of the kernel's buffer is
        // free. A slow reader may have made less, which is progress, too: it
        // has its turn as if the loop had told.
        if (flush(c)) {
            touch(c, now_ms);
            client_on_ready(c, c->fd, LOOP_WRITE);
        } else {
            expel(c, &all->stats->stuck, "does not read its replies");
        }
    }
    return false;
}
