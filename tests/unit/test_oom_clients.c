// test_oom_clients.c - memory that runs out while clients are served.
//
// Every command of the table is sent over connections of their own, again and
// again, each time with another allocation that fails: for a connection, its
// buffers, the store, a queue of MULTI, a histogram. A client gets the reply
// that it always gets, or -OOM, or it is closed. What was stored before is
// still there, a client that was connected before is served, and nothing leaks.

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "oom.h"

#define REPLY_BYTES (128 * 1024) // of all replies of a group

// ------------------------------------------------------------ what is sent

enum kind {
    EXACT, // the replies are the same in every run
    VARIES, // only their types are
    CLOSES, // the server closes afterwards
};

// The requests of one connection; no group uses a key of another. `{long}` is
// a value that is too long for a slab.
struct group {
    enum kind kind;
    const char *lines;
};

static const struct group groups[] = {
    {EXACT, "SET a 1 EX 100\nGET a\nEXISTS a\nTTL a\nEXPIRE a 50\nDEL a\n"},
    {EXACT,
        "SET b {long}\nGETSET b 2\nSET b 3 GET\nGETEX b PERSIST\nGETEX b EX "
        "9\nGETDEL b\nSETNX b 4\nSETEX b 9 5\nPSETEX b 9000 6\nGET b\n"},
    {EXACT,
        "MSET c1 1 c2 2\nMGET c1 c2 c3\nMSETNX c1 1 c4 4\nMSETNX c4 4 c5 "
        "5\nDELETE c1 c2\nUNLINK c4\nTOUCH c5\nTYPE c5\n"},
    {EXACT,
        "APPEND d x\nAPPEND d {long}\nAPPEND d {long}\nSTRLEN d\nGETRANGE d "
        "0 9\nSETRANGE d 20000 y\nSETRANGE d 0 z\nGETRANGE d 0 2\n"},
    {EXACT, "INCR e\nINCRBY e 41\nDECR e\nDECRBY e 1\nINCRBYFLOAT e 1.5\n"},
    {EXACT, "SET f 1\nRENAME f {long}\nRENAMENX {long} f\nGET f\n"},
    {EXACT,
        "SET g 1\nPEXPIRE g 90000\nEXPIREAT g 1800000000\nEXPIRETIME g\n"
        "PEXPIREAT g 1800000000123\nPEXPIRETIME g\nPERSIST g\nPTTL g\n"
        "EXPIRE g 0\n"},
    {EXACT,
        "MULTI\nSET h 1\nINCR h\nGET h\nMGET h h h2\nEXEC\nGET h\n"
        "MULTI\nSET h {long}\nDISCARD\nGET h\n"},
    {VARIES,
        "HELLO 3 SETNAME me\nGET nothing\nCONFIG GET max*\nCOMMAND DOCS "
        "GET\nCLIENT GETNAME\nRESET\nCLIENT GETNAME\n"},
    {VARIES,
        "CLIENT ID\nCLIENT SETNAME you\nCLIENT SETINFO LIB-NAME lib\n"
        "CLIENT SETINFO LIB-VER 1\nCLIENT INFO\nCLIENT LIST\nCLIENT KILL "
        "ID 999999\nCLIENT HELP\nAUTH no\nECHO {long}\nSELECT 0\n"},
    {VARIES,
        "LIST\nKEYS *1*\nSCAN 0 COUNT 1000 MATCH *2*\nRANDOMKEY\nCOUNT\n"
        "DBSIZE\nTIME\nPING\nPING {long}\n"},
    {VARIES,
        "INFO\nINFO ALL\nSET i 1\nMEMORY USAGE i\nMEMORY HELP\nCONFIG SET "
        "maxmemory 0\nCONFIG RESETSTAT\nCONFIG HELP\n"},
    {VARIES,
        "COMMAND\nCOMMAND COUNT\nCOMMAND LIST\nCOMMAND INFO GET\nCOMMAND "
        "HELP\nEXISTS a b c d e f g h i j k l m n o p q r s t u v w x\n"},
    {EXACT, "*3\r\n$3\r\nSET\r\n$1\r\nj\r\n$1\r\nx\r\nGET 'j'\nGET 'j\n"},
    {CLOSES, "PING\nQUIT\n"},
    {CLOSES, "PING\nEXIT\n"},
    {CLOSES, "PING\n*1\r\n$x\r\n"},
    {CLOSES, "PING\nSHUTDOWN\n"},
};

static const char *const clears[] = {"CLEAR", "FLUSHALL", "FLUSHDB ASYNC"};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

// What a group is answered while no allocation fails.
struct recording {
    size_t len;
    char bytes[REPLY_BYTES];
};

