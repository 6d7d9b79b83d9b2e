// client.c - one connection, from its first byte to its last.
//
// Nothing frees a client in the middle of a turn, because the batch may still
// hold requests of it: whoever finds it closed or broken sets a flag, and
// finish() frees it, as the last thing that happens to it in a turn.

#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "net.h"
#include "transaction.h"

#define READ_BYTES ((size_t)32 * 1024) // of one client in one turn
#define LONG_READ_BYTES ((size_t)128 * 1024) // of a word that is long itself
#define ROOM_BYTES (4 * READ_BYTES) // of all clients before a turn must end
#define LAST_READ_BYTES ((size_t)4 * 1024 * 1024) // when shutting down
#define MAX_MOVED_BYTES ((size_t)4 * 1024 * 1024) // takes half a millisecond
#define MAX_REQUEST_BYTES ((size_t)1024 * 1024 * 1024)
#define STUCK_MS 30000 // where there is no timeout
#define EXPELS_PER_STEP 32 // closing a connection takes some 5 us
#define BUF_STEP 64 // bytes; what a client has is counted in whole steps

bool clients_init(struct clients *all) {
    all->room = malloc(ROOM_BYTES);
    return all->room != NULL;
}

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

static void join_turn(struct client *c) {
    struct clients *all = c->all;
    if (c->in_turn) return;
    c->in_turn = true;
    c->next_in_turn = NULL;
    if (all->turn_last != NULL) {
        all->turn_last->next_in_turn = c;
    } else {
        all->turn_first = c;
    }
    all->turn_last = c;
}

// ---------------------------------------------------------------- the end

static void count_memory(struct client *c, size_t bytes) {
    uint32_t counted = (uint32_t)(bytes / BUF_STEP);
    c->all->stats->client_bytes -= (size_t)c->counted * BUF_STEP;
    c->all->stats->client_bytes += (size_t)counted * BUF_STEP;
    c->counted = counted;
}

static void client_close(struct client *c) {
    struct clients *all = c->all;
    log_write(all->log, LOG_DEBUG, "client %d: closed", c->fd);
    loop_forget(all->loop, c->fd);
    list_remove(list_of(c), c);
    count_memory(c, 0);
    all->stats->clients--;
    if (c->broken) {
        close(c->fd);
    } else {
        net_close_gently(c->fd);
    }
    buf_deinit(&c->in);
    buf_deinit(&c->out);
    transaction_end(&c->session);
    free(c);
}

