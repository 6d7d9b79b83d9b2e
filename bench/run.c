// run.c - one run: threads against a server, and what they found out.
//
// Every connection is open before the clock starts. While the threads work,
// this one sleeps on a pipe that each of them writes to at its end; it wakes up
// ten times a second for the progress line, and to look at the time limit and
// at Ctrl-C.

#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define TICK_MS 100
#define NS_PER_S INT64_C(1000000000)
#define SPARE_FDS 64 // descriptors for everything but the connections

static volatile sig_atomic_t interrupted; // set by the handler alone

struct run {
    const struct run_plan *plan;
    struct load load; // owned
    struct worker *workers; // owned; plan->threads of them
    int64_t started; // threads that exist
    atomic_int order; // an enum worker_order
    int wake_fds[2]; // the pipe: one byte for each thread that has ended
    int64_t start_ns;
};

static void on_signal(int number) {
    (void)number;
    interrupted = 1;
}

void run_catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    action.sa_flags = (int)SA_RESETHAND; // the second one is not caught
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool run_is_interrupted(void) {
    return interrupted != 0;
}

uint64_t run_errors(const struct run_result *r) {
    return r->tally.refused + r->tally.wrong + r->tally.lost;
}

// ------------------------------------------------------------ preparation

// Many connections may need more descriptors than a process gets by default.
// Where the limit is too low for them, connecting says so.
static void raise_fd_limit(int64_t clients) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1) return;
    rlim_t wanted = (rlim_t)clients + SPARE_FDS;
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool prepare_worker(
    struct run *run, struct worker *w, int64_t index, char *problem) {
    const struct run_plan *plan = run->plan;
    int64_t share = plan->clients / plan->threads;
    if (index < plan->clients % plan->threads) share++;
    snprintf(problem, RUN_PROBLEM_SIZE,
        "there is no memory for %lld connections; lower --clients",
        (long long)plan->clients);
    w->conns = calloc((size_t)share, sizeof(*w->conns));
    if (w->conns == NULL) return false;
    w->fds = calloc((size_t)share, sizeof(*w->fds));
    if (w->fds == NULL) return false;

    for (int64_t i = 0; i < share; i++) {
        w->conn_count++;
        if (!conn_open(&w->conns[i], &plan->target, (size_t)plan->pipeline,
                problem, RUN_PROBLEM_SIZE)) {
            return false;
        }
    }
    w->load = &run->load;
    w->order = &run->order;
    w->wake_fd = run->wake_fds[1];
    w->pipeline = (size_t)plan->pipeline;
    w->source = load_source((uint64_t)plan->seed, (uint64_t)index);
    w->left = plan->stress_s > 0 ? INT64_MAX : plan->operations;
    return true;
}

static bool prepare(struct run *run, char *problem) {
    const struct run_plan *plan = run->plan;
    snprintf(problem, RUN_PROBLEM_SIZE,
        "there is no memory for the requests; lower --size");
    run->load.mix = plan->mix;
    run->load.keys = (uint64_t)plan->keys;
    run->load.value_size = (size_t)plan->value_size;
    run->load.is_sequential = plan->is_sequential;
    if (!load_init(&run->load, plan->is_inline)) return false;
    run->workers = calloc((size_t)plan->threads, sizeof(*run->workers));
    if (run->workers == NULL) return false;
    if (pipe(run->wake_fds) == -1) {
        snprintf(problem, RUN_PROBLEM_SIZE, "cannot make a pipe: %s",
            strerror(errno));
        return false;
    }
    raise_fd_limit(plan->clients);
    for (int64_t i = 0; i < plan->threads; i++) {
        if (!prepare_worker(run, &run->workers[i], i, problem)) return false;
    }
    return true;
}

static void clean_up(struct run *run) {
    for (int64_t i = 0; run->workers != NULL && i < run->plan->threads; i++) {
        struct worker *w = &run->workers[i];
        for (size_t j = 0; j < w->conn_count; j++) {
            conn_close(&w->conns[j]);
            conn_deinit(&w->conns[j]);
        }
        free(w->conns);
        free(w->fds);
    }
    free(run->workers);
    load_deinit(&run->load);
    if (run->wake_fds[0] != -1) close(run->wake_fds[0]);
    if (run->wake_fds[1] != -1) close(run->wake_fds[1]);
}

// ------------------------------------------------------------- supervision

