// hash.h - a hash of bytes: FNV-1a.

#ifndef MEDUSA_HASH_H
#define MEDUSA_HASH_H

#include <stdint.h>

#include "slice.h"

// Returns the 64-bit hash of `bytes`.
// Source: Fowler, Noll and Vo, "The FNV Non-Cryptographic Hash Algorithm",
// variant 1a.
uint64_t hash_bytes(struct slice bytes);

#endif
