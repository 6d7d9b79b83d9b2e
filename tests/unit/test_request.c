// test_request.c - the parser: sockets cannot force where a read stops, a test
// of the function can. Each request here is cut at every byte.

#include "request.h"

#include "check.h"

#define LIMIT 65536 // bytes of a line
#define MOST_WORDS 8

struct example {
    struct slice in;
    enum request_result result;
    size_t argc;
    struct slice argv[MOST_WORDS];
    const char *error;
};

#define WORDS(in, n, ...) \
    { BYTES_INIT(in), REQUEST_DONE, n, {__VA_ARGS__}, NULL }
#define WORD BYTES_INIT
#define NONE(in) \
    { BYTES_INIT(in), REQUEST_DONE, 0, {{0}}, NULL }
#define BAD(in, error) \
    { BYTES_INIT(in), REQUEST_BAD, 0, {{0}}, error }
#define UNBALANCED(in) \
    { \
        BYTES_INIT(in), REQUEST_REFUSED, 0, {{0}}, \
            "ERR Protocol error: unbalanced quotes in request" \
    }

#define BAD_COUNT "ERR Protocol error: invalid multibulk length"
#define BAD_LENGTH "ERR Protocol error: invalid bulk length"

static const struct example arrays[] = {
    WORDS("*1\r\n$4\r\nPING\r\n", 1, WORD("PING")),
    WORDS("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", 2, WORD("GET"), WORD("k")),
    WORDS("*3\r\n$3\r\nSET\r\n$2\r\n\r\n\r\n$0\r\n\r\n", 3, WORD("SET"),
        WORD("\r\n"), WORD("")),
    WORDS("*2\r\n$4\r\n*1\r\n\r\n$3\r\n\0$\n\r\n", 2, WORD("*1\r\n"),
        WORD("\0$\n")),
    WORDS("*1\r\n$12\r\n123456789012\r\n", 1, WORD("123456789012")),
    NONE("*0\r\n"),
    NONE("*-1\r\n"),
    NONE("*-9223372036854775808\r\n"),
    BAD("*\r\n", BAD_COUNT),
    BAD("*x\r\n", BAD_COUNT),
    BAD("*1048577\r\n", BAD_COUNT),
    BAD("*+1\r\n", BAD_COUNT),
    BAD("* 1\r\n", BAD_COUNT),
    BAD("*1 \r\n", BAD_COUNT),
    BAD("*01\r\n", BAD_COUNT),
    BAD("*1.5\r\n", BAD_COUNT),
    BAD("*4294967297\r\n", BAD_COUNT), // 1 in 32 bits
    BAD("*18446744073709551617\r\n", BAD_COUNT), // 1 in 64 bits
    BAD("*1\r\n$\r\n", BAD_LENGTH),
    BAD("*1\r\n$-1\r\n", BAD_LENGTH),
    BAD("*1\r\n$x\r\n", BAD_LENGTH),
    BAD("*1\r\n$536870913\r\n", BAD_LENGTH),
    BAD("*1\r\n$4294967300\r\n", BAD_LENGTH),
    BAD("*1\r\n$18446744073709551620\r\n", BAD_LENGTH),
    BAD("*2\r\n$3\r\nGET\r\n$-5\r\n", BAD_LENGTH),
    BAD("*1\r\n:", "ERR Protocol error: expected '$', got ':'"),
    BAD("*1\r\nP", "ERR Protocol error: expected '$', got 'P'"),
    BAD("*1\r\n\n", "ERR Protocol error: expected '$', got ' '"),
    BAD("*2\r\n$3\r\nGET\r\n*", "ERR Protocol error: expected '$', got '*'"),
    // The two bytes behind a word are skipped unseen, as in Redis.
    WORDS("*1\r\n$1\r\nkxx", 1, WORD("k")),
};

