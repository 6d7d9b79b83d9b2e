// cmd_string.c - commands on values.

#include "command.h"

// GET key
void cmd_get(struct call *call) {
    struct slice value;

    switch (store_get(call->store, call->argv[1], &value)) {
    case STORE_OK:
        reply_bulk(call->reply, value);
        break;
    case STORE_MISSING:
    case STORE_NO_MEMORY:
        reply_null(call->reply);
        break;
    }
}

// SET key value
void cmd_set(struct call *call) {
    switch (store_set(call->store, call->argv[1], call->argv[2])) {
    case STORE_OK:
    case STORE_MISSING:
        reply_simple(call->reply, "OK");
        break;
    case STORE_NO_MEMORY:
        reply_error(call->reply, "OOM out of memory, nothing was changed");
        break;
    }
}
