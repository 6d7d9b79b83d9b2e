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
    struct buf in; // what the client sent and is not done yet
    struct buf out; // replies
    size_t sent; // bytes of `out` that are written
    struct request_progress progress; // into the request that `in` starts with
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
};

// Closes all connections and frees everything.
void clients_deinit(struct clients *all);

// Takes the connected socket `fd` and serves it from now on; closes it if there
// is no memory.
void clients_add(struct clients *all, int fd);

// Closes clients that have been silent, or have not read, for too long, some at
// a time. Returns true if there are more.
bool clients_tick(struct clients *all, int64_t now_ms);

#endif
