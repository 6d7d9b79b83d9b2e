// entry.c - a struct with the key and the value right behind it.

#include "entry.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    int64_t deadline_ms;
    size_t key_len;
    size_t value_len;
    char bytes[]; // the key, then the value
};

static void write_bytes(char *to, struct slice bytes) {
    if (bytes.len > 0) memcpy(to, bytes.data, bytes.len);
}

struct entry *entry_new(
    struct slice key, struct slice value, int64_t deadline_ms) {
    struct entry *e = malloc(sizeof(*e) + key.len + value.len);
    if (e == NULL) return NULL;
    e->deadline_ms = deadline_ms;
    e->key_len = key.len;
    e->value_len = value.len;
    write_bytes(e->bytes, key);
    write_bytes(e->bytes + key.len, value);
    return e;
}

void entry_free(struct entry *e) {
    free(e);
}

struct slice entry_key(const struct entry *e) {
    return (struct slice){e->bytes, e->key_len};
}

struct slice entry_value(const struct entry *e) {
    return (struct slice){e->bytes + e->key_len, e->value_len};
}

int64_t entry_deadline(const struct entry *e) {
    return e->deadline_ms;
}

void entry_set_deadline(struct entry *e, int64_t deadline_ms) {
    e->deadline_ms = deadline_ms;
}
