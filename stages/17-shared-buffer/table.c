// table.c - extendible hashing with small open-addressed segments.
//
// A slot is 64 bits: the entry's address (48 bits, a multiple of 8), in the
// lowest bit whether the entry has a deadline, and in the top 16 bits the low
// 16 bits of its hash. Those tell most other keys apart without a look at the
// entry, and they hold the slot's home, so that an entry can be moved within
// its segment unseen. The first bits of the hash choose the segment.
//
// Invariants: a segment of depth d is named by 2^(depth - d) neighbors in the
// directory, and all its hashes share their first d bits. No empty slot lies
// between an entry's home and its slot. No entry whose home is in a group has a
// deadline before the group's `earliest_ms`.

#include "table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT_SLOTS 512
#define GROUP_HOMES 8 // in a row; their entries are looked at in one step
#define GROUPS (SEGMENT_SLOTS / GROUP_HOMES)
#define SPLIT_ABOVE 448 // entries, 7/8: fuller segments have long probes
#define MERGE_BELOW 128 // entries in both halves: far from the next split
#define MAX_DEPTH 28 // bits: room for 10^11 entries, and no size overflows
#define FREES_PER_STEP 32 // entries; freeing a large one takes some 50 us

#define SLOT_HAS_DEADLINE ((uint64_t)1)
#define SLOT_ADDRESS ((uint64_t)0x0000fffffffffff8)
#define SLOT_TAG_SHIFT 48

struct segment {
    uint64_t slots[SEGMENT_SLOTS]; // 0 is empty
    int64_t earliest_ms[GROUPS];
    unsigned count; // slots in use
    unsigned depth; // first bits that all hashes here share
};

struct table {
    struct slab_pool *pool; // borrowed
    const struct hash_secret *secret; // borrowed
    struct segment **directory; // 2^depth pointers, indexed by first bits
    unsigned depth;
    size_t at_depth[MAX_DEPTH + 1]; // segments of each depth
    size_t count;
    size_t freed; // directory places that table_free_step() is done with
};

static inline struct entry *slot_entry(uint64_t slot) {
    return (struct entry *)(uintptr_t)(slot & SLOT_ADDRESS);
}

static uint64_t slot_for(const struct entry *e, uint64_t hash) {
    uint64_t address = (uint64_t)(uintptr_t)e;
    assert((address & ~SLOT_ADDRESS) == 0);
    bool has_deadline = entry_deadline(e) != ENTRY_NO_DEADLINE;
    return hash << SLOT_TAG_SHIFT | address |
        (has_deadline ? SLOT_HAS_DEADLINE : 0);
}

// Returns the first place where the entry of a slot, or of a hash, may be.
static inline size_t slot_home(uint64_t slot) {
    return (slot >> SLOT_TAG_SHIFT) % SEGMENT_SLOTS;
}

static inline size_t hash_home(uint64_t hash) {
    return hash % SEGMENT_SLOTS;
}

// Returns the first `bits` bits of `hash`. In two shifts, because a shift by
// all 64 bits, for no bits at all, is undefined.
static inline size_t first_bits(uint64_t hash, unsigned bits) {
    return (size_t)(hash >> 1 >> (63 - bits));
}

static inline struct segment *segment_for(
    const struct table *t, uint64_t hash) {
    return t->directory[first_bits(hash, t->depth)];
}

// Makes a bound hold for one more deadline.
static void lower(int64_t *earliest_ms, int64_t deadline_ms) {
    if (deadline_ms < *earliest_ms) *earliest_ms = deadline_ms;
}

static struct segment *segment_new(struct table *t, unsigned depth) {
    struct segment *seg = slab_alloc(t->pool, sizeof(*seg));
    if (seg == NULL) return NULL;
    *seg = (struct segment){.depth = depth};
    for (size_t g = 0; g < GROUPS; g++) seg->earliest_ms[g] = ENTRY_NO_DEADLINE;
    t->at_depth[depth]++;
    return seg;
}

