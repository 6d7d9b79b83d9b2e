// hash.c - FNV-1a: each byte is mixed in, then spread by a multiplication.

#include "hash.h"

uint64_t hash_bytes(struct slice bytes) {
    uint64_t hash = 0xcbf29ce484222325; // the authors' offset basis and prime
    for (size_t i = 0; i < bytes.len; i++) {
        hash ^= (unsigned char)bytes.data[i];
        hash *= 0x100000001b3;
    }
    return hash;
}
