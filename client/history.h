// history.h - the lines that were typed before, in memory and in a file.
//
// Every line is appended to the file with one write(), so that several clients
// can share it. A file that has grown past the limit is replaced as a whole at
// the next start. Lines that hold a password are in neither.

#ifndef MEDUSA_HISTORY_H
#define MEDUSA_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

#define HISTORY_MAX 1000 // lines; older ones are forgotten

struct history {
    size_t count;
    char *lines[HISTORY_MAX]; // owned strings, the oldest first
    char *path; // owned; NULL: nothing is kept in a file
};

// Reads the file at `path`, which need not exist; takes the string, NULL for
// memory only. A file that cannot be read or written is done without.
void history_open(struct history *h, char *path);

// Frees the lines; the file has them already.
void history_close(struct history *h);

// Adds a line, in memory and in the file, unless it is empty, repeats the last
// one or holds a password.
void history_add(struct history *h, struct slice line);

// Finds the newest line below index `before` that contains `text`. Returns
// false, with *found as it was, if there is none.
bool history_search(
    const struct history *h, size_t before, struct slice text, size_t *found);

#endif
