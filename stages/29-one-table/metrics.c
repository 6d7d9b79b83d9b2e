// metrics.c - the little of HTTP that a scraper needs.
//
// The request line decides; the other lines of the head are only waited for,
// and a body is never read. Every answer says that the connection ends with it,
// so there is no second request to find.

#include "metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net.h"
#include "slice.h"

#define HEAD_BYTES 8192 // of a request, up to its blank line
#define SCRAPER_MS 5000 // from the connection to the last byte of the answer

struct scraper {
    int fd;
    size_t place; // in all->scrapers
    struct metrics *all;
    int64_t since_ms; // when it connected, Unix time
    struct buf out; // the answer; empty until the request has been read
    size_t sent; // bytes of `out` that are written
    size_t head_len;
    char head[HEAD_BYTES]; // the request so far
};

// ---------------------------------------------------------------- answers

struct answer {
    const char *status;
    const char *headers; // beyond those that every answer has
    const char *body; // NULL: the metrics
};

static const struct answer found = {"200 OK", "", NULL};
static const struct answer bad_request = {"400 Bad Request", "",
    "This port answers HTTP requests of up to 8 KiB: GET /metrics\n"};
static const struct answer forbidden = {"403 Forbidden", "",
    "Medusa is in protected mode: its metrics are for its own machine only. "
    "Ask from there, or start it with MEDUSA_PROTECTED_MODE=false; without a "
    "password, every machine that can reach it may then change all data.\n"};
static const struct answer not_found = {
    "404 Not Found", "", "The metrics are at /metrics\n"};
static const struct answer wrong_method = {"405 Method Not Allowed",
    "Allow: GET, HEAD\r\n", "The metrics can only be read: GET /metrics\n"};

// Appends an answer; `has_body` is false for HEAD, which wants the head alone.
static bool put_answer(struct buf *out, const struct answer *answer,
    struct slice body, bool has_body) {
    char head[256];
    snprintf(head, sizeof(head),
        "HTTP/1.1 %s\r\n"
        "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
        "Content-Length: %zu\r\n"
        "%sConnection: close\r\n\r\n",
        answer->status, body.len, answer->headers);
    if (!buf_append(out, slice_of(head))) return false;
    return !has_body || buf_append(out, body);
}

// ---------------------------------------------------------------- requests

// Takes the next word, up to a space, from the front of `line`.
static struct slice next_word(struct slice *line) {
    const char *space = memchr(line->data, ' ', line->len);
    size_t n = space != NULL ? (size_t)(space - line->data) : line->len;
    size_t used = space != NULL ? n + 1 : n;
    struct slice word = {line->data, n};
    *line = (struct slice){line->data + used, line->len - used};
    return word;
}

static bool has_blank_line(struct slice head) {
    for (size_t i = 1; i < head.len; i++) {
        if (head.data[i] != '\n') continue;
        size_t before = head.data[i - 1] == '\r' && i > 1 ? i - 2 : i - 1;
        if (head.data[before] == '\n') return true;
    }
    return false;
}

static bool is_metrics_path(struct slice target) {
    const char *query = memchr(target.data, '?', target.len);
    if (query != NULL) target.len = (size_t)(query - target.data);
    return slice_equal(target, slice_of("/metrics"));
}

// Returns the answer to a request, or NULL if more of it must come. A first
// line that is not HTTP is answered at once: who sent it may know nothing of
// the blank line.
static const struct answer *judge(struct slice head, bool *is_head) {
    const struct answer *wait = head.len < HEAD_BYTES ? NULL : &bad_request;
    const char *end = memchr(head.data, '\n', head.len);
    *is_head = false;
    if (end == NULL) return wait;

    struct slice line = {head.data, (size_t)(end - head.data)};
    if (line.len > 0 && end[-1] == '\r') line.len--;
    struct slice method = next_word(&line);
    struct slice target = next_word(&line);
    bool is_http = slice_equal(line, slice_of("HTTP/1.1")) ||
        slice_equal(line, slice_of("HTTP/1.0"));
    if (!is_http) return &bad_request;
    if (!has_blank_line(head)) return wait;

    *is_head = slice_equal(method, slice_of("HEAD"));
    if (!is_metrics_path(target)) return &not_found;
    bool is_get = slice_equal(method, slice_of("GET"));
    return *is_head || is_get ? &found : &wrong_method;
}

// ---------------------------------------------------------------- a scraper

static void scraper_close(struct scraper *s) {
    struct metrics *m = s->all;
    loop_forget(m->loop, s->fd);
    net_close_gently(s->fd);
    m->scrapers[s->place] = NULL;
    buf_deinit(&s->out);
    free(s);
}

