// session.h - what commands may know of a connection: no socket.

#ifndef MEDUSA_SESSION_H
#define MEDUSA_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "slice.h"

// In an order without gaps, as there may be many.
struct session {
    struct transaction *transaction; // owned; NULL outside of MULTI
    struct session_names *names; // owned; NULL: it has none
    uint64_t id; // counts the connections from 1 on
    uint32_t since_s; // when it came, in seconds since the server started
    bool closing; // QUIT was said: nothing after it is run
    bool is_resp3; // HELLO 3 was said
    bool needs_password; // has not given the password yet that it must give
    uint8_t last_command; // 1 + its row in the table of commands; 0: none
};

// Names that a client gives, for people who look at CLIENT LIST.
enum session_name { SESSION_NAME, SESSION_LIB_NAME, SESSION_LIB_VER };

// Copies `name`. Returns false if there is no memory.
bool session_set_name(
    struct session *session, enum session_name which, struct slice name);

// Borrows the name, which is empty if none was given.
struct slice session_name(
    const struct session *session, enum session_name which);

// Forgets all that the client has said, but not whether it was closed.
void session_reset(struct session *session);

#endif
