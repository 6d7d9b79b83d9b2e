// batch.c - runs the requests of a turn, some at a time.
//
// A GET on a million keys is two waits for main memory: one for the slot, one
// for the entry. Asking for the slots of 16 requests, then for their entries,
// lets those waits overlap. Source: the idea is from Valkey 8, which
// prefetches for a batch of commands as well.

#include "client.h"

#include "transaction.h"

static void stop(struct client *c, bool again) {
    c->stopped = true;
    c->again = again;
    // Requests that are parsed but not run will be parsed anew, from `done`.
    c->progress = (struct request_progress){0};
}

static void run_command(
    struct clients *all, struct pending *p, int64_t now_ms) {
    struct client *c = p->client;
    struct reply reply = {.out = &c->out, .is_resp3 = c->session.is_resp3};
    struct call call = {
        .argc = p->request.argc,
        .argv = p->request.argv,
        .store = all->store,
        .reply = &reply,
        .session = &c->session,
        .stats = all->stats,
        .password = all->password,
        .cmdstats = all->cmdstats,
        .now_ms = now_ms,
    };
    struct slice none = {0};
    store_expect(all->store, p->has_key ? call.argv[1] : none, p->hash);
    if (!command_run(p->command, &call)) c->broken = true;
    store_expect(all->store, none, 0);
    all->stats->commands++;

    if (c->broken) stop(c, false);
    if (p->command != NULL && p->command->flags & CMD_SLOW) stop(c, true);
    if (c->session.closing) {
        c->closing = true;
        stop(c, false);
    }
}

// Answers a request that could not be read.
static void refuse(struct pending *p) {
    struct client *c = p->client;
    struct reply reply = {.out = &c->out};
    transaction_abort(&c->session);
    if (!buf_reserve(&c->out, REPLY_ROOM)) {
        c->broken = true;
        stop(c, false);
        return;
    }
    if (p->request.error[0] != '\0') {
        reply_error(&reply, "%s", p->request.error);
    }
    if (p->result == REQUEST_REFUSED) return;
    c->closing = true;
    stop(c, false);
}

static void run_one(struct clients *all, struct pending *p, int64_t now_ms) {
    struct client *c = p->client;
    if (c->stopped) return;
    c->done = p->end;
    if (p->result != REQUEST_DONE) {
        refuse(p);
    } else if (p->request.argc > 0) {
        run_command(all, p, now_ms);
    }

    if (c->closing || c->out.len <= MAX_PENDING_BYTES) return;
    c->paused = true;
    stop(c, false);
}

void batch_run(struct clients *all) {
    int64_t now_ms = clock_now_ms(all->clock);
    for (size_t i = 0; i < all->batch_len; i++) {
        struct pending *p = &all->batch[i];
        struct request *r = &p->request;
        bool has_words = p->result == REQUEST_DONE && r->argc > 0;
        p->command = has_words ? command_find(r->argv[0]) : NULL;
        p->has_key =
            p->command != NULL && p->command->flags & CMD_KEY && r->argc > 1;
        if (p->has_key) p->hash = store_prefetch(all->store, r->argv[1]);
    }
    for (size_t i = 0; i < all->batch_len; i++) {
        struct pending *p = &all->batch[i];
        if (p->has_key) store_prefetch_entry(all->store, p->hash);
    }
    for (size_t i = 0; i < all->batch_len; i++) {
        run_one(all, &all->batch[i], now_ms);
        request_shrink(&all->batch[i].request);
    }
    all->batch_len = 0;
}

// A browser that is sent here by a hostile page speaks HTTP. Its first line is
// no command, but a later one, in the body, might be.
static bool is_http(const struct request *r) {
    if (r->argc == 0) return false;
    return command_word_is(r->argv[0], "POST") ||
        command_word_is(r->argv[0], "HOST:");
}

void batch_collect(struct clients *all, struct client *c) {
    size_t at = c->done;
    while (at < c->turn.len && !c->stopped) {
        // How long a request may be depends on the password, which may be in
        // the one before.
        bool must_run = c->session.needs_password && all->batch_len > 0;
        if (must_run || all->batch_len == BATCH_SIZE) {
            batch_run(all);
            continue; // this client may be stopped now
        }
        struct pending *p = &all->batch[all->batch_len];
        struct slice rest = {c->turn.data + at, c->turn.len - at};
        size_t used;
        p->request.is_limited = c->session.needs_password;
        p->result = request_parse(&p->request, rest, &c->progress, &used);
        if (p->result == REQUEST_MORE) break;
        if (p->result == REQUEST_DONE && is_http(&p->request)) {
            log_write(all->log, LOG_WARN,
                "a client speaks HTTP (attack by a web page?); closing it");
            p->result = REQUEST_BAD;
            p->request.error[0] = '\0';
        }
        at += used;
        p->client = c;
        p->end = at;
        all->batch_len++;
        if (p->result == REQUEST_BAD) break;
    }
}
