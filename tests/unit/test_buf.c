// test_buf.c - the growable buffer.

#include "buf.h"

#include "check.h"

static struct slice content(const struct buf *b) {
    return (struct slice){b->data, b->len};
}

static void test_all_zero_is_an_empty_buffer(void) {
    struct buf b = {0};
    CHECK(buf_reserve(&b, 0));
    CHECK(buf_append(&b, (struct slice){NULL, 0}));
    buf_consume(&b, 0);
    CHECK(b.data == NULL && b.len == 0 && b.cap == 0);
    buf_deinit(&b);
    buf_deinit(&b);
}

static void test_bytes_come_out_as_they_went_in(void) {
    struct buf b = {0};
    CHECK(buf_append(&b, BYTES("a\0b")));
    CHECK(buf_append(&b, BYTES("")));
    CHECK(buf_append(&b, BYTES("\r\n")));
    CHECK_BYTES(content(&b), BYTES("a\0b\r\n"));
    buf_consume(&b, 2);
    CHECK_BYTES(content(&b), BYTES("b\r\n"));
    buf_consume(&b, 3);
    CHECK_INT(b.len, 0);
    CHECK(b.cap > 0); // the room stays for what comes next
    buf_deinit(&b);
    CHECK(b.data == NULL && b.len == 0 && b.cap == 0);
}

static void test_growth_doubles_at_least(void) {
    struct buf b = {0};
    size_t moves = 0;
    for (int i = 0; i < 100000; i++) {
        size_t cap = b.cap;
        char byte = (char)(i % 251);
        CHECK(buf_append(&b, (struct slice){&byte, 1}));
        if (b.cap == cap) continue;
        CHECK(b.cap >= 2 * cap);
        moves++;
    }
    CHECK(moves < 20);
    for (int i = 0; i < 100000; i++) CHECK_INT(b.data[i], (char)(i % 251));
    buf_deinit(&b);
}

static void test_reserved_room_is_there(void) {
    struct buf b = {0};
    CHECK(buf_append(&b, BYTES("12345")));
    CHECK(buf_reserve(&b, 1000));
    CHECK(b.cap - b.len >= 1000);
    const char *data = b.data;
    for (int i = 0; i < 1000; i++) CHECK(buf_append(&b, BYTES("x")));
    CHECK(b.data == data); // what was reserved did not need to move
    buf_deinit(&b);
}

static void test_sizes_that_overflow_are_refused_without_harm(void) {
    struct buf b = {0};
    CHECK(buf_append(&b, BYTES("kept")));
    struct buf before = b;
    CHECK(!buf_reserve(&b, SIZE_MAX));
    CHECK(!buf_reserve(&b, SIZE_MAX - b.len));
    CHECK(!buf_reserve(&b, SIZE_MAX / 2));
    CHECK(b.data == before.data && b.cap == before.cap);
    CHECK_BYTES(content(&b), BYTES("kept"));
    buf_deinit(&b);
}

int main(void) {
    test_all_zero_is_an_empty_buffer();
    test_bytes_come_out_as_they_went_in();
    test_growth_doubles_at_least();
    test_reserved_room_is_there();
    test_sizes_that_overflow_are_refused_without_harm();
    puts("ok");
    return 0;
}