static const struct example lines[] = {
    WORDS("PING\n", 1, WORD("PING")),
    WORDS("PING\r\n", 1, WORD("PING")),
    WORDS(" \tSET  k\tv \r\n", 3, WORD("SET"), WORD("k"), WORD("v")),
    WORDS("a\rb\n", 1, WORD("a\rb")),
    WORDS("a\r\r\n", 1, WORD("a\r")),
    WORDS("a\0b\n", 1, WORD("a\0b")),
    WORDS("\xff\n", 1, WORD("\xff")),
    WORDS("$1\r\n", 1, WORD("$1")),
    NONE("\n"),
    NONE("\r\n"),
    NONE("   \t\n"),
    // Double quotes, with all escapes.
    WORDS("\"\"\n", 1, WORD("")),
    WORDS("GET \"a b\"\r\n", 2, WORD("GET"), WORD("a b")),
    WORDS("\"\\n\\r\\t\\b\\a\\\\\\\"\"\n", 1, WORD("\n\r\t\b\a\\\"")),
    WORDS("\"\\x00\\xfF\\x4a\"\n", 1, WORD("\0\xffJ")),
    WORDS("\"\\x4\\xg0\\x\"\n", 1, WORD("x4xg0x")),
    WORDS("\"\\q\\'\"\n", 1, WORD("q'")),
    WORDS("\"'\" '\"'\n", 2, WORD("'"), WORD("\"")),
    // Single quotes, with the only one.
    WORDS("'' 'a b'\n", 2, WORD(""), WORD("a b")),
    WORDS("'\\'\\n\\\\x'\n", 1, WORD("'\\n\\\\x")),
    // A quote may begin inside a word, and must end it.
    WORDS("a\"b c\"\td\n", 2, WORD("ab c"), WORD("d")),
    UNBALANCED("\"\n"),
    UNBALANCED("'\n"),
    UNBALANCED("GET \"a\r\n"),
    UNBALANCED("GET 'a\n"),
    UNBALANCED("\"a\"b\n"),
    UNBALANCED("'a'b\n"),
    UNBALANCED("\"a\"\"b\"\n"),
    UNBALANCED("\"a\\\"\n"),
    UNBALANCED("'a\\'\n"),
    UNBALANCED("\"a\\\n"),
    UNBALANCED("x\"\n"),
    UNBALANCED("\"\\x0\n"),
    UNBALANCED("\"a\"\r\r\n"),
};

static void check_result(const struct example *e, const struct request *r,
    enum request_result result, size_t used) {
    if (result != e->result) check_show("request", e->in);
    CHECK_INT(result, e->result);
    if (e->error != NULL) {
        CHECK_BYTES(slice_of(r->error), slice_of(e->error));
    } else {
        if (r->argc != e->argc) check_show("request", e->in);
        CHECK_INT(r->argc, e->argc);
        for (size_t i = 0; i < e->argc; i++) {
            CHECK_BYTES(r->argv[i], e->argv[i]);
        }
    }
    if (result != REQUEST_BAD) CHECK_INT(used, e->in.len);
}

// Copies the bytes to memory of just their size, so that the sanitizer finds a
// parser that reads on.
static struct slice exact_copy(struct slice in) {
    char *copy = malloc(in.len);
    CHECK(copy != NULL);
    memcpy(copy, in.data, in.len);
    return (struct slice){copy, in.len};
}

static enum request_result parse_copy(struct request *r, struct slice in,
    struct request_progress *progress, size_t *used) {
    struct slice copy = exact_copy(in);
    enum request_result result = request_parse(r, copy, progress, used);
    free((void *)(uintptr_t)copy.data);
    return result;
}

static void check_is_start(const struct request_progress *progress) {
    CHECK(progress->at == 0 && progress->words_left == 0);
}

// Every proper prefix wants more, whether the parser remembers the shorter
// prefix or not; the whole is a request; and a byte behind it is not touched.
static void check_example(const struct example *e) {
    struct request r = {0};
    struct request_progress kept = {0};
    size_t used;
    for (size_t len = 1; len < e->in.len; len++) {
        struct slice prefix = {e->in.data, len};
        struct request_progress fresh = {0};
        CHECK_INT(parse_copy(&r, prefix, &fresh, &used), REQUEST_MORE);
        CHECK_INT(parse_copy(&r, prefix, &kept, &used), REQUEST_MORE);
        CHECK(fresh.at <= len && kept.at == fresh.at);
        CHECK_INT(kept.words_left, fresh.words_left);
    }
    struct request_progress fresh = {0};
    enum request_result result = request_parse(&r, e->in, &kept, &used);
    check_result(e, &r, result, used);
    check_is_start(&kept);
    result = request_parse(&r, e->in, &fresh, &used);
    check_result(e, &r, result, used);
    check_is_start(&fresh);

    static const char tails[] = "*\n\r$\"\0x";
    for (size_t i = 0; i < sizeof(tails); i++) {
        struct buf longer = {0};
        CHECK(buf_append(&longer, e->in));
        CHECK(buf_append(&longer, (struct slice){tails + i, 1}));
        result = request_parse(
            &r, (struct slice){longer.data, longer.len}, &fresh, &used);
        check_result(e, &r, result, used);
        buf_deinit(&longer);
    }
    request_deinit(&r);
}

