// hash.c - SipHash-1-3: four words of state, stirred by each word of input.

#include "hash.h"

#include <fcntl.h>
#include <unistd.h>

bool hash_secret_make(struct hash_secret *secret) {
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (fd == -1) return false;
    ssize_t n = read(fd, secret, sizeof(*secret)); // never short for 16 bytes
    close(fd);
    return n == (ssize_t)sizeof(*secret);
}

static inline uint64_t rotate_left(uint64_t x, int bits) {
    return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4]) {
    v[0] += v[1];
    v[1] = rotate_left(v[1], 13) ^ v[0];
    v[0] = rotate_left(v[0], 32);
    v[2] += v[3];
    v[3] = rotate_left(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate_left(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate_left(v[1], 17) ^ v[2];
    v[2] = rotate_left(v[2], 32);
}

uint64_t hash_bytes(const struct hash_secret *secret, struct slice bytes) {
    uint64_t v[4] = {
        secret->k0 ^ 0x736f6d6570736575, // the paper's constants: the ASCII of
        secret->k1 ^ 0x646f72616e646f6d, // "somepseudorandomlygeneratedbytes"
        secret->k0 ^ 0x6c7967656e657261,
        secret->k1 ^ 0x7465646279746573,
    };
    const char *p = bytes.data;
    size_t left = bytes.len;
    uint64_t word;

    for (; left >= sizeof(word); p += sizeof(word), left -= sizeof(word)) {
        memcpy(&word, p, sizeof(word)); // p may be at any address
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = 0;
    if (left > 0) memcpy(&word, p, left);
    word ^= (uint64_t)bytes.len << 56; // "a" and "a\0" must differ
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;

    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
