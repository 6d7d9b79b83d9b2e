// load.h - what is sent and what must come back: commands, keys and values.
//
// Keys are numbers below `keys`, written as key:000000000042. The value of a
// key follows from its number, so that a reply with another key's value is
// noticed, whichever thread stored it.

#ifndef MEDUSA_LOAD_H
#define MEDUSA_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"
#include "buf.h"
#include "slice.h"

#define LOAD_KEY_LEN 16 // bytes of every key
#define LOAD_MAX_KEYS 1000000000000 // what twelve digits can tell apart
#define LOAD_MAX_WEIGHT 1000000

enum load_command {
    LOAD_SET,
    LOAD_GET,
    LOAD_DELETE,
    LOAD_DEL,
    LOAD_EXISTS,
    LOAD_PING,
    LOAD_COMMANDS, // how many there are
};

// How often each command is sent; zero means never.
struct load_mix {
    int64_t weight[LOAD_COMMANDS];
    int64_t total; // of all weights; 0 for a mix that was not given
};

struct load_request {
    enum load_command command;
    uint64_t key;
};

enum load_verdict {
    LOAD_RIGHT,
    LOAD_MISS, // right as well: the key is not there
    LOAD_REFUSED, // an error reply
    LOAD_WRONG, // not what this command can answer
};

// Where one thread is in its sequence of keys: the same seed gives the same.
struct load_source {
    uint64_t state;
    uint64_t next_key; // for keys in sequence
};

// Everything that the threads of a run share; nothing changes during a run.
struct load {
    struct load_mix mix;
    uint64_t keys; // keys are 0 to keys - 1
    size_t value_size;
    bool is_sequential; // each key once, in order, rather than at random
    struct buf pattern; // owned; every value is a piece of it
    struct load_template {
        struct buf bytes; // owned; the request, for key 0
        size_t key_end; // offset just past the key; 0 without a key
        size_t value_at; // offset of the value; 0 without a value
    } templates[LOAD_COMMANDS];
};

// Reads `text`, like "get=80,set=20" or "ping". On failure *problem borrows a
// static text that says what is wrong.
bool load_mix_parse(
    const char *text, struct load_mix *mix, const char **problem);

// Gives the mix of one command.
struct load_mix load_mix_of(enum load_command command);

// Writes the name of a mix, like "SET" or "get=80,set=20", with its NUL.
void load_mix_name(const struct load_mix *mix, char *text, size_t size);

// Tells whether the mix has a command that wants its key to be there.
bool load_mix_reads(const struct load_mix *mix);

// Tells whether a command's reply depends on its key being there.
bool load_reads(enum load_command command);

// Builds the requests of a run: RESP arrays, or lines where `is_inline`.
// Returns false if there is no memory; load_deinit() is due in any case.
bool load_init(struct load *load, bool is_inline);
void load_deinit(struct load *load);

// Gives the sequence number `index` of those that belong to a seed.
struct load_source load_source(uint64_t seed, uint64_t index);

// Draws the next request.
struct load_request load_next(
    const struct load *load, struct load_source *source);

// Appends the bytes of a request. Returns false if there is no memory.
bool load_append(
    const struct load *load, struct load_request request, struct buf *out);

// Holds a reply against its request.
enum load_verdict load_check(const struct load *load,
    struct load_request request, const struct answer *answer);

// Writes a sentence about a reply that is an error or wrong, with its NUL.
void load_describe(const struct load *load, struct load_request request,
    const struct answer *answer, char *text, size_t size);

#endif
