// hiredis_async.c - uses the asynchronous interface of hiredis on several
// connections at once, in a loop around poll().
//
// Usage: hiredis_async PORT [PASSWORD]. Prints "ok" and exits with 0, or names
// the first thing that went wrong.
//
// Hiredis leaves the waiting to its user: it says through the hooks below
// whether a connection wants to read or to write, and is told when it can.

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 20
#define ROUNDS 200 // per connection; each is an INCR and a GET
#define LIMIT_MS 20000 // without any event

struct peer {
    redisAsyncContext *ac; // NULL once hiredis has freed it
    short events; // what hiredis waits for
    char key[16];
    long long replies;
    bool connected;
};

static struct peer peers[CONNECTIONS];

static void check(bool ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "hiredis: wrong: %s\n", what);
    exit(1);
}

// ------------------------------------------------------------- the hooks

static void add_read(void *arg) {
    ((struct peer *)arg)->events |= POLLIN;
}

static void del_read(void *arg) {
    ((struct peer *)arg)->events &= ~POLLIN;
}

static void add_write(void *arg) {
    ((struct peer *)arg)->events |= POLLOUT;
}

static void del_write(void *arg) {
    ((struct peer *)arg)->events &= ~POLLOUT;
}

// Hiredis is about to free the connection.
static void cleanup(void *arg) {
    struct peer *p = arg;
    p->events = 0;
    p->ac = NULL;
}

// --------------------------------------------------------- the callbacks

static void on_connect(const redisAsyncContext *ac, int status) {
    struct peer *p = ac->data;
    check(status == REDIS_OK, "a connection");
    p->connected = true;
}

static void on_disconnect(const redisAsyncContext *ac, int status) {
    (void)ac;
    check(status == REDIS_OK, "the end of a connection");
}

static void on_auth(redisAsyncContext *ac, void *arg, void *privdata) {
    redisReply *reply = arg;
    (void)ac, (void)privdata;
    check(reply != NULL && reply->type == REDIS_REPLY_STATUS, "AUTH");
}

static void on_count(redisAsyncContext *ac, void *arg, void *privdata) {
    struct peer *p = ac->data;
    redisReply *reply = arg;
    (void)privdata;
    check(reply != NULL && reply->type == REDIS_REPLY_INTEGER, "INCR");
    check(reply->integer == ++p->replies, "the order of replies");
}

static void on_value(redisAsyncContext *ac, void *arg, void *privdata) {
    struct peer *p = ac->data;
    redisReply *reply = arg;
    (void)privdata;
    check(reply != NULL && reply->type == REDIS_REPLY_STRING, "GET");
    check(atoll(reply->str) == p->replies, "the value");
    if (p->replies == ROUNDS) redisAsyncDisconnect(ac);
}

// ----------------------------------------------------------------- main

static void start(struct peer *p, int port, const char *password) {
    redisAsyncContext *ac = redisAsyncConnect("127.0.0.1", port);
    check(ac != NULL && ac->err == 0, "to begin a connection");
    p->ac = ac;
    ac->data = p;
    ac->ev.data = p;
    ac->ev.addRead = add_read;
    ac->ev.delRead = del_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = del_write;
    ac->ev.cleanup = cleanup;
    redisAsyncSetConnectCallback(ac, on_connect);
    redisAsyncSetDisconnectCallback(ac, on_disconnect);
    if (password != NULL) {
        redisAsyncCommand(ac, on_auth, NULL, "AUTH default %s", password);
    }
    for (int i = 0; i < ROUNDS; i++) {
        redisAsyncCommand(ac, on_count, NULL, "INCR %s", p->key);
        redisAsyncCommand(ac, on_value, NULL, "GET %s", p->key);
    }
}

// Waits once and serves who is ready. Returns whether anybody is left.
static bool turn(void) {
    struct pollfd fds[CONNECTIONS];
    bool left = false;
    for (int i = 0; i < CONNECTIONS; i++) {
        struct peer *p = &peers[i];
        fds[i].fd = p->ac != NULL ? p->ac->c.fd : -1;
        fds[i].events = p->events;
        fds[i].revents = 0;
        left = left || p->ac != NULL;
    }
    if (!left) return false;
    check(poll(fds, CONNECTIONS, LIMIT_MS) > 0, "an event in time");
    for (int i = 0; i < CONNECTIONS; i++) {
        struct peer *p = &peers[i];
        short came = fds[i].revents;
        if (came & (POLLIN | POLLHUP | POLLERR)) redisAsyncHandleRead(p->ac);
        // Reading may have ended this connection.
        if (p->ac != NULL && came & POLLOUT) redisAsyncHandleWrite(p->ac);
    }
    return true;
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    for (int i = 0; i < CONNECTIONS; i++) {
        snprintf(peers[i].key, sizeof(peers[i].key), "count:%d", i);
        start(&peers[i], atoi(argv[1]), argc > 2 ? argv[2] : NULL);
    }
    while (turn()) {
        // until every connection has got all its replies and has ended
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        check(peers[i].connected, "every connection");
        check(peers[i].replies == ROUNDS, "every reply");
    }
    puts("ok");
    return 0;
}
