// test_transaction.c - the queue of MULTI on its own: what it keeps, how much
// of it, and what EXEC makes of it.

#include "transaction.h"

#include "check.h"

#define NOW ((int64_t)1700000000000) // milliseconds, Unix time
#define MAX_QUEUE_BYTES ((size_t)64 * 1024 * 1024)
#define REQUEST_BYTES (sizeof(void *) + sizeof(size_t)) // beside its words
#define MAX_WORDS 8 // of a line in these tests

static struct store *st;
static struct session session;
static struct stats stats = {.event_loop = "none", .start_ms = NOW};
static struct buf out;
static int64_t now_ms;

static void begin(void) {
    st = store_new(0);
    CHECK(st != NULL);
    now_ms = NOW;
}

static void end(void) {
    transaction_end(&session);
    CHECK_INT(transaction_bytes(&session), 0);
    store_free(st);
    buf_deinit(&out);
}

// Runs a command, or the one that the first word names, and returns what was
// answered, valid until the next call.
static struct slice run_words(
    const struct command *command, const struct slice *argv, size_t argc) {
    struct reply reply = {.out = &out};
    struct call call = {
        .argc = argc,
        .argv = argv,
        .store = st,
        .reply = &reply,
        .session = &session,
        .stats = &stats,
        .now_ms = now_ms,
    };
    out.len = 0;
    if (command == NULL) command = command_find(argv[0]);
    CHECK(command_run(command, &call));
    CHECK(!reply.no_memory);
    return (struct slice){out.data, out.len};
}

// The same with words that stand in `line`, a space between two of them.
static struct slice run_as(const struct command *command, const char *line) {
    static struct slice argv[MAX_WORDS];
    size_t argc = 0;
    while (*line != '\0') {
        size_t len = strcspn(line, " ");
        CHECK(argc < MAX_WORDS);
        argv[argc++] = (struct slice){line, len};
        line += len + (line[len] == ' ');
    }
    return run_words(command, argv, argc);
}

static void check_run(const char *line, const char *reply) {
    struct slice got = run_as(NULL, line);
    if (!slice_equal(got, slice_of(reply))) check_show("run", slice_of(line));
    CHECK_BYTES(got, slice_of(reply));
}

#define ABORTED \
    "-EXECABORT Transaction discarded because of previous errors.\r\n"
#define TOO_MUCH \
    "-ERR more than 64 MiB are queued by MULTI; DISCARD, and send less\r\n"

// ------------------------------------------------------- what is answered

static void test_commands_wait_until_exec_runs_them_in_order(void) {
    begin();
    check_run("MULTI", "+OK\r\n");
    check_run("SET k 1", "+QUEUED\r\n");
    check_run("GET k", "+QUEUED\r\n");
    check_run("DELETE k x y", "+QUEUED\r\n");
    check_run("GET k", "+QUEUED\r\n");
    CHECK_INT(store_stats(st).keys, 0);
    check_run("EXEC", "*4\r\n+OK\r\n$1\r\n1\r\n:1\r\n$-1\r\n");
    CHECK(session.transaction == NULL);
    check_run("SET k 2", "+OK\r\n");
    end();
}

static void test_an_empty_transaction_answers_an_empty_array(void) {
    begin();
    check_run("MULTI", "+OK\r\n");
    check_run("EXEC", "*0\r\n");
    check_run("PING", "+PONG\r\n");
    end();
}

static void test_each_command_wants_or_forbids_a_transaction(void) {
    begin();
    check_run("EXEC", "-ERR EXEC without MULTI\r\n");
    check_run("DISCARD", "-ERR DISCARD without MULTI\r\n");
    check_run("multi", "+OK\r\n");
    check_run("MULTI", "-ERR MULTI calls can not be nested\r\n");
    check_run("SET k 1", "+QUEUED\r\n");
    check_run("discard", "+OK\r\n");
    check_run("EXEC", "-ERR EXEC without MULTI\r\n");
    CHECK_INT(store_stats(st).keys, 0);
    end();
}

static void test_quit_does_not_wait(void) {
    begin();
    check_run("MULTI", "+OK\r\n");
    check_run("SET k 1", "+QUEUED\r\n");
    check_run("QUIT", "+OK\r\n");
    CHECK(session.closing);
    end(); // what is queued is freed with the session
    session = (struct session){0};
}

