// test_log.c - lines on standard error, which this test reads back by a pipe.

#include "log.h"

#include <fcntl.h>
#include <unistd.h>

#include "check.h"

static int pipe_out; // where standard error can be read

// Puts a pipe in the place of standard error. Nothing here blocks.
static void catch_standard_error(void) {
    int fds[2];
    CHECK_INT(pipe(fds), 0);
    CHECK(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
    CHECK_INT(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    close(fds[1]);
    pipe_out = fds[0];
}

// Reads what was written since the last call.
static struct slice read_all(void) {
    static char text[8192];
    ssize_t n = read(pipe_out, text, sizeof(text));
    return (struct slice){text, n > 0 ? (size_t)n : 0};
}

// Checks for one line: a time like 2031-01-31T23:59:59.999Z, then `rest`.
static void check_line(struct slice line, struct slice rest) {
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    size_t time_len = sizeof(form) - 1;
    CHECK(line.len > time_len);
    for (size_t i = 0; i < time_len; i++) {
        bool is_digit = line.data[i] >= '0' && line.data[i] <= '9';
        CHECK(form[i] == 'd' ? is_digit : line.data[i] == form[i]);
    }
    struct slice got = {line.data + time_len, line.len - time_len};
    CHECK_BYTES(got, rest);
}

static void test_a_line_has_time_level_and_message(void) {
    struct log log = {LOG_DEBUG};
    log_write(&log, LOG_DEBUG, "plain");
    check_line(read_all(), BYTES(" debug plain\n"));
    log_write(&log, LOG_INFO, "%s: %d%%", "progress", 42);
    check_line(read_all(), BYTES(" info progress: 42%\n"));
    log_write(&log, LOG_WARN, "%s", "");
    check_line(read_all(), BYTES(" warn \n"));
    log_write(&log, LOG_ERROR, "x");
    check_line(read_all(), BYTES(" error x\n"));
}

static void test_lines_below_the_level_are_left_out(void) {
    for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
        struct log log = {(enum log_level)level};
        for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
            log_write(&log, (enum log_level)i, "x");
            CHECK_INT(read_all().len > 0, i >= level);
        }
    }
}

static void test_a_long_line_is_cut_and_still_ends(void) {
    static char text[3000];
    struct log log = {LOG_INFO};
    memset(text, 'x', sizeof(text) - 1);
    log_write(&log, LOG_INFO, "%s", text);
    struct slice line = read_all();
    CHECK(line.len > 400 && line.len <= 512);
    CHECK_INT(line.data[line.len - 1], '\n');
    CHECK(memchr(line.data, '\0', line.len) == NULL);
}

// Nobody empties the pipe. Each call comes back; what does not fit is dropped.
static void test_a_full_pipe_does_not_block(void) {
    static char text[400];
    struct log log = {LOG_INFO};
    memset(text, 'x', sizeof(text) - 1);
    for (int i = 0; i < 5000; i++) log_write(&log, LOG_INFO, "%s", text);
    size_t n, total = 0;
    while ((n = read_all().len) > 0) total += n;
    CHECK(total > 0 && total < 5000 * sizeof(text));

    log_write(&log, LOG_INFO, "after");
    check_line(read_all(), BYTES(" info after\n"));
}

int main(void) {
    catch_standard_error();
    test_a_line_has_time_level_and_message();
    test_lines_below_the_level_are_left_out();
    test_a_long_line_is_cut_and_still_ends();
    test_a_full_pipe_does_not_block();
    close(pipe_out);
    puts("ok");
    return 0;
}
