// test_oom.c - memory that runs out at any moment.
//
// A scenario is run again and again: the first allocation fails, then the
// second, and so on. Either only one allocation fails, or all that follow do,
// or only those by which tables and buffers grow. Whatever fails, no stored
// value may be lost or changed, and at the end nothing may be left.

#include <unistd.h>

#include "command.h"
#include "loop.h"
#include "oom.h"
#include "request.h"
#include "table.h"

// ------------------------------------------------------------- a table

static void check_table(const struct table *t) {
    size_t count = 0;
    for (int k = 0; k < KEYS; k++) {
        struct slice key = key_of(k);
        const struct entry *e = table_find(t, key, table_hash(t, key));
        CHECK_INT(e != NULL, model[k] != NONE);
        if (e == NULL) continue;
        CHECK_BYTES(entry_value(e), value_of(model[k]));
        count++;
    }
    CHECK_INT(table_count(t), count);
}

static bool put(struct slab_pool *pool, struct table *t, int k, int value) {
    struct slice key = key_of(k);
    struct entry *e = entry_new(pool, key, value_of(value), ENTRY_NO_DEADLINE);
    if (e == NULL) return false;
    if (!table_put(t, e, table_hash(t, key))) {
        entry_free(pool, e);
        return false;
    }
    model[k] = value;
    return true;
}

static void table_scenario(int keys) {
    struct hash_secret secret = {1, 2};
    struct slab_pool *pool = slab_pool_new();
    struct table *t = pool != NULL ? table_new(pool, &secret) : NULL;
    if (t != NULL) {
        clear_model();
        for (int k = 0; k < keys; k++) put(pool, t, k, k);
        for (int k = 0; k < keys; k += 3) put(pool, t, k, k + 1);
        check_table(t);
        for (int k = 0; k < keys; k++) {
            if (k % 5 == 0) continue;
            CHECK_INT(table_remove(t, key_of(k), table_hash(t, key_of(k))),
                model[k] != NONE);
            model[k] = NONE;
        }
        check_table(t);
        memory_comes_back();
        for (int k = 0; k < keys; k++) CHECK(put(pool, t, k, k + 2));
        check_table(t);
    }
    table_free(t);
    slab_pool_free(pool);
}

// ------------------------------------------------------------- a store

static void check_store(struct store *st) {
    size_t count = 0;
    for (int k = 0; k < KEYS; k++) {
        struct slice value;
        enum store_result found = store_get(st, key_of(k), NOW, &value);
        CHECK_INT(found, model[k] != NONE ? STORE_OK : STORE_MISSING);
        if (found != STORE_OK) continue;
        CHECK_BYTES(value, value_of(model[k]));
        count++;
    }
    CHECK_INT(store_stats(st).keys, count);
}

static void set(struct store *st, int k, int value, int64_t deadline_ms) {
    enum store_result result =
        store_set(st, key_of(k), value_of(value), deadline_ms);
    CHECK(result == STORE_OK || (result == STORE_NO_MEMORY && has_failed));
    if (result == STORE_OK) model[k] = value;
}

// An entry without a deadline has no room for one: it has to be made anew.
static void set_deadline(struct store *st, int k) {
    enum store_result result =
        store_set_deadline(st, key_of(k), NOW, NOW + 1000);
    if (model[k] == NONE) {
        CHECK_INT(result, STORE_MISSING);
        return;
    }
    int64_t deadline_ms;
    CHECK(result == STORE_OK || (result == STORE_NO_MEMORY && has_failed));
    CHECK_INT(store_deadline(st, key_of(k), NOW, &deadline_ms), STORE_OK);
    CHECK_INT(deadline_ms, result == STORE_OK ? NOW + 1000 : STORE_NO_DEADLINE);
}