static struct recording expected[GROUPS];
static bool is_recording;

// Puts the bytes to send into `text`, with each {long} written out.
static struct slice write_out(const char *lines, char *text, size_t size) {
    size_t n = 0;
    while (*lines != '\0') {
        bool is_long = strncmp(lines, "{long}", 6) == 0;
        CHECK(n + 5000 < size);
        if (is_long) memset(text + n, 'x', 4500);
        if (!is_long) text[n] = *lines;
        n += is_long ? 4500 : 1;
        lines += is_long ? 6 : 1;
    }
    return (struct slice){text, n};
}

// Returns the place behind the reply at `p`, or NULL if it is not a whole one.
static const char *skip_reply(const char *p, const char *end) {
    const char *newline = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
    if (newline == NULL) return NULL;
    long n = strtol(p + 1, NULL, 10);
    const char *next = newline + 1;
    if (strchr("+-:_", *p) != NULL || n < 0) return next;
    if (*p == '$') return end - next >= n + 2 ? next + n + 2 : NULL;
    CHECK(*p == '*' || *p == '%');
    for (n *= *p == '%' ? 2 : 1; n > 0 && next != NULL; n--) {
        next = skip_reply(next, end);
    }
    return next;
}

// Returns whether a reply is an OOM, or an array that holds one.
static bool has_oom(struct slice reply) {
    for (size_t i = 0; i + 5 <= reply.len; i++) {
        bool is_start = i == 0 || reply.data[i - 1] == '\n';
        if (is_start && memcmp(reply.data + i, "-OOM ", 5) == 0) return true;
    }
    return false;
}

// Holds the replies of a group against those that were recorded. After an OOM
// the others of the group may be about a key that is not as it should be.
static void check_replies(const struct group *group, struct slice got,
    const struct recording *right, bool is_closed) {
    const char *p = got.data, *q = right->bytes;
    const char *p_end = p + got.len, *q_end = q + right->len;
    bool had_oom = false;
    while (p < p_end) {
        const char *next = skip_reply(p, p_end);
        const char *q_next = skip_reply(q, q_end);
        CHECK(q_next != NULL); // no more replies than requests
        if (next == NULL) break;
        struct slice a = {p, (size_t)(next - p)};
        struct slice b = {q, (size_t)(q_next - q)};
        if (has_oom(a)) had_oom = true;
        if (!had_oom && group->kind == VARIES && *p != *q) {
            check_show("requests", slice_of(group->lines));
        }
        if (!had_oom && group->kind == VARIES) CHECK_INT(*p, *q);
        if (!had_oom && group->kind != VARIES) CHECK_BYTES(a, b);
        p = next;
        q = q_next;
    }
    CHECK(p == p_end || is_closed);
    CHECK(q == q_end || is_closed);
    CHECK(!had_oom || has_failed);
}

// ---------------------------------------------------------------- a server

struct world {
    struct store *store;
    struct loop *loop;
    struct clients clients;
    struct stats stats;
    struct clock clock;
    struct log log;
    struct secret password;
    struct cmdstat *cmdstats;
    struct server_ops ops;
};

static void each_client(
    void *server, uint64_t id, ops_client_fn *visit, void *arg) {
    struct world *w = server;
    clients_each(&w->clients, id, visit, arg);
}

static bool kill_client(void *server, uint64_t id) {
    struct world *w = server;
    return clients_kill(&w->clients, id);
}

static void each_setting(void *server, ops_setting_fn *visit, void *arg) {
    (void)server;
    visit(arg, "maxclients", "100");
}

static enum ops_result check_setting(
    void *server, struct slice name, struct slice value, const char **allowed) {
    (void)server;
    (void)name;
    (void)value;
    *allowed = "";
    return OPS_OK;
}

static void change_setting(
    void *server, struct slice name, struct slice value) {
    (void)server;
    (void)name;
    (void)value;
}

static void reset_stats(void *server) {
    struct world *w = server;
    store_reset_stats(w->store);
    stats_reset(&w->stats);
    cmdstats_reset(w->cmdstats, command_count());
}

static void shut_down(void *server) {
    (void)server;
}

// Returns false if there is not enough memory even to start.
static bool open_world(struct world *w, const struct loop_backend *backend) {
    *w = (struct world){.log.level = LOG_ERROR, .clock = clock_start()};
    w->ops = (struct server_ops){w, each_client, kill_client, each_setting,
        check_setting, change_setting, reset_stats, shut_down};
    w->stats = (struct stats){.max_clients = 100, .event_loop = backend->name};
    w->stats.start_ms = clock_now_ms(&w->clock);
    w->store = store_new(0);
    w->loop = loop_new(backend);
    w->cmdstats = cmdstats_new(command_count());
    w->clients = (struct clients){.loop = w->loop,
        .store = w->store,
        .stats = &w->stats,
        .cmdstats = w->cmdstats,
        .log = &w->log,
        .clock = &w->clock,
        .password = &w->password,
        .ops = &w->ops};
    bool has_room = clients_init(&w->clients);
    return w->store && w->loop && w->cmdstats && has_room;
}

