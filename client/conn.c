// conn.c - a non-blocking socket used one request at a time.
//
// The socket never blocks; pselect() does all the waiting, because it alone
// can unblock a signal and start to wait in one step.

#include "conn.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resp.h"

#define READ_CHUNK 65536 // bytes

// Waits until `fd` is ready. Returns false if a signal handler has run first.
static bool wait_ready(int fd, bool to_write) {
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigdelset(&mask, SIGINT);
    sigdelset(&mask, SIGTERM);
    sigdelset(&mask, SIGHUP);

    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    int n = pselect(fd + 1, to_write ? NULL : &set, to_write ? &set : NULL,
        NULL, NULL, &mask);
    return n >= 0 || errno != EINTR;
}

// Connects one socket. Returns it, or -1 with errno.
static int connect_one(const struct addrinfo *address) {
    int fd =
        socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    if (fd == -1) return -1;
    if (fd >= FD_SETSIZE) { // pselect() could not wait for it
        close(fd);
        errno = EMFILE;
        return -1;
    }
    int error = 0;
    socklen_t size = sizeof(error);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1) goto fail;
    if (connect(fd, address->ai_addr, address->ai_addrlen) == -1) {
        if (errno != EINPROGRESS) goto fail;
        if (!wait_ready(fd, true)) goto fail;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1) {
            goto fail;
        }
        errno = error;
        if (error != 0) goto fail;
    }
    // Requests are small and wait for an answer: send them at once.
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;

fail:
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

bool conn_open(
    struct conn *c, const char *host, const char *port, char *error) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int code = getaddrinfo(host, port, &hints, &list);
    if (code != 0) {
        snprintf(error, CONN_ERROR_SIZE,
            "cannot find the host '%s' (%s); check -h or MEDUSA_HOST", host,
            gai_strerror(code));
        return false;
    }
    conn_close(c);
    for (struct addrinfo *a = list; a != NULL && c->fd == -1; a = a->ai_next) {
        c->fd = connect_one(a);
    }
    int saved = errno;
    freeaddrinfo(list);
    if (c->fd != -1) return true;
    snprintf(error, CONN_ERROR_SIZE,
        "cannot connect to %s port %s (%s); is the server running there?", host,
        port, strerror(saved));
    return false;
}

void conn_close(struct conn *c) {
    if (c->fd != -1) close(c->fd);
    buf_deinit(&c->in);
    *c = (struct conn){.fd = -1};
}

enum conn_result conn_send(struct conn *c, struct slice bytes) {
    while (bytes.len > 0) {
        // Not write(): a closed connection must not raise SIGPIPE.
        ssize_t n = send(c->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (n >= 0) {
            bytes.data += n;
            bytes.len -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait_ready(c->fd, true)) return CONN_INTERRUPTED;
        } else if (errno != EINTR) {
            return CONN_BROKEN;
        }
    }
    return CONN_OK;
}

enum conn_result conn_read_more(struct conn *c) {
    if (!buf_reserve(&c->in, READ_CHUNK)) return CONN_NO_MEMORY;
    while (true) {
        ssize_t n =
            recv(c->fd, c->in.data + c->in.len, c->in.cap - c->in.len, 0);
        if (n > 0) {
            c->in.len += (size_t)n;
            return CONN_OK;
        }
        if (n == 0) return CONN_CLOSED;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait_ready(c->fd, false)) return CONN_INTERRUPTED;
        } else if (errno != EINTR) {
            return CONN_BROKEN;
        }
    }
}

static void drop_taken(struct conn *c) {
    buf_consume(&c->in, c->taken);
    c->taken = 0;
}

enum conn_result conn_read_reply(struct conn *c, struct slice *reply) {
    struct resp_scan scan = {0};
    drop_taken(c);
    while (true) {
        if (c->in.len > 0) {
            *reply = (struct slice){c->in.data, c->in.len};
            enum resp_result scanned = resp_scan(&scan, *reply);
            if (scanned == RESP_BAD) return CONN_MALFORMED;
            if (scanned == RESP_DONE) break;
        }
        enum conn_result result = conn_read_more(c);
        if (result != CONN_OK) return result;
    }
    reply->len = scan.pos;
    c->taken = scan.pos;
    return CONN_OK;
}

enum conn_result conn_read_line_or_reply(
    struct conn *c, struct slice sent, struct slice *reply, bool *is_text) {
    drop_taken(c);
    char *end = NULL;
    while (
        c->in.len == 0 || (end = memchr(c->in.data, '\n', c->in.len)) == NULL) {
        enum conn_result result = conn_read_more(c);
        if (result != CONN_OK) return result;
    }

    // No server answers a command with that command: a line that comes back as
    // it went is an echo, even if it starts like a reply.
    struct slice line = {c->in.data, (size_t)(end - c->in.data) + 1};
    *is_text = slice_equal(line, sent) || !resp_is_type(line.data[0]);
    if (!*is_text) return conn_read_reply(c, reply);
    c->taken = line.len;
    line.len--;
    if (line.len > 0 && line.data[line.len - 1] == '\r') line.len--;
    *reply = line;
    return CONN_OK;
}

bool conn_is_closed_by_peer(const struct conn *c) {
    char byte;
    ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK);
    return n == 0 || (n == -1 && errno != EAGAIN && errno != EWOULDBLOCK);
}
