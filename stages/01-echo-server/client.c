// client.c - one connection, from its first byte to its last.

#include "client.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "net.h"

#define READ_BYTES ((size_t)32 * 1024)

// Writes everything, in as many pieces as the kernel takes. While the client
// does not read, everybody waits. Returns false if the client has gone or a
// signal came.
static bool write_all(struct clients *all, int fd, const char *p, size_t len) {
    while (len > 0) {
        if (!net_wait_writable(fd, all->wait_mask)) return false;
        ssize_t n = write(fd, p, len);
        if (n == -1 && errno != EAGAIN) return false;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return true;
}

void clients_serve(struct clients *all, int fd) {
    char bytes[READ_BYTES];
    while (net_wait_readable(fd, all->wait_mask)) {
        ssize_t n = read(fd, bytes, sizeof(bytes));
        if (n == -1 && errno == EAGAIN) continue; // it was a false alarm
        if (n <= 0) break; // the client closed, or its machine has gone
        if (!write_all(all, fd, bytes, (size_t)n)) break;
    }
    close(fd);
}
