// cmd_connection.c - commands on the connection they come from.

#include "command.h"
#include "num.h"
#include "version.h"

// Reads the version that HELLO asks for. Answers with an error, and returns
// false, if there is no such version.
static bool read_version(struct call *call, bool *is_resp3) {
    int64_t version;
    if (!num_parse(call->argv[1], &version)) {
        reply_error(call->reply,
            "ERR Protocol version is not an integer or out of range");
        return false;
    }
    if (version != 2 && version != 3) {
        reply_error(call->reply, "NOPROTO unsupported protocol version");
        return false;
    }
    *is_resp3 = version == 3;
    return true;
}

static void pair(struct reply *r, const char *name, const char *value) {
    reply_bulk(r, slice_of(name));
    reply_bulk(r, slice_of(value));
}

static void number_pair(struct reply *r, const char *name, int64_t value) {
    reply_bulk(r, slice_of(name));
    reply_integer(r, value);
}

// HELLO [version]
void cmd_hello(struct call *call) {
    bool is_resp3 = call->session->is_resp3;
    if (call->argc > 1 && !read_version(call, &is_resp3)) return;

    struct reply *r = call->reply;
    call->session->is_resp3 = r->is_resp3 = is_resp3;
    reply_map(r, 7);
    pair(r, "server", "redis"); // clients branch on it, and on the version
    pair(r, "version", MEDUSA_REDIS_VERSION);
    number_pair(r, "proto", is_resp3 ? 3 : 2);
    number_pair(r, "id", (int64_t)call->session->id);
    pair(r, "mode", "standalone");
    pair(r, "role", "master");
    reply_bulk(r, slice_of("modules"));
    reply_array(r, 0);
}
