// session.c - the names of a connection. Most have none, so they cost nothing
// until there is one.

#include "session.h"

#include <stdlib.h>

#include "buf.h"
#include "transaction.h"

struct session_names {
    struct buf text[SESSION_LIB_VER + 1];
};

bool session_set_name(
    struct session *session, enum session_name which, struct slice name) {
    struct buf text = {0};
    if (session->names == NULL) {
        session->names = calloc(1, sizeof(*session->names));
        if (session->names == NULL) return false;
    }
    if (!buf_append(&text, name)) return false;
    buf_deinit(&session->names->text[which]);
    session->names->text[which] = text;
    return true;
}

struct slice session_name(
    const struct session *session, enum session_name which) {
    if (session->names == NULL) return slice_of("");
    const struct buf *text = &session->names->text[which];
    return (struct slice){text->data, text->len};
}

void session_reset(struct session *session) {
    transaction_end(session);
    session->is_resp3 = false;
    if (session->names == NULL) return;
    for (int i = SESSION_NAME; i <= SESSION_LIB_VER; i++) {
        buf_deinit(&session->names->text[i]);
    }
    free(session->names);
    session->names = NULL;
}
