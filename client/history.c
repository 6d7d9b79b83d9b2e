// history.c - a bounded list of lines and its file.

#include "history.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "words.h"

#define FILE_SLACK 200 // lines past the limit before the file is rewritten

// Tells whether `text` contains `name`, in any case.
static bool mentions(struct slice text, const char *name) {
    size_t len = strlen(name);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (words_match((struct slice){text.data + i, len}, name)) return true;
    }
    return false;
}

// AUTH, HELLO and MIGRATE with AUTH, and what sets a password. Looks at the
// line as typed, so that quotes, also unbalanced ones, hide nothing.
static bool holds_password(struct slice line) {
    size_t start = 0;
    while (start < line.len && line.data[start] == ' ') start++;
    size_t end = start;
    while (end < line.len && line.data[end] != ' ') end++;
    struct slice name = {line.data + start, end - start};
    if (mentions(name, "auth") || mentions(name, "acl")) return true;
    if (mentions(name, "hello") || mentions(name, "migrate")) {
        return mentions(line, "auth");
    }
    if (!mentions(name, "config")) return false;
    return mentions(line, "pass") || mentions(line, "auth");
}

static bool remember(struct history *h, struct slice line) {
    char *copy = malloc(line.len + 1);
    if (copy == NULL) return false;
    memcpy(copy, line.data, line.len);
    copy[line.len] = '\0';
    if (h->count == HISTORY_MAX) {
        free(h->lines[0]);
        h->count--;
        memmove(h->lines, h->lines + 1, h->count * sizeof(h->lines[0]));
    }
    h->lines[h->count++] = copy;
    return true;
}

// Writes the lines to a new file that then takes the place of the old one, so
// that a crash leaves one of the two whole.
static void rewrite_file(const struct history *h) {
    size_t size = strlen(h->path) + sizeof(".XXXXXX");
    char *path = malloc(size);
    if (path == NULL) return;
    snprintf(path, size, "%s.XXXXXX", h->path);
    int fd = mkstemp(path); // with mode 0600
    FILE *file = fd == -1 ? NULL : fdopen(fd, "w");
    if (file == NULL) goto done;
    for (size_t i = 0; i < h->count; i++) fprintf(file, "%s\n", h->lines[i]);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed || rename(path, h->path) == -1) {
        unlink(path);
    }
    fd = -1;

done:
    if (fd != -1) {
        close(fd);
        unlink(path);
    }
    free(path);
}

// Reads all lines. Returns how many the file has.
static size_t read_file(struct history *h, FILE *file) {
    char *line = NULL;
    size_t cap = 0;
    size_t count = 0;
    ssize_t len;
    while ((len = getline(&line, &cap, file)) > 0) {
        if (line[len - 1] == '\n') len--;
        if (len > 0) (void)remember(h, (struct slice){line, (size_t)len});
        count++;
    }
    free(line);
    return count;
}

void history_open(struct history *h, char *path) {
    *h = (struct history){.path = path};
    if (path == NULL) return;
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    FILE *file = fd == -1 ? NULL : fdopen(fd, "r");
    if (file == NULL) {
        if (fd != -1) close(fd);
        return;
    }
    // A link to /dev/null is a way to keep no history: leave that file alone.
    struct stat info;
    bool is_file = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (is_file && (info.st_mode & 077) != 0) (void)fchmod(fd, 0600);
    size_t count = is_file ? read_file(h, file) : 0;
    fclose(file);
    if (count > HISTORY_MAX + FILE_SLACK) rewrite_file(h);
}

void history_close(struct history *h) {
    for (size_t i = 0; i < h->count; i++) free(h->lines[i]);
    free(h->path);
    *h = (struct history){0};
}

// One write() to a file opened for appending: lines of two clients never mix.
static void append_to_file(const struct history *h) {
    const char *line = h->lines[h->count - 1];
    struct buf text = {0};
    int fd = open(h->path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0600);
    if (fd == -1) return;
    if (buf_append(&text, slice_of(line)) &&
        buf_append(&text, slice_of("\n"))) {
        // Best effort: a full disk costs the history, not the session.
        ssize_t n = write(fd, text.data, text.len);
        (void)n;
    }
    buf_deinit(&text);
    close(fd);
}

void history_add(struct history *h, struct slice line) {
    if (line.len == 0 || holds_password(line)) return;
    if (h->count > 0 && slice_equal(slice_of(h->lines[h->count - 1]), line)) {
        return;
    }
    // Without memory there is a gap in the history; the client goes on.
    if (!remember(h, line)) return;
    if (h->path != NULL) append_to_file(h);
}

bool history_search(
    const struct history *h, size_t before, struct slice text, size_t *found) {
    for (size_t i = before; i-- > 0;) {
        struct slice line = slice_of(h->lines[i]);
        for (size_t at = 0; at + text.len <= line.len; at++) {
            struct slice part = {line.data + at, text.len};
            if (!slice_equal(part, text)) continue;
            *found = i;
            return true;
        }
    }
    return false;
}
