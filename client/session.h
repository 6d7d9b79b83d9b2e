// session.h - runs commands over a connection that is made again when needed.

#ifndef MEDUSA_SESSION_H
#define MEDUSA_SESSION_H

#include <stdbool.h>

#include "conn.h"
#include "help.h"
#include "options.h"
#include "slice.h"
#include "words.h"

// The exit statuses, and the outcomes of one command.
enum session_status {
    SESSION_OK = 0,
    SESSION_ERROR_REPLY = 1,
    SESSION_FAILED = 2, // no connection, or no reply; the reason is on stderr
};

struct session {
    const struct options *options; // borrowed
    struct conn conn;
    enum print_form form;
    bool interactive; // errors go to stdout, between the replies
    bool color;
    bool was_connected; // at any time
    struct buf password; // empty for none
    struct help *help; // borrowed; learns from each server; NULL: none wanted
};

// Prepares a session; connects nothing. Freed with session_deinit.
void session_init(struct session *s, const struct options *o);
void session_deinit(struct session *s);

// Sets the password that a new connection gives first; copies it. Returns
// false if there is no memory.
bool session_set_password(struct session *s, struct slice password);

// Connects, gives the password and asks for help. Returns SESSION_OK or SESSION_FAILED.
enum session_status session_connect(struct session *s);

// Runs a command and prints its reply, connecting first if need be. With
// --inline, `line` goes out as it was typed; where line.data is NULL it is made
// from the words.
enum session_status session_run(
    struct session *s, const struct words *words, struct slice line);

// Says on stderr that there is no memory. Always SESSION_FAILED.
enum session_status session_no_memory(void);

#endif
