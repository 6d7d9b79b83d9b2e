// slab.c - slots of one size in blocks of 64 KiB.
//
// A slab starts at a multiple of its own size, so the slab of an object is its
// address with the low 16 bits cleared: no object needs a header. Free slots
// form a list that is kept in the slots themselves; slots never used yet
// follow `fresh`, so that a new slab does not touch all its pages.
//
// Invariant: the list of a size holds the slabs that have a free slot, and no
// full and no empty one (but for `spare`, which belongs to no size).

#define _DEFAULT_SOURCE // for MAP_ANONYMOUS, which POSIX has only since 2024
#include "slab.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

// In gcc's sanitizer build, a free slot is poisoned: a use after free is told.
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define SLAB_BYTES ((size_t)64 * 1024)
#define SLAB_STEP 8 // sizes are rounded up to this
#define SLAB_LARGEST 4624 // bytes; malloc() wastes little on larger objects
#define SLAB_SIZES (SLAB_LARGEST / SLAB_STEP + 1)

struct free_slot {
    struct free_slot *next;
};

struct slab {
    struct slab *next; // in the list of slabs of this size with a free slot
    struct slab *prev;
    struct free_slot *freed; // slots given back
    char *fresh; // the first slot that was never used
    size_t used; // slots with an object in them
};

struct slab_pool {
    struct slab *open[SLAB_SIZES]; // by size / SLAB_STEP
    struct slab *spare; // one empty slab, against mapping to and fro
};

struct slab_pool *slab_pool_new(void) {
    return calloc(1, sizeof(struct slab_pool));
}

void slab_pool_free(struct slab_pool *pool) {
    if (pool == NULL) return;
    if (pool->spare != NULL) munmap(pool->spare, SLAB_BYTES);
    free(pool);
}

static void *map(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

// Maps SLAB_BYTES at a multiple of SLAB_BYTES. The system usually puts a new
// mapping right beside the last one, which then is such a place already;
// otherwise we map twice as much and cut off both ends.
static char *map_aligned(void) {
    char *p = map(SLAB_BYTES);
    if (p == NULL || (uintptr_t)p % SLAB_BYTES == 0) return p;
    munmap(p, SLAB_BYTES);

    p = map(2 * SLAB_BYTES);
    if (p == NULL) return NULL;
    size_t before = SLAB_BYTES - (uintptr_t)p % SLAB_BYTES; // never 0
    munmap(p, before);
    if (before < SLAB_BYTES) {
        munmap(p + before + SLAB_BYTES, SLAB_BYTES - before);
    }
    return p + before;
}

static void list_add(struct slab_pool *pool, size_t index, struct slab *slab) {
    slab->prev = NULL;
    slab->next = pool->open[index];
    if (slab->next != NULL) slab->next->prev = slab;
    pool->open[index] = slab;
}

static void list_remove(
    struct slab_pool *pool, size_t index, struct slab *slab) {
    if (slab->next != NULL) slab->next->prev = slab->prev;
    if (slab->prev != NULL) {
        slab->prev->next = slab->next;
    } else {
        pool->open[index] = slab->next;
    }
}

static struct slab *slab_new(struct slab_pool *pool, size_t index) {
    struct slab *slab = pool->spare;
    pool->spare = NULL;
    if (slab == NULL) slab = (struct slab *)(void *)map_aligned();
    if (slab == NULL) return NULL;

    *slab = (struct slab){.fresh = (char *)(slab + 1)};
    list_add(pool, index, slab);
    return slab;
}

static bool is_full(const struct slab *slab, size_t slot_bytes) {
    const char *end = (const char *)slab + SLAB_BYTES;
    return slab->freed == NULL && (size_t)(end - slab->fresh) < slot_bytes;
}

void *slab_alloc(struct slab_pool *pool, size_t size) {
    assert(size > 0);
    if (size > SLAB_LARGEST) return malloc(size);

    size_t index = (size + SLAB_STEP - 1) / SLAB_STEP;
    struct slab *slab = pool->open[index];
    if (slab == NULL) slab = slab_new(pool, index);
    if (slab == NULL) return NULL;

    void *object = slab->freed;
    if (object != NULL) {
        ASAN_UNPOISON_MEMORY_REGION(object, index * SLAB_STEP);
        slab->freed = slab->freed->next;
    } else {
        object = slab->fresh;
        slab->fresh += index * SLAB_STEP;
    }
    slab->used++;
    if (is_full(slab, index * SLAB_STEP)) list_remove(pool, index, slab);
    return object;
}

void slab_free(struct slab_pool *pool, void *object, size_t size) {
    if (size > SLAB_LARGEST) {
        free(object);
        return;
    }
    size_t index = (size + SLAB_STEP - 1) / SLAB_STEP;
    struct slab *slab = (struct slab *)((uintptr_t)object & ~(SLAB_BYTES - 1));
    if (is_full(slab, index * SLAB_STEP)) list_add(pool, index, slab);

    struct free_slot *slot = object;
    slot->next = slab->freed;
    slab->freed = slot;
    ASAN_POISON_MEMORY_REGION(object, index * SLAB_STEP);
    slab->used--;
    if (slab->used > 0) return;

    list_remove(pool, index, slab);
    ASAN_UNPOISON_MEMORY_REGION(slab, SLAB_BYTES);
    if (pool->spare == NULL) {
        pool->spare = slab;
    } else {
        munmap(slab, SLAB_BYTES);
    }
}
