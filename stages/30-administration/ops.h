// ops.h - what commands may ask of the whole server.
//
// Commands know no sockets, no settings and no other clients. The few that are
// about those call these functions, which server.c fills in; a test of commands
// can fill in its own, or none.

#ifndef MEDUSA_OPS_H
#define MEDUSA_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "slice.h"

enum ops_result {
    OPS_OK,
    OPS_UNKNOWN, // there is no such setting
    OPS_FIXED, // it cannot be changed while the server runs
    OPS_WRONG, // it cannot have this value
};

// A line about a client, or the name and the value of a setting.
typedef void ops_client_fn(void *arg, uint64_t id, const char *line);
typedef void ops_setting_fn(void *arg, const char *name, const char *value);

struct server_ops {
    void *server; // the first argument of each of them
    // Visits the client with this number, or all if it is 0.
    void (*each_client)(
        void *server, uint64_t id, ops_client_fn *visit, void *arg);
    // Closes a client. Returns false if there is none with this number.
    bool (*kill_client)(void *server, uint64_t id);
    void (*each_setting)(void *server, ops_setting_fn *visit, void *arg);
    // Returns whether change_setting() could give a setting this value, and
    // changes nothing. Puts what the setting takes into *allowed.
    enum ops_result (*check_setting)(void *server, struct slice name,
        struct slice value, const char **allowed);
    void (*change_setting)(void *server, struct slice name, struct slice value);
    void (*reset_stats)(void *server);
    void (*shut_down)(void *server);
};

#endif
