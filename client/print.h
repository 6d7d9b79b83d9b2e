// print.h - a reply as text, in one of four forms.

#ifndef MEDUSA_PRINT_H
#define MEDUSA_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "slice.h"

enum print_form {
    PRINT_TYPED, // for people: (integer) 1, (nil), 1) "a"
    PRINT_RAW, // the bytes alone, one line for each
    PRINT_JSON, // one line of JSON for each reply
    PRINT_CSV, // one line of comma-separated values for each reply
};

// Prints a complete reply, and a line end, to `out`. `as_text` shows a typed
// string without quotes, as it is meant for reading (INFO). With `color`,
// typed errors and nulls stand out.
void print_reply(FILE *out, struct slice reply, enum print_form form,
    bool as_text, bool color);

// Prints bytes so that a terminal shows them and obeys none of them: control
// bytes are left out, but for line ends and tabs.
void print_text(FILE *out, struct slice text);

// Prints bytes in double quotes, with everything but printable ASCII escaped.
void print_quoted(FILE *out, struct slice bytes);

#endif
