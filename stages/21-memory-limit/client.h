// client.h - the connections: bytes in, requests run, bytes out.
//
// A turn is what happens between two waits of the loop. In it, every client
// that is ready is read once; the requests of all of them are collected and
// run in batches; then every client of the turn is written to once. Reading
// and running are apart, because a batch can start loading the memory of all
// its keys before it needs the first one.

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

#define BATCH_SIZE 16 // requests; 32 were no faster

// Replies waiting for one client. Looked at between replies, so that one reply
// may have any size.
#define MAX_PENDING_BYTES ((size_t)64 * 1024 * 1024)

struct client {
    int fd;
    uint32_t counted; // bytes / BUF_STEP of this client in stats.client_bytes
    struct clients *all;
    struct client *prev, *next; // in all->idle or all->writing
    struct client *next_in_turn;
    int64_t active_ms; // when the last byte moved, Unix time
    struct buf in; // what came in earlier turns and is not done yet
    struct buf out; // replies
    size_t sent; // bytes of `out` that are written
    struct slice turn; // input of this turn: in `in` or in all->room
    size_t done; // bytes of it whose requests have been run
    struct request_progress progress; // into the request that starts at `done`
    struct session session;
    bool in_turn; // in the list of this turn
    bool is_writing; // in the list of clients that have replies to read
    bool at_end; // the peer sends nothing more
    bool stopped; // no more requests in this turn
    bool again; // there may be more requests in `in` for the next turn
    bool paused; // too many replies pending; goes on when they are read
    bool closing; // to be closed when its replies are written
    bool broken; // to be closed now
};

// The list of clients by last activity, the one longest silent first.
struct client_list {
    struct client *first, *last;
};

// A request that waits in the batch.
struct pending {
    struct client *client;
    struct request request;
    enum request_result result;
    size_t end; // bytes of the client's turn up to the end of the request
    const struct command *command;
    bool has_key;
    uint64_t hash; // of its key
};

// What all connections share.
struct clients {
    struct loop *loop; // borrowed, like all pointers of this group
    struct store *store;
    struct stats *stats;
    const struct log *log;
    const struct clock *clock;
    int64_t timeout_ms; // 0: none
    bool is_draining; // no client is read from any more, but once
    struct client_list idle, writing;
    struct client *turn_first, *turn_last;
    struct pending batch[BATCH_SIZE];
    size_t batch_len;
    char *room; // input of this turn for clients that keep none
    size_t room_used;
};

// Allocates what the batches need. Returns false if there is no memory.
bool clients_init(struct clients *all);

// Closes all connections and frees everything.
void clients_deinit(struct clients *all);

// Takes the connected socket `fd` and serves it from now on; closes it if there
// is no memory.
void clients_add(struct clients *all, int fd);

// Ends a turn: runs the requests that have been collected and writes the
// replies. Returns true if some client has more requests that can be run
// without waiting.
bool clients_turn(struct clients *all);

// Closes clients that have been silent, or have not read, for too long, some at
// a time. Returns true if there are more.
bool clients_tick(struct clients *all, int64_t now_ms);

// Reads each client for a last time. They are closed as soon as what they
// have sent is answered and the answers are written.
void clients_drain(struct clients *all);

// ---- between client.c and batch.c

// Parses the requests in this client's turn into the batch, and runs it each
// time it is full.
void batch_collect(struct clients *all, struct client *c);

// Runs what is in the batch.
void batch_run(struct clients *all);

#endif
