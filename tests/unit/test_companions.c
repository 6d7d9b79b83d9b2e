// test_companions.c - the commands that Redis has beside ours, on values, on
// counters and on deadlines: a line in, the bytes of the reply out.
//
// What is expected here is what redis-server 7.0.15 answers.

#include "command.h"

#include "run.h"

#define EXAMPLES(examples) \
    check_examples((examples), sizeof(examples) / sizeof((examples)[0]))
#define NOT_FLOAT "-ERR value is not a valid float"
#define NOT_FINITE "-ERR increment would produce NaN or Infinity"
#define OVERFLOWS "-ERR increment or decrement would overflow"
#define TOO_LONG "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
#define NX_WITH_OTHERS \
    "-ERR NX and XX, GT or LT options at the same time are not compatible"
#define GT_WITH_LT "-ERR GT and LT options at the same time are not compatible"
#define OVER_LIMIT "-OOM command not allowed when used memory > 'maxmemory'."

// ---------------------------------------------------------- whole values

static void test_conditions_of_set(void) {
    static const struct example examples[] = {
        {"SET k v XX", "$-1"},
        {"GET k", "$-1"},
        {"SET k 1 nx", "+OK"},
        {"SET k 2 NX", "$-1"},
        {"SET k 3 xX", "+OK"},
        {"GET k", "$1\r\n3"},
        {"SET k 4 NX XX", SYNTAX},
        {"SET k 4 XX NX", SYNTAX},
        {"SET k 4 NX NX", "$-1"}, // saying it twice changes nothing
        {"SET k 4 GET", "$1\r\n3"},
        {"SET k 5 GET NX", "$1\r\n4"},
        {"GET k", "$1\r\n4"},
        {"SET new 1 XX GET", "$-1"},
        {"EXISTS new", ":0"},
        {"SET new 1 NX GET", "$-1"},
        {"GET new", "$1\r\n1"},
    };
    EXAMPLES(examples);
}

static void test_lifetimes_of_set(void) {
    static const struct example examples[] = {
        {"SET k v EX 10", "+OK"},
        {"PTTL k", ":10000"},
        {"SET k v px 1500", "+OK"},
        {"PTTL k", ":1500"},
        {"SET k v ExAt 1700000007", "+OK"},
        {"PEXPIRETIME k", ":1700000007000"},
        {"SET k v PXAT 1700000007001", "+OK"},
        {"PEXPIRETIME k", ":1700000007001"},
        {"SET k w KEEPTTL", "+OK"},
        {"PEXPIRETIME k", ":1700000007001"},
        {"GET k", "$1\r\nw"},
        {"SET k v", "+OK"},
        {"TTL k", ":-1"},
        {"SET none v keepttl", "+OK"},
        {"TTL none", ":-1"},
        {"SET k x EX 5 XX GET", "$1\r\nv"},
        {"TTL k", ":5"},
        {"SET k y EX 5 EX 6", "+OK"}, // the last one counts
        {"TTL k", ":6"},
        {"SET k z EXAT 1", "+OK"}, // long ago: stored, and gone
        {"EXISTS k", ":0"},
    };
    EXAMPLES(examples);
}

static void test_bad_options_of_set_change_nothing(void) {
    static const struct example examples[] = {
        {"SET k v EX 100", "+OK"},
        {"SET k w EX", SYNTAX},
        {"SET k w EX 1 PX 1", SYNTAX},
        {"SET k w EX 1 EXAT 1", SYNTAX},
        {"SET k w KEEPTTL EX 1", SYNTAX},
        {"SET k w PXAT 1 KEEPTTL", SYNTAX},
        {"SET k w PERSIST", SYNTAX},
        {"SET k w 10 NX", SYNTAX},
        {"SET k w NX 10", SYNTAX},
        {"SET k w EX 1 10", SYNTAX},
        {"SET k w soon", SYNTAX},
        {"SET k w EX ten", NOT_INTEGER},
        {"SET k w EX 010", NOT_INTEGER},
        {"SET k w EX ten foo", SYNTAX}, // the words are looked at first
        {"SET k w EX 0", BAD_TIME("set")},
        {"SET k w PX -1", BAD_TIME("set")},
        {"SET k w EXAT 0", BAD_TIME("set")},
        {"SET k w EX 9223372036854775807", BAD_TIME("set")},
        {"SET k w PX 9223372036854775807", BAD_TIME("set")},
        {"SET k w EXAT 9223372036854775", "+OK"},
        {"SET k w EXAT 9223372036854776", BAD_TIME("set")},
        {"SET k w PXAT 9223372036854775806", "+OK"},
        {"SET k w PXAT 9223372036854775807", BAD_TIME("set")},
        {"PEXPIRETIME k", ":9223372036854775806"},
    };
    EXAMPLES(examples);
}