static void segment_free(struct table *t, struct segment *seg) {
    t->at_depth[seg->depth]--;
    slab_free(t->pool, seg, sizeof(*seg));
}

struct table *table_new(
    struct slab_pool *pool, const struct hash_secret *secret) {
    struct table *t = calloc(1, sizeof(*t));
    if (t == NULL) return NULL;
    t->pool = pool;
    t->secret = secret;
    t->directory = malloc(sizeof(struct segment *));
    if (t->directory != NULL) t->directory[0] = segment_new(t, 0);
    if (t->directory == NULL || t->directory[0] == NULL) {
        free(t->directory);
        free(t);
        return NULL;
    }
    return t;
}

void table_free(struct table *t) {
    if (t == NULL) return;
    while (table_free_step(t)) continue;
}

bool table_free_step(struct table *t) {
    struct segment *seg = t->directory[t->freed];
    size_t n = 0;
    for (size_t i = 0; i < SEGMENT_SLOTS; i++) {
        if (seg->slots[i] == 0) continue;
        if (n++ == FREES_PER_STEP) return true;
        entry_free(t->pool, slot_entry(seg->slots[i]));
        seg->slots[i] = 0;
    }
    t->freed += (size_t)1 << (t->depth - seg->depth);
    segment_free(t, seg);
    if (t->freed < (size_t)1 << t->depth) return true;

    free(t->directory);
    free(t);
    return false;
}

size_t table_count(const struct table *t) {
    return t->count;
}

uint64_t table_hash(const struct table *t, struct slice key) {
    return hash_bytes(t->secret, key);
}

// Returns the place in `seg` of the first entry whose 16 bits of hash are
// right, from `i` on, or of the empty slot that ends the search.
static inline size_t probe(const struct segment *seg, uint64_t hash, size_t i) {
    uint64_t tag = hash << SLOT_TAG_SHIFT;
    for (;; i = (i + 1) % SEGMENT_SLOTS) {
        uint64_t slot = seg->slots[i];
        if (slot == 0 || ((slot ^ tag) >> SLOT_TAG_SHIFT) == 0) return i;
    }
}

// Returns the place in `seg` of the entry with this key, or of the empty slot
// where it would go.
static size_t find_place(
    const struct segment *seg, struct slice key, uint64_t hash) {
    size_t i = probe(seg, hash, hash_home(hash));
    while (seg->slots[i] != 0) {
        if (slice_equal(entry_key(slot_entry(seg->slots[i])), key)) break;
        i = probe(seg, hash, (i + 1) % SEGMENT_SLOTS);
    }
    return i;
}

struct entry *table_find(
    const struct table *t, struct slice key, uint64_t hash) {
    const struct segment *seg = segment_for(t, hash);
    return slot_entry(seg->slots[find_place(seg, key, hash)]);
}

// Puts a slot whose key is new into `seg`, at the first empty place from its
// home on. There is always one.
static void place(struct segment *seg, uint64_t slot) {
    size_t i = slot_home(slot);
    while (seg->slots[i] != 0) i = (i + 1) % SEGMENT_SLOTS;
    seg->slots[i] = slot;
    seg->count++;
}

// Doubles the directory: every segment is named twice as often.
static bool directory_double(struct table *t) {
    size_t n = (size_t)1 << t->depth;
    if (t->depth == MAX_DEPTH) return false;
    struct segment **bigger = realloc(t->directory, 2 * n * sizeof(*bigger));
    if (bigger == NULL) return false;

    for (size_t i = n; i-- > 0;) bigger[2 * i] = bigger[2 * i + 1] = bigger[i];
    t->directory = bigger;
    t->depth++;
    return true;
}

