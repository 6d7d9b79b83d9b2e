// hash.h - a keyed hash of bytes: SipHash-1-3.
//
// With a hash that everyone can compute, a client can send keys that all fall
// into one place of the table. The secret makes that guessing, not computing.

#ifndef MEDUSA_HASH_H
#define MEDUSA_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "slice.h"

struct hash_secret {
    uint64_t k0;
    uint64_t k1;
};

// Fills in a random secret from /dev/urandom. Returns false, with errno set,
// if the system gives none.
bool hash_secret_make(struct hash_secret *secret);

// Returns the 64-bit hash of `bytes` under `secret`.
// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012),
// with one round per word and three at the end, as Rust and Python use it.
uint64_t hash_bytes(const struct hash_secret *secret, struct slice bytes);

#endif
