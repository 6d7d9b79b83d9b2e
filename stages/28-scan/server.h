// server.h - everything that runs, put together.

#ifndef MEDUSA_SERVER_H
#define MEDUSA_SERVER_H

#include "config.h"

struct server; // opaque: its fields are known in server.c only

// Builds a server and listens. Returns NULL after one line on standard error
// that says why it cannot. Borrows `config`.
struct server *server_new(const struct config *config);

void server_free(struct server *s);

// Prints the address on standard output, then serves until a signal ends it.
void server_run(struct server *s);

#endif
