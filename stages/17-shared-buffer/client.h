// client.h - the connections: bytes in, requests run, bytes out.
//
// When a client is ready, it gets a turn: it is read once, its complete
// requests are run, and it is written to once.

#ifndef MEDUSA_CLIENT_H
#define MEDUSA_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "clock.h"
#include "command.h"
#include "log.h"
#include "loop.h"
#include "request.h"
#include "stats.h"
#include "store.h"

// Replies waiting for one client. Looked at between replies, so that one reply
// may have any size.
#define MAX_PENDING_BYTES ((size_t)64 * 1024 * 1024)

struct client {
    int fd;
    struct clients *all;
    struct client *prev, *next; // in all->idle or all->writing
    int64_t active_ms; // when the last byte moved, Unix time
    struct buf in; // what came in earlier turns and is not done yet
    struct buf out; // replies
    size_t sent; // bytes of `out` that are written
    struct slice turn; // input of this turn: in `in` or in all->room
    size_t done; // bytes of it whose requests have been run
    struct request_progress progress; // into the request that starts at `done`
    struct session session;
    bool is_writing; // in the list of clients that have replies to read
    bool at_end; // the peer sends nothing more
    bool paused; // too many replies pending; goes on when they are read
    bool closing; // to be closed when its replies are written
    bool broken; // to be closed now
};

// The list of clients by last activity, the one longest silent first.
struct client_list {
    struct client *first, *last;
};

// What all connections share.
struct clients {
    struct loop *loop; // borrowed, like all pointers of this group
    struct store *store;
    struct stats *stats;
    const struct log *log;
    const struct clock *clock;
    int64_t timeout_ms; // 0: none
    struct client_list idle, writing;
    struct request request; // the one being run
    char *room; // input of this turn for clients that keep none
};

// Allocates what all clients share. Returns false if there is no memory.
bool clients_init(struct clients *all);

// Closes all connections and frees everything.
void clients_deinit(struct clients *all);

// Takes the connected socket `fd` and serves it from now on; closes it if there
// is no memory.
void clients_add(struct clients *all, int fd);

// Closes clients that have been silent, or have not read, for too long, some at
// a time. Returns true if there are more.
bool clients_tick(struct clients *all, int64_t now_ms);

#endif
