// entry.c - reads and writes the packed form that entry.h draws.
//
// Fields stand at odd addresses, so they are read and written by memcpy(),
// which compiles to one instruction where the processor allows it.

#include "entry.h"

#include <string.h>

#define HAS_DEADLINE 1 // flag: eight bytes of deadline follow the lengths
#define IS_WIDE 2 // flag: the lengths take four bytes each

struct header {
    size_t bytes; // of flags, lengths and deadline
    size_t key_len;
    size_t value_len;
};

static struct header header_for(
    struct slice key, struct slice value, int64_t deadline_ms) {
    bool is_wide = key.len > UINT8_MAX || value.len > UINT8_MAX;
    bool has_deadline = deadline_ms != ENTRY_NO_DEADLINE;
    return (struct header){
        .bytes = (is_wide ? 9 : 3) + (has_deadline ? sizeof(int64_t) : 0),
        .key_len = key.len,
        .value_len = value.len,
    };
}

static struct header read_header(const struct entry *e) {
    const unsigned char *p = (const unsigned char *)e;
    size_t deadline_bytes = p[0] & HAS_DEADLINE ? sizeof(int64_t) : 0;
    if (!(p[0] & IS_WIDE)) {
        return (struct header){3 + deadline_bytes, p[1], p[2]};
    }
    uint32_t key_len, value_len;
    memcpy(&key_len, p + 1, sizeof(key_len));
    memcpy(&value_len, p + 5, sizeof(value_len));
    return (struct header){9 + deadline_bytes, key_len, value_len};
}

static size_t total(struct header h) {
    return h.bytes + h.key_len + h.value_len;
}

static void write_deadline(char *p, struct header h, int64_t deadline_ms) {
    if (deadline_ms == ENTRY_NO_DEADLINE) return;
    memcpy(
        p + h.bytes - sizeof(deadline_ms), &deadline_ms, sizeof(deadline_ms));
}

// A value may be written over itself, when only its deadline changes.
static void write_bytes(char *to, struct slice bytes) {
    if (bytes.len > 0 && bytes.data != to) memcpy(to, bytes.data, bytes.len);
}

struct entry *entry_new(struct slab_pool *pool, struct slice key,
    struct slice value, int64_t deadline_ms) {
    struct header h = header_for(key, value, deadline_ms);
    char *p = slab_alloc(pool, total(h));
    if (p == NULL) return NULL;

    uint32_t key_len = (uint32_t)key.len, value_len = (uint32_t)value.len;
    p[0] = deadline_ms != ENTRY_NO_DEADLINE ? HAS_DEADLINE : 0;
    if (key_len > UINT8_MAX || value_len > UINT8_MAX) {
        p[0] |= IS_WIDE;
        memcpy(p + 1, &key_len, sizeof(key_len));
        memcpy(p + 5, &value_len, sizeof(value_len));
    } else {
        p[1] = (char)key_len;
        p[2] = (char)value_len;
    }
    write_deadline(p, h, deadline_ms);
    write_bytes(p + h.bytes, key);
    write_bytes(p + h.bytes + key.len, value);
    return (struct entry *)(void *)p;
}

void entry_free(struct slab_pool *pool, struct entry *e) {
    slab_free(pool, e, entry_size(e));
}

struct slice entry_key(const struct entry *e) {
    struct header h = read_header(e);
    return (struct slice){(const char *)e + h.bytes, h.key_len};
}

struct slice entry_value(const struct entry *e) {
    struct header h = read_header(e);
    return (struct slice){(const char *)e + h.bytes + h.key_len, h.value_len};
}

int64_t entry_deadline(const struct entry *e) {
    const char *p = (const char *)e;
    if (!(p[0] & HAS_DEADLINE)) return ENTRY_NO_DEADLINE;
    int64_t deadline_ms;
    memcpy(&deadline_ms, p + (p[0] & IS_WIDE ? 9 : 3), sizeof(deadline_ms));
    return deadline_ms;
}

size_t entry_size(const struct entry *e) {
    return total(read_header(e));
}

size_t entry_size_for(
    struct slice key, struct slice value, int64_t deadline_ms) {
    return total(header_for(key, value, deadline_ms));
}

bool entry_overwrite(struct entry *e, struct slice value, int64_t deadline_ms) {
    struct header h = read_header(e);
    bool has_deadline = entry_deadline(e) != ENTRY_NO_DEADLINE;
    if (value.len != h.value_len) return false;
    if (has_deadline != (deadline_ms != ENTRY_NO_DEADLINE)) return false;

    char *p = (char *)e;
    write_deadline(p, h, deadline_ms);
    write_bytes(p + h.bytes + h.key_len, value);
    return true;
}