void clients_deinit(struct clients *all) {
    while (all->idle.first != NULL) client_close(all->idle.first);
    while (all->writing.first != NULL) client_close(all->writing.first);
    for (size_t i = 0; i < BATCH_SIZE; i++) {
        request_deinit(&all->batch[i].request);
    }
    free(all->room);
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

// Notes what read() returned. Returns whether bytes have come.
static bool note_read(struct client *c, ssize_t n) {
    if (n == -1 && errno != EAGAIN && errno != EINTR) c->broken = true;
    if (n == 0) c->at_end = true;
    if (n > 0) c->all->stats->bytes_in += (uint64_t)n;
    return n > 0;
}

// Reads into the room that all clients share. A client without a half
// request, which is most of them most of the time, needs no buffer.
static void read_shared(struct client *c) {
    struct clients *all = c->all;
    char *room = all->room + all->room_used;
    ssize_t n = read(c->fd, room, READ_BYTES);
    if (!note_read(c, n)) return;
    all->room_used += (size_t)n;
    c->turn = (struct slice){room, (size_t)n};
}

// Reads behind what the client has sent before.
static void read_own(struct client *c, size_t bytes) {
    if (c->in.len > MAX_REQUEST_BYTES) {
        refuse_input(c, "ERR Protocol error: too big request");
        return;
    }
    if (!buf_reserve(&c->in, bytes)) {
        refuse_input(c, "OOM out of memory, nothing was changed");
        return;
    }
    ssize_t n = read(c->fd, c->in.data + c->in.len, bytes);
    if (note_read(c, n)) c->in.len += (size_t)n;
    // Also at the end: requests that had to wait may be left.
    c->turn = (struct slice){c->in.data, c->in.len};
}

static void client_on_ready(void *arg, int fd, unsigned ready) {
    struct client *c = arg;
    struct clients *all = c->all;
    (void)fd;
    if (c->in_turn) return; // it has enough to do already
    join_turn(c);
    if (!(ready & LOOP_READ) || c->at_end || c->paused || c->closing) return;
    if (c->in.len == 0) {
        read_shared(c);
    } else {
        read_own(c, read_size(c));
    }
    batch_collect(all, c);
    // Room for the next one. Last, as any client may be freed in it, `c` too.
    if (all->room_used > ROOM_BYTES - READ_BYTES) clients_turn(all);
}

// Keeps the input of this turn that is not done for the next one.
static void keep_rest(struct client *c) {
    if (c->closing) c->done = c->turn.len;
    if (c->turn.data == c->in.data) {
        buf_consume(&c->in, c->done);
        if (c->in.len == 0) buf_deinit(&c->in);
    } else if (c->turn.data != NULL) {
        struct slice rest = {c->turn.data + c->done, c->turn.len - c->done};
        if (!buf_append(&c->in, rest)) {
            refuse_input(c, "OOM out of memory, nothing was changed");
        }
    }
    c->turn = (struct slice){0};
    c->done = 0;
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
    if (c->sent == c->out.len) {
        buf_deinit(&c->out);
        c->sent = 0;
    } else if (c->sent > c->out.len / 2 && // moving less than was written
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
    if (c->again || c->paused || c->sent < c->out.len) return false;
    return c->closing || c->at_end;
}

// The last read of a server that shuts down: what the kernel has received
// before is answered, too.
static void read_last(struct client *c) {
    read_own(c, LAST_READ_BYTES);
    c->at_end = true;
    c->again = c->turn.len > 0;
    c->turn = (struct slice){0};
}

// Ends the turn of one client. May free it.
static void finish(struct client *c, int64_t now_ms) {
    struct clients *all = c->all;
    bool was_read = c->turn.len > 0;
    c->in_turn = false;
    c->stopped = false;
    keep_rest(c);
    if (flush(c) || (was_read && !c->is_writing)) touch(c, now_ms);
    if (c->paused && c->out.len <= MAX_PENDING_BYTES) {
        c->paused = false;
        c->again = true;
    }
    if (c->closing || c->in.len == 0) c->again = false;
    bool is_idle = !c->again && !c->paused && !c->closing && !c->broken;
    if (all->is_draining && is_idle && !c->at_end) read_last(c);
    if (is_over(c)) {
        client_close(c);
        return;
    }
    count_memory(c, c->in.cap + c->out.cap + transaction_bytes(&c->session));
    unsigned read = c->at_end || c->paused || c->closing ? 0 : LOOP_READ;
    unsigned write = c->sent < c->out.len ? LOOP_WRITE : 0;
    if (!loop_watch(all->loop, c->fd, read | write, client_on_ready, c)) {
        client_close(c);
        return;
    }
    if (c->again) join_turn(c);
}

// Starts the turn of clients that did not finish their input in the last one.
// Those that have been stopped in this turn wait for the next.
static void resume(struct clients *all) {
    for (struct client *c = all->turn_first; c != NULL; c = c->next_in_turn) {
        if (!c->again || c->stopped) continue;
        c->again = false;
        c->turn = (struct slice){c->in.data, c->in.len};
        batch_collect(all, c);
    }
}

bool clients_turn(struct clients *all) {
    resume(all);
    batch_run(all);

    int64_t now_ms = clock_now_ms(all->clock);
    struct client *c = all->turn_first;
    all->turn_first = all->turn_last = NULL;
    while (c != NULL) {
        struct client *next = c->next_in_turn;
        finish(c, now_ms);
        c = next;
    }
    all->room_used = 0;
    return all->turn_first != NULL;
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
    c->session.id = ++all->stats->connections;
    log_write(all->log, LOG_DEBUG, "client %d: connected", fd);
}

// Marks a client that was silent for too long, to be closed in this turn.
static void expel(struct client *c, uint64_t *counter, const char *why) {
    log_write(c->all->log, LOG_INFO, "client %d: %s, closed", c->fd, why);
    (*counter)++;
    c->broken = true;
    join_turn(c);
}

// Whether input waits for us, or for its turn. Then the client was not silent:
// it is we who come late, after a stop, or after a command that took long.
static bool has_spoken(const struct client *c) {
    if (c->in_turn) return true;
    return !c->at_end && !c->closing && net_can_read(c->fd);
}

bool clients_tick(struct clients *all, int64_t now_ms) {
    int64_t timeout_ms = all->timeout_ms;
    int64_t stuck_ms = timeout_ms > 0 ? timeout_ms : STUCK_MS;
    int left = EXPELS_PER_STEP;

    for (struct client *c = all->idle.first; c != NULL; c = c->next) {
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

void clients_drain(struct clients *all) {
    all->is_draining = true;
    for (struct client *c = all->idle.first; c != NULL; c = c->next) {
        join_turn(c);
    }
    for (struct client *c = all->writing.first; c != NULL; c = c->next) {
        join_turn(c);
    }
}
