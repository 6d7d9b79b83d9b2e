// test_command.c - commands on a store without any socket: a line in, the bytes
// of the reply out.

#include "command.h"

#include "run.h"

static void test_each_command(void) {
    static const struct example examples[] = {
        {"PING", "+PONG"},
        {"ping hello", "$5\r\nhello"},
        {"PING ''", "$0\r\n"},
        {"COUNT", ":0"},
        {"LIST", "*0"},
        {"GET k", "$-1"},
        {"SET k v", "+OK"},
        {"get k", "$1\r\nv"},
        {"GET K", "$-1"},
        {"SET n 42", "+OK"}, // a number is a value
        {"GET n", "$2\r\n42"},
        {"SET '' ''", "+OK"},
        {"GET ''", "$0\r\n"},
        {"COUNT", ":3"},
        {"EXISTS k n none k", ":3"},
        {"KEYS ?x", "*0"},
        {"KEYS [n]", "*1\r\n$1\r\nn"},
        {"DELETE k none k", ":1"},
        {"DELETE '' n", ":2"},
        {"LIST", "*0"},
        {"SET only x", "+OK"},
        {"LIST", "*1\r\n$4\r\nonly"},
        {"KEYS *", "*1\r\n$4\r\nonly"},
        {"CLEAR", "+OK"},
        {"COUNT", ":0"},
        {"FLUSHALL", "+OK"},
        {"FLUSHALL async", "+OK"},
        {"FLUSHALL Sync", "+OK"},
        {"FLUSHALL now", SYNTAX},
    };
    check_examples(examples, sizeof(examples) / sizeof(examples[0]));
}

static void test_seconds_of_set_and_expire(void) {
    static const struct example examples[] = {
        {"TTL k", ":-2"},
        {"EXPIRE k 5", ":0"},
        {"SET k v 10", "+OK"},
        {"TTL k", ":10"},
        {"SET k v", "+OK"},
        {"TTL k", ":-1"},
        {"EXPIRE k 100", ":1"},
        {"TTL k", ":100"},
        {"EXPIRE k x", NOT_INTEGER},
        {"EXPIRE k 1.5", NOT_INTEGER},
        {"EXPIRE k 9223372036854775808", NOT_INTEGER},
        {"EXPIRE k 9223372036854775807", BAD_TIME("expire")},
        {"eXpIrE k -9223372036854775808", BAD_TIME("expire")},
        {"TTL k", ":100"}, // no error changes anything
        {"EXPIRE k 0", ":1"},
        {"GET k", "$-1"},
        {"SET k v", "+OK"},
        {"EXPIRE k -1", ":1"},
        {"EXISTS k", ":0"},
        {"SET k v 0", BAD_TIME("set")},
        {"Set k v 00", BAD_TIME("set")},
        {"SET k v 9223372036854775807", BAD_TIME("set")},
        {"SET k v 9223372036854775808", NOT_INTEGER},
        {"SET k v 99999999999999999999", NOT_INTEGER},
        {"SET k v -1", SYNTAX},
        {"SET k v abc", SYNTAX},
        {"SET k v ''", SYNTAX},
        {"SET k v 10 NX", SYNTAX},
        {"GET k", "$-1"},
        {"SET k v 007", "+OK"},
        {"TTL k", ":7"},
    };
    check_examples(examples, sizeof(examples) / sizeof(examples[0]));
}

static void test_wrong_numbers_of_arguments(void) {
    static const struct example examples[] = {
        {"GET", WRONG("get")},
        {"Get a b", WRONG("get")},
        {"SET k", WRONG("set")},
        {"DELETE", WRONG("delete")},
        {"EXISTS", WRONG("exists")},
        {"LIST x", WRONG("list")},
        {"COUNT x", WRONG("count")},
        {"CLEAR x", WRONG("clear")},
        {"FLUSHALL a b", WRONG("flushall")},
        {"PING a b", WRONG("ping")},
        {"TTL", WRONG("ttl")},
        {"TTL a b", WRONG("ttl")},
        {"EXPIRE k", WRONG("expire")},
        {"KEYS", WRONG("keys")},
        {"KEYS a b", WRONG("keys")},
    };
    check_examples(examples, sizeof(examples) / sizeof(examples[0]));
}

#define UNKNOWN(name) \
    "-ERR unknown command '" name "', with args beginning with: "
#define TEN_X "xxxxxxxxxx"
#define X_113 \
    TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X "xxx"
#define X_128 \
    TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X TEN_X \
        "xxxxxxxx"

static void test_unknown_commands_are_repeated_in_safe_form(void) {
    static const struct example examples[] = {
        {"foo", UNKNOWN("foo")},
        {"Foo a 'b c'", UNKNOWN("Foo") "'a' 'b c' "},
        {"GETX", UNKNOWN("GETX")},
        {"GE", UNKNOWN("GE")},
        {"''", UNKNOWN("")},
        {"foo %s%n", UNKNOWN("foo") "'%s%n' "},
        {"\"f\\r\\n+OK\" \"a\\x00\\x1b\"", UNKNOWN("f  +OK") "'a  ' "},
        {X_128 "yy", UNKNOWN(X_128)},
        {"foo " X_128 "yy z", UNKNOWN("foo") "'" X_128 "' "},
        {"foo aa bbb" X_113 "yy", UNKNOWN("foo") "'aa' 'bbb" X_113 "yy' "},
        {"foo aaaaaaa bbbbb" X_113 "yy",
            UNKNOWN("foo") "'aaaaaaa' 'bbbbb" X_113 "' "},
    };
    check_examples(examples, sizeof(examples) / sizeof(examples[0]));
    CHECK(command_find(BYTES("GET\0")) == NULL);
    CHECK(command_find(BYTES("")) == NULL);
    CHECK(command_find(BYTES("gEt")) == command_find(BYTES("GET")));
}

