// net.c - sockets.

#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static void close_keep_errno(int fd) {
    int saved = errno;
    close(fd);
    errno = saved;
}

static bool set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags == -1) return false;
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1) return false;
    return fcntl(fd, F_SETFD, FD_CLOEXEC) != -1;
}

int net_listen(int port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1) return -1;

    // Without this, a restart has to wait until the last connections of the
    // server before it are forgotten by the kernel.
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    struct sockaddr_in sa = {
        .sin_family = AF_INET,
        .sin_port = htons((in_port_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1) goto fail;
    if (listen(fd, SOMAXCONN) == -1) goto fail;
    if (!set_nonblocking(fd)) goto fail;
    return fd;

fail:
    close_keep_errno(fd);
    return -1;
}

int net_local_port(int fd) {
    struct sockaddr_in sa = {0};
    socklen_t len = sizeof(sa);
    getsockname(fd, (struct sockaddr *)&sa, &len);
    return ntohs(sa.sin_port);
}

int net_accept(int listener) {
    int fd = accept(listener, NULL, NULL);
    if (fd == -1) return -1;
    if (!set_nonblocking(fd)) {
        close_keep_errno(fd);
        return -1;
    }
    // Otherwise the kernel may hold a small reply back until the one before
    // it is acknowledged (Nagle's algorithm). Best effort.
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static bool wait_for(int fd, const sigset_t *mask, bool writing) {
    // A wait for what is ready already would let no signal in, so ask first.
    const struct timespec none = {0};
    if (pselect(0, NULL, NULL, NULL, &none, mask) == -1) return false;

    fd_set fds;
    FD_ZERO(&fds);
    FD_SET(fd, &fds);
    return pselect(fd + 1, writing ? NULL : &fds, writing ? &fds : NULL, NULL,
               NULL, mask) == 1;
}

bool net_wait_readable(int fd, const sigset_t *mask) {
    return wait_for(fd, mask, false);
}

bool net_wait_writable(int fd, const sigset_t *mask) {
    return wait_for(fd, mask, true);
}