// All requests that leave the stream in order, behind one another.
static void test_pipelined_requests(const struct example *all, size_t n) {
    struct buf in = {0};
    for (size_t i = 0; i < n; i++) {
        if (all[i].result != REQUEST_BAD) CHECK(buf_append(&in, all[i].in));
    }
    struct request r = {0};
    struct request_progress progress = {0};
    size_t at = 0, used;
    for (size_t i = 0; i < n; i++) {
        if (all[i].result == REQUEST_BAD) continue;
        struct slice rest = {in.data + at, in.len - at};
        enum request_result result = request_parse(&r, rest, &progress, &used);
        check_result(&all[i], &r, result, used);
        at += used;
    }
    CHECK_INT(at, in.len);
    buf_deinit(&in);
    request_deinit(&r);
}

// Parses `head`, then `count` times `fill`, then `tail`.
static enum request_result parse_filled(struct request *r, const char *head,
    char fill, size_t count, const char *tail, size_t *used) {
    struct buf in = {0};
    struct request_progress progress = {0};
    CHECK(buf_append(&in, slice_of(head)) && buf_reserve(&in, count));
    memset(in.data + in.len, fill, count);
    in.len += count;
    CHECK(buf_append(&in, slice_of(tail)));
    enum request_result result =
        parse_copy(r, (struct slice){in.data, in.len}, &progress, used);
    buf_deinit(&in);
    return result;
}

static void test_lines_up_to_64_kib(void) {
    struct request r = {0};
    size_t used;
    static const char *const ends[] = {"\n", "\r\n"};
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(
            parse_filled(&r, "", 'x', LIMIT, ends[i], &used), REQUEST_DONE);
        CHECK_INT(used, LIMIT + strlen(ends[i]));
        CHECK_INT(r.argv[0].len, LIMIT);
        CHECK_INT(
            parse_filled(&r, "", 'x', LIMIT + 1, ends[i], &used), REQUEST_BAD);
        CHECK_BYTES(slice_of(r.error),
            BYTES("ERR Protocol error: too big inline request"));
        CHECK_INT(
            parse_filled(&r, "", ' ', LIMIT * 3, ends[i], &used), REQUEST_BAD);
    }
    // Without an end, it is too long as soon as no end can save it.
    CHECK_INT(parse_filled(&r, "", 'x', LIMIT, "", &used), REQUEST_MORE);
    CHECK_INT(parse_filled(&r, "", 'x', LIMIT, "\r", &used), REQUEST_MORE);
    CHECK_INT(parse_filled(&r, "", 'x', LIMIT + 2, "", &used), REQUEST_BAD);
    request_deinit(&r);
}

static void test_headers_up_to_64_kib(void) {
    struct request r = {0};
    size_t used;
    CHECK_INT(parse_filled(&r, "*", '1', LIMIT, "", &used), REQUEST_MORE);
    CHECK_INT(parse_filled(&r, "*", '1', LIMIT + 1, "", &used), REQUEST_BAD);
    CHECK_BYTES(slice_of(r.error),
        BYTES("ERR Protocol error: too big mbulk count string"));
    CHECK_INT(parse_filled(&r, "*1\r\n$", '1', LIMIT, "", &used), REQUEST_MORE);
    CHECK_INT(
        parse_filled(&r, "*1\r\n$", '1', LIMIT + 1, "", &used), REQUEST_BAD);
    CHECK_BYTES(slice_of(r.error),
        BYTES("ERR Protocol error: too big bulk count string"));
    request_deinit(&r);
}

// What a client announces costs nothing until it comes.
static void test_announcements_take_no_memory(void) {
    struct request r = {0};
    struct request_progress progress = {0};
    size_t used;
    CHECK_INT(request_parse(
                  &r, BYTES("*1048576\r\n$536870912\r\nx"), &progress, &used),
        REQUEST_MORE);
    CHECK(r.cap == 0 && r.text.cap == 0);
    request_deinit(&r);
}

static size_t missing_after(struct slice in) {
    struct request r = {0};
    struct request_progress progress = {0};
    size_t used;
    CHECK_INT(request_parse(&r, in, &progress, &used), REQUEST_MORE);
    request_deinit(&r);
    return request_missing(in, &progress);
}