static void test_an_error_while_queueing_makes_exec_refuse(void) {
    static const char *const lines[] = {
        "nosuch a b", "GET", "SET k", "MULTI x", "EXEC x", "DISCARD x"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        begin();
        check_run("MULTI", "+OK\r\n");
        check_run("SET k 1", "+QUEUED\r\n");
        CHECK_INT(run_as(NULL, lines[i]).data[0], '-');
        CHECK(session.transaction != NULL);
        check_run("SET k 2", "+QUEUED\r\n");
        check_run("EXEC", ABORTED);
        CHECK(session.transaction == NULL);
        CHECK_INT(store_stats(st).keys, 0);
        check_run("MULTI", "+OK\r\n");
        check_run("SET k 3", "+QUEUED\r\n");
        check_run("EXEC", "*1\r\n+OK\r\n");
        end();
    }
}

static void test_an_error_while_running_stops_nothing(void) {
    begin();
    check_run("MULTI", "+OK\r\n");
    check_run("SET a 1", "+QUEUED\r\n");
    check_run("SET b 1 0", "+QUEUED\r\n");
    check_run("EXPIRE a x", "+QUEUED\r\n");
    check_run("SET c 1", "+QUEUED\r\n");
    check_run("EXEC",
        "*4\r\n+OK\r\n-ERR invalid expire time in 'set' command\r\n"
        "-ERR value is not an integer or out of range\r\n+OK\r\n");
    CHECK_INT(store_stats(st).keys, 2);
    end();
}

static void test_all_commands_run_at_the_moment_of_exec(void) {
    begin();
    check_run("SET old v 1", "+OK\r\n");
    check_run("MULTI", "+OK\r\n");
    check_run("GET old", "+QUEUED\r\n");
    check_run("SET new v 1", "+QUEUED\r\n");
    now_ms = NOW + 1000;
    check_run("EXEC", "*2\r\n$-1\r\n+OK\r\n");
    now_ms = NOW + 1999;
    check_run("EXISTS new", ":1\r\n");
    now_ms = NOW + 2000;
    check_run("EXISTS new", ":0\r\n");
    end();
}

// ------------------------------------------------------------ what is kept

static void test_the_queue_keeps_its_own_copy_of_the_words(void) {
    char key[] = "k\0\r\n", value[] = "\xff*1\0";
    struct slice set[] = {BYTES("SET"), {key, 4}, {value, 4}};
    begin();
    check_run("MULTI", "+OK\r\n");
    CHECK_BYTES(run_words(NULL, set, 3), BYTES("+QUEUED\r\n"));
    memset(key, 'x', 4); // as the next bytes from the network would do
    memset(value, 'y', 4);
    set[0] = BYTES("GET");
    check_run("EXEC", "*1\r\n+OK\r\n");
    set[1] = BYTES("k\0\r\n");
    CHECK_BYTES(run_words(NULL, set, 2), BYTES("$4\r\n\xff*1\0\r\n"));
    end();
}

static void test_short_and_long_requests_take_turns(void) {
    struct slice many[501] = {BYTES("EXISTS")};
    for (size_t i = 1; i < 501; i++) many[i] = BYTES("k");
    begin();
    check_run("SET k 1", "+OK\r\n");
    check_run("MULTI", "+OK\r\n");
    check_run("EXISTS k", "+QUEUED\r\n");
    size_t before = transaction_bytes(&session);
    CHECK_BYTES(run_words(NULL, many, 501), BYTES("+QUEUED\r\n"));
    CHECK(transaction_bytes(&session) > before + 499 * sizeof(struct slice));
    check_run("TTL k", "+QUEUED\r\n");
    check_run("EXEC", "*3\r\n:1\r\n:500\r\n:-1\r\n");
    end();
}

static void test_ten_thousand_requests(void) {
    begin();
    check_run("MULTI", "+OK\r\n");
    for (int i = 0; i < 10000; i++) check_run("SET k v", "+QUEUED\r\n");
    struct slice got = run_as(NULL, "EXEC");
    CHECK_INT(got.len, strlen("*10000\r\n") + 10000 * strlen("+OK\r\n"));
    CHECK(memcmp(got.data, "*10000\r\n+OK\r\n+OK\r\n", 18) == 0);
    CHECK_INT(store_stats(st).keys, 1);
    end();
}

// ------------------------------------------------------------ how much of it

// Sends a PING whose message makes the request take `bytes` of the queue.
static struct slice queue_bytes(size_t bytes) {
    static char message[MAX_QUEUE_BYTES];
    size_t len = bytes - REQUEST_BYTES - 2 * sizeof(size_t) - strlen("PING");
    struct slice argv[] = {BYTES("PING"), {message, len}};
    return run_words(NULL, argv, 2);
}

