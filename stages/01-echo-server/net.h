// net.h - sockets: the system calls with their surprises taken out.

#ifndef MEDUSA_NET_H
#define MEDUSA_NET_H

#include <signal.h>
#include <stdbool.h>

// Listens for TCP connections on 127.0.0.1 and `port`, where 0 is any free one.
// Returns a descriptor that does not block, to be closed by the caller, or -1
// with errno set.
int net_listen(int port);

// Returns the port that the socket `fd` is bound to.
int net_local_port(int fd);

// Accepts a connection that does not block and sends small replies at once.
// Returns its descriptor, or -1 with errno set.
int net_accept(int listener);

// Wait until `fd` can be read or written without waiting. Only signals that
// are not in `mask` are let in, and only here: a signal that came before is
// noticed as well. Return false if one came.
bool net_wait_readable(int fd, const sigset_t *mask);
bool net_wait_writable(int fd, const sigset_t *mask);

#endif