static void test_older_commands_that_set(void) {
    static const struct example examples[] = {
        {"SETNX k 1", ":1"},
        {"SETNX k 2", ":0"},
        {"GETSET k 3", "$1\r\n1"},
        {"GETSET none 4", "$-1"},
        {"GET none", "$1\r\n4"},
        {"SETEX k 10 v", "+OK"},
        {"PTTL k", ":10000"},
        {"GETSET k v", "$1\r\nv"},
        {"TTL k", ":-1"},
        {"PSETEX k 10 v", "+OK"},
        {"PTTL k", ":10"},
        {"SETEX k 0 v", BAD_TIME("setex")},
        {"SETEX k x v", NOT_INTEGER},
        {"psetex k -1 v", BAD_TIME("psetex")},
        {"SETEX k 9223372036854775807 v", BAD_TIME("setex")},
        {"GETDEL k", "$1\r\nv"},
        {"GETDEL k", "$-1"},
    };
    EXAMPLES(examples);
}

static void test_getex_changes_the_deadline_only(void) {
    static const struct example examples[] = {
        {"GETEX k EX 0", "$-1"}, // nothing to give a time to
        {"GETEX k EX 1 PX 1", SYNTAX},
        {"SET k v", "+OK"},
        {"GETEX k", "$1\r\nv"},
        {"GETEX k EX 10", "$1\r\nv"},
        {"GETEX k", "$1\r\nv"},
        {"PTTL k", ":10000"},
        {"GETEX k persist", "$1\r\nv"},
        {"TTL k", ":-1"},
        {"GETEX k EX 0", BAD_TIME("getex")},
        {"GETEX k PX x", NOT_INTEGER},
        {"GETEX k KEEPTTL", SYNTAX},
        {"GETEX k NX", SYNTAX},
        {"GETEX k PERSIST EX 1", SYNTAX},
        {"GETEX k EX 1 PERSIST", SYNTAX},
        {"GETEX k PXAT 1700000000005", "$1\r\nv"},
        {"PTTL k", ":5"},
        {"GETEX k EXAT 1", "$1\r\nv"},
        {"EXISTS k", ":0"},
    };
    EXAMPLES(examples);
}

// --------------------------------------------- several values, and parts

static void test_several_values_at_once(void) {
    static const struct example examples[] = {
        {"MSET a 1 b 2", "+OK"},
        {"MGET a none b a", "*4\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n$1\r\n1"},
        {"MSET a 1 a 3", "+OK"},
        {"GET a", "$1\r\n3"},
        {"EXPIRE b 10", ":1"},
        {"MSET b 5", "+OK"},
        {"TTL b", ":-1"},
        {"MSET a", WRONG("mset")},
        {"MSET a 1 b", WRONG("mset")},
        {"MSETNX a 1 b", WRONG("msetnx")},
        {"MSETNX new 1 b 2", ":0"},
        {"EXISTS new", ":0"},
        {"MSETNX new 1 new 2 other 3", ":1"},
        {"MGET new other", "*2\r\n$1\r\n2\r\n$1\r\n3"},
    };
    EXAMPLES(examples);
}

static void test_append_and_strlen(void) {
    static const struct example examples[] = {
        {"STRLEN k", ":0"},
        {"APPEND k ''", ":0"},
        {"EXISTS k", ":1"},
        {"APPEND k hello", ":5"},
        {"EXPIRE k 10", ":1"},
        {"APPEND k ' all'", ":9"},
        {"GET k", "$9\r\nhello all"},
        {"STRLEN k", ":9"},
        {"TTL k", ":10"},
    };
    EXAMPLES(examples);
    open_store(0);
    check_run("APPEND k \"a\\x00\"", BYTES(":2\r\n"));
    check_run("APPEND k \"\\x00b\"", BYTES(":4\r\n"));
    check_run("GET k", BYTES("$4\r\na\0\0b\r\n"));
    close_store();
}

static void test_parts_of_a_value(void) {
    static const struct example examples[] = {
        {"SET k hello", "+OK"},
        {"GETRANGE k 0 -1", "$5\r\nhello"},
        {"GETRANGE k 1 3", "$3\r\nell"},
        {"GETRANGE k -3 -2", "$2\r\nll"},
        {"GETRANGE k 3 100", "$2\r\nlo"},
        {"GETRANGE k 5 9", "$0\r\n"},
        {"GETRANGE k 3 1", "$0\r\n"},
        {"GETRANGE k -1 -3", "$0\r\n"},
        {"GETRANGE k -100 -50", "$1\r\nh"}, // as Redis 7 has it
        {"GETRANGE k -9223372036854775808 9223372036854775807", "$5\r\nhello"},
        {"GETRANGE k 9223372036854775807 -1", "$0\r\n"},
        {"GETRANGE none 0 -1", "$0\r\n"},
        {"GETRANGE none a b", NOT_INTEGER},
        {"SET empty ''", "+OK"},
        {"GETRANGE empty 0 0", "$0\r\n"},
    };
    EXAMPLES(examples);
}

