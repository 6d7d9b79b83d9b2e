// term.c - raw mode, signals and keys.
//
// What terminals send, after the byte ESC (written ^[ here):
//   ^[[A ^[[B ^[[C ^[[D   Up, Down, Right, Left (also ^[OA and so on)
//   ^[[H ^[[F             Home, End (also ^[OH, ^[[1~ ^[[7~, ^[[4~ ^[[8~)
//   ^[[3~                 Delete
//   ^[[1;5C ^[[1;5D       Ctrl-Right, Ctrl-Left; 3 in place of 5 for Alt
//   ^[b ^[f ^[d ^[DEL     Alt-B, Alt-F, Alt-D, Alt-Backspace
//   ^[[200~ ^[[201~       a paste begins, a paste ends
// What is sent: ^[[?2004h and ^[[?2004l, to have pastes marked, and not.

#include "term.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <unistd.h>

#include "text.h"

#define ESCAPE_WAIT_MS 100 // a lone Esc is followed by nothing for this long

static const int handled[TERM_SIGNALS] = {
    SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH};

// The last signal that came; those that end the program stay.
static volatile sig_atomic_t caught;

static void on_signal(int signo) {
    if (caught != SIGTERM && caught != SIGHUP) caught = signo;
}

void term_init(struct term *t, int in, int out) {
    *t = (struct term){.in = in, .out = out};
}

// From here on the signals come during pselect() only, here or where a reply is
// waited for, so none is missed between a look at `caught` and the wait.
static void take_signals(struct term *t) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < TERM_SIGNALS; i++) sigaddset(&set, handled[i]);
    sigprocmask(SIG_BLOCK, &set, &t->old_mask);
    t->wait_mask = t->old_mask;
    caught = 0;
    for (size_t i = 0; i < TERM_SIGNALS; i++) {
        sigdelset(&t->wait_mask, handled[i]);
        struct sigaction action = {.sa_handler = on_signal};
        sigemptyset(&action.sa_mask);
        sigaction(handled[i], NULL, &t->old_actions[i]);
        // What the parent chose to ignore (nohup) stays ignored.
        if (t->old_actions[i].sa_handler == SIG_IGN) continue;
        sigaction(handled[i], &action, NULL);
    }
}

static void give_signals_back(struct term *t) {
    for (size_t i = 0; i < TERM_SIGNALS; i++) {
        sigaction(handled[i], &t->old_actions[i], NULL);
    }
    sigprocmask(SIG_SETMASK, &t->old_mask, NULL);
}

// Sets the mode for editing, or with `quiet` the one between two lines. Both
// leave lines and echo to us, so what is typed ahead is neither shown twice nor
// changed on its way.
static bool set_mode(struct term *t, bool quiet) {
    struct termios mode = t->cooked;
    mode.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
    mode.c_cflag |= CS8;
    mode.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
    if (quiet) mode.c_lflag |= ISIG;
    // Ctrl-Z waits for the next line: it is a key there.
    mode.c_cc[VSUSP] = mode.c_cc[VQUIT] = _POSIX_VDISABLE;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    // DRAIN and not FLUSH: what was typed ahead is kept.
    return tcsetattr(t->in, TCSADRAIN, &mode) == 0;
}

// Takes the terminal over from whoever had it before.
static bool take(struct term *t) {
    if (t->in >= FD_SETSIZE) return false; // pselect() could not wait for it
    if (tcgetattr(t->in, &t->cooked) == -1) return false;
    take_signals(t);
    t->is_taken = true;
    term_write(t, slice_of("\x1b[?2004h"));
    return true;
}

void term_cooked(struct term *t) {
    if (!t->is_taken) return;
    term_write(t, slice_of("\x1b[?2004l"));
    (void)tcsetattr(t->in, TCSADRAIN, &t->cooked);
    t->is_taken = false;
    give_signals_back(t);
}

// Restores the terminal and lets the signal do what it would have done. After
// SIGTSTP the program goes on here when it is continued.
static void obey(struct term *t, int signo) {
    term_write(t, slice_of("\n"));
    term_cooked(t);
    raise(signo);
    (void)term_raw(t);
}

bool term_raw(struct term *t) {
    bool was_taken = t->is_taken;
    if (!was_taken && !take(t)) return false;
    if (!set_mode(t, false)) {
        term_cooked(t);
        return false;
    }
    // A signal has ended the wait for a reply: Ctrl-C is done with that.
    int signo = caught;
    caught = 0;
    if (was_taken && (signo == SIGTERM || signo == SIGHUP)) obey(t, signo);
    return true;
}

void term_quiet(struct term *t) {
    if (t->is_taken) (void)set_mode(t, true);
}

bool term_has_input(const struct term *t) {
    return t->start < t->end;
}

void term_write(struct term *t, struct slice bytes) {
    while (bytes.len > 0) {
        ssize_t n = write(t->out, bytes.data, bytes.len);
        if (n == -1 && errno == EINTR) continue;
        if (n <= 0) return;
        bytes.data += n;
        bytes.len -= (size_t)n;
    }
}

size_t term_columns(const struct term *t) {
    struct winsize size;
    if (ioctl(t->out, TIOCGWINSZ, &size) == -1 || size.ws_col == 0) return 80;
    return size.ws_col;
}

void term_suspend(struct term *t) {
    obey(t, SIGTSTP);
}

