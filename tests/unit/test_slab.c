// test_slab.c - the allocator of small objects, against a list of what it gave.

#include "slab.h"

#include "check.h"

#define LARGEST 5000 // bytes: past the largest size that slabs are made for
#define OBJECTS 4000
#define SLAB_BYTES 65536
#define SLAB_LARGEST 4624 // bytes; larger ones come from malloc()

struct object {
    unsigned char *bytes; // NULL: not allocated
    size_t size;
    unsigned char fill; // what all its bytes are
};

static struct object objects[OBJECTS];

static void make(struct slab_pool *pool, struct object *o, size_t size) {
    o->bytes = slab_alloc(pool, size);
    CHECK(o->bytes != NULL);
    CHECK_INT((uintptr_t)o->bytes % 8, 0);
    o->size = size;
    o->fill = (unsigned char)check_random();
    memset(o->bytes, o->fill, size);
}

// Two objects that overlap, or a pool that writes into one, are found here.
static void check_fill(const struct object *o) {
    for (size_t i = 0; i < o->size; i++) CHECK_INT(o->bytes[i], o->fill);
}

static void drop(struct slab_pool *pool, struct object *o) {
    check_fill(o);
    slab_free(pool, o->bytes, o->size);
    o->bytes = NULL;
}

static void drop_all(struct slab_pool *pool) {
    for (size_t i = 0; i < OBJECTS; i++) {
        if (objects[i].bytes != NULL) drop(pool, &objects[i]);
    }
}

static void test_an_unused_pool_can_be_freed(void) {
    slab_pool_free(NULL);
    struct slab_pool *pool = slab_pool_new();
    CHECK(pool != NULL);
    slab_pool_free(pool);
}

static void test_every_size_once(void) {
    struct slab_pool *pool = slab_pool_new();
    for (size_t size = 1; size <= LARGEST; size++) {
        struct object *o = &objects[size % OBJECTS];
        if (o->bytes != NULL) drop(pool, o);
        make(pool, o, size);
    }
    drop_all(pool);
    slab_pool_free(pool);
}

// The slabs, by their number in memory, in which all the objects are now.
static uintptr_t slabs[OBJECTS];

static uintptr_t slab_of(const struct object *o) {
    return (uintptr_t)o->bytes / SLAB_BYTES;
}

static void note_slabs(void) {
    for (size_t i = 0; i < OBJECTS; i++) slabs[i] = slab_of(&objects[i]);
}

static bool is_in_noted_slab(const struct object *o) {
    for (size_t i = 0; i < OBJECTS; i++) {
        if (slabs[i] == slab_of(o)) return true;
    }
    return false;
}

// Many of one size fill several slabs; freed from the front, from the back and
// every other one, they leave slabs that are full, half empty and empty. What
// was freed is used again before a new slab is made.
static void test_many_of_one_size(size_t size) {
    struct slab_pool *pool = slab_pool_new();
    for (size_t i = 0; i < OBJECTS; i++) make(pool, &objects[i], size);
    note_slabs();
    for (size_t i = 0; i < OBJECTS; i += 2) drop(pool, &objects[i]);
    for (size_t i = 0; i < OBJECTS; i += 2) {
        make(pool, &objects[i], size);
        CHECK(size > SLAB_LARGEST || is_in_noted_slab(&objects[i]));
    }
    for (size_t i = OBJECTS / 2; i-- > 0;) drop(pool, &objects[i]);
    for (size_t i = 0; i < OBJECTS / 2; i++) make(pool, &objects[i], size);
    drop_all(pool);
    for (size_t i = 0; i < OBJECTS; i++) make(pool, &objects[i], size);
    drop_all(pool);
    slab_pool_free(pool);
}

// Sizes that are rounded up to the same slot use each other's slots.
static void test_sizes_that_share_slots(size_t smallest) {
    struct slab_pool *pool = slab_pool_new();
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < OBJECTS; i++) {
            if (objects[i].bytes != NULL && check_random() % 4 == 0) continue;
            if (objects[i].bytes != NULL) drop(pool, &objects[i]);
            make(pool, &objects[i], smallest + check_random() % 8);
        }
    }
    drop_all(pool);
    slab_pool_free(pool);
}

static void test_random_sizes_in_random_order(void) {
    struct slab_pool *pool = slab_pool_new();
    for (int step = 0; step < 60000; step++) {
        struct object *o = &objects[check_random() % OBJECTS];
        if (o->bytes != NULL) {
            drop(pool, o);
        } else {
            make(pool, o, 1 + check_random() % (LARGEST >> step % 12));
        }
    }
    drop_all(pool);
    slab_pool_free(pool);
}

int main(void) {
    test_an_unused_pool_can_be_freed();
    test_every_size_once();
    test_many_of_one_size(1);
    test_many_of_one_size(24);
    test_many_of_one_size(4616);
    test_many_of_one_size(4241);
    test_sizes_that_share_slots(1);
    test_sizes_that_share_slots(9);
    test_sizes_that_share_slots(57);
    test_random_sizes_in_random_order();
    puts("ok");
    return 0;
}
