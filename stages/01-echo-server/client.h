// client.h - one connection at a time: bytes in, the same bytes out.

#ifndef MEDUSA_CLIENT_H
#define MEDUSA_CLIENT_H

#include <signal.h>

// What all connections share.
struct clients {
    const sigset_t *wait_mask; // for net_wait_readable() and -writable()
};

// Serves the connected socket `fd` until the client closes it or a signal
// comes, then closes it.
void clients_serve(struct clients *all, int fd);

#endif
