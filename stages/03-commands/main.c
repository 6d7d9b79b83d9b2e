// main.c - from the port to a running server, and back.

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "server.h"

#define DEFAULT_PORT 2312

static bool read_port(const char *text, int *port) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0') return false;
    if (value < 0 || value > 65535) return false;
    *port = (int)value;
    return true;
}

int main(int argc, char **argv) {
    int port = DEFAULT_PORT;
    const char *text = argc > 1 ? argv[1] : getenv("MEDUSA_PORT");
    if (text != NULL && *text != '\0' && !read_port(text, &port)) {
        fprintf(stderr,
            "medusa: the port is '%s', but must be a number from 0 to 65535\n",
            text);
        return 2;
    }
    struct server *server = server_new(port);
    if (server == NULL) return 1;
    server_run(server);
    server_free(server);
    return 0;
}
