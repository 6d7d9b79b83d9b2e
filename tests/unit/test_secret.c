// test_secret.c - what is taken for a password, and what matches one.
//
// That a comparison takes the same time for every guess is not tested: on a
// machine that does other things as well, such a test would fail by chance, or
// have margins in which a leak has room.

#include "secret.h"

#include "check.h"

static struct secret secret_of(struct slice text) {
    struct secret secret = {0};
    CHECK(secret_set(&secret, text));
    return secret;
}

static void test_only_the_same_bytes_match(void) {
    struct secret secret = secret_of(BYTES("open sesame"));
    CHECK(secret_matches(&secret, BYTES("open sesame")));
    CHECK(secret_matches(&secret, BYTES("open sesame"))); // twice
    CHECK(!secret_matches(&secret, BYTES("open sesamE")));
    CHECK(!secret_matches(&secret, BYTES("Open sesame")));
    CHECK(!secret_matches(&secret, BYTES("open Sesame")));
    CHECK(!secret_matches(&secret, BYTES("emases nepo")));
}

static void test_a_part_is_no_match_and_neither_is_more(void) {
    struct secret secret = secret_of(BYTES("open sesame"));
    CHECK(!secret_matches(&secret, BYTES("")));
    CHECK(!secret_matches(&secret, (struct slice){NULL, 0}));
    CHECK(!secret_matches(&secret, BYTES("o")));
    CHECK(!secret_matches(&secret, BYTES("open sesam")));
    CHECK(!secret_matches(&secret, BYTES("pen sesame")));
    CHECK(!secret_matches(&secret, BYTES("open sesame ")));
    CHECK(!secret_matches(&secret, BYTES("open sesameopen sesame")));
}

// The bytes behind a password are zero, so a length that is not compared would
// let NUL bytes at the end come and go.
static void test_nul_bytes_count(void) {
    struct secret secret = secret_of(BYTES("pass"));
    CHECK(!secret_matches(&secret, BYTES("pass\0")));
    CHECK(!secret_matches(&secret, BYTES("pass\0\0\0")));
    CHECK(!secret_matches(&secret, BYTES("pass\0word")));

    secret = secret_of(BYTES("pass\0"));
    CHECK(secret_matches(&secret, BYTES("pass\0")));
    CHECK(!secret_matches(&secret, BYTES("pass")));
    CHECK(!secret_matches(&secret, BYTES("pass\0\0")));

    secret = secret_of(BYTES("\0"));
    CHECK(secret_matches(&secret, BYTES("\0")));
    CHECK(!secret_matches(&secret, BYTES("")));
    CHECK(!secret_matches(&secret, BYTES("\0\0")));
}

// A sum or an exclusive or over all bytes would let these differences cancel
// each other out, and a signed byte would lose the highest bit.
static void test_differences_do_not_cancel_out(void) {
    struct secret secret = secret_of(BYTES("aabb"));
    CHECK(!secret_matches(&secret, BYTES("bbaa")));
    CHECK(!secret_matches(&secret, BYTES("abab")));
    CHECK(!secret_matches(&secret, BYTES("bbbb")));

    secret = secret_of(BYTES("\x7f\xff\x80"));
    CHECK(secret_matches(&secret, BYTES("\x7f\xff\x80")));
    CHECK(!secret_matches(&secret, BYTES("\xff\xff\x80")));
    CHECK(!secret_matches(&secret, BYTES("\x7f\x7f\x80")));
    CHECK(!secret_matches(&secret, BYTES("\x7f\xff\x00")));
}

static void test_every_byte_of_the_longest_one_is_compared(void) {
    char text[SECRET_MAX_BYTES + 1];
    memset(text, 'x', sizeof(text));
    struct slice longest = {text, SECRET_MAX_BYTES};
    struct secret secret = secret_of(longest);
    CHECK(secret_matches(&secret, longest));
    for (size_t i = 0; i < SECRET_MAX_BYTES; i++) {
        text[i] ^= 1;
        CHECK(!secret_matches(&secret, longest));
        text[i] ^= 1;
        CHECK(!secret_matches(&secret, (struct slice){text, i}));
    }
    CHECK(!secret_matches(&secret, (struct slice){text, sizeof(text)}));
}

static void test_what_cannot_be_a_password_changes_nothing(void) {
    static char text[SECRET_MAX_BYTES + 1];
    struct secret secret = secret_of(BYTES("old"));
    CHECK(!secret_set(&secret, BYTES("")));
    CHECK(!secret_set(&secret, (struct slice){text, sizeof(text)}));
    CHECK(secret_matches(&secret, BYTES("old")));
}

static void test_nothing_is_left_of_a_longer_password(void) {
    struct secret secret = secret_of(BYTES("long password"));
    CHECK(secret_set(&secret, BYTES("new")));
    CHECK(secret_matches(&secret, BYTES("new")));
    CHECK(!secret_matches(&secret, BYTES("new\0 password")));
    CHECK(!secret_matches(&secret, BYTES("newg password")));
}

static void test_no_password_matches_nothing(void) {
    struct secret none = {0};
    CHECK(!secret_matches(&none, BYTES("")));
    CHECK(!secret_matches(&none, BYTES("\0")));
    CHECK(!secret_matches(&none, BYTES("x")));
}

int main(void) {
    test_only_the_same_bytes_match();
    test_a_part_is_no_match_and_neither_is_more();
    test_nul_bytes_count();
    test_differences_do_not_cancel_out();
    test_every_byte_of_the_longest_one_is_compared();
    test_what_cannot_be_a_password_changes_nothing();
    test_nothing_is_left_of_a_longer_password();
    test_no_password_matches_nothing();
    puts("ok");
    return 0;
}
