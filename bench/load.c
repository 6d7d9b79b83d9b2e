// load.c - what is sent and what must come back.
//
// Requests are built once, for key 0, and copied: only the digits of the key
// and the value change. Values are windows into one random pattern, so building
// one is a memcpy() and checking one is a memcmp(). Two keys have the same
// window, and could be taken for each other, once in 65,536.

#include "load.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "num.h"

#define WINDOWS_LOG2 16 // the pattern has room for 2^16 different values
#define KEY_ZERO "key:000000000000"
#define GOLDEN 0x9E3779B97F4A7C15u // 2^64 divided by the golden ratio, odd

enum expected {
    EXPECT_OK,
    EXPECT_VALUE, // the key's own value, or null
    EXPECT_FLAG, // :0 or :1
    EXPECT_PONG,
};

static const struct command {
    const char *word; // in a mix
    const char *name; // on the wire
    bool has_key;
    bool has_value;
    enum expected expected;
} commands[LOAD_COMMANDS] = {
    [LOAD_SET] = {"set", "SET", true, true, EXPECT_OK},
    [LOAD_GET] = {"get", "GET", true, false, EXPECT_VALUE},
    [LOAD_DELETE] = {"delete", "DELETE", true, false, EXPECT_FLAG},
    [LOAD_DEL] = {"del", "DEL", true, false, EXPECT_FLAG},
    [LOAD_EXISTS] = {"exists", "EXISTS", true, false, EXPECT_FLAG},
    [LOAD_PING] = {"ping", "PING", false, false, EXPECT_PONG},
};

// splitmix64 (Steele, Lea and Flood, 2014): one addition, then a mix in which
// every bit of the state changes about half of the bits of the result.
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += GOLDEN;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

// ---------------------------------------------------------------- the mix

static int find_command(struct slice word) {
    for (int i = 0; i < LOAD_COMMANDS; i++) {
        if (slice_equal(word, slice_of(commands[i].word))) return i;
    }
    return -1;
}

static bool parse_part(
    struct slice part, struct load_mix *mix, const char **problem) {
    struct slice word = part;
    int64_t weight = 1;
    const char *equals = memchr(part.data, '=', part.len);
    if (equals != NULL) {
        word.len = (size_t)(equals - part.data);
        struct slice number = {equals + 1, part.len - word.len - 1};
        *problem = "a share is a whole number from 1 to 1000000";
        if (!num_parse(number, &weight)) return false;
        if (weight < 1 || weight > LOAD_MAX_WEIGHT) return false;
    }
    int command = find_command(word);
    *problem = "the commands are set, get, delete, del, exists and ping";
    if (command == -1) return false;
    *problem = "each command may be named once";
    if (mix->weight[command] != 0) return false;
    mix->weight[command] = weight;
    mix->total += weight;
    return true;
}

bool load_mix_parse(
    const char *text, struct load_mix *mix, const char **problem) {
    *mix = (struct load_mix){0};
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ",");
        if (!parse_part((struct slice){at, len}, mix, problem)) return false;
        at += len;
        if (*at == '\0') return true;
    }
}

struct load_mix load_mix_of(enum load_command command) {
    struct load_mix mix = {.total = 1};
    mix.weight[command] = 1;
    return mix;
}

void load_mix_name(const struct load_mix *mix, char *text, size_t size) {
    size_t len = 0;
    text[0] = '\0';
    for (int i = 0; i < LOAD_COMMANDS && len < size; i++) {
        if (mix->weight[i] == 0) continue;
        if (mix->weight[i] == mix->total) {
            snprintf(text, size, "%s", commands[i].name);
            return;
        }
        len += (size_t)snprintf(text + len, size - len, "%s%s=%lld",
            len == 0 ? "" : ",", commands[i].word, (long long)mix->weight[i]);
    }
}

bool load_mix_reads(const struct load_mix *mix) {
    return mix->total > mix->weight[LOAD_SET] + mix->weight[LOAD_PING];
}

bool load_reads(enum load_command command) {
    enum expected expected = commands[command].expected;
    return expected == EXPECT_VALUE || expected == EXPECT_FLAG;
}

// ---------------------------------------------------------- what is sent

static bool append_word(struct buf *out, struct slice word, bool is_inline) {
    char head[32];
    int len = is_inline
        ? snprintf(head, sizeof(head), "%s", out->len > 0 ? " " : "")
        : snprintf(head, sizeof(head), "$%zu\r\n", word.len);
    if (!buf_append(out, (struct slice){head, (size_t)len})) return false;
    if (!buf_append(out, word)) return false;
    return is_inline || buf_append(out, slice_of("\r\n"));
}

static bool build_template(struct load_template *t, const struct command *c,
    struct slice value, bool is_inline) {
    char head[32];
    int words = 1 + c->has_key + c->has_value;
    snprintf(head, sizeof(head), "*%d\r\n", words);
    if (!is_inline && !buf_append(&t->bytes, slice_of(head))) return false;
    if (!append_word(&t->bytes, slice_of(c->name), is_inline)) return false;
    size_t end_len = is_inline ? 0 : 2; // what follows a word
    if (c->has_key) {
        struct slice key = slice_of(KEY_ZERO);
        if (!append_word(&t->bytes, key, is_inline)) return false;
        t->key_end = t->bytes.len - end_len;
    }
    if (c->has_value) {
        if (!append_word(&t->bytes, value, is_inline)) return false;
        t->value_at = t->bytes.len - end_len - value.len;
    }
    return !is_inline || buf_append(&t->bytes, slice_of("\n"));
}