// Starts the threads with signals blocked, so that they arrive at this one.
static bool start_threads(struct run *run, char *problem) {
    const struct run_plan *plan = run->plan;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    run->start_ns = worker_now_ns();
    int error = 0;
    for (; run->started < plan->threads && error == 0; run->started++) {
        struct worker *w = &run->workers[run->started];
        w->end_ns = run->start_ns;
        w->deadline_ns = INT64_MAX;
        if (plan->stress_s > 0) {
            w->deadline_ns = run->start_ns + plan->stress_s * NS_PER_S;
        }
        error = pthread_create(&w->thread, NULL, worker_main, w);
        if (error != 0) break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0) return true;
    snprintf(problem, RUN_PROBLEM_SIZE,
        "cannot start thread %lld: %s; lower --threads",
        (long long)run->started + 1, strerror(error));
    return false;
}

static uint64_t count_done(struct run *run) {
    uint64_t done = 0;
    for (int64_t i = 0; i < run->started; i++) {
        done +=
            atomic_load_explicit(&run->workers[i].done, memory_order_relaxed);
    }
    return done;
}

static void show_progress(const struct run *run, uint64_t done) {
    double seconds =
        (double)(worker_now_ns() - run->start_ns) / (double)NS_PER_S;
    fprintf(stderr, "\r%s: %llu operations, %.0f per second\033[K",
        run->plan->name, (unsigned long long)done, (double)done / seconds);
}

// Waits for the threads, and orders them to stop where it is time.
static void supervise(struct run *run) {
    const struct run_plan *plan = run->plan;
    struct pollfd wake = {run->wake_fds[0], POLLIN, 0};
    uint64_t last_done = 0;
    int64_t last_change_ns = run->start_ns;
    for (int64_t ended = 0; ended < run->started;) {
        char bytes[64];
        if (poll(&wake, 1, TICK_MS) == 1) {
            ssize_t n = read(wake.fd, bytes, sizeof(bytes));
            if (n > 0) ended += n;
            continue;
        }
        if (run_is_interrupted()) atomic_store(&run->order, WORKER_STOP);
        uint64_t done = count_done(run);
        int64_t now_ns = worker_now_ns();
        if (done != last_done) last_change_ns = now_ns;
        last_done = done;
        if (now_ns - last_change_ns >= plan->timeout_s * NS_PER_S) {
            atomic_store(&run->order, WORKER_GIVE_UP);
        }
        if (plan->shows_progress) show_progress(run, done);
    }
    if (plan->shows_progress) fputs("\r\033[K", stderr);
}

static void join_threads(struct run *run) {
    for (int64_t i = 0; i < run->started; i++) {
        pthread_join(run->workers[i].thread, NULL);
    }
}

// ----------------------------------------------------------------- results

static double cpu_seconds(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == -1) return 0;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
        (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void add_tally(struct tally *into, const struct tally *from) {
    into->operations += from->operations;
    for (int i = 0; i < LOAD_COMMANDS; i++) {
        into->commands[i] += from->commands[i];
    }
    into->hits += from->hits;
    into->misses += from->misses;
    into->refused += from->refused;
    into->wrong += from->wrong;
    into->lost += from->lost;
}

static void collect(const struct run *run, struct run_result *r) {
    int64_t end_ns = run->start_ns;
    for (int64_t i = 0; i < run->started; i++) {
        const struct worker *w = &run->workers[i];
        add_tally(&r->tally, &w->tally);
        hist_merge(&r->latency, &w->latency);
        if (w->end_ns > end_ns) end_ns = w->end_ns;
        for (size_t j = 0; j < w->error_count; j++) {
            if (r->error_count == RUN_ERRORS) break;
            memcpy(
                r->errors[r->error_count++], w->errors[j], WORKER_ERROR_SIZE);
        }
    }
    r->seconds = (double)(end_ns - run->start_ns) / (double)NS_PER_S;
    r->was_interrupted = run_is_interrupted();
}

bool run_execute(
    const struct run_plan *plan, struct run_result *result, char *problem) {
    struct run run = {.plan = plan, .wake_fds = {-1, -1}};
    *result = (struct run_result){0};
    bool is_ok = prepare(&run, problem);
    if (is_ok) {
        double cpu_before = cpu_seconds();
        is_ok = start_threads(&run, problem);
        if (!is_ok) atomic_store(&run.order, WORKER_STOP);
        supervise(&run);
        join_threads(&run);
        result->cpu_seconds = cpu_seconds() - cpu_before;
        collect(&run, result);
    }
    if (plan->stress_s == 0) {
        result->requested = (uint64_t)(plan->operations * plan->threads);
    }
    clean_up(&run);
    return is_ok;
}