static void store_scenario(int keys) {
    struct store *st = store_new(0);
    if (st == NULL) {
        CHECK(has_failed);
        return;
    }
    clear_model();
    for (int k = 0; k < keys / 2; k++) set(st, k, k, STORE_NO_DEADLINE);
    for (int k = 0; k < keys / 2; k += 2) set_deadline(st, k);
    for (int k = 0; k < keys / 2; k += 7) {
        CHECK_INT(store_delete(st, key_of(k), NOW), model[k] != NONE);
        model[k] = NONE;
    }
    check_store(st);
    for (int k = 0; k < keys; k++) set(st, k, k + 1, NOW + 1 + k % 2);
    check_store(st);
    if (store_clear(st)) {
        clear_model();
    } else {
        CHECK(has_failed);
    }
    check_store(st);
    for (int k = 0; k < keys; k += 20) set(st, k, k + 1, STORE_NO_DEADLINE);
    store_free_step(st);
    check_store(st);
    store_free(st);
}

// ------------------------------------------- requests, commands, replies

static const char oom[] = "-OOM out of memory, nothing was changed\r\n";

// Reads and runs a request. The reply goes to the end of `out`. Returns false
// if it was not run: nothing may have changed then.
static bool run_in(struct session *session, struct store *st, struct request *r,
    struct buf *out, struct slice in) {
    struct request_progress progress = {0};
    struct stats stats = {.event_loop = "none", .start_ms = NOW};
    struct reply reply = {.out = out};
    size_t used, start = out->len;
    if (request_parse(r, in, &progress, &used) != REQUEST_DONE) {
        CHECK(has_failed);
        CHECK_BYTES(slice_of(r->error),
            BYTES("OOM out of memory, nothing was changed"));
        return false;
    }
    struct call call = {.argc = r->argc,
        .argv = r->argv,
        .store = st,
        .reply = &reply,
        .session = session,
        .stats = &stats,
        .now_ms = NOW};
    if (!command_run(command_find(r->argv[0]), &call)) {
        CHECK(has_failed);
        CHECK_INT(out->len, start);
        return false;
    }
    struct slice got = {out->data + start, out->len - start};
    return !slice_equal(got, BYTES(oom));
}

static bool run(
    struct store *st, struct request *r, struct buf *out, struct slice in) {
    struct session session = {0};
    return run_in(&session, st, r, out, in);
}

static void set_by_command(
    struct store *st, struct request *r, struct buf *out, int k, int value) {
    static char in[6000];
    size_t n = (size_t)snprintf(
        in, sizeof(in), "SET k:%d %s\n", k, value_of(value).data);
    if (run(st, r, out, (struct slice){in, n})) model[k] = value;
}

static void command_scenario(int keys) {
    struct store *st = store_new(0);
    if (st == NULL) return;
    struct request r = {0};
    struct buf out = {0};
    clear_model();
    for (int k = 0; k < keys; k += 8) set_by_command(st, &r, &out, k, k);
    check_store(st);
    for (int k = 0; k < keys; k += 24) {
        set_by_command(st, &r, &out, k, k + 1);
        out.len = 0;
    }
    static const char *const lines[] = {"LIST\n", "INFO\n", "KEYS *1*\n",
        "*2\r\n$3\r\nGET\r\n$3\r\nk:0\r\n", "EXPIRE k:8 5\n", "COUNT\n",
        "EXISTS a b c d e f g h i j k l m n o p q r s t u v w x y z\n"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        run(st, &r, &out, slice_of(lines[i]));
        check_store(st);
    }
    if (run(st, &r, &out, BYTES("DELETE k:0 k:8 k:16\n"))) {
        model[0] = model[8] = model[16] = NONE;
    }
    check_store(st);
    if (run(st, &r, &out, BYTES("CLEAR\n"))) clear_model();
    check_store(st);
    request_deinit(&r);
    buf_deinit(&out);
    store_free(st);
}

// A command that changes one key and may answer with its old value: both are
// done, or neither.
struct step {
    const char *line;
    int k;
    int value; // that the key has then
    bool needs_key; // does nothing to a key that is not there
};

