// term.h - a terminal in raw mode: keys in, and the old mode back at the end.
//
// Whatever ends the program while it has the terminal (SIGTERM, SIGHUP) or
// stops it (Ctrl-Z) restores the terminal first.

#ifndef MEDUSA_TERM_H
#define MEDUSA_TERM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "slice.h"

// Control characters are keys with their own value: Ctrl-A is 1, Enter 13.
#define TERM_CTRL(letter) ((letter)&0x1f)

enum term_key {
    TERM_ENTER = 13,
    TERM_ESCAPE = 27,
    TERM_BACKSPACE = 127,
    TERM_TEXT = 256, // a code point to insert: see struct term_input
    TERM_UP,
    TERM_DOWN,
    TERM_RIGHT,
    TERM_LEFT,
    TERM_HOME,
    TERM_END,
    TERM_DELETE,
    TERM_WORD_LEFT,
    TERM_WORD_RIGHT,
    TERM_WORD_BACKSPACE,
    TERM_WORD_DELETE,
    TERM_REDRAW, // the window has changed, or the program was stopped
    TERM_UNKNOWN, // an escape sequence for something else
    TERM_HANGUP, // there will be no more keys
};

struct term_input {
    int key; // enum term_key, or a control character
    char text[4]; // the bytes of TERM_TEXT
    size_t len;
};

#define TERM_SIGNALS 6

struct term {
    int in; // descriptors, borrowed
    int out;
    bool is_taken; // between term_raw and term_cooked
    bool pasting; // between the marks of a bracketed paste
    bool after_return; // the last byte was a carriage return
    struct termios cooked; // the mode to go back to
    struct sigaction old_actions[TERM_SIGNALS];
    sigset_t old_mask;
    sigset_t wait_mask; // the signals that may come while waiting for a key
    char bytes[4096]; // read, not yet taken as keys; kept between lines
    size_t start; // where the next byte is
    size_t end;
};

// Takes two descriptors of one terminal; changes nothing yet.
void term_init(struct term *t, int in, int out);

// Takes the terminal and sets raw mode, in which every key comes to term_read.
// Returns false if it cannot.
bool term_raw(struct term *t);

// Leaves raw mode for the time between two lines: keys wait unseen, and Ctrl-C
// is SIGINT. Its handler is ours and does nothing but end a pselect(); SIGINT,
// SIGTERM and SIGHUP are blocked, so that no other place notices.
void term_quiet(struct term *t);

// Gives the terminal back as it was.
void term_cooked(struct term *t);

// Waits for a key; in raw mode only.
struct term_input term_read(struct term *t);

// Tells whether bytes are there that term_read has not taken yet.
bool term_has_input(const struct term *t);

// Gives the terminal back and stops the program, as Ctrl-Z asks for; raw mode
// comes back when it goes on.
void term_suspend(struct term *t);

// Writes all of `bytes`; what fails is dropped, a terminal has no repair.
void term_write(struct term *t, struct slice bytes);

// The columns of the window as it is now.
size_t term_columns(const struct term *t);

#endif
