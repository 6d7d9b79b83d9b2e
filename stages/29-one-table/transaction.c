// transaction.c - the queue of MULTI, and the three commands around it.
//
// The requests stand in one buffer, one behind the other: a struct queued, and
// for each word its length and its bytes.

#include "transaction.h"

#include <stdlib.h>

#include "buf.h"

#define MAX_QUEUE_BYTES ((size_t)64 * 1024 * 1024)

struct queued {
    const struct command *command;
    size_t argc;
};

struct transaction {
    struct buf queue;
    size_t count; // of requests in it
    struct slice *argv; // owned; room for the longest of them
    size_t max_argc;
    bool is_aborted;
};

static size_t bytes_of(const struct call *call) {
    size_t bytes = sizeof(struct queued);
    for (size_t i = 0; i < call->argc; i++) {
        bytes += sizeof(size_t) + call->argv[i].len;
    }
    return bytes;
}

// Makes room for the words of `call`, here and for the time of EXEC, which
// could not stop halfway for want of memory.
static bool make_room(
    struct transaction *t, const struct call *call, size_t bytes) {
    if (call->argc > t->max_argc) {
        struct slice *argv = realloc(t->argv, call->argc * sizeof(*argv));
        if (argv == NULL) return false;
        t->argv = argv;
        t->max_argc = call->argc;
    }
    return buf_reserve(&t->queue, bytes);
}

static void append(struct transaction *t, const void *bytes, size_t n) {
    buf_append(&t->queue, (struct slice){bytes, n}); // there is room
}

void transaction_queue(const struct command *command, struct call *call) {
    struct transaction *t = call->session->transaction;
    if (t->is_aborted) { // none of it will be run
        reply_simple(call->reply, "QUEUED");
        return;
    }
    size_t bytes = bytes_of(call);
    if (t->queue.len + bytes > MAX_QUEUE_BYTES) {
        transaction_abort(call->session);
        reply_error(call->reply,
            "ERR more than 64 MiB are queued by MULTI; DISCARD, and send less");
        return;
    }
    if (!make_room(t, call, bytes)) {
        transaction_abort(call->session);
        reply_error(call->reply, "OOM out of memory, nothing was changed");
        return;
    }
    struct queued queued = {command, call->argc};
    append(t, &queued, sizeof(queued));
    for (size_t i = 0; i < call->argc; i++) {
        append(t, &call->argv[i].len, sizeof(size_t));
        append(t, call->argv[i].data, call->argv[i].len);
    }
    t->count++;
    reply_simple(call->reply, "QUEUED");
}

void transaction_abort(struct session *session) {
    struct transaction *t = session->transaction;
    if (t == NULL) return;
    t->is_aborted = true;
    buf_deinit(&t->queue); // none of it will be run
    t->count = 0;
}

void transaction_end(struct session *session) {
    struct transaction *t = session->transaction;
    if (t == NULL) return;
    session->transaction = NULL;
    buf_deinit(&t->queue);
    free(t->argv);
    free(t);
}

size_t transaction_bytes(const struct session *session) {
    struct transaction *t = session->transaction;
    if (t == NULL) return 0;
    return sizeof(*t) + t->queue.cap + t->max_argc * sizeof(*t->argv);
}

// MULTI
void cmd_multi(struct call *call) {
    if (call->session->transaction != NULL) {
        reply_error(call->reply, "ERR MULTI calls can not be nested");
        return;
    }
    call->session->transaction = calloc(1, sizeof(struct transaction));
    if (call->session->transaction == NULL) {
        reply_error(call->reply, "OOM out of memory, nothing was changed");
        return;
    }
    reply_simple(call->reply, "OK");
}

// DISCARD
void cmd_discard(struct call *call) {
    if (call->session->transaction == NULL) {
        reply_error(call->reply, "ERR DISCARD without MULTI");
        return;
    }
    transaction_end(call->session);
    reply_simple(call->reply, "OK");
}

// Reads the request at `p` into `t->argv`. Returns the place behind it.
static const char *read_queued(
    struct transaction *t, const char *p, struct queued *queued) {
    memcpy(queued, p, sizeof(*queued));
    p += sizeof(*queued);
    for (size_t i = 0; i < queued->argc; i++) {
        size_t len;
        memcpy(&len, p, sizeof(len));
        t->argv[i] = (struct slice){p + sizeof(len), len};
        p += sizeof(len) + len;
    }
    return p;
}

static void run_queue(struct transaction *t, struct call *call) {
    // Room for one short reply each, before the first is run: all or nothing.
    if (!buf_reserve(call->reply->out, (t->count + 1) * REPLY_LEAST)) {
        reply_error(call->reply, "OOM out of memory, nothing was changed");
        return;
    }
    reply_array(call->reply, t->count);
    const char *p = t->queue.data;
    for (size_t left = t->count; left > 0; left--) {
        struct queued queued;
        p = read_queued(t, p, &queued);
        struct call one = *call;
        one.argc = queued.argc;
        one.argv = t->argv;
        command_answer(queued.command, &one, (left - 1) * REPLY_LEAST);
    }
}

// EXEC
void cmd_exec(struct call *call) {
    struct transaction *t = call->session->transaction;
    if (t == NULL) {
        reply_error(call->reply, "ERR EXEC without MULTI");
        return;
    }
    struct session queue = {.transaction = t};
    call->session->transaction = NULL; // from here on, commands are run
    if (t->is_aborted) {
        reply_error(call->reply,
            "EXECABORT Transaction discarded because of previous errors.");
    } else {
        run_queue(t, call);
    }
    transaction_end(&queue);
}