// Halves the directory while no segment needs all its bits.
static void directory_halve(struct table *t) {
    while (t->depth > 0 && t->at_depth[t->depth] == 0) {
        size_t n = (size_t)1 << (t->depth - 1);
        for (size_t i = 0; i < n; i++) t->directory[i] = t->directory[2 * i];
        t->depth--;
        void *smaller = realloc(t->directory, n * sizeof(struct segment *));
        if (smaller != NULL) t->directory = smaller;
    }
}

// Names `seg` in all places of the directory that belong to the segment of
// `hash` at depth `depth`.
static void directory_point(
    struct table *t, uint64_t hash, unsigned depth, struct segment *seg) {
    size_t width = (size_t)1 << (t->depth - depth);
    size_t start = first_bits(hash, depth) * width;
    for (size_t i = 0; i < width; i++) t->directory[start + i] = seg;
}

// Splits the segment of `hash`: entries whose next bit is 1 go to a new one.
// A slot holds too few bits to tell, so each key is hashed once more.
static bool split(struct table *t, uint64_t hash) {
    struct segment *seg = segment_for(t, hash);
    if (seg->depth == t->depth && !directory_double(t)) return false;
    struct segment *ones = segment_new(t, seg->depth + 1);
    if (ones == NULL) return false;

    uint64_t slots[SEGMENT_SLOTS];
    memcpy(slots, seg->slots, sizeof(slots));
    memset(seg->slots, 0, sizeof(seg->slots));
    seg->count = 0;
    for (size_t i = 0; i < SEGMENT_SLOTS; i++) {
        if (slots[i] == 0) continue;
        uint64_t h = table_hash(t, entry_key(slot_entry(slots[i])));
        bool is_one = first_bits(h, seg->depth + 1) & 1;
        place(is_one ? ones : seg, slots[i]);
    }
    memcpy(ones->earliest_ms, seg->earliest_ms, sizeof(seg->earliest_ms));
    t->at_depth[seg->depth]--;
    t->at_depth[++seg->depth]++;

    uint64_t next_bit = (uint64_t)1 << (64 - seg->depth);
    directory_point(t, hash | next_bit, seg->depth, ones);
    return true;
}

// Merges the segment of `hash` with the other half of its pair while both
// together are nearly empty. Slots keep their home, so no key is looked at.
static void merge(struct table *t, uint64_t hash) {
    for (;;) {
        struct segment *seg = segment_for(t, hash);
        if (seg->depth == 0 || seg->count > MERGE_BELOW) break;
        uint64_t pair_bit = (uint64_t)1 << (64 - seg->depth);
        struct segment *other = segment_for(t, hash ^ pair_bit);
        if (other->depth != seg->depth) break;
        if (seg->count + other->count > MERGE_BELOW) break;

        for (size_t i = 0; i < SEGMENT_SLOTS; i++) {
            if (other->slots[i] != 0) place(seg, other->slots[i]);
        }
        for (size_t g = 0; g < GROUPS; g++) {
            lower(&seg->earliest_ms[g], other->earliest_ms[g]);
        }
        segment_free(t, other);
        t->at_depth[seg->depth]--;
        t->at_depth[--seg->depth]++;
        directory_point(t, hash, seg->depth, seg);
    }
    directory_halve(t);
}

bool table_put(struct table *t, struct entry *e, uint64_t hash) {
    struct segment *seg = segment_for(t, hash);
    size_t i = find_place(seg, entry_key(e), hash);

    struct entry *old = slot_entry(seg->slots[i]);
    if (old == NULL) {
        // A segment that cannot be split for want of memory may fill up to
        // its last slot but one, the empty one at which a search ends.
        bool is_split = seg->count >= SPLIT_ABOVE && split(t, hash);
        if (is_split) return table_put(t, e, hash);
        if (seg->count == SEGMENT_SLOTS - 1) return false;
        seg->count++;
        t->count++;
    }
    if (old != NULL && old != e) entry_free(t->pool, old);
    seg->slots[i] = slot_for(e, hash);
    lower(&seg->earliest_ms[hash_home(hash) / GROUP_HOMES], entry_deadline(e));
    return true;
}