// The letters need no quotes in a line, and no value can be taken for a number
// of more than a few digits.
static bool build_pattern(struct load *load) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t size = load->value_size + ((size_t)1 << WINDOWS_LOG2);
    uint64_t state = 0;
    if (!buf_reserve(&load->pattern, size)) return false;
    for (size_t i = 0; i < size; i++) {
        load->pattern.data[i] = letters[next_random(&state) % 64];
    }
    load->pattern.len = size;
    return true;
}

static struct slice value_of(const struct load *load, uint64_t key) {
    // Multiplying by an odd number spreads neighboring keys; the highest bits
    // are the best mixed ones.
    uint64_t window = (key + 1) * GOLDEN >> (64 - WINDOWS_LOG2);
    return (struct slice){load->pattern.data + window, load->value_size};
}

bool load_init(struct load *load, bool is_inline) {
    if (!build_pattern(load)) return false;
    struct slice value = value_of(load, 0);
    for (int i = 0; i < LOAD_COMMANDS; i++) {
        struct load_template *t = &load->templates[i];
        if (!build_template(t, &commands[i], value, is_inline)) return false;
    }
    return true;
}

void load_deinit(struct load *load) {
    for (int i = 0; i < LOAD_COMMANDS; i++) {
        buf_deinit(&load->templates[i].bytes);
    }
    buf_deinit(&load->pattern);
}

struct load_source load_source(uint64_t seed, uint64_t index) {
    // Mixed twice, so that seed 1 with index 2 is not seed 2 with index 1.
    uint64_t state = next_random(&seed) + index;
    return (struct load_source){next_random(&state), 0};
}

static enum load_command draw_command(
    const struct load_mix *mix, uint64_t *state) {
    int64_t rest = (int64_t)(next_random(state) % (uint64_t)mix->total);
    int i = 0;
    while (rest >= mix->weight[i]) rest -= mix->weight[i++];
    return (enum load_command)i;
}

struct load_request load_next(
    const struct load *load, struct load_source *source) {
    uint64_t key = load->is_sequential
        ? source->next_key++ % load->keys
        : next_random(&source->state) % load->keys;
    return (struct load_request){draw_command(&load->mix, &source->state), key};
}

// Writes `key` over the zeros of a template, from the last digit on.
static void write_key(char *end, uint64_t key) {
    for (; key > 0; key /= 10) *--end = (char)('0' + key % 10);
}

bool load_append(
    const struct load *load, struct load_request request, struct buf *out) {
    const struct load_template *t = &load->templates[request.command];
    if (!buf_reserve(out, t->bytes.len)) return false;
    char *at = out->data + out->len;
    memcpy(at, t->bytes.data, t->bytes.len);
    out->len += t->bytes.len;
    if (t->key_end > 0) write_key(at + t->key_end, request.key);
    if (t->value_at > 0) {
        struct slice value = value_of(load, request.key);
        memcpy(at + t->value_at, value.data, value.len);
    }
    return true;
}

// ------------------------------------------------------- what comes back

static bool is_text(const struct answer *answer, char type, const char *text) {
    return answer->type == type && slice_equal(answer->text, slice_of(text));
}

enum load_verdict load_check(const struct load *load,
    struct load_request request, const struct answer *answer) {
    if (answer->type == '-') return LOAD_REFUSED;
    bool is_right = false;
    switch (commands[request.command].expected) {
    case EXPECT_OK:
        is_right = is_text(answer, '+', "OK");
        break;
    case EXPECT_PONG:
        is_right = is_text(answer, '+', "PONG");
        break;
    case EXPECT_FLAG:
        if (is_text(answer, ':', "0")) return LOAD_MISS;
        is_right = is_text(answer, ':', "1");
        break;
    case EXPECT_VALUE:
        if (answer->is_null) return LOAD_MISS;
        is_right = answer->type == '$' &&
            slice_equal(answer->text, value_of(load, request.key));
        break;
    }
    return is_right ? LOAD_RIGHT : LOAD_WRONG;
}

void load_describe(const struct load *load, struct load_request request,
    const struct answer *answer, char *text, size_t size) {
    const struct command *c = &commands[request.command];
    char key[LOAD_KEY_LEN + 2] = "";
    if (c->has_key) {
        snprintf(key, sizeof(key), " %s", KEY_ZERO);
        write_key(key + LOAD_KEY_LEN + 1, request.key);
    }
    if (answer->type == '$' && c->expected == EXPECT_VALUE) {
        snprintf(text, size,
            "%s%s answered %zu bytes that are not its value of %zu bytes; "
            "if another --size stored it, use that one or remove the key",
            c->name, key, answer->text.len, load->value_size);
        return;
    }
    int shown = answer->text.len < 100 ? (int)answer->text.len : 100;
    const char *data = answer->text.data == NULL ? "" : answer->text.data;
    snprintf(text, size, "%s%s answered %c%.*s", c->name, key, answer->type,
        shown, data);
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 127) *at = ' ';
    }
}