static void test_what_is_missing_of_a_word_is_known_with_its_length(void) {
    CHECK_INT(missing_after(BYTES("*2\r\n")), 0);
    CHECK_INT(missing_after(BYTES("*2\r\n$3")), 0);
    CHECK_INT(missing_after(BYTES("*2\r\n$3\r")), 0);
    CHECK_INT(missing_after(BYTES("*2\r\n$3\r\n")), 5);
    CHECK_INT(missing_after(BYTES("*2\r\n$3\r\nGET\r")), 1);
    CHECK_INT(missing_after(BYTES("*2\r\n$3\r\nGET\r\n")), 0);
    CHECK_INT(missing_after(BYTES("*2\r\n$3\r\nGET\r\n$1048576\r\n$9\r\n")),
        1048576 - 4 + 2);
    CHECK_INT(missing_after(BYTES("$9 is how a line may begin")), 0);
}

// A long array byte by byte: with the progress kept, nothing is read twice but
// at the end, so this takes no time; without it, it would take minutes.
static void test_a_long_array_byte_by_byte(void) {
    enum { WORDS = 100000 };
    struct buf in = {0};
    struct request r = {0};
    struct request_progress progress = {0};
    size_t used;
    CHECK(buf_append(&in, BYTES("*100000\r\n")));
    for (int i = 0; i < WORDS; i++) {
        CHECK(buf_append(&in, BYTES("$1\r\nx\r\n")));
    }
    for (size_t len = 1; len < in.len; len++) {
        CHECK_INT(
            request_parse(&r, (struct slice){in.data, len}, &progress, &used),
            REQUEST_MORE);
    }
    CHECK_INT(
        request_parse(&r, (struct slice){in.data, in.len}, &progress, &used),
        REQUEST_DONE);
    CHECK_INT(r.argc, WORDS);
    CHECK_INT(used, in.len);
    for (int i = 0; i < WORDS; i++) CHECK_BYTES(r.argv[i], BYTES("x"));
    buf_deinit(&in);
    request_deinit(&r);
}

// Bytes that look like requests now and then. Cut where it may be, the stream
// gives what it gives in one piece.
static void test_resumed_parsing_is_fresh_parsing(void) {
    static const char *const pieces[] = {"*1\r\n", "*2\r\n", "*3\r\n", "$1\r\n",
        "$0\r\n", "$3\r\n", "k", "\r\n", "\r", "\n", "abc", "\"", "'", "\\",
        " ", "-1", "GET "};
    for (int round = 0; round < 20000; round++) {
        struct buf in = {0};
        while (check_random() % 12 != 0 || in.len == 0) {
            size_t i = check_random() % (sizeof(pieces) / sizeof(pieces[0]));
            CHECK(buf_append(&in, slice_of(pieces[i])));
        }
        struct request fresh = {0}, resumed = {0};
        struct request_progress none = {0}, kept = {0};
        size_t fresh_used = 0, used = 0, len = 0;
        struct slice all = {in.data, in.len};
        enum request_result expected =
            request_parse(&fresh, all, &none, &fresh_used);
        enum request_result result = REQUEST_MORE;
        while (result == REQUEST_MORE && len < in.len) {
            len += 1 + check_random() % 3;
            if (len > in.len) len = in.len;
            result = request_parse(
                &resumed, (struct slice){in.data, len}, &kept, &used);
        }
        CHECK_INT(result, expected);
        if (result == REQUEST_DONE) {
            CHECK_INT(used, fresh_used);
            CHECK_INT(resumed.argc, fresh.argc);
            for (size_t i = 0; i < fresh.argc; i++) {
                CHECK_BYTES(resumed.argv[i], fresh.argv[i]);
            }
        } else if (result != REQUEST_MORE) {
            CHECK_BYTES(slice_of(resumed.error), slice_of(fresh.error));
        }
        buf_deinit(&in);
        request_deinit(&fresh);
        request_deinit(&resumed);
    }
}

int main(void) {
    size_t array_count = sizeof(arrays) / sizeof(arrays[0]);
    size_t line_count = sizeof(lines) / sizeof(lines[0]);
    for (size_t i = 0; i < array_count; i++) check_example(&arrays[i]);
    for (size_t i = 0; i < line_count; i++) check_example(&lines[i]);
    test_pipelined_requests(arrays, array_count);
    test_pipelined_requests(lines, line_count);
    test_lines_up_to_64_kib();
    test_headers_up_to_64_kib();
    test_what_is_missing_of_a_word_is_known_with_its_length();
    test_announcements_take_no_memory();
    test_a_long_array_byte_by_byte();
    test_resumed_parsing_is_fresh_parsing();
    puts("ok");
    return 0;
}
