// hiredis_sync.c - uses the blocking interface of hiredis as a program would,
// and checks every reply.
//
// Usage: hiredis_sync PORT [PASSWORD]. Prints "ok" and exits with 0, or names
// the first thing that went wrong.

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define BATCH 10000

static void check(bool ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "hiredis: wrong: %s\n", what);
    exit(1);
}

// Takes the reply.
static void expect_text(redisReply *reply, int type, const char *text) {
    check(reply != NULL, text);
    check(reply->type == type, text);
    check(strcmp(reply->str, text) == 0, text);
    freeReplyObject(reply);
}

// Takes the reply.
static void expect_integer(redisReply *reply, long long value) {
    check(reply != NULL && reply->type == REDIS_REPLY_INTEGER, "an integer");
    check(reply->integer == value, "the integer");
    freeReplyObject(reply);
}

static void use_values(redisContext *c) {
    char bytes[] = {'a', '\0', '\r', '\n', 'z'};
    expect_text(redisCommand(c, "SET %s %b", "k", bytes, sizeof(bytes)),
        REDIS_REPLY_STATUS, "OK");
    redisReply *reply = redisCommand(c, "GET %s", "k");
    check(reply != NULL && reply->type == REDIS_REPLY_STRING, "a string");
    check(reply->len == sizeof(bytes), "the length");
    check(memcmp(reply->str, bytes, sizeof(bytes)) == 0, "the bytes");
    freeReplyObject(reply);

    reply = redisCommand(c, "GET nothing");
    check(reply != NULL && reply->type == REDIS_REPLY_NIL, "a null");
    freeReplyObject(reply);
    expect_integer(redisCommand(c, "EXPIRE k %d", 100), 1);
    expect_integer(redisCommand(c, "TTL k"), 100);
    expect_integer(redisCommand(c, "DEL k"), 1);
}

static void use_errors(redisContext *c) {
    expect_text(redisCommand(c, "GET"), REDIS_REPLY_ERROR,
        "ERR wrong number of arguments for 'get' command");
    check(c->err == 0, "an error reply leaves the connection as it is");
    expect_text(redisCommand(c, "PING"), REDIS_REPLY_STATUS, "PONG");
}

static void use_pipeline(redisContext *c) {
    for (int i = 0; i < BATCH; i++) redisAppendCommand(c, "INCR n");
    for (int i = 0; i < BATCH; i++) {
        void *reply;
        check(redisGetReply(c, &reply) == REDIS_OK, "a reply of the pipeline");
        expect_integer(reply, i + 1);
    }
}

static void use_transaction(redisContext *c) {
    expect_text(redisCommand(c, "MULTI"), REDIS_REPLY_STATUS, "OK");
    expect_text(redisCommand(c, "SET t 41"), REDIS_REPLY_STATUS, "QUEUED");
    expect_text(redisCommand(c, "INCR t"), REDIS_REPLY_STATUS, "QUEUED");
    redisReply *reply = redisCommand(c, "EXEC");
    check(reply != NULL && reply->type == REDIS_REPLY_ARRAY, "an array");
    check(reply->elements == 2, "two replies");
    check(reply->element[1]->integer == 42, "the second reply");
    freeReplyObject(reply);
}

static void give_password(redisContext *c, const char *password) {
    expect_text(redisCommand(c, "PING"), REDIS_REPLY_ERROR,
        "NOAUTH Authentication required.");
    expect_text(redisCommand(c, "AUTH %s", password), REDIS_REPLY_STATUS, "OK");
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    struct timeval limit = {.tv_sec = 10};
    redisContext *c =
        redisConnectWithTimeout("127.0.0.1", atoi(argv[1]), limit);
    check(c != NULL && c->err == 0, "the connection");
    check(redisSetTimeout(c, limit) == REDIS_OK, "the timeout");
    if (argc > 2) give_password(c, argv[2]);

    use_values(c);
    use_errors(c);
    use_pipeline(c);
    use_transaction(c);
    expect_text(redisCommand(c, "QUIT"), REDIS_REPLY_STATUS, "OK");
    check(redisReconnect(c) == REDIS_OK, "to connect again");
    if (argc > 2) give_password(c, argv[2]);
    expect_text(redisCommand(c, "GET t"), REDIS_REPLY_STRING, "42");
    redisFree(c);
    puts("ok");
    return 0;
}
