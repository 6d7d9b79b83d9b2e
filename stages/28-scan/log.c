// log.c - lines to standard error, each in one write().

#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 512 // at most PIPE_BUF, so that a pipe takes all or nothing

static const char *const names[] = {"debug", "info", "warn", "error"};

// Formats the time, in UTC, with milliseconds. Returns the bytes written.
static size_t format_time(char *text, size_t size) {
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t n = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &parts);
    int ms = (int)(now.tv_nsec / 1000000);
    return n + (size_t)snprintf(text + n, size - n, ".%03dZ", ms);
}

void log_write(
    const struct log *log, enum log_level level, const char *format, ...) {
    if (level < log->level) return;

    char line[LINE_BYTES];
    size_t n = format_time(line, sizeof(line));
    n += (size_t)snprintf(line + n, sizeof(line) - n, " %s ", names[level]);
    va_list args;
    va_start(args, format);
    vsnprintf(line + n, sizeof(line) - n - 1, format, args); // room for '\n'
    va_end(args);
    n = strlen(line);
    line[n++] = '\n';

    // If standard error is a pipe that nobody empties, write() would block and
    // the whole server with it.
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&p, 1, 0) != 1) return;
    ssize_t written = write(STDERR_FILENO, line, n);
    (void)written; // there is nowhere left to complain
}
