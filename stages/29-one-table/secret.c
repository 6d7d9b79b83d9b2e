// secret.c - compares passwords without stopping at the first wrong byte.
//
// memcmp() returns as soon as two bytes differ. Someone who measures it well
// enough learns how many of the first bytes were right, and has then to try
// 256 values for each byte in turn instead of all of them for all at once.

#include "secret.h"

bool secret_set(struct secret *secret, struct slice text) {
    if (text.len == 0 || text.len > SECRET_MAX_BYTES) return false;
    *secret = (struct secret){.len = text.len};
    memcpy(secret->bytes, text.data, text.len);
    return true;
}

bool secret_matches(const struct secret *secret, struct slice guess) {
    struct secret other = {0};
    if (!secret_set(&other, guess)) return false;

    // The compiler may not leave the loop early when `different` is volatile.
    volatile unsigned char different = other.len != secret->len;
    for (size_t i = 0; i < SECRET_MAX_BYTES; i++) {
        different |= (unsigned char)(secret->bytes[i] ^ other.bytes[i]);
    }
    return different == 0;
}