static void test_writing_over_a_part(void) {
    static const struct example examples[] = {
        {"SET k hello", "+OK"},
        {"EXPIRE k 10", ":1"},
        {"SETRANGE k 1 ipp", ":5"},
        {"GET k", "$5\r\nhippo"},
        {"SETRANGE k 4 adrome", ":10"},
        {"GET k", "$10\r\nhippadrome"},
        {"SETRANGE k 100 ''", ":10"}, // writes nothing
        {"TTL k", ":10"},
        {"SETRANGE none 100 ''", ":0"},
        {"EXISTS none", ":0"},
        {"SETRANGE k -1 x", "-ERR offset is out of range"},
        {"SETRANGE k one x", NOT_INTEGER},
        {"SETRANGE k 536870912 x", TOO_LONG},
        {"SETRANGE k 536870911 xx", TOO_LONG},
        {"SETRANGE none 9223372036854775807 x", TOO_LONG},
        {"STRLEN k", ":10"},
    };
    EXAMPLES(examples);
    open_store(0);
    check_run("SETRANGE k 2 x", BYTES(":3\r\n"));
    check_run("GET k", BYTES("$3\r\n\0\0x\r\n"));
    close_store();
}

// --------------------------------------------------------------- counters

static void test_counters(void) {
    static const struct example examples[] = {
        {"INCR n", ":1"},
        {"GET n", "$1\r\n1"},
        {"DECR n", ":0"},
        {"DECR n", ":-1"},
        {"INCRBY n 43", ":42"},
        {"DECRBY n -8", ":50"},
        {"EXPIRE n 10", ":1"},
        {"INCR n", ":51"},
        {"TTL n", ":10"},
        {"INCRBY n 1.5", NOT_INTEGER},
        {"DECRBY n x", NOT_INTEGER},
        {"SET word ' 1'", "+OK"},
        {"INCR word", NOT_INTEGER},
        {"SET n 9223372036854775807", "+OK"},
        {"INCR n", OVERFLOWS},
        {"INCRBY n -9223372036854775807", ":0"},
        {"INCRBY n -9223372036854775808", ":-9223372036854775808"},
        {"DECR n", OVERFLOWS},
        {"INCRBY n -9223372036854775808", OVERFLOWS},
        {"DECRBY n -9223372036854775808", "-ERR decrement would overflow"},
        {"GET n", "$20\r\n-9223372036854775808"},
    };
    EXAMPLES(examples);
}

// Only numbers whose sums are the same in every format of long double.
static void test_counters_with_a_fraction(void) {
    static const struct example examples[] = {
        {"INCRBYFLOAT f 2.5", "$3\r\n2.5"},
        {"INCRBYFLOAT f 0x10", "$4\r\n18.5"},
        {"INCRBYFLOAT f -5e-1", "$2\r\n18"},
        {"GET f", "$2\r\n18"},
        {"INCR f", ":19"},
        {"EXPIRE f 10", ":1"},
        {"INCRBYFLOAT f .25", "$5\r\n19.25"},
        {"TTL f", ":10"},
        {"INCRBYFLOAT zero -0", "$1\r\n0"},
        {"INCRBYFLOAT zero -1e-30", "$1\r\n0"},
        {"INCRBYFLOAT large 1e20", "$21\r\n100000000000000000000"},
        {"INCRBYFLOAT f inf", NOT_FINITE},
        {"INCRBYFLOAT f -Infinity", NOT_FINITE},
        {"INCRBYFLOAT f nan", NOT_FLOAT},
        {"INCRBYFLOAT f 1e99999", NOT_FLOAT},
        {"INCRBYFLOAT f 1e-99999", NOT_FLOAT},
        {"INCRBYFLOAT f ''", NOT_FLOAT},
        {"INCRBYFLOAT f ' 1'", NOT_FLOAT},
        {"INCRBYFLOAT f '1 '", NOT_FLOAT},
        {"INCRBYFLOAT f \"\\t1\"", NOT_FLOAT},
        {"INCRBYFLOAT f \"1\\x00\"", NOT_FLOAT},
        {"INCRBYFLOAT f 1,5", NOT_FLOAT},
        {"SET word one", "+OK"},
        {"INCRBYFLOAT word 1", NOT_FLOAT},
        {"GET f", "$5\r\n19.25"},
    };
    EXAMPLES(examples);
}

