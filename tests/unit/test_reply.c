// test_reply.c - each kind of reply, byte by byte.

#include "reply.h"

#include "check.h"

static struct buf out;
static struct reply r;

static void begin(void) {
    buf_deinit(&out);
    r = (struct reply){.out = &out};
}

// Checks what was written since begin().
static void check_out(struct slice expected) {
    CHECK_BYTES(((struct slice){out.data, out.len}), expected);
    CHECK(!r.no_memory);
}

static void test_simple_integer_and_null(void) {
    begin();
    reply_simple(&r, "OK");
    reply_simple(&r, "");
    reply_null(&r);
    reply_integer(&r, 0);
    reply_integer(&r, -2);
    reply_integer(&r, INT64_MAX);
    reply_integer(&r, INT64_MIN);
    check_out(BYTES("+OK\r\n+\r\n$-1\r\n:0\r\n:-2\r\n"
                    ":9223372036854775807\r\n:-9223372036854775808\r\n"));
}

static void test_bulk_strings_hold_any_bytes(void) {
    begin();
    reply_bulk(&r, BYTES("hello"));
    reply_bulk(&r, BYTES(""));
    reply_bulk(&r, (struct slice){NULL, 0});
    reply_bulk(&r, BYTES("\0\r\n$1"));
    check_out(BYTES("$5\r\nhello\r\n$0\r\n\r\n$0\r\n\r\n$5\r\n\0\r\n$1\r\n"));
}

static void test_a_large_bulk_string(void) {
    static char bytes[1000000];
    memset(bytes, 'x', sizeof(bytes));
    begin();
    reply_bulk(&r, (struct slice){bytes, sizeof(bytes)});
    CHECK_INT(out.len, strlen("$1000000\r\n") + sizeof(bytes) + 2);
    CHECK(memcmp(out.data, "$1000000\r\n", 10) == 0);
    CHECK(memcmp(out.data + 10, bytes, sizeof(bytes)) == 0);
    CHECK(memcmp(out.data + out.len - 2, "\r\n", 2) == 0);
}

static void test_errors_stay_on_their_line(void) {
    begin();
    reply_error(&r, "ERR %s: %d", "no", 7);
    check_out(BYTES("-ERR no: 7\r\n"));

    begin();
    reply_error(&r, "ERR %s", "a\r\n+OK\r\n\t\x1b[2J\x7f\x01 \xc3\xa4%s");
    check_out(BYTES("-ERR a  +OK    [2J   \xc3\xa4%s\r\n"));
}

static void test_a_long_error_is_cut_to_the_room_that_is_promised(void) {
    static char text[2000];
    memset(text, 'x', sizeof(text) - 1);
    begin();
    reply_error(&r, "ERR %s", text);
    CHECK(out.len <= REPLY_ROOM && out.len > REPLY_ROOM - 8);
    CHECK(memcmp(out.data, "-ERR xxx", 8) == 0);
    CHECK(memcmp(out.data + out.len - 3, "x\r\n", 3) == 0);
}

static void test_arrays_get_their_length_at_the_end(void) {
    begin();
    reply_simple(&r, "before");
    size_t mark = reply_array_begin(&r);
    reply_array_end(&r, mark, 0);
    check_out(BYTES("+before\r\n*0\r\n"));

    begin();
    size_t outer = reply_array_begin(&r);
    reply_bulk(&r, BYTES("a"));
    size_t inner = reply_array_begin(&r);
    for (int i = 0; i < 12; i++) reply_integer(&r, i % 10);
    reply_array_end(&r, inner, 12);
    reply_null(&r);
    reply_array_end(&r, outer, 3);
    reply_simple(&r, "after");
    check_out(BYTES("*3\r\n$1\r\na\r\n*12\r\n:0\r\n:1\r\n:2\r\n:3\r\n:4\r\n"
                    ":5\r\n:6\r\n:7\r\n:8\r\n:9\r\n:0\r\n:1\r\n$-1\r\n"
                    "+after\r\n"));
}

static void test_a_map_is_an_array_of_twice_as_many_in_version_2(void) {
    begin();
    reply_map(&r, 0);
    reply_map(&r, 2);
    reply_bulk(&r, BYTES("a"));
    reply_integer(&r, 1);
    reply_bulk(&r, BYTES("b"));
    reply_array(&r, 0);
    check_out(BYTES("*0\r\n*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n*0\r\n"));
}

static void test_version_3_has_maps_and_a_null_of_its_own(void) {
    begin();
    r.is_resp3 = true;
    reply_map(&r, 0);
    reply_map(&r, 2);
    reply_bulk(&r, BYTES("a"));
    reply_null(&r);
    reply_bulk(&r, BYTES("b"));
    reply_map(&r, 12);
    check_out(BYTES("%0\r\n%2\r\n$1\r\na\r\n_\r\n$1\r\nb\r\n%12\r\n"));
}

static void test_version_3_changes_nothing_else(void) {
    begin();
    r.is_resp3 = true;
    reply_simple(&r, "OK");
    reply_integer(&r, -7);
    reply_bulk(&r, BYTES(""));
    reply_error(&r, "ERR no");
    reply_array(&r, 2);
    size_t mark = reply_array_begin(&r);
    reply_null(&r);
    reply_array_end(&r, mark, 1);
    check_out(BYTES("+OK\r\n:-7\r\n$0\r\n\r\n-ERR no\r\n*2\r\n*1\r\n_\r\n"));
}

static void test_maps_get_their_length_at_the_end(void) {
    begin();
    size_t mark = reply_array_begin(&r);
    reply_bulk(&r, BYTES("a"));
    reply_null(&r);
    reply_map_end(&r, mark, 1);
    r.is_resp3 = true;
    mark = reply_array_begin(&r);
    reply_bulk(&r, BYTES("a"));
    reply_null(&r);
    reply_map_end(&r, mark, 1);
    check_out(BYTES("*2\r\n$1\r\na\r\n$-1\r\n%1\r\n$1\r\na\r\n_\r\n"));
}

static void test_the_version_can_change_between_two_replies(void) {
    begin();
    reply_null(&r);
    r.is_resp3 = true;
    reply_null(&r);
    r.is_resp3 = false;
    reply_null(&r);
    check_out(BYTES("$-1\r\n_\r\n$-1\r\n"));
}

int main(void) {
    test_simple_integer_and_null();
    test_bulk_strings_hold_any_bytes();
    test_a_large_bulk_string();
    test_errors_stay_on_their_line();
    test_a_long_error_is_cut_to_the_room_that_is_promised();
    test_arrays_get_their_length_at_the_end();
    test_a_map_is_an_array_of_twice_as_many_in_version_2();
    test_version_3_has_maps_and_a_null_of_its_own();
    test_version_3_changes_nothing_else();
    test_maps_get_their_length_at_the_end();
    test_the_version_can_change_between_two_replies();
    buf_deinit(&out);
    puts("ok");
    return 0;
}
