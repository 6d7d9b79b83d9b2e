// edit.c - the line editor: keys change the line, then it is drawn again.
//
// The line stays on one row of the screen; one that is too long scrolls
// sideways, so nothing here depends on how a terminal wraps. What is sent:
//   \r             the cursor goes to the first column
//   ^[[J           erases from the cursor to the end of the screen
//   ^[[<n>C        the cursor goes n columns to the right
//   ^[[H ^[[2J     the cursor goes to the top left; the screen is erased
//   ^[[2m ^[[0m    dim text for hints, and normal text (with color only)
//   \a             the bell: this key does nothing here

#include "edit.h"

#include <ctype.h>
#include <stdio.h>

#include "text.h"
#include "words.h"

#define MIN_COLUMNS 24 // for the line; below that the prompt becomes "> "

void edit_deinit(struct edit *e) {
    term_cooked(e->term);
    line_deinit(&e->line);
    buf_deinit(&e->draft);
    buf_deinit(&e->query);
}

static void bell(struct edit *e) {
    term_write(e->term, slice_of("\a"));
}

// An empty buffer has no data; a slice of it has.
static struct slice bytes_of(const struct buf *b) {
    return (struct slice){b->len == 0 ? "" : b->data, b->len};
}

// --- drawing ---------------------------------------------------------------

// The drawing below ignores failed appends: without memory the screen is
// incomplete until the next key, and nothing else.
static void put(struct buf *out, struct slice text) {
    (void)buf_append(out, text);
}

// Appends what fits into `columns`, with a '?' for what is not to be shown.
// Returns the columns used.
static size_t put_visible(struct buf *out, struct slice text, size_t columns) {
    size_t used = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t code;
        size_t n = text_decode(text, at, &code);
        struct slice one = {text.data + at, n};
        used += text_width(one);
        if (used > columns) return used - text_width(one);
        bool hidden =
            code < ' ' || (code >= 0x7f && code < 0xa0) || code == TEXT_INVALID;
        put(out, hidden ? slice_of("?") : one);
        at += n;
    }
    return used;
}

static void put_prompt(const struct edit *e, struct buf *out) {
    if (!e->searching) {
        put(out, slice_of(e->prompt));
        return;
    }
    put(out, slice_of(e->no_match ? "(no match) " : "(search) "));
    put(out, bytes_of(&e->query));
    put(out, slice_of(": "));
}

// Dim, or in parentheses where there is no color: not part of the line.
static void put_hint(const struct edit *e, struct buf *out, size_t columns) {
    struct buf hint = {0};
    struct slice line = line_text(&e->line);
    if (line.len > 0 && !e->searching && e->line.cursor == line.len) {
        (void)help_hint(e->help, line, &hint);
    }
    if (hint.len > 0 && columns > 2) {
        put(out, slice_of(e->color ? "\x1b[2m" : "("));
        (void)put_visible(out, bytes_of(&hint), columns - 2);
        put(out, slice_of(e->color ? "\x1b[0m" : ")"));
    }
    buf_deinit(&hint);
}

// The first byte from which the text up to `end` fits into `columns`.
static size_t fit_before(struct slice text, size_t end, size_t columns) {
    size_t start = end;
    for (size_t used = 0; start > 0;) {
        size_t at = text_previous(text, start);
        used += text_width((struct slice){text.data + at, start - at});
        if (used > columns) break;
        start = at;
    }
    return start;
}

// Moves the window along the line so that the cursor is in it, and no room is
// left at the end while text is hidden at the start. Returns the column of the
// cursor in the window.
static size_t scroll(struct edit *e, size_t columns) {
    struct slice line = line_text(&e->line);
    size_t cursor = e->line.cursor;
    size_t last = fit_before(line, line.len, columns);
    size_t first = fit_before(line, cursor, columns);
    if (e->shown_from > last) e->shown_from = last;
    if (e->shown_from > cursor) e->shown_from = cursor;
    if (e->shown_from < first) e->shown_from = first;
    return text_width(
        (struct slice){line.data + e->shown_from, cursor - e->shown_from});
}

// Appends the part of the line that is in the window. Returns the column of
// the cursor in it.
static size_t put_line(
    struct edit *e, struct buf *out, size_t columns, bool with_hint) {
    size_t cursor = scroll(e, columns);
    struct slice shown = line_text(&e->line);
    shown.data += e->shown_from;
    shown.len -= e->shown_from;
    size_t used = put_visible(out, shown, columns);
    if (with_hint) put_hint(e, out, columns - used);
    return cursor;
}