static void test_numbers_with_thousands_of_digits(void) {
    static char line[6000] = "SET f ";
    open_store(0);
    memset(line + 6, '0', 5119);
    run(line);
    check_run("INCRBYFLOAT f 1", BYTES("$1\r\n1\r\n"));
    memset(line + 6, '0', 5120);
    run(line);
    check_run("INCRBYFLOAT f 1", BYTES(NOT_FLOAT "\r\n"));
    close_store();
}

// --------------------------------------------------------------- deadlines

static void test_four_ways_to_set_a_deadline(void) {
    static const struct example examples[] = {
        {"SET k v", "+OK"},
        {"EXPIRE k 10", ":1"},
        {"PEXPIRETIME k", ":1700000010000"},
        {"PEXPIRE k 1", ":1"},
        {"PEXPIRETIME k", ":1700000000001"},
        {"EXPIREAT k 1700000001", ":1"},
        {"EXPIRETIME k", ":1700000001"},
        {"PTTL k", ":1000"},
        {"PEXPIREAT k 1700000001499", ":1"},
        {"EXPIRETIME k", ":1700000001"}, // the nearest second
        {"PEXPIREAT k 1700000001500", ":1"},
        {"EXPIRETIME k", ":1700000002"},
        {"TTL k", ":2"}, // rounded up
        {"PERSIST k", ":1"},
        {"PERSIST k", ":0"},
        {"PERSIST none", ":0"},
        {"PTTL k", ":-1"},
        {"EXPIRETIME k", ":-1"},
        {"PEXPIRETIME k", ":-1"},
        {"PTTL none", ":-2"},
        {"EXPIRETIME none", ":-2"},
        {"PEXPIRETIME none", ":-2"},
        {"PEXPIREAT none 1", ":0"},
        {"PEXPIREAT k 1700000000000", ":1"}, // this very millisecond
        {"EXISTS k", ":0"},
    };
    EXAMPLES(examples);
}

static void test_deadlines_at_the_edge(void) {
    static const struct example examples[] = {
        {"SET k v", "+OK"},
        {"EXPIREAT k 9223372036854775", ":1"},
        {"EXPIRETIME k", ":9223372036854775"},
        {"PEXPIREAT k 9223372036854775806", ":1"},
        {"PEXPIRETIME k", ":9223372036854775806"},
        {"EXPIRETIME k", ":9223372036854776"},
        {"PEXPIREAT k 9223372036854775807", BAD_TIME("pexpireat")},
        {"PEXPIRE k 9223372036854775807", BAD_TIME("pexpire")},
        {"EXPIREAT k 9223372036854775807", BAD_TIME("expireat")},
        {"EXPIREAT k -9223372036854775808", BAD_TIME("expireat")},
        {"EXPIREAT k x", NOT_INTEGER},
        {"TTL k", ":9223370336854776"},
        {"PEXPIREAT k -9223372036854775808", ":1"},
        {"EXISTS k", ":0"},
        {"SET k v", "+OK"},
        {"PEXPIRE k -9223372036854775808", ":1"},
        {"EXISTS k", ":0"},
    };
    EXAMPLES(examples);
}

static void test_conditions_of_expire(void) {
    static const struct example examples[] = {
        {"EXPIRE none 10 NX", ":0"},
        {"SET k v", "+OK"},
        {"EXPIRE k 10 XX", ":0"},
        {"EXPIRE k 10 GT", ":0"}, // no deadline is the latest of all
        {"TTL k", ":-1"},
        {"EXPIRE k 10 LT", ":1"},
        {"EXPIRE k 20 nx", ":0"},
        {"EXPIRE k 10 GT", ":0"},
        {"EXPIRE k 10 LT", ":0"},
        {"PEXPIRE k 10001 GT", ":1"},
        {"PEXPIRE k 9999 XX LT", ":1"},
        {"EXPIREAT k 1700000011 XX GT", ":1"},
        {"TTL k", ":11"},
        {"PERSIST k", ":1"},
        {"EXPIRE k 20 XX LT", ":0"},
        {"EXPIRE k 20 NX", ":1"},
        {"EXPIRE k 10 NX XX", NX_WITH_OTHERS},
        {"EXPIRE k 10 GT NX", NX_WITH_OTHERS},
        {"EXPIRE k 10 LT NX GT", NX_WITH_OTHERS},
        {"EXPIRE k 10 GT LT", GT_WITH_LT},
        {"EXPIRE k 10 soon", "-ERR Unsupported option soon"},
        {"EXPIRE k x \"a\\r\\nb\"", "-ERR Unsupported option a  b"},
        {"EXPIRE k x NX", NOT_INTEGER},
        {"TTL k", ":20"},
        {"EXPIRE k -1 LT", ":1"},
        {"EXISTS k", ":0"},
    };
    EXAMPLES(examples);
}

