// client.h - one connection at a time: bytes in, requests run, bytes out.

#ifndef MEDUSA_CLIENT_H
#define MEDUSA_CLIENT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "command.h"
#include "request.h"
#include "store.h"

struct client {
    int fd;
    struct clients *all;
    struct buf in; // what the client sent and is not done yet
    struct buf out; // replies
    size_t sent; // bytes of `out` that are written
    bool closing; // to be closed when its replies are written
    bool broken; // to be closed now
};

// What all connections share.
struct clients {
    struct store *store; // borrowed, like all pointers of this group
    const sigset_t *wait_mask; // for net_wait_readable() and -writable()
    struct request request; // the one being run
};

// Frees everything.
void clients_deinit(struct clients *all);

// Serves the connected socket `fd` until the client closes it or a signal
// comes, then closes it.
void clients_serve(struct clients *all, int fd);

#endif
