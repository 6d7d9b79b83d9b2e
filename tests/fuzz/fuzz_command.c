// fuzz_command.c - bytes in, bytes out, as a connection would see it, without
// any socket: nothing that a client can send may break the server, and every
// request gets exactly one reply.

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "expire.h"
#include "request.h"
#include "store.h"

#define MOST_BYTES 4096
#define NOW_MS 1700000000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Returns the place behind the reply at `p`, or NULL if it is not a whole one.
static const char *skip_reply(const char *p, const char *end) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    if (newline == NULL || newline[-1] != '\r') return NULL;
    long n = strtol(p + 1, NULL, 10);
    const char *next = newline + 1;
    if (*p == '+' || *p == '-' || *p == ':' || n < 0) return next;
    if (*p == '$') return end - next >= n + 2 ? next + n + 2 : NULL;
    if (*p != '*') return NULL;
    for (; n > 0 && next != NULL; n--) next = skip_reply(next, end);
    return next;
}

static void run(struct store *st, struct request *r, int64_t now_ms) {
    struct buf out = {0};
    struct reply reply = {.out = &out};
    struct session session = {0};
    struct stats stats = {.event_loop = "none"};
    struct call call = {
        .argc = r->argc,
        .argv = r->argv,
        .store = st,
        .reply = &reply,
        .session = &session,
        .stats = &stats,
        .now_ms = now_ms,
    };
    assert(command_run(command_find(r->argv[0]), &call));
    const char *end = out.data + out.len;
    assert(skip_reply(out.data, end) == end);
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (len > MOST_BYTES) return 0;
    struct store *st = store_new(64 * 1024);
    struct request request = {0};
    struct request_progress progress = {0};
    char *in = malloc(len + 1);
    memcpy(in, data, len);

    int64_t now_ms = NOW_MS;
    for (size_t at = 0; at < len; now_ms += 400) {
        size_t used;
        struct slice rest = {in + at, len - at};
        enum request_result result =
            request_parse(&request, rest, &progress, &used);
        if (result == REQUEST_MORE || result == REQUEST_BAD) break;
        if (result == REQUEST_DONE && request.argc > 0) {
            run(st, &request, now_ms);
        }
        expire_slice(st, now_ms, 100);
        at += used;
    }
    request_deinit(&request);
    store_free(st);
    free(in);
    return 0;
}
