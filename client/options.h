// options.h - what the command line and the environment ask for.

#ifndef MEDUSA_OPTIONS_H
#define MEDUSA_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "print.h"

struct options {
    const char *host; // all strings are borrowed
    const char *port;
    const char *password; // NULL for none
    bool ask_password;
    bool inline_lines; // requests go out as text lines, not as RESP
    bool pipe;
    bool last_from_stdin; // -x
    bool form_given; // otherwise the form depends on where stdout goes
    enum print_form form;
    bool repeat_given;
    int64_t repeat; // times to run the command; -1 forever
    int64_t interval_ms; // between them
    size_t command_count; // words of the command; 0 for none
    char **command;
};

enum options_result {
    OPTIONS_RUN,
    OPTIONS_DONE, // --help or --version: all is said
    OPTIONS_WRONG, // the reason is on stderr
};

// Reads the command line over the environment over the defaults.
enum options_result options_read(struct options *o, int argc, char **argv);

#endif