// Puts the answer together. Returns false if there is no memory.
static bool prepare(
    struct scraper *s, const struct answer *answer, bool is_head) {
    struct buf text = {0};
    bool is_ready = answer->body != NULL
        ? buf_append(&text, slice_of(answer->body))
        : metrics_text(s->all, &text);
    struct slice body = {text.data, text.len};
    if (is_ready) is_ready = put_answer(&s->out, answer, body, !is_head);
    if (!is_ready) log_write(s->all->log, LOG_WARN, "metrics: no memory");
    buf_deinit(&text);
    return is_ready;
}

// Reads once. Returns false if the scraper is to be closed.
static bool read_request(struct scraper *s) {
    char *end = s->head + s->head_len;
    ssize_t n = read(s->fd, end, sizeof(s->head) - s->head_len);
    if (n == -1) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    s->head_len += (size_t)n;

    bool is_head;
    struct slice head = {s->head, s->head_len};
    const struct answer *answer = judge(head, &is_head);
    return answer == NULL || prepare(s, answer, is_head);
}

// Writes once. Returns false if the scraper is to be closed.
static bool write_answer(struct scraper *s) {
    ssize_t n = write(s->fd, s->out.data + s->sent, s->out.len - s->sent);
    if (n == -1) return errno == EAGAIN || errno == EINTR;
    s->sent += (size_t)n;
    return s->sent < s->out.len;
}

// May free the scraper.
static void scraper_on_ready(void *arg, int fd, unsigned ready) {
    struct scraper *s = arg;
    (void)ready;
    bool goes_on = s->out.len > 0 || read_request(s);
    if (goes_on && s->out.len > 0) {
        goes_on = write_answer(s) &&
            loop_watch(s->all->loop, fd, LOOP_WRITE, scraper_on_ready, s);
    }
    if (!goes_on) scraper_close(s);
}

// ---------------------------------------------------------------- accepting

static size_t free_place(const struct metrics *m) {
    size_t i = 0;
    while (i < METRICS_SCRAPERS && m->scrapers[i] != NULL) i++;
    return i;
}

static void scraper_add(struct metrics *m, int fd) {
    struct scraper *s = calloc(1, sizeof(*s));
    if (s == NULL || !loop_watch(m->loop, fd, LOOP_READ, scraper_on_ready, s)) {
        log_write(m->log, LOG_WARN, "metrics: no memory");
        free(s);
        close(fd);
        return;
    }
    s->fd = fd;
    s->all = m;
    s->since_ms = clock_now_ms(m->clock);
    s->place = free_place(m);
    m->scrapers[s->place] = s;
}

// A stranger gets no place, or some of them could keep all of them taken.
static void turn_away(int fd) {
    struct buf out = {0};
    if (put_answer(&out, &forbidden, slice_of(forbidden.body), true)) {
        ssize_t n = write(fd, out.data, out.len); // best effort
        (void)n;
    }
    buf_deinit(&out);
    net_close_gently(fd);
}

static void stop_accepting(struct metrics *m) {
    if (m->is_accepting) loop_forget(m->loop, m->listener);
    m->is_accepting = false;
}

// Takes one scraper. Without a place or a descriptor for the next, it and those
// behind it wait in the kernel's queue, and would keep the listener readable:
// it is not watched until a tick finds a free place.
static void on_connection(void *arg, int fd, unsigned ready) {
    struct metrics *m = arg;
    bool is_outside;
    (void)ready;
    int peer = net_accept(fd, &is_outside);
    if (peer == -1) {
        if (errno != EAGAIN) stop_accepting(m);
    } else if (is_outside && m->is_protected) {
        turn_away(peer);
    } else {
        scraper_add(m, peer);
    }
    if (free_place(m) == METRICS_SCRAPERS) stop_accepting(m);
}

static bool start_accepting(struct metrics *m) {
    m->is_accepting =
        loop_watch(m->loop, m->listener, LOOP_READ, on_connection, m);
    return m->is_accepting;
}

bool metrics_start(struct metrics *m) {
    char address[NET_ADDRESS_BYTES];
    net_local_address(m->listener, address);
    log_write(m->log, LOG_INFO, "metrics on http://%s/metrics", address);
    return start_accepting(m);
}

void metrics_tick(struct metrics *m, int64_t now_ms) {
    if (m->listener == -1) return;
    for (size_t i = 0; i < METRICS_SCRAPERS; i++) {
        struct scraper *s = m->scrapers[i];
        if (s == NULL || now_ms - s->since_ms < SCRAPER_MS) continue;
        log_write(m->log, LOG_INFO, "metrics: a client took too long, closed");
        scraper_close(s);
    }
    bool is_full = free_place(m) == METRICS_SCRAPERS;
    if (!m->is_accepting && !is_full) start_accepting(m);
}

void metrics_close(struct metrics *m) {
    if (m->listener == -1) return;
    stop_accepting(m);
    close(m->listener);
    m->listener = -1;
    for (size_t i = 0; i < METRICS_SCRAPERS; i++) {
        if (m->scrapers[i] != NULL) scraper_close(m->scrapers[i]);
    }
}
