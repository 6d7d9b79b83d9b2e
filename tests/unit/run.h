// run.h - runs commands on a store without any socket, for the unit tests: a
// line in, the bytes of the reply out.

#ifndef MEDUSA_RUN_H
#define MEDUSA_RUN_H

#include "check.h"
#include "command.h"
#include "request.h"

#define NOW ((int64_t)1700000000000) // milliseconds, Unix time

static struct store *st;
static struct session session;
static struct stats stats = {.event_loop = "none", .start_ms = NOW - 61000};
static int64_t now_ms = NOW;
static struct buf out;

static inline void open_store(size_t max_bytes) {
    st = store_new(max_bytes);
    CHECK(st != NULL);
    now_ms = NOW;
    session = (struct session){0};
    buf_deinit(&out);
}

static inline void close_store(void) {
    store_free(st);
    buf_deinit(&out);
}

// Runs a request as a person types it, or the given command with its words, and
// returns what was answered, valid until the next call.
static inline struct slice run_as(
    const struct command *command, struct slice line) {
    struct request request = {0};
    struct request_progress progress = {0};
    struct reply reply = {.out = &out};
    struct buf in = {0};
    size_t used;

    CHECK(buf_append(&in, line) && buf_append(&in, BYTES("\n")));
    CHECK_INT(request_parse(
                  &request, (struct slice){in.data, in.len}, &progress, &used),
        REQUEST_DONE);
    struct call call = {
        .argc = request.argc,
        .argv = request.argv,
        .store = st,
        .reply = &reply,
        .session = &session,
        .stats = &stats,
        .now_ms = now_ms,
    };
    out.len = 0;
    CHECK(command_run(
        command != NULL ? command : command_find(request.argv[0]), &call));
    CHECK(!reply.no_memory);
    request_deinit(&request);
    buf_deinit(&in);
    return (struct slice){out.data, out.len};
}

static inline struct slice run(const char *line) {
    return run_as(NULL, slice_of(line));
}

static inline void check_run(const char *line, struct slice reply) {
    struct slice got = run(line);
    if (!slice_equal(got, reply)) check_show("request", slice_of(line));
    CHECK_BYTES(got, reply);
}

// A request, and its reply without the CRLF at the end.
struct example {
    const char *line;
    const char *reply;
};

static inline void check_examples(const struct example *examples, size_t n) {
    char reply[600];
    open_store(0);
    for (size_t i = 0; i < n; i++) {
        snprintf(reply, sizeof(reply), "%s\r\n", examples[i].reply);
        check_run(examples[i].line, slice_of(reply));
    }
    close_store();
}

#define NOT_INTEGER "-ERR value is not an integer or out of range"
#define SYNTAX "-ERR syntax error"
#define BAD_TIME(name) "-ERR invalid expire time in '" name "' command"
#define WRONG(name) "-ERR wrong number of arguments for '" name "' command"

#endif