static const struct step steps[] = {
    {"GETSET k:0 13\n", 0, 13, false}, // these have a long value before
    {"SET k:8 25 GET\n", 8, 25, false},
    {"GETDEL k:16\n", 16, NONE, false},
    {"GETEX k:24 EX 100\n", 24, 200, true},
    {"GETEX k:24 PERSIST\n", 24, 200, true},
    {"SETRANGE k:24 4497 400\n", 24, 400, true},
    {"SETNX k:1 12\n", 1, 12, false}, // and these have none
    {"INCRBY k:2 13\n", 2, 13, false},
    {"INCRBYFLOAT k:3 1.2e1\n", 3, 12, false},
    {"APPEND k:4 25\n", 4, 25, false},
    {"SETRANGE k:5 0 13\n", 5, 13, false},
    {"SETEX k:6 100 12\n", 6, 12, false},
    {"PERSIST k:6\n", 6, 12, true},
};

static void run_step(
    struct store *st, struct request *r, const struct step *step) {
    struct buf out = {0}; // has no room yet for a long value
    if (step->needs_key && model[step->k] == NONE) return;
    if (run(st, r, &out, slice_of(step->line))) model[step->k] = step->value;
    buf_deinit(&out);
    check_store(st);
}

// Sets three keys from `k` on. An answer may say that only the first were set.
static void set_three(
    struct store *st, struct request *r, const char *command, int k) {
    struct buf out = {0};
    char line[80];
    int count = 0;
    snprintf(line, sizeof(line), "%s k:%d 12 k:%d 13 k:%d 25\n", command, k,
        k + 1, k + 2);
    if (run(st, r, &out, slice_of(line))) {
        CHECK(buf_append(&out, BYTES("\0")));
        bool is_part = sscanf(out.data, "-OOM %*[^0-9] %d of 3", &count) == 1;
        if (!is_part) count = 3;
    }
    if (count > 0) model[k] = 12;
    if (count > 1) model[k + 1] = 13;
    if (count > 2) model[k + 2] = 25;
    buf_deinit(&out);
}

static void companion_scenario(int keys) {
    struct store *st = store_new(0);
    if (st == NULL) return;
    struct request r = {0};
    struct buf out = {0};
    clear_model();
    for (int k = 0; k <= 24; k += 8) set_by_command(st, &r, &out, k, 200);
    buf_deinit(&out);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        run_step(st, &r, &steps[i]);
    }
    for (int k = 30; k + 6 <= keys; k += 6) {
        set_three(st, &r, "MSET", k);
        set_three(st, &r, "MSETNX", k + 3);
    }
    check_store(st);
    request_deinit(&r);
    store_free(st);
}

// ------------------------------------------------------- a transaction

// Notes what EXEC has done. Its reply tells it for each SET: +OK or -OOM.
static void note_replies(struct slice replies, const int *keys, int count) {
    const char *p = replies.data, *end = p + replies.len;
    char header[16];
    int n = snprintf(header, sizeof(header), "*%d\r\n", count);
    CHECK(end - p > n && memcmp(p, header, (size_t)n) == 0);
    p += n;
    for (int i = 0; i < count; i++) {
        CHECK(p < end);
        if (*p == '+') model[keys[i]] = keys[i] + 1;
        p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
    }
    CHECK(p == end);
}

// Queues SETs of all keys, and runs them. The answer never lies, however many
// commands there are and however many replies need room.
static void transaction_scenario(int keys) {
    static int queued[KEYS];
    struct store *st = store_new(0);
    if (st == NULL) return;
    struct session session = {0};
    struct request r = {0};
    struct buf out = {0};
    int count = 0;
    clear_model();
    for (int k = 0; k < keys; k += 3) set(st, k, k, STORE_NO_DEADLINE);
    bool is_right = run_in(&session, st, &r, &out, BYTES("MULTI\n"));
    for (int k = 0; k < keys && is_right; k++) {
        char line[6000];
        size_t n = (size_t)snprintf(
            line, sizeof(line), "SET k:%d %s\n", k, value_of(k + 1).data);
        buf_deinit(&out);
        is_right = run_in(&session, st, &r, &out, (struct slice){line, n});
        queued[count++] = k;
    }
    bool is_closed = !is_right && out.len == 0; // there is no EXEC then
    buf_deinit(&out);
    if (!is_closed && run_in(&session, st, &r, &out, BYTES("EXEC\n")) &&
        is_right) {
        note_replies((struct slice){out.data, out.len}, queued, count);
    }
    check_store(st);
    session_reset(&session);
    request_deinit(&r);
    buf_deinit(&out);
    store_free(st);
}

