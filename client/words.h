// words.h - a line to words and back: what was typed, and what is sent.

#ifndef MEDUSA_WORDS_H
#define MEDUSA_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "slice.h"

enum words_result {
    WORDS_OK,
    WORDS_UNBALANCED, // a quote is missing, or text follows a closing one
    WORDS_NO_MEMORY,
};

// The words of one command.
struct words {
    size_t count;
    struct slice *items; // borrowed from `text`, or from the caller
    char *text; // owned: the words with quotes and escapes resolved
};

// Splits `line` as the server splits an inline request: blanks separate,
// "..." takes escapes, '...' takes only \'. Fills *out on WORDS_OK; the caller
// frees it with words_deinit.
enum words_result words_split(struct slice line, struct words *out);

// Copies the array `argv`, which still holds the bytes. Returns false if there
// is no memory. The caller frees with words_deinit.
bool words_from_args(size_t argc, char **argv, struct words *out);

void words_deinit(struct words *words);

// Appends the words as a RESP array. Returns false if there is no memory.
bool words_encode(const struct words *words, struct buf *out);

// Appends the words as one line with its "\n", with quotes only where a word
// needs them (servers before stage 03 know none). Returns false if there is no
// memory.
bool words_join(const struct words *words, struct buf *out);

// Tells whether `word` is `name`, in any case.
bool words_match(struct slice word, const char *name);

#endif
