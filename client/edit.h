// edit.h - one line typed by a person, with editing, history and completion.

#ifndef MEDUSA_EDIT_H
#define MEDUSA_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "help.h"
#include "history.h"
#include "line.h"
#include "slice.h"
#include "term.h"

enum edit_result {
    EDIT_LINE, // Enter
    EDIT_CANCELLED, // Ctrl-C: the line was dropped
    EDIT_END, // Ctrl-D on an empty line, or the terminal is gone
    EDIT_FAILED, // the terminal cannot be put into raw mode
};

// The editor. The caller sets the first group of fields and leaves the rest
// zero; it may change the first group between lines. Freed with edit_deinit.
struct edit {
    struct term *term; // borrowed, as are the history and the help
    const struct history *history; // NULL for a secret
    const struct help *help; // NULL for a secret
    const char *prompt;
    bool color;
    bool secret; // a password: the line is not shown

    struct line line;
    size_t shown_from; // byte of the line where the window starts
    size_t at; // place in the history; history->count is the new line
    struct buf draft; // the new line, while an older one is shown
    bool searching; // Ctrl-R
    bool no_match; // the search has found nothing more
    struct buf query; // what is searched for
};

// Reads a line. On EDIT_LINE, *out borrows its bytes until the next call. The
// terminal stays quiet (see term_quiet) until then.
enum edit_result edit_line(struct edit *e, struct slice *out);

// Frees, and gives the terminal back as it was.
void edit_deinit(struct edit *e);

#endif
