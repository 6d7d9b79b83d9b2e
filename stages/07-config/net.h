// net.h - sockets: the system calls with their surprises taken out.

#ifndef MEDUSA_NET_H
#define MEDUSA_NET_H

#include <stdbool.h>
#include <stddef.h>

#define NET_ADDRESS_BYTES 64 // of text for any address with its port

// Listens for TCP connections on `host` (IPv4, IPv6 or a name) and `port`,
// where 0 is any free one. Returns a descriptor that does not block, to be
// closed by the caller, or -1 with *error saying what went wrong.
int net_listen(const char *host, int port, const char **error);

// Writes "address:port", "[address]:port" for IPv6, of the socket's own end
// to `text`, which has room for NET_ADDRESS_BYTES.
void net_local_address(int fd, char *text);

// Accepts a connection that does not block and sends small replies at once.
// Returns its descriptor, or -1 with errno set.
int net_accept(int listener);

// Returns whether a read from `fd` would not have to wait now.
bool net_can_read(int fd);

// Lets the process open `count` descriptors, if the system allows it. Returns
// how many it can open now.
size_t net_raise_descriptor_limit(size_t count);

#endif