// Frees the entry at place `i` and closes the gap: an entry behind it moves
// up if its home is not between the gap and itself.
// Source: Knuth, "The Art of Computer Programming", vol. 3, algorithm 6.4R.
static void remove_at(struct table *t, struct segment *seg, size_t i) {
    struct entry *e = slot_entry(seg->slots[i]);
    entry_free(t->pool, e);
    seg->count--;
    t->count--;

    size_t gap = i;
    seg->slots[gap] = 0;
    for (;;) {
        i = (i + 1) % SEGMENT_SLOTS;
        uint64_t slot = seg->slots[i];
        if (slot == 0) break;
        size_t from_home = (i - slot_home(slot)) % SEGMENT_SLOTS;
        size_t from_gap = (i - gap) % SEGMENT_SLOTS;
        if (from_home < from_gap) continue;
        seg->slots[gap] = slot;
        seg->slots[i] = 0;
        gap = i;
    }
}

bool table_remove(struct table *t, struct slice key, uint64_t hash) {
    struct segment *seg = segment_for(t, hash);
    size_t i = find_place(seg, key, hash);
    if (seg->slots[i] == 0) return false;

    remove_at(t, seg, i);
    merge(t, hash);
    return true;
}

// Returns the cursor behind `seg`: the first hash of the next segment.
static uint64_t cursor_behind(const struct segment *seg, uint64_t cursor) {
    if (seg->depth == 0) return 0;
    unsigned other_bits = 64 - seg->depth;
    return ((cursor >> other_bits) + 1) << other_bits;
}

uint64_t table_walk(
    const struct table *t, uint64_t cursor, table_visit_fn *visit, void *arg) {
    const struct segment *seg = segment_for(t, cursor);
    for (size_t i = 0; i < SEGMENT_SLOTS; i++) {
        if (seg->slots[i] != 0) visit(arg, slot_entry(seg->slots[i]));
    }
    return cursor_behind(seg, cursor);
}

// Removes what is due of a group and finds its earliest deadline anew. Its
// entries are between its first home and the first empty slot behind its last
// one; only those that have a deadline are looked at.
static void sweep(
    struct table *t, struct segment *seg, size_t group, int64_t now_ms) {
    int64_t earliest_ms = ENTRY_NO_DEADLINE;
    size_t at = group * GROUP_HOMES, end = at + GROUP_HOMES;
    while (at < end || seg->slots[at % SEGMENT_SLOTS] != 0) {
        size_t i = at % SEGMENT_SLOTS;
        uint64_t slot = seg->slots[i];
        bool is_of_group = slot_home(slot) / GROUP_HOMES == group;
        if (!is_of_group || !(slot & SLOT_HAS_DEADLINE)) {
            at++;
            continue;
        }
        int64_t deadline_ms = entry_deadline(slot_entry(slot));
        if (deadline_ms <= now_ms) {
            remove_at(t, seg, i); // which may put another entry at i
        } else {
            lower(&earliest_ms, deadline_ms);
            at++;
        }
    }
    seg->earliest_ms[group] = earliest_ms;
}

// A segment is left behind only when nothing in it is due. So it may be split
// or merged between two steps: its bounds still tell what there is to do.
uint64_t table_expire(
    struct table *t, uint64_t cursor, int64_t now_ms, int64_t *earliest_ms) {
    struct segment *seg = segment_for(t, cursor);
    for (size_t g = 0; g < GROUPS; g++) {
        if (seg->earliest_ms[g] > now_ms) continue;
        sweep(t, seg, g, now_ms);
        return cursor | 1; // 0 is the end
    }
    for (size_t g = 0; g < GROUPS; g++) lower(earliest_ms, seg->earliest_ms[g]);

    uint64_t next = cursor_behind(seg, cursor);
    merge(t, cursor);
    return next;
}
