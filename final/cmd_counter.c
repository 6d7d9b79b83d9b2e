// cmd_counter.c - commands on values that are numbers.
//
// A counter is a text like any other value, and stays one: "10" plus 1 is
// "11". So a program may SET it and GET it as it likes.

#include "command.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "num.h"

// The longest finite long double has 4,933 digits before the point.
#define FLOAT_MAX_TEXT 5120

// A new value for a counter leaves its deadline as it is.
static bool store_counter(struct call *call, struct slice text) {
    return command_is_stored(
        call, store_set(call->store, call->argv[1], text, STORE_KEEP_DEADLINE));
}

static void add(struct call *call, int64_t increment) {
    struct slice old;
    int64_t value = 0; // of a key that is missing
    if (store_get_for_write(call->store, call->argv[1], call->now_ms, &old) ==
            STORE_OK &&
        !num_parse(old, &value)) {
        command_not_an_integer(call);
        return;
    }
    if (increment < 0 ? value < INT64_MIN - increment
                      : value > INT64_MAX - increment) {
        reply_error(call->reply, "ERR increment or decrement would overflow");
        return;
    }
    value += increment;
    char text[NUM_MAX_TEXT];
    if (store_counter(call, (struct slice){text, num_format(value, text)})) {
        reply_integer(call->reply, value);
    }
}

// INCR key
void cmd_incr(struct call *call) {
    add(call, 1);
}

// DECR key
void cmd_decr(struct call *call) {
    add(call, -1);
}

// INCRBY key increment
void cmd_incrby(struct call *call) {
    int64_t increment;
    if (num_parse(call->argv[2], &increment)) {
        add(call, increment);
    } else {
        command_not_an_integer(call);
    }
}

// DECRBY key decrement
void cmd_decrby(struct call *call) {
    int64_t decrement;
    if (!num_parse(call->argv[2], &decrement)) {
        command_not_an_integer(call);
    } else if (decrement == INT64_MIN) { // -INT64_MIN does not exist
        reply_error(call->reply, "ERR decrement would overflow");
    } else {
        add(call, -decrement);
    }
}

// Reads the whole of `bytes` as strtold() does in the C locale, which a program
// has that never asks for another: also hexadecimal and "inf", as in Redis.
static bool parse_float(struct slice bytes, long double *out) {
    char text[FLOAT_MAX_TEXT];
    if (bytes.len == 0 || bytes.len >= sizeof(text)) return false;
    memcpy(text, bytes.data, bytes.len);
    text[bytes.len] = '\0';
    if (isspace((unsigned char)text[0])) return false;

    char *end;
    errno = 0;
    long double value = strtold(text, &end);
    if (end != text + bytes.len || isnan(value)) return false;
    // Too large or too small; but a small number that is only rounded will do.
    if (errno == ERANGE && (isinf(value) || value == 0)) return false;
    *out = value;
    return true;
}

// Writes a finite `value` without an exponent, rounded to 17 digits behind the
// point, of which zeros at the end are left out. Returns its length, or 0 if
// there is no memory, which printf() may need for so many digits.
static size_t format_float(long double value, char text[FLOAT_MAX_TEXT]) {
    int written = snprintf(text, FLOAT_MAX_TEXT, "%.17Lf", value);
    if (written < 0) return 0;
    size_t n = (size_t)written;
    while (text[n - 1] == '0') n--;
    if (text[n - 1] == '.') n--;
    if (n == 2 && memcmp(text, "-0", 2) == 0) text[--n - 1] = '0';
    return n;
}

// Room for the answer first: what has been stored cannot be taken back.
static void store_float(struct call *call, long double value) {
    char text[FLOAT_MAX_TEXT];
    struct slice bytes = {text, format_float(value, text)};
    if (bytes.len == 0) call->reply->no_memory = true;
    if (!reply_reserve(call->reply, REPLY_ROOM + bytes.len)) return;
    if (store_counter(call, bytes)) reply_bulk(call->reply, bytes);
}

// INCRBYFLOAT key increment
void cmd_incrbyfloat(struct call *call) {
    struct slice old;
    long double value = 0, increment;
    if (store_get_for_write(call->store, call->argv[1], call->now_ms, &old) ==
            STORE_OK &&
        !parse_float(old, &value)) {
        reply_error(call->reply, "ERR value is not a valid float");
        return;
    }
    if (!parse_float(call->argv[2], &increment)) {
        reply_error(call->reply, "ERR value is not a valid float");
        return;
    }
    if (!isfinite(value + increment)) {
        reply_error(call->reply, "ERR increment would produce NaN or Infinity");
        return;
    }
    store_float(call, value + increment);
}
