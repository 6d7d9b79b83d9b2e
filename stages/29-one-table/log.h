// log.h - one line of text per event, on standard error.

#ifndef MEDUSA_LOG_H
#define MEDUSA_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log {
    enum log_level level; // lines below it are not written
};

// Writes a line: time, level and the message, made as by printf(). A line that
// nobody reads is dropped rather than waited for. Never pass a client's keys,
// values or passwords.
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void log_write(
    const struct log *log, enum log_level level, const char *format, ...);

#endif
