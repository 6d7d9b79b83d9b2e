// main.c - from the command line to a running server, and back.

#include "config.h"
#include "server.h"

int main(int argc, char **argv) {
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
