// test_hash.c - SipHash-1-3 against values made elsewhere.
//
// The expected values come from two programs that share no line with hash.c: a
// Python function written from the paper, which also gives the paper's own
// value for SipHash-2-4, and the hash of `bytes` in CPython 3.11, which is
// SipHash-1-3 with a key of zeros under PYTHONHASHSEED=0. Both agreed.

#include "hash.h"

#include "check.h"

#define MOST_BYTES 300

static void test_values_of_the_key_0_to_15(void) {
    static const struct {
        size_t len; // of the bytes 0, 1, 2, ...
        uint64_t hash;
    } cases[] = {
        {0, 0xabac0158050fc4dc},
        {1, 0xc9f49bf37d57ca93},
        {2, 0x82cb9b024dc7d44d},
        {3, 0x8bf80ab8e7ddf7fb},
        {4, 0xcf75576088d38328},
        {5, 0xdef9d52f49533b67},
        {6, 0xc50d2b50c59f22a7},
        {7, 0xd3927d989bb11140},
        {8, 0x369095118d299a8e},
        {9, 0x25a48eb36c063de4},
        {15, 0xd320d86d2a519956},
        {16, 0xcc4fdd1a7d908b66},
        {17, 0x9cf2689063dbd80c},
        {31, 0x2370dd1f8c21d1bc},
        {63, 0x9d199062b7bbb3a8},
        {64, 0xf17997ec4b4a6065},
        {255, 0xf76214e3153c4a15},
        {256, 0x75b3e64e167de370}, // the length counts modulo 256
        {300, 0x4016a23bda5a2224},
    };
    struct hash_secret secret = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    char bytes[MOST_BYTES];
    for (size_t i = 0; i < MOST_BYTES; i++) bytes[i] = (char)i;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice input = {bytes, cases[i].len};
        CHECK_HEX(hash_bytes(&secret, input), cases[i].hash);
    }
}

static void test_values_of_the_key_zero(void) {
    struct hash_secret zero = {0};
    CHECK_HEX(hash_bytes(&zero, BYTES("a")), 0x407448d2b89b1813);
    CHECK_HEX(hash_bytes(&zero, BYTES("a\0")), 0x9b310fba2c6d84d2);
    CHECK_HEX(hash_bytes(&zero, BYTES("medusa")), 0xf2f039f3e45de230);
    CHECK_HEX(hash_bytes(&zero, BYTES("somepseudorandomlygeneratedbytes")),
        0x6f3c4783b2ea9345);
}

static void test_the_address_of_the_bytes_does_not_matter(void) {
    struct hash_secret secret = {1, 2};
    char room[64 + 8];
    for (size_t len = 0; len <= 64; len++) {
        uint64_t expected = 0;
        for (size_t offset = 0; offset < 8; offset++) {
            memset(room, '#', sizeof(room));
            for (size_t i = 0; i < len; i++) room[offset + i] = (char)(3 * i);
            uint64_t h =
                hash_bytes(&secret, (struct slice){room + offset, len});
            if (offset == 0) expected = h;
            CHECK_HEX(h, expected);
        }
    }
}

static void test_every_bit_of_key_and_bytes_counts(void) {
    struct hash_secret secret = {1, 2};
    char bytes[20] = {0};
    struct slice input = {bytes, sizeof(bytes)};
    uint64_t hash = hash_bytes(&secret, input);
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (char)(1u << bit % 8);
        CHECK(hash_bytes(&secret, input) != hash);
        bytes[bit / 8] ^= (char)(1u << bit % 8);
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        struct hash_secret one = {secret.k0 ^ (uint64_t)1 << bit, secret.k1};
        struct hash_secret two = {secret.k0, secret.k1 ^ (uint64_t)1 << bit};
        CHECK(hash_bytes(&one, input) != hash);
        CHECK(hash_bytes(&two, input) != hash);
    }
}

static void test_no_two_secrets_are_the_same(void) {
    struct hash_secret a = {0}, b = {0};
    CHECK(hash_secret_make(&a));
    CHECK(hash_secret_make(&b));
    CHECK(a.k0 != 0 && a.k1 != 0 && a.k0 != b.k0 && a.k1 != b.k1);
}

int main(void) {
    test_values_of_the_key_0_to_15();
    test_values_of_the_key_zero();
    test_the_address_of_the_bytes_does_not_matter();
    test_every_bit_of_key_and_bytes_counts();
    test_no_two_secrets_are_the_same();
    puts("ok");
    return 0;
}
