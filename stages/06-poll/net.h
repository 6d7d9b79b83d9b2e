// net.h - sockets: the system calls with their surprises taken out.

#ifndef MEDUSA_NET_H
#define MEDUSA_NET_H

// Listens for TCP connections on 127.0.0.1 and `port`, where 0 is any free one.
// Returns a descriptor that does not block, to be closed by the caller, or -1
// with errno set.
int net_listen(int port);

// Returns the port that the socket `fd` is bound to.
int net_local_port(int fd);

// Accepts a connection that does not block and sends small replies at once.
// Returns its descriptor, or -1 with errno set.
int net_accept(int listener);

#endif
