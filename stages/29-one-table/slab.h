// slab.h - an allocator for many small objects of few sizes.
//
// malloc() keeps 8 bytes of its own beside every object and rounds to 16. A
// slab is 64 KiB of memory cut into equal slots, so an object costs its size,
// rounded up to 8 bytes, and nothing else. The caller says the size again when
// it frees. A slab without objects goes back to the system at once, which is
// why memory falls when keys go.
// Source: Bonwick, "The Slab Allocator" (USENIX 1994), much reduced.

#ifndef MEDUSA_SLAB_H
#define MEDUSA_SLAB_H

#include <stddef.h>

struct slab_pool; // opaque: a set of slabs for each size

// Returns an empty pool, or NULL if there is no memory.
struct slab_pool *slab_pool_new(void);

// Frees the pool. All its objects must have been freed.
void slab_pool_free(struct slab_pool *pool);

// Returns `size` bytes (more than 0), aligned to 8, or NULL if there is no
// memory. The caller owns them and gives them back with slab_free().
void *slab_alloc(struct slab_pool *pool, size_t size);

// Gives back `object`, which slab_alloc() returned for this same `size`.
void slab_free(struct slab_pool *pool, void *object, size_t size);

#endif