static void close_world(struct world *w) {
    clients_deinit(&w->clients);
    loop_free(w->loop);
    store_free(w->store);
    cmdstats_free(w->cmdstats, command_count());
}

static void turn(struct world *w) {
    CHECK_INT(loop_wait(w->loop, 0), 0);
    clients_turn(&w->clients);
    store_expire_step(w->store, clock_now_ms(&w->clock));
    store_evict_step(w->store);
    store_free_step(w->store);
    clients_tick(&w->clients, clock_now_ms(&w->clock));
}

// ---------------------------------------------------------------- a client

static int open_client(struct world *w) {
    int ends[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    clients_add(&w->clients, ends[1]);
    return ends[0];
}

static void close_client(struct world *w, int fd) {
    close(fd);
    turn(w);
}

// Sends and gives the server time until it is done with it: nothing comes in
// some turns. Returns false if it has closed the connection.
static bool talk(
    struct world *w, int fd, struct slice in, struct slice *replies) {
    static char got[REPLY_BYTES];
    size_t sent = 0, len = 0;
    for (int quiet = 0; quiet < 4; quiet++) {
        size_t left = in.len - sent;
        ssize_t n = left > 0 ? send(fd, in.data + sent, left, MSG_NOSIGNAL) : 0;
        if (n > 0) sent += (size_t)n;
        turn(w);
        ssize_t m = recv(fd, got + len, sizeof(got) - len, 0);
        if (m > 0) len += (size_t)m;
        CHECK(len < sizeof(got));
        *replies = (struct slice){got, len};
        if (m == 0 || (m == -1 && errno == ECONNRESET)) return false;
        if (n > 0 || m > 0) quiet = -1;
    }
    return true;
}

// ------------------------------------------------------------ the scenarios

static void check_model(struct world *w) {
    for (int k = 0; k < KEYS && model[k] != NONE; k++) {
        struct slice value;
        CHECK_INT(store_get(w->store, key_of(k), NOW, &value), STORE_OK);
        CHECK_BYTES(value, value_of(model[k]));
    }
}

// Stores the first keys of the model, as many as there is memory for.
static void fill_store(struct world *w, int keys) {
    clear_model();
    for (int k = 0; k < keys; k++) {
        enum store_result result =
            store_set(w->store, key_of(k), value_of(k), STORE_NO_DEADLINE);
        if (result != STORE_OK) break;
        model[k] = k;
    }
    CHECK(model[keys - 1] != NONE || has_failed);
}

static void run_group(struct world *w, size_t i) {
    static char text[64 * 1024];
    const struct group *group = &groups[i];
    struct recording *right = &expected[i];
    struct slice replies = {"", 0};
    int fd = open_client(w);
    bool is_open =
        talk(w, fd, write_out(group->lines, text, sizeof(text)), &replies);
    if (is_recording) {
        memcpy(right->bytes, replies.data, replies.len);
        right->len = replies.len;
        CHECK_INT(is_open, group->kind != CLOSES);
    } else {
        check_replies(group, replies, right, !is_open);
        CHECK(is_open != (group->kind == CLOSES) || has_failed);
    }
    close_client(w, fd);
    check_model(w);
}

// Removes all keys, or none of them.
static void run_clear(struct world *w, const char *line) {
    struct slice replies = {"", 0};
    char text[64];
    int fd = open_client(w);
    size_t n = (size_t)snprintf(text, sizeof(text), "%s\n", line);
    bool is_open = talk(w, fd, (struct slice){text, n}, &replies);
    bool is_done = store_stats(w->store).keys == 0;
    if (slice_equal(replies, BYTES("+OK\r\n"))) CHECK(is_done);
    CHECK(is_open || has_failed);
    if (is_done) clear_model();
    close_client(w, fd);
    check_model(w);
}

// Stores more than fits, where old keys make room. What is there is right.
static void run_eviction(struct world *w, int keys) {
    char line[100];
    size_t max_bytes = store_stats(w->store).bytes + 2000;
    store_set_limit(w->store, max_bytes, STORE_EVICTS);
    int fd = open_client(w);
    for (int k = 0; k < keys; k++) {
        struct slice replies = {"", 0};
        size_t n = (size_t)snprintf(
            line, sizeof(line), "SET k:%d %0*d\n", k, k % 3, k);
        if (k % 200 == 0) continue; // its value is too long for the line
        talk(w, fd, (struct slice){line, n}, &replies);
    }
    for (int k = 0; k < keys; k++) {
        struct slice value;
        if (store_get(w->store, key_of(k), NOW, &value) != STORE_OK) continue;
        CHECK_BYTES(value, value_of(k));
    }
    CHECK(store_stats(w->store).bytes <= max_bytes || has_failed);
    close_client(w, fd);
}

static void serve(const struct loop_backend *backend, int keys) {
    struct world w;
    struct slice replies = {"", 0};
    if (!open_world(&w, backend)) {
        CHECK(has_failed);
        close_world(&w);
        return;
    }
    int witness = open_client(&w);
    bool was_served = talk(&w, witness, BYTES("PING\n"), &replies);
    fill_store(&w, keys);
    for (size_t i = 0; i < GROUPS; i++) run_group(&w, i);
    for (size_t i = 0; i < 3; i++) run_clear(&w, clears[i]);
    run_eviction(&w, keys);
    memory_comes_back();
    if (was_served) {
        CHECK(talk(&w, witness, BYTES("PING\n"), &replies));
        CHECK_BYTES(replies, BYTES("+PONG\r\n"));
    }
    close(witness);
    close_world(&w);
}

static void clients_scenario(int keys) {
    serve(&loop_poll, keys);
}

#ifdef __linux__
static void epoll_scenario(int keys) {
    serve(&loop_epoll, keys);
}
#endif

// -------------------------------------------------- HELLO in a transaction

// What is sent at the end, and the answers in versions 2 and 3.
#define ASKED "GET nothing\nCLIENT GETNAME\n"
#define OLD_ANSWERS "$-1\r\n$-1\r\n"
#define NEW_ANSWERS "_\r\n$2\r\nme\r\n"

// EXEC makes room for short replies, and that of HELLO is none. If it does not
// fit, version and name must be what they were. Whether the buffer has more
// room than EXEC asks for, depends on how many commands there are.
static void hello_in_exec(struct world *w, int commands) {
    struct slice replies = {"", 0};
    char lines[1024] = "MULTI\nHELLO 3 SETNAME me\n";
    for (int i = 1; i < commands; i++) strcat(lines, "GET nothing\n");
    int fd = open_client(w);
    bool is_open = talk(w, fd, slice_of(lines), &replies);
    bool is_queued = replies.len > 0 && *replies.data == '+'; // MULTI was done
    is_open = is_open && talk(w, fd, BYTES("EXEC\n"), &replies);
    bool is_done = is_open && memchr(replies.data, '%', replies.len) != NULL;
    memory_comes_back();
    if (is_open && is_queued && talk(w, fd, BYTES(ASKED), &replies)) {
        CHECK_BYTES(replies, slice_of(is_done ? NEW_ANSWERS : OLD_ANSWERS));
    }
    close_client(w, fd);
}

static void hello_scenario(int commands) {
    struct world w;
    if (open_world(&w, &loop_poll)) hello_in_exec(&w, commands);
    close_world(&w);
}

// Returns whether a line of `lines` begins with `name`.
static bool has_line(const char *lines, const char *name) {
    const char *p = lines;
    while (strncmp(p, name, strlen(name)) != 0) {
        p = strchr(p, '\n');
        if (p == NULL) return false;
        p++;
    }
    return true;
}

// Makes sure that no command of the table is forgotten.
static void check_all_are_sent(void) {
    for (size_t row = 0; row < command_count(); row++) {
        char name[COMMAND_NAME_BYTES];
        bool is_sent = false;
        snprintf(name, sizeof(name), "%s", command_at(row)->name);
        if (strchr(name, '|') != NULL) *strchr(name, '|') = ' ';
        for (size_t i = 0; i < GROUPS; i++) {
            is_sent |= has_line(groups[i].lines, name);
        }
        for (size_t i = 0; i < 3; i++) is_sent |= has_line(clears[i], name);
        if (!is_sent) printf("%s is not tried without memory\n", name);
        CHECK(is_sent);
    }
}

int main(void) {
    check_all_are_sent();
    is_recording = true;
    clients_scenario(40);
    is_recording = false;
    fail_everywhere("clients", clients_scenario, 10, 600);
    for (int commands = 1; commands <= 32; commands++) {
        fail_everywhere("HELLO in EXEC", hello_scenario, commands, commands);
    }
#ifdef __linux__
    mode = FAIL_ONE;
    fail_each("clients with epoll", epoll_scenario, 40, true);
#endif
    puts("ok");
    return 0;
}
