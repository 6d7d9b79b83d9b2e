// bulk.h - sends a stream of commands as fast as it can be taken.

#ifndef MEDUSA_BULK_H
#define MEDUSA_BULK_H

#include "conn.h"

// Sends the bytes of `fd` as they are, up to their end, and counts the replies
// until the server closes. Prints the counts on stdout and the first errors on
// stderr. Returns the exit status.
int bulk_run(struct conn *c, int fd);

#endif