static void test_any_bytes_are_kept(void) {
    open_store(0);
    check_run("SET \"a\\x00\\r\\n\" \"\\x00\\xff\"", BYTES("+OK\r\n"));
    check_run("GET \"a\\x00\\r\\n\"", BYTES("$2\r\n\0\xff\r\n"));
    check_run("LIST", BYTES("*1\r\n$4\r\na\0\r\n\r\n"));
    close_store();
}

static void test_a_key_is_gone_at_its_millisecond_for_every_command(void) {
    open_store(0);
    run("SET k v 1");
    run("SET stays v");
    now_ms = NOW + 999;
    check_run("TTL k", BYTES(":1\r\n")); // rounded up
    check_run("GET k", BYTES("$1\r\nv\r\n"));
    check_run("KEYS k", BYTES("*1\r\n$1\r\nk\r\n"));
    now_ms = NOW + 1000;
    check_run("LIST", BYTES("*1\r\n$5\r\nstays\r\n"));
    check_run("KEYS k", BYTES("*0\r\n"));
    check_run("TTL k", BYTES(":-2\r\n"));
    check_run("EXISTS k stays", BYTES(":1\r\n"));
    check_run("DELETE k", BYTES(":0\r\n"));
    check_run("COUNT", BYTES(":1\r\n"));
    close_store();
}

static void test_quit_and_exit_close_the_session(void) {
    static const char *const lines[] = {"QUIT", "exit", "QUIT now"};
    for (size_t i = 0; i < 3; i++) {
        open_store(0);
        run("PING");
        CHECK(!session.closing);
        check_run(lines[i], BYTES("+OK\r\n"));
        CHECK(session.closing);
        close_store();
    }
}

static bool holds(struct slice text, const char *part) {
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.data + i, part, len) == 0) return true;
    }
    return false;
}

static void test_info_tells_of_store_and_server(void) {
    open_store(0);
    run("SET k v");
    run("GET k");
    run("GET none");
    struct slice all = run("INFO");
    CHECK_INT(all.data[0], '$');
    CHECK_INT(strtoul(all.data + 1, NULL, 10),
        all.len - 2 - (strcspn(all.data, "\n") + 1));
    CHECK(holds(all, "\r\n# Server\r\n") && holds(all, "\r\n# Stats\r\n"));
    CHECK(holds(all, "\r\nkeyspace_hits:1\r\n"));
    CHECK(holds(all, "\r\nkeyspace_misses:1\r\n"));
    CHECK(holds(all, "\r\nuptime_in_seconds:61\r\n"));
    CHECK(holds(all, "\r\ndb0:keys=1"));

    struct slice some = run("INFO keyspace");
    CHECK(holds(some, "# Keyspace") && !holds(some, "# Server"));
    check_run("INFO none", BYTES("$0\r\n\r\n"));
    close_store();
}

static void test_over_the_limit_nothing_changes(void) {
    static const struct slice oom = BYTES_INIT(
        "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
    open_store(0);
    size_t empty = store_stats(st).bytes;
    close_store();

    open_store(empty + 40);
    check_run("SET k 0123456789", BYTES("+OK\r\n"));
    check_run("SET other 0123456789012345678901234567", oom);
    check_run("SET k 0123456789012345678901234567890123456789", oom);
    check_run("GET k", BYTES("$10\r\n0123456789\r\n"));
    check_run("EXISTS other", BYTES(":0\r\n"));
    check_run("SET k 9876543210", BYTES("+OK\r\n"));
    check_run("DELETE k", BYTES(":1\r\n"));
    check_run("SET other 0123456789012345678901234567", BYTES("+OK\r\n"));
    close_store();
}

// What a reply looks like that did not fit, after part of it was written.
static void reply_half(struct call *call) {
    size_t mark = reply_array_begin(call->reply);
    for (int i = 0; i < 1000; i++) reply_bulk(call->reply, BYTES("half"));
    call->reply->no_memory = true;
    reply_array_end(call->reply, mark, 1000);
}

static void test_a_reply_that_does_not_fit_becomes_an_error(void) {
    static const struct command half = {
        .name = "HALF", .run = reply_half, .min_argc = 1, .max_argc = 1};
    open_store(0);
    CHECK_BYTES(run_as(&half, BYTES("HALF")),
        BYTES("-OOM out of memory, nothing was changed\r\n"));
    close_store();
}

int main(void) {
    test_each_command();
    test_seconds_of_set_and_expire();
    test_wrong_numbers_of_arguments();
    test_unknown_commands_are_repeated_in_safe_form();
    test_any_bytes_are_kept();
    test_a_key_is_gone_at_its_millisecond_for_every_command();
    test_quit_and_exit_close_the_session();
    test_info_tells_of_store_and_server();
    test_over_the_limit_nothing_changes();
    test_a_reply_that_does_not_fit_becomes_an_error();
    puts("ok");
    return 0;
}
