// conn.c - one connection to the server: opening and closing it.
//
// Sockets never block, so that Ctrl-C and the time limit work while a server
// does not answer; opening waits with poll().

#include "conn.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_CHUNK 512 // bytes; the reply to AUTH is short

// Waits for a socket. A signal ends the wait too, with errno EINTR.
static bool wait_until(int fd, short events, int64_t timeout_ms) {
    struct pollfd pfd = {fd, events, 0};
    int n = poll(&pfd, 1, (int)timeout_ms);
    if (n == 0) errno = ETIMEDOUT;
    return n == 1;
}

// Connects to one of the host's addresses. Returns -1, with errno set.
static int connect_to(const struct addrinfo *info, int64_t timeout_ms) {
    int fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
    if (fd == -1) return -1;

    int error = 0;
    socklen_t len = sizeof(error);
    int on = 1;
    // The batches are whole already, so waiting for more to send only delays.
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1) goto fail;
    if (connect(fd, info->ai_addr, info->ai_addrlen) == 0) return fd;
    if (errno != EINPROGRESS) goto fail;
    if (!wait_until(fd, POLLOUT, timeout_ms)) goto fail;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1) goto fail;
    if (error == 0) return fd;
    errno = error;

fail:
    error = errno; // close() may change it
    close(fd);
    errno = error;
    return -1;
}

static int connect_any(
    const struct conn_target *t, char *problem, size_t size) {
    char port[16];
    snprintf(port, sizeof(port), "%d", (int)t->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int status = getaddrinfo(t->host, port, &hints, &list);
    if (status != 0) {
        snprintf(problem, size, "cannot find the host '%s': %s; check --host",
            t->host, gai_strerror(status));
        return -1;
    }
    int fd = -1;
    for (struct addrinfo *at = list; at != NULL && fd == -1; at = at->ai_next) {
        fd = connect_to(at, t->timeout_ms);
    }
    int error = errno;
    freeaddrinfo(list);
    if (fd != -1) return fd;
    const char *advice = "start a server there, or name another with --host "
                         "and --port";
    if (error == EMFILE) advice = "raise `ulimit -n` or lower --clients";
    snprintf(problem, size, "cannot connect to %s:%s: %s; %s", t->host, port,
        strerror(error), advice);
    return -1;
}

// Sends AUTH and waits for its reply.
static bool authenticate(
    struct conn *c, const struct conn_target *t, char *problem, size_t size) {
    char head[64];
    size_t len = strlen(t->password);
    snprintf(head, sizeof(head), "*2\r\n$4\r\nAUTH\r\n$%zu\r\n", len);
    snprintf(problem, size, "there is no memory for AUTH");
    if (!buf_append(&c->out, slice_of(head))) return false;
    if (!buf_append(&c->out, slice_of(t->password))) return false;
    if (!buf_append(&c->out, slice_of("\r\n"))) return false;

    // A fresh socket has room for far more than a password.
    snprintf(problem, size, "%s:%d did not answer AUTH", t->host, (int)t->port);
    ssize_t sent = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
    if (sent != (ssize_t)c->out.len) return false;
    c->out.len = 0;

    struct answer answer;
    size_t used;
    enum answer_result result = ANSWER_MORE;
    while (result == ANSWER_MORE) {
        if (!wait_until(c->fd, POLLIN, t->timeout_ms)) return false;
        if (!buf_reserve(&c->in, READ_CHUNK)) return false;
        ssize_t n = read(c->fd, c->in.data + c->in.len, READ_CHUNK);
        if (n <= 0) return false;
        c->in.len += (size_t)n;
        struct slice bytes = {c->in.data, c->in.len};
        result = answer_parse(bytes, &answer, &used);
    }
    if (result == ANSWER_BAD) return false;
    snprintf(problem, size,
        "the server refused the password: %c%.*s; check "
        "MEDUSA_PASSWORD",
        answer.type, (int)answer.text.len, answer.text.data);
    buf_consume(&c->in, used);
    return answer.type == '+';
}

bool conn_open(struct conn *c, const struct conn_target *target, size_t batch,
    char *problem, size_t size) {
    c->fd = connect_any(target, problem, size);
    if (c->fd == -1) return false;
    if (target->password != NULL && !authenticate(c, target, problem, size)) {
        return false;
    }
    c->requests = calloc(batch, sizeof(*c->requests));
    if (c->requests != NULL) return true;
    snprintf(problem, size,
        "there is no memory for %zu requests; lower "
        "--pipeline or --clients",
        batch);
    return false;
}

void conn_close(struct conn *c) {
    if (c->fd != -1) close(c->fd);
    c->fd = -1;
}

void conn_deinit(struct conn *c) {
    buf_deinit(&c->out);
    buf_deinit(&c->in);
    free(c->requests);
    c->requests = NULL;
}