static void draw(struct edit *e, bool with_hint) {
    // The last column stays free: a terminal may wrap after filling it.
    size_t columns = term_columns(e->term) - 1;
    struct buf prompt = {0};
    put_prompt(e, &prompt);
    if (columns < text_width(bytes_of(&prompt)) + MIN_COLUMNS) {
        prompt.len = 0;
        put(&prompt, slice_of("> "));
    }
    struct buf out = {0};
    put(&out, slice_of("\r"));
    size_t cursor = put_visible(&out, bytes_of(&prompt), columns);
    if (!e->secret) cursor += put_line(e, &out, columns - cursor, with_hint);
    put(&out, slice_of("\x1b[J\r"));
    if (cursor > 0) {
        char move[32];
        snprintf(move, sizeof(move), "\x1b[%zuC", cursor);
        put(&out, slice_of(move));
    }
    term_write(e->term, bytes_of(&out)); // in one piece, against flicker
    buf_deinit(&out);
    buf_deinit(&prompt);
}

// --- history and search ----------------------------------------------------

static void insert(struct edit *e, struct slice text) {
    if (!line_insert(&e->line, text)) bell(e);
}

static void show_from_history(struct edit *e, size_t at) {
    if (e->at == e->history->count && !e->searching) {
        e->draft.len = 0;
        put(&e->draft, line_text(&e->line));
    }
    e->at = at;
    e->shown_from = 0;
    bool is_new = at == e->history->count;
    if (!line_set(&e->line,
            is_new ? bytes_of(&e->draft) : slice_of(e->history->lines[at]))) {
        bell(e);
    }
}

static void browse(struct edit *e, bool older) {
    if (older ? e->at == 0 : e->at >= e->history->count) {
        bell(e);
        return;
    }
    show_from_history(e, older ? e->at - 1 : e->at + 1);
}

static void start_search(struct edit *e) {
    show_from_history(e, e->history->count); // keeps the line as the draft
    e->searching = true;
    e->no_match = false;
    e->query.len = 0;
}

static void search(struct edit *e, size_t before) {
    size_t found;
    e->no_match =
        !history_search(e->history, before, bytes_of(&e->query), &found);
    if (e->no_match) {
        bell(e);
        return;
    }
    show_from_history(e, found);
}

// A key during a search. Returns false if the search is over and the key is
// meant for the line that was found.
static bool search_key(struct edit *e, const struct term_input *input) {
    size_t newest = e->history->count;
    switch (input->key) {
    case TERM_TEXT:
        put(&e->query, (struct slice){input->text, input->len});
        search(e, e->at < newest ? e->at + 1 : newest);
        return true;
    case TERM_BACKSPACE:
    case TERM_CTRL('H'):
        e->query.len = text_previous(bytes_of(&e->query), e->query.len);
        search(e, newest);
        return true;
    case TERM_CTRL('R'):
        search(e, e->at);
        return true;
    case TERM_CTRL('G'):
        show_from_history(e, newest);
        e->searching = false;
        return true;
    case TERM_REDRAW:
        return true;
    default:
        e->searching = false;
        return input->key == TERM_ESCAPE;
    }
}

// --- completion ------------------------------------------------------------

// What Tab has to choose from.
struct matches {
    size_t count;
    const char *first;
    size_t common; // letters at the start that all of them share
};

static struct matches find_matches(const struct edit *e, struct slice typed) {
    struct matches m = {0};
    const char *name;
    for (size_t row = 0;
         (name = help_complete(e->help, typed, &row)) != NULL;) {
        if (m.count++ == 0) {
            m.first = name;
            m.common = strlen(name);
        }
        size_t same = 0;
        while (same < m.common && name[same] == m.first[same]) same++;
        m.common = same;
    }
    return m;
}

static void list_matches(struct edit *e, struct slice typed) {
    struct buf out = {0};
    const char *name;
    size_t columns = term_columns(e->term);
    size_t column = 0;
    for (size_t row = 0;
         (name = help_complete(e->help, typed, &row)) != NULL;) {
        bool fits = column > 0 && column + strlen(name) + 2 < columns;
        put(&out, slice_of(fits ? "  " : "\n"));
        column = fits ? column + 2 + strlen(name) : strlen(name);
        put(&out, slice_of(name));
    }
    put(&out, slice_of("\n"));
    term_write(e->term, bytes_of(&out));
    buf_deinit(&out);
}

// Replaces what was typed by the start of a name, in the same case.
static void put_name(
    struct edit *e, struct slice typed, const char *name, size_t len) {
    bool small = typed.len > 0;
    for (size_t i = 0; i < typed.len; i++) {
        if (typed.data[i] >= 'A' && typed.data[i] <= 'Z') small = false;
    }
    line_delete(&e->line, e->line.cursor - typed.len, e->line.cursor);
    for (size_t i = 0; i < len; i++) {
        char c = (char)(small ? tolower((unsigned char)name[i]) : name[i]);
        insert(e, (struct slice){&c, 1});
    }
}

