// bulk.c - reads replies while it still sends, so that neither side ever waits
// for the other with full buffers. After the last byte it closes its sending
// side: the server answers what it has, then closes too. That is the end.

#include "bulk.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "print.h"
#include "resp.h"

#define CHUNK 65536 // bytes
#define SHOWN_ERRORS 10 // further ones are counted only

struct bulk {
    struct conn *conn;
    int in; // -1 once it has ended
    char chunk[CHUNK]; // read from `in`, to be sent
    size_t start; // the part of it that is not sent yet
    size_t end;
    char last; // the last byte read
    bool is_cut; // the server went before all was sent
    struct resp_scan scan;
    uint64_t replies;
    uint64_t errors;
};

static void count_reply(struct bulk *b, struct slice reply) {
    b->replies++;
    if (!resp_is_error(reply)) return;
    if (++b->errors > SHOWN_ERRORS) return;
    fprintf(stderr, "reply %ju: ", (uintmax_t)b->replies);
    print_reply(stderr, reply, PRINT_TYPED, false, false);
    if (b->errors == SHOWN_ERRORS) {
        fputs("further errors are counted only\n", stderr);
    }
}

// Counts the complete replies. Returns false if the bytes are none.
static bool count_replies(struct bulk *b) {
    struct buf *in = &b->conn->in;
    size_t used = 0;
    enum resp_result result = RESP_MORE;
    while (used < in->len) {
        struct slice rest = {in->data + used, in->len - used};
        result = resp_scan(&b->scan, rest);
        if (result != RESP_DONE) break;
        rest.len = b->scan.pos;
        count_reply(b, rest);
        used += rest.len;
        b->scan = (struct resp_scan){0};
    }
    buf_consume(in, used);
    return result != RESP_BAD;
}

// Reads the next chunk. A last line without its end gets one: the server would
// wait for it.
static void fill(struct bulk *b) {
    ssize_t n = read(b->in, b->chunk, sizeof(b->chunk));
    if (n == -1 && errno == EINTR) return;
    b->start = b->end = 0;
    if (n > 0) {
        b->end = (size_t)n;
        b->last = b->chunk[n - 1];
        return;
    }
    if (n == -1) {
        perror("medusa-client: cannot read stdin");
        b->is_cut = true;
    }
    b->in = -1;
    if (b->last != '\n') b->chunk[b->end++] = '\n';
    if (b->end == 0) (void)shutdown(b->conn->fd, SHUT_WR);
}

static void drain(struct bulk *b) {
    ssize_t n =
        send(b->conn->fd, b->chunk + b->start, b->end - b->start, MSG_NOSIGNAL);
    if (n >= 0) {
        b->start += (size_t)n;
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        // Gone; its last replies may still be here.
        b->is_cut = true;
        b->in = -1;
        b->start = b->end;
    }
    if (b->in == -1 && b->start == b->end) {
        (void)shutdown(b->conn->fd, SHUT_WR);
    }
}

// Waits for what can go on. Returns false once the server has closed.
static bool step(struct bulk *b, enum conn_result *result) {
    bool has_bytes = b->start < b->end;
    struct pollfd fds[2] = {
        {.fd = b->conn->fd, .events = has_bytes ? POLLIN | POLLOUT : POLLIN},
        {.fd = has_bytes ? -1 : b->in, .events = POLLIN},
    };
    if (poll(fds, 2, -1) == -1) return true; // EINTR: look again
    if (fds[1].revents != 0) fill(b);
    if (fds[0].revents & POLLOUT) drain(b);
    if (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) {
        *result = conn_read_more(b->conn);
        if (*result == CONN_OK && !count_replies(b)) *result = CONN_MALFORMED;
    }
    return *result == CONN_OK;
}

static int report(const struct bulk *b, enum conn_result result) {
    printf("replies: %ju, errors: %ju\n", (uintmax_t)b->replies,
        (uintmax_t)b->errors);
    const char *problem = NULL;
    if (result == CONN_NO_MEMORY) problem = "out of memory for a reply";
    if (result == CONN_MALFORMED) {
        problem = "malformed reply; --pipe needs a server that answers in RESP";
    } else if (b->conn->in.len > 0) {
        problem = "the connection ended in the middle of a reply";
    } else if (b->is_cut || b->in != -1 || b->start < b->end) {
        problem = "the connection ended before all of the input was sent";
    } else if (result == CONN_BROKEN) {
        problem = "the connection broke; replies may be missing";
    }
    if (problem != NULL) fprintf(stderr, "medusa-client: %s\n", problem);
    return b->errors > 0 || problem != NULL ? 1 : 0;
}

int bulk_run(struct conn *c, int fd) {
    struct bulk b = {.conn = c, .in = fd, .last = '\n'};
    enum conn_result result = CONN_OK;
    while (step(&b, &result)) continue;
    return report(&b, result);
}