// The key that a signal stands for.
static int signal_key(struct term *t) {
    int signo = caught;
    caught = 0;
    switch (signo) {
    case SIGINT:
        return TERM_CTRL('C');
    case SIGTERM:
    case SIGHUP:
    case SIGTSTP:
        obey(t, signo);
        return TERM_REDRAW;
    case SIGCONT: // the shell may have set its own mode meanwhile
        term_write(t, slice_of("\x1b[?2004h"));
        return set_mode(t, false) ? TERM_REDRAW : TERM_HANGUP;
    default:
        return TERM_REDRAW;
    }
}

// Waits for a byte, for at most `wait_ms` (-1: forever). Returns 0 if there is
// one, or a key: TERM_ESCAPE if none came in time, or that of a signal.
static int wait_byte(struct term *t, int wait_ms) {
    if (t->start < t->end) return 0;
    struct timespec limit = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(t->in, &set);
    int n = pselect(t->in + 1, &set, NULL, NULL, wait_ms < 0 ? NULL : &limit,
        &t->wait_mask);
    if (n == 0) return TERM_ESCAPE;
    if (n == -1) return errno == EINTR ? signal_key(t) : TERM_HANGUP;

    ssize_t len = read(t->in, t->bytes, sizeof(t->bytes));
    if (len <= 0) return TERM_HANGUP;
    t->start = 0;
    t->end = (size_t)len;
    return 0;
}

// The key of `^[[` parameter letter; the first parameter and the modifier.
static int sequence_key(char last, int number, int modifier) {
    static const char letters[] = "ABCDHF";
    static const int keys[] = {
        TERM_UP, TERM_DOWN, TERM_RIGHT, TERM_LEFT, TERM_HOME, TERM_END};
    const char *found = strchr(letters, last);
    if (modifier > 1 && last == 'C') return TERM_WORD_RIGHT;
    if (modifier > 1 && last == 'D') return TERM_WORD_LEFT;
    if (found != NULL && *found != '\0') return keys[found - letters];
    if (last != '~') return TERM_UNKNOWN;
    if (number == 1 || number == 7) return TERM_HOME;
    if (number == 4 || number == 8) return TERM_END;
    return number == 3 ? TERM_DELETE : TERM_UNKNOWN;
}

// After `^[[` or `^[O`: digits and semicolons, then a letter or a tilde.
static int read_sequence(struct term *t) {
    int numbers[2] = {0, 0};
    size_t which = 0;
    while (true) {
        if (wait_byte(t, ESCAPE_WAIT_MS) != 0) return TERM_UNKNOWN;
        char c = t->bytes[t->start++];
        if (c >= '0' && c <= '9') {
            if (numbers[which] < 1000) {
                numbers[which] = numbers[which] * 10 + (c - '0');
            }
        } else if (c == ';') {
            which = 1;
        } else if (c >= '@' && c <= '~') {
            if (c == '~' && numbers[0] == 200) t->pasting = true;
            if (c == '~' && numbers[0] == 201) t->pasting = false;
            return sequence_key(c, numbers[0], numbers[1]);
        }
    }
}

static int read_escape(struct term *t) {
    int key = wait_byte(t, ESCAPE_WAIT_MS);
    if (key != 0) return key;
    switch (t->bytes[t->start++]) {
    case '[':
    case 'O':
        return read_sequence(t);
    case 'b':
        return TERM_WORD_LEFT;
    case 'f':
        return TERM_WORD_RIGHT;
    case 'd':
        return TERM_WORD_DELETE;
    case TERM_BACKSPACE:
    case TERM_CTRL('H'):
        return TERM_WORD_BACKSPACE;
    default:
        return TERM_UNKNOWN;
    }
}

// Collects the bytes of one code point, the first of which is there.
static struct term_input read_text(struct term *t) {
    struct term_input input = {.key = TERM_TEXT};
    uint32_t code;
    while (input.len < sizeof(input.text)) {
        input.text[input.len++] = t->bytes[t->start++];
        struct slice text = {input.text, input.len};
        if (text_decode(text, 0, &code) == input.len && code != TEXT_INVALID) {
            return input;
        }
        // Bytes of a sequence come together; half of one is dropped.
        if (wait_byte(t, ESCAPE_WAIT_MS) != 0) break;
        if (((unsigned char)t->bytes[t->start] & 0xc0) != 0x80) break;
    }
    input.key = TERM_UNKNOWN;
    return input;
}

// A control character. In a paste only a line end counts: a tab is a blank and
// must not complete, and nothing else is a key. Only Ctrl-C always is: the mark
// behind the paste may be lost.
static int control_key(struct term *t, unsigned char c) {
    bool was_return = t->after_return;
    t->after_return = c == '\r';
    if (c == TERM_ESCAPE) return read_escape(t);
    if (c == '\n') return was_return ? TERM_UNKNOWN : TERM_ENTER;
    if (c == TERM_CTRL('C')) t->pasting = false;
    if (t->pasting && c != '\r') return TERM_UNKNOWN;
    return c;
}

struct term_input term_read(struct term *t) {
    int key = wait_byte(t, -1);
    if (key != 0) return (struct term_input){.key = key};
    unsigned char c = (unsigned char)t->bytes[t->start];
    if (t->pasting && c == '\t') t->bytes[t->start] = ' ';
    if (t->pasting && c == '\t') c = ' ';
    if (c < ' ' || c == TERM_BACKSPACE) {
        t->start++;
        return (struct term_input){.key = control_key(t, c)};
    }
    t->after_return = false;
    return read_text(t);
}