static void test_64_mib_fit_and_a_byte_more_does_not(void) {
    begin();
    check_run("MULTI", "+OK\r\n");
    CHECK_BYTES(queue_bytes(MAX_QUEUE_BYTES), BYTES("+QUEUED\r\n"));
    CHECK(transaction_bytes(&session) >= MAX_QUEUE_BYTES);
    CHECK_BYTES(run_as(NULL, "PING"), slice_of(TOO_MUCH));
    CHECK(transaction_bytes(&session) < 1000); // all of it was freed at once
    check_run("EXEC", ABORTED);

    check_run("MULTI", "+OK\r\n");
    CHECK_BYTES(queue_bytes(MAX_QUEUE_BYTES - 1000), BYTES("+QUEUED\r\n"));
    CHECK_BYTES(queue_bytes(1001), slice_of(TOO_MUCH));
    check_run("DISCARD", "+OK\r\n");
    end();
}

static void test_the_bytes_of_a_queue_are_told_and_given_back(void) {
    begin();
    CHECK_INT(transaction_bytes(&session), 0);
    check_run("MULTI", "+OK\r\n");
    CHECK(transaction_bytes(&session) > 0);
    CHECK_BYTES(queue_bytes(100000), BYTES("+QUEUED\r\n"));
    CHECK(transaction_bytes(&session) >= 100000);
    CHECK_INT(run_as(NULL, "nosuch").data[0], '-');
    CHECK(transaction_bytes(&session) < 1000);
    check_run("DISCARD", "+OK\r\n");
    CHECK_INT(transaction_bytes(&session), 0);
    transaction_abort(&session); // without a transaction, both do nothing
    transaction_end(&session);
    end();
}

// -------------------------------------------------------- room for replies

static size_t seen_room; // that the first of them found
static int runs;

// Answers as much as a command may that changes something.
static void least(struct call *call) {
    const struct buf *b = call->reply->out;
    if (runs++ == 0) seen_room = b->cap - b->len;
    CHECK(b->cap - b->len >= REPLY_LEAST);
    char text[REPLY_LEAST - 2]; // '+' and CRLF come to it, NUL goes
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    reply_simple(call->reply, text);
}

// Answers more than there is memory for, after part of it was written.
static void huge(struct call *call) {
    runs++;
    for (int i = 0; i < 1000; i++) reply_bulk(call->reply, BYTES("half"));
    call->reply->no_memory = true;
}

static const struct command least_command = {
    .name = "LEAST", .run = least, .min_argc = 1, .max_argc = 1};
static const struct command huge_command = {
    .name = "HUGE", .run = huge, .min_argc = 1, .max_argc = 1};

static void test_there_is_room_for_every_reply_before_the_first_is_made(void) {
    begin();
    runs = 0;
    check_run("MULTI", "+OK\r\n");
    for (int i = 0; i < 1000; i++) {
        CHECK_BYTES(run_as(&least_command, "LEAST"), BYTES("+QUEUED\r\n"));
    }
    CHECK_INT(runs, 0);
    struct slice got = run_as(NULL, "EXEC");
    CHECK_INT(runs, 1000);
    CHECK(seen_room >= 1000 * REPLY_LEAST);
    CHECK_INT(got.len, strlen("*1000\r\n") + 1000 * REPLY_LEAST);
    end();
}

static void test_a_reply_that_does_not_fit_leaves_room_for_the_others(void) {
    begin();
    runs = 0;
    check_run("MULTI", "+OK\r\n");
    run_as(&huge_command, "HUGE");
    check_run("SET k 1", "+QUEUED\r\n");
    run_as(&huge_command, "HUGE");
    run_as(&least_command, "LEAST");
    check_run("GET k", "+QUEUED\r\n");
    struct slice got = run_as(NULL, "EXEC");
    CHECK_INT(runs, 3);
    const char head[] = "*5\r\n-OOM out of memory, nothing was changed\r\n"
                        "+OK\r\n-OOM out of memory, nothing was changed\r\n+";
    CHECK(got.len > sizeof(head));
    CHECK(memcmp(got.data, head, sizeof(head) - 1) == 0);
    CHECK(memcmp(got.data + got.len - 9, "\r\n$1\r\n1\r\n", 9) == 0);
    end();
}

int main(void) {
    test_commands_wait_until_exec_runs_them_in_order();
    test_an_empty_transaction_answers_an_empty_array();
    test_each_command_wants_or_forbids_a_transaction();
    test_quit_does_not_wait();
    test_an_error_while_queueing_makes_exec_refuse();
    test_an_error_while_running_stops_nothing();
    test_all_commands_run_at_the_moment_of_exec();
    test_the_queue_keeps_its_own_copy_of_the_words();
    test_short_and_long_requests_take_turns();
    test_ten_thousand_requests();
    test_64_mib_fit_and_a_byte_more_does_not();
    test_the_bytes_of_a_queue_are_told_and_given_back();
    test_there_is_room_for_every_reply_before_the_first_is_made();
    test_a_reply_that_does_not_fit_leaves_room_for_the_others();
    puts("ok");
    return 0;
}