static void test_expired_keys_are_new_keys(void) {
    static const char *const lines[] = {"SET k 1 NX", "SETNX k 1", "INCR k",
        "INCRBYFLOAT k 1", "APPEND k 1", "SETRANGE k 0 1", "MSETNX k 1",
        "SET k 1 KEEPTTL", "GETSET k 1"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        open_store(0);
        run("SET k 41 EX 1");
        now_ms = NOW + 1000;
        check_run("SET k 41 XX", BYTES("$-1\r\n"));
        check_run("GETDEL k", BYTES("$-1\r\n"));
        run("SET k 41 PXAT 1700000001000");
        run(lines[i]);
        check_run("GET k", BYTES("$1\r\n1\r\n"));
        check_run("TTL k", BYTES(":-1\r\n"));
        close_store();
    }
}

// ------------------------------------------------------- the memory limit

#define X_30 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void test_over_the_limit_nothing_changes(void) {
    static const char *const lines[] = {"SET new " X_30, "SET k " X_30 " GET",
        "SETEX k 10 " X_30, "SETNX new " X_30, "GETSET k " X_30,
        "MSET k v new " X_30, "MSETNX new v newer " X_30, "APPEND k " X_30,
        "SETRANGE k 30 x", "INCRBYFLOAT new 1e28"};
    open_store(0);
    size_t empty = store_stats(st).bytes;
    close_store();
    open_store(empty + 24);
    run("SET k 1");
    size_t full = store_stats(st).bytes;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        check_run(lines[i], BYTES(OVER_LIMIT "\r\n"));
        check_run("MGET k new", BYTES("*2\r\n$1\r\n1\r\n$-1\r\n"));
        check_run("TTL k", BYTES(":-1\r\n"));
        CHECK_INT(store_stats(st).bytes, full);
    }
    check_run("INCR k", BYTES(":2\r\n"));
    check_run("EXPIRE k 5", BYTES(":1\r\n"));
    close_store();
}

// The limit holds at each pair, so that room one pair leaves may be used by the
// next, but not by the one before.
static void test_pairs_are_counted_in_order(void) {
    open_store(0);
    size_t empty = store_stats(st).bytes;
    close_store();
    open_store(empty + 50);
    run("SET a " X_30);
    check_run("MSET b " X_30 " a ''", BYTES(OVER_LIMIT "\r\n"));
    check_run("STRLEN a", BYTES(":30\r\n"));
    check_run("MSET a '' b " X_30, BYTES("+OK\r\n"));
    // The second removal of the same 30 bytes is no room. Some keys are set.
    check_run("MSET b '' b '' c " X_30 " d " X_30,
        BYTES("-OOM out of memory, only the first 3 of 4 keys were set\r\n"));
    check_run("MGET b d", BYTES("*2\r\n$0\r\n\r\n$-1\r\n"));
    close_store();
}

static void test_only_reading_counts_as_a_lookup(void) {
    open_store(0);
    run("SET k 1 NX");
    run("SETNX k 2");
    run("MSETNX k 3");
    run("EXPIRE k 10");
    CHECK_INT(store_stats(st).hits + store_stats(st).misses, 0);
    run("MGET k none k");
    run("STRLEN k");
    run("GETEX k PERSIST");
    run("SET k 2 GET");
    CHECK_INT(store_stats(st).hits, 5);
    CHECK_INT(store_stats(st).misses, 1);
    close_store();
}

int main(void) {
    test_conditions_of_set();
    test_lifetimes_of_set();
    test_bad_options_of_set_change_nothing();
    test_older_commands_that_set();
    test_getex_changes_the_deadline_only();
    test_several_values_at_once();
    test_append_and_strlen();
    test_parts_of_a_value();
    test_writing_over_a_part();
    test_counters();
    test_counters_with_a_fraction();
    test_numbers_with_thousands_of_digits();
    test_four_ways_to_set_a_deadline();
    test_deadlines_at_the_edge();
    test_conditions_of_expire();
    test_expired_keys_are_new_keys();
    test_over_the_limit_nothing_changes();
    test_pairs_are_counted_in_order();
    test_only_reading_counts_as_a_lookup();
    puts("ok");
    return 0;
}
