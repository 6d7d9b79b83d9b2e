// oom.h - allocations that fail when a test wants them to, and the model that
// says what must still be stored then.
//
// The linker puts the functions below in the place of malloc() and its like
// (see the Makefile). A scenario is run again and again: the first allocation
// fails, then the second, and so on, until it gets to its end with none.
//
// This is how SQLite tests itself ("How SQLite Is Tested", section 3, at
// sqlite.org/testing.html). We take over: the loop over n until a run sees no
// failure; one failure at a time and, in a second pass, every one from the
// n-th on; a check of the data after each run, and one that all memory is
// given back. We leave out their allocator for tests, since sanitizers find
// overruns, and everything about disks.

#ifndef MEDUSA_OOM_H
#define MEDUSA_OOM_H

#include <sys/mman.h>

#include "check.h"
#include "slab.h"
#include "store.h"

#define KEYS 2500 // some segments of the table
#define SEGMENT_BYTES 4096 // and a little more is the size of a segment
#define NOW ((int64_t)1700000000000) // milliseconds, Unix time
#define NONE (-1) // the value of a key that is not there

// ------------------------------------------------- allocations that fail

enum mode { FAIL_ONE, FAIL_ALL, FAIL_GROWTH };

static enum mode mode;
static size_t fail_at; // which allocation from now on fails; 0: none
static bool fails_on; // and all after it
static bool has_failed;
static size_t objects; // that malloc() gave and nobody has freed
static size_t mapped; // bytes that mmap() gave

static inline bool fails(bool is_growth) {
    if (mode == FAIL_GROWTH && !is_growth) return false;
    if (fail_at == 0) return has_failed && fails_on;
    if (--fail_at > 0) return false;
    has_failed = true;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__real_mmap(
    void *p, size_t size, int access, int flags, int fd, off_t offset);
int __real_munmap(void *p, size_t size);
void *__real_slab_alloc(struct slab_pool *pool, size_t size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);
void *__wrap_mmap(
    void *p, size_t size, int access, int flags, int fd, off_t offset);
int __wrap_munmap(void *p, size_t size);
void *__wrap_slab_alloc(struct slab_pool *pool, size_t size);

void *__wrap_malloc(size_t size) {
    void *p = fails(false) ? NULL : __real_malloc(size);
    objects += p != NULL;
    return p;
}

void *__wrap_calloc(size_t count, size_t size) {
    void *p = fails(false) ? NULL : __real_calloc(count, size);
    objects += p != NULL;
    return p;
}

void *__wrap_realloc(void *old, size_t size) {
    void *p = fails(true) ? NULL : __real_realloc(old, size);
    objects += old == NULL && p != NULL;
    return p;
}

void __wrap_free(void *p) {
    objects -= p != NULL;
    __real_free(p);
}

void *__wrap_mmap(
    void *p, size_t size, int access, int flags, int fd, off_t offset) {
    if (fails(false)) return MAP_FAILED;
    p = __real_mmap(p, size, access, flags, fd, offset);
    if (p != MAP_FAILED) mapped += size;
    return p;
}

int __wrap_munmap(void *p, size_t size) {
    mapped -= size;
    return __real_munmap(p, size);
}

// A slab holds thousands of objects; this makes each one of them fail.
void *__wrap_slab_alloc(struct slab_pool *pool, size_t size) {
    bool is_segment = size > SEGMENT_BYTES && size < SEGMENT_BYTES + 64;
    return fails(is_segment) ? NULL : __real_slab_alloc(pool, size);
}

static inline void memory_comes_back(void) {
    fail_at = 0;
    fails_on = false;
}

// Runs a scenario with `n_keys` keys until nothing fails any more. Skips ever
// more failures on the way if `is_quick`: the late ones are much alike.
static inline void fail_each(
    const char *name, void (*scenario)(int keys), int n_keys, bool is_quick) {
    has_failed = true;
    for (size_t n = 1; has_failed; n += is_quick ? 1 + n / 40 : 1) {
        fail_at = n;
        fails_on = mode != FAIL_ONE;
        has_failed = false;
        scenario(n_keys);
        memory_comes_back();
        if (objects != 0 || mapped != 0) {
            printf("%s, failure %zu: something was not freed\n", name, n);
        }
        CHECK_INT(objects, 0);
        CHECK_INT(mapped, 0);
    }
}

// Does so in each mode, with few keys and with many.
static inline void fail_everywhere(
    const char *name, void (*scenario)(int keys), int few, int many) {
    static const enum mode modes[] = {FAIL_ONE, FAIL_ALL, FAIL_GROWTH};
    for (size_t i = 0; i < 3; i++) {
        mode = modes[i];
        fail_each(name, scenario, few, false);
        fail_each(name, scenario, many, true);
    }
}

// ----------------------------------------------------------- the model

static int model[KEYS]; // the value of each key, or NONE

static inline void clear_model(void) {
    for (int k = 0; k < KEYS; k++) model[k] = NONE;
}

// All three write to a buffer that the next call uses again.
static inline struct slice key_of(int k) {
    static char text[32];
    return (struct slice){
        text, (size_t)snprintf(text, sizeof(text), "k:%d", k)};
}

static inline struct slice value_of(int value) {
    static char text[5000]; // some values are too long for a slab
    int width = value % 200 == 0 ? 4500 : value % 3;
    return (struct slice){
        text, (size_t)snprintf(text, sizeof(text), "%0*d", width, value)};
}

#endif