// Tab completes a command and its subcommand, also after `help`.
static void complete(struct edit *e) {
    struct slice typed = line_before_cursor(&e->line);
    const size_t help_len = strlen("help ");
    if (typed.len >= help_len &&
        words_match((struct slice){typed.data, help_len}, "help ")) {
        typed.data += help_len;
        typed.len -= help_len;
    }
    struct matches m = find_matches(e, typed);
    if (m.count == 0) {
        bell(e);
    } else if (m.count > 1 && m.common == typed.len) {
        list_matches(e, typed);
    } else {
        put_name(e, typed, m.first, m.common);
        if (m.count == 1) insert(e, slice_of(" "));
    }
}

// --- keys ------------------------------------------------------------------

static void move_or_delete(struct line *l, int key) {
    switch (key) {
    case TERM_LEFT:
    case TERM_CTRL('B'):
        l->cursor = line_previous(l);
        break;
    case TERM_RIGHT:
    case TERM_CTRL('F'):
        l->cursor = line_next(l);
        break;
    case TERM_HOME:
    case TERM_CTRL('A'):
        l->cursor = 0;
        break;
    case TERM_END:
    case TERM_CTRL('E'):
        l->cursor = l->text.len;
        break;
    case TERM_WORD_LEFT:
        l->cursor = line_word_left(l);
        break;
    case TERM_WORD_RIGHT:
        l->cursor = line_word_right(l);
        break;
    case TERM_BACKSPACE:
    case TERM_CTRL('H'):
        line_delete(l, line_previous(l), l->cursor);
        break;
    case TERM_DELETE:
    case TERM_CTRL('D'):
        line_delete(l, l->cursor, line_next(l));
        break;
    case TERM_CTRL('W'):
    case TERM_WORD_BACKSPACE:
        line_delete(l, line_word_left(l), l->cursor);
        break;
    case TERM_WORD_DELETE:
        line_delete(l, l->cursor, line_word_right(l));
        break;
    case TERM_CTRL('K'):
        line_delete(l, l->cursor, l->text.len);
        break;
    case TERM_CTRL('U'):
        line_delete(l, 0, l->cursor);
        break;
    case TERM_CTRL('T'):
        line_transpose(l);
        break;
    default:
        break; // an unknown key does nothing
    }
}

// Keys that need more than the line.
static void press(struct edit *e, const struct term_input *input) {
    switch (input->key) {
    case TERM_UP:
    case TERM_CTRL('P'):
        browse(e, true);
        break;
    case TERM_DOWN:
    case TERM_CTRL('N'):
        browse(e, false);
        break;
    case TERM_CTRL('I'):
        complete(e);
        break;
    case TERM_CTRL('L'):
        term_write(e->term, slice_of("\x1b[H\x1b[2J"));
        break;
    case TERM_CTRL('R'):
        start_search(e);
        break;
    default:
        move_or_delete(&e->line, input->key);
    }
}

// Handles a key. Returns false once *result tells how the line has ended.
static bool handle(
    struct edit *e, const struct term_input *input, enum edit_result *result) {
    if (e->searching && search_key(e, input)) return true;
    switch (input->key) {
    case TERM_ENTER:
        *result = EDIT_LINE;
        return false;
    case TERM_CTRL('C'):
        *result = EDIT_CANCELLED;
        return false;
    case TERM_HANGUP:
        *result = EDIT_END;
        return false;
    case TERM_CTRL('D'):
        *result = EDIT_END;
        if (e->line.text.len == 0) return false;
        break;
    case TERM_CTRL('Z'):
        draw(e, false);
        term_suspend(e->term);
        return true;
    case TERM_TEXT:
        insert(e, (struct slice){input->text, input->len});
        return true;
    default:
        break;
    }
    if (e->secret) {
        move_or_delete(&e->line, input->key);
    } else {
        press(e, input);
    }
    return true;
}

enum edit_result edit_line(struct edit *e, struct slice *out) {
    enum edit_result result = EDIT_FAILED;
    (void)line_set(&e->line, slice_of(""));
    e->shown_from = 0;
    e->at = e->history == NULL ? 0 : e->history->count;
    e->searching = false;
    if (!term_raw(e->term)) return EDIT_FAILED;

    struct term_input input;
    do {
        // A paste is many keys at once: it is drawn when all are there.
        if (!term_has_input(e->term)) draw(e, true);
        input = term_read(e->term);
    } while (handle(e, &input, &result));

    e->searching = false;
    if (result != EDIT_END) e->line.cursor = e->line.text.len;
    draw(e, false);
    term_write(e->term, slice_of(result == EDIT_CANCELLED ? "^C\n" : "\n"));
    term_quiet(e->term);
    *out = line_text(&e->line);
    return result;
}
