// table.c - separate chaining: the low bits of the hash choose a bucket, and
// the entries of a bucket form a list through their `next`.
//
// Invariant: there are at least as many buckets as entries, unless there was
// no memory for them, so a chain holds one entry on average.

#include "table.h"

#include <stdlib.h>

#define FIRST_BUCKETS 16 // a power of two, as all numbers of buckets are

struct table {
    struct entry **buckets; // owned; NULL until the first entry comes
    size_t bucket_count; // 0, or a power of two
    size_t count; // entries
};

struct table *table_new(void) {
    return calloc(1, sizeof(struct table));
}

void table_free(struct table *t) {
    if (t == NULL) return;
    for (size_t i = 0; i < t->bucket_count; i++) {
        while (t->buckets[i] != NULL) {
            struct entry *e = t->buckets[i];
            t->buckets[i] = e->next;
            entry_free(e);
        }
    }
    free(t->buckets);
    free(t);
}

// Returns the link that points to the entry with this key: the bucket itself
// or the `next` of the entry before. If there is none, the link that ends the
// chain. A link can be read and changed, so finding, adding and removing need
// no special case for the first entry.
static struct entry **find_link(
    const struct table *t, struct slice key, uint64_t hash) {
    struct entry **link = &t->buckets[hash & (t->bucket_count - 1)];
    while (*link != NULL) {
        bool may_be = (*link)->hash == hash; // spares most comparisons of keys
        if (may_be && slice_equal(entry_key(*link), key)) break;
        link = &(*link)->next;
    }
    return link;
}

struct entry *table_find(
    const struct table *t, struct slice key, uint64_t hash) {
    return t->count > 0 ? *find_link(t, key, hash) : NULL;
}

// Doubles the buckets and hangs every entry into its new chain. All of them at
// once: on a large table this takes long.
static bool grow(struct table *t) {
    size_t bucket_count =
        t->bucket_count == 0 ? FIRST_BUCKETS : 2 * t->bucket_count;
    struct entry **buckets = calloc(bucket_count, sizeof(*buckets));
    if (buckets == NULL) return false;

    for (size_t i = 0; i < t->bucket_count; i++) {
        struct entry *e = t->buckets[i];
        while (e != NULL) {
            struct entry *next = e->next;
            struct entry **bucket = &buckets[e->hash & (bucket_count - 1)];
            e->next = *bucket;
            *bucket = e;
            e = next;
        }
    }
    free(t->buckets);
    t->buckets = buckets;
    t->bucket_count = bucket_count;
    return true;
}

bool table_put(struct table *t, struct entry *e, uint64_t hash) {
    // Without memory for more buckets, longer chains still work.
    bool is_full = t->count >= t->bucket_count;
    if (is_full && !grow(t) && t->bucket_count == 0) return false;

    struct entry **link = find_link(t, entry_key(e), hash);
    struct entry *old = *link;
    e->hash = hash;
    e->next = old != NULL ? old->next : NULL;
    *link = e;
    if (old == NULL) {
        t->count++;
    } else {
        entry_free(old);
    }
    return true;
}

bool table_remove(struct table *t, struct slice key, uint64_t hash) {
    if (t->count == 0) return false;
    struct entry **link = find_link(t, key, hash);
    struct entry *e = *link;
    if (e == NULL) return false;
    *link = e->next;
    entry_free(e);
    t->count--;
    return true;
}
