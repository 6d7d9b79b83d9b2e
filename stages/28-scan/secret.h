// secret.h - a password, and a comparison that does not give it away.

#ifndef MEDUSA_SECRET_H
#define MEDUSA_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

#define SECRET_MAX_BYTES 512

struct secret {
    size_t len; // 0: there is no password
    char bytes[SECRET_MAX_BYTES]; // behind `len`, all are 0
};

// Copies `text`. Returns false, with nothing changed, if it is empty or longer
// than SECRET_MAX_BYTES.
bool secret_set(struct secret *secret, struct slice text);

// Returns whether `guess` is the password. Takes the same time for any guess,
// however much of it is right.
bool secret_matches(const struct secret *secret, struct slice guess);

#endif