// Notes what a transaction of GETDELs has done: a key is gone if its value was
// answered, and there if not.
static void note_values(struct slice replies, int count) {
    const char *p = replies.data, *end = p + replies.len;
    CHECK(end > p && *p == '*');
    p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
    for (int k = 0; k < count; k++) {
        CHECK(p < end && (*p == '$' || *p == '-'));
        size_t len = *p == '$' ? value_of(model[k]).len + 2 : 0; // CRLF
        if (*p == '$') model[k] = NONE;
        p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1 + len;
    }
    CHECK(p == end);
}

// What answers a long value and removes it keeps room for the replies behind
// it: otherwise an error would take the place of a value that is gone.
static void getdel_scenario(int keys) {
    struct store *st = store_new(0);
    if (st == NULL) return;
    struct session session = {0};
    struct request r = {0};
    struct buf out = {0};
    bool is_right = run_in(&session, st, &r, &out, BYTES("MULTI\n"));
    clear_model();
    for (int k = 0; k < keys && is_right; k++) {
        char line[32];
        size_t n = (size_t)snprintf(line, sizeof(line), "GETDEL k:%d\n", k);
        set(st, k, (k + 1) * 200, STORE_NO_DEADLINE); // a long one
        if (model[k] == NONE) is_right = false;
        if (!run_in(&session, st, &r, &out, (struct slice){line, n})) {
            is_right = false;
        }
    }
    buf_deinit(&out);
    if (is_right && run_in(&session, st, &r, &out, BYTES("EXEC\n"))) {
        note_values((struct slice){out.data, out.len}, keys);
    }
    check_store(st);
    session_reset(&session);
    request_deinit(&r);
    buf_deinit(&out);
    store_free(st);
}

// -------------------------------------------------------------- a loop

static void count_call(void *arg, int fd, unsigned ready) {
    (void)fd;
    (void)ready;
    (*(int *)arg)++;
}

// Many descriptors of the same pipe, which always has something to read.
static void watch_many(const struct loop_backend *backend) {
    enum { MANY = 100 };
    int ends[2], fds[MANY], calls = 0, watched = 0;
    struct loop *loop = loop_new(backend);
    if (loop == NULL) return;
    CHECK(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    for (int i = 0; i < MANY; i++) {
        fds[i] = dup(ends[0]);
        if (loop_watch(loop, fds[i], LOOP_READ, count_call, &calls)) {
            watched++;
            continue;
        }
        CHECK(has_failed);
        close(fds[i]);
        fds[i] = -1;
    }
    CHECK_INT(loop_wait(loop, 0), 0);
    CHECK_INT(calls, watched);
    for (int i = 0; i < MANY; i++) {
        if (fds[i] == -1) continue;
        loop_forget(loop, fds[i]);
        close(fds[i]);
    }
    close(ends[0]);
    close(ends[1]);
    loop_free(loop);
}

static void loop_scenario(int keys) {
    (void)keys;
    watch_many(&loop_poll);
#ifdef __linux__
    watch_many(&loop_epoll);
#endif
}

int main(void) {
    fail_everywhere("table", table_scenario, 40, KEYS);
    fail_everywhere("store", store_scenario, 40, KEYS);
    fail_everywhere("command", command_scenario, 40, KEYS);
    fail_everywhere("companions", companion_scenario, 40, KEYS);
    fail_everywhere("transaction", transaction_scenario, 40, 600);
    fail_everywhere("removing transaction", getdel_scenario, 40, 200);
    fail_everywhere("loop", loop_scenario, 40, KEYS);
    puts("ok");
    return 0;
}
