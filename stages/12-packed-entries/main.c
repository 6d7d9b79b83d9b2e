// main.c - from the command line to a running server, and back.

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "config.h"
#include "server.h"

// Where standard input, output or error is missing, the next descriptor gets
// its number: the log would be sent to a client.
static bool hold_standard_descriptors(void) {
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd != -1 && fd <= STDERR_FILENO);
    if (fd == -1) return false;
    close(fd);
    return true;
}

int main(int argc, char **argv) {
    if (!hold_standard_descriptors()) {
        perror("medusa: cannot open /dev/null");
        return 1;
    }
    struct config config;
    switch (config_read(&config, argc, argv)) {
    case CONFIG_OK:
        break;
    case CONFIG_SHOWN:
        return 0;
    case CONFIG_WRONG:
        return 2;
    }
    struct server *server = server_new(&config);
    if (server == NULL) return 1;
    server_run(server);
    server_free(server);
    return 0;
}
