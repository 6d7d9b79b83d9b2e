// options.c - what the command line and the environment ask for.
//
// Options and plain words may be mixed. The n-th plain word is the n-th of
// host, port, operations and threads.

#include "options.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num.h"

#define MAX_COUNT INT64_C(1000000000000)
// A line has at most 64 KiB; this leaves room for the command and the key.
#define MAX_INLINE_VALUE (64 * 1024 - 64)

enum kind {
    KIND_FLAG, // a bool
    KIND_COUNT, // an int64_t; k and m are thousands and millions
    KIND_BYTES, // an int64_t; k and m are powers of 1024
    KIND_TEXT, // a const char *
    KIND_MIX, // a struct load_mix
};

static const struct option {
    const char *name;
    char letter; // 0: there is only the name
    enum kind kind;
    size_t offset; // of the field in struct options
    int64_t min, max;
} option_rows[] = {
    // The first four are the plain words, in order.
    {"host", 'h', KIND_TEXT, offsetof(struct options, host), 0, 0},
    {"port", 'p', KIND_COUNT, offsetof(struct options, port), 1, 65535},
    {"operations", 'n', KIND_COUNT, offsetof(struct options, operations), 1,
        MAX_COUNT},
    {"threads", 't', KIND_COUNT, offsetof(struct options, threads), 1, 1024},
    {"clients", 'c', KIND_COUNT, offsetof(struct options, clients), 1, 65536},
    {"pipeline", 'P', KIND_COUNT, offsetof(struct options, pipeline), 1, 65536},
    {"size", 'd', KIND_BYTES, offsetof(struct options, value_size), 1,
        64 * 1024 * 1024},
    {"keys", 'r', KIND_COUNT, offsetof(struct options, keys), 1, LOAD_MAX_KEYS},
    {"mix", 'm', KIND_MIX, offsetof(struct options, mix), 0, 0},
    {"stress", 's', KIND_COUNT, offsetof(struct options, stress_s), 1, INT_MAX},
    {"timeout", 0, KIND_COUNT, offsetof(struct options, timeout_s), 1, 86400},
    {"seed", 0, KIND_COUNT, offsetof(struct options, seed), 0, INT64_MAX},
    {"inline", 0, KIND_FLAG, offsetof(struct options, is_inline), 0, 0},
    {"no-prefill", 0, KIND_FLAG, offsetof(struct options, no_prefill), 0, 0},
    {"csv", 0, KIND_FLAG, offsetof(struct options, csv), 0, 0},
    {"json", 0, KIND_FLAG, offsetof(struct options, json), 0, 0},
    {"quiet", 'q', KIND_FLAG, offsetof(struct options, quiet), 0, 0},
};

#define OPTION_ROWS (sizeof(option_rows) / sizeof(option_rows[0]))
#define PLAIN_WORDS 4

static const char help[] =
    "usage: medusa-benchmark [options] [host [port [operations [threads]]]]\n"
    "\n"
    "Sends commands to a server, checks every reply, and reports speed and\n"
    "latency. Without --mix and --stress: SETs, then GETs of the same keys;\n"
    "with one thread and then with four where threads, clients and pipeline\n"
    "are left out too.\n"
    "\n"
    "  -h, --host HOST        server (MEDUSA_HOST, or 127.0.0.1)\n"
    "  -p, --port PORT        its port (MEDUSA_PORT, or 2312)\n"
    "  -n, --operations N     requests that each thread sends (10000)\n"
    "  -t, --threads N        threads (1)\n"
    "  -c, --clients N        connections in all (one a thread)\n"
    "  -P, --pipeline N       requests sent before a reply is read (1)\n"
    "  -d, --size BYTES       size of each value (32)\n"
    "  -r, --keys N           key space: how many different keys (100000)\n"
    "  -m, --mix SHARES       commands and shares, like get=80,set=20; of\n"
    "                         set, get, delete, del, exists and ping\n"
    "  -s, --stress SECONDS   run for a time, not a number of operations;\n"
    "                         get=80,set=20 where no mix is given\n"
    "      --no-prefill       do not set every key first, which is done\n"
    "                         before a mix that reads, and not measured\n"
    "      --seed N           where the random keys start (1)\n"
    "      --timeout SECONDS  give up after so long without a reply (30)\n"
    "      --inline           send text lines instead of RESP arrays, for\n"
    "                         servers that do not know those\n"
    "      --csv              print a line of names and a line per run\n"
    "      --json             print one JSON document\n"
    "  -q, --quiet            print a line per run, and no progress\n"
    "      --help, --version  print this text, or the version, and exit\n"
    "\n"
    "Counts take k and m for 1000 and 1000000, sizes for 1024 and 1048576.\n"
    "MEDUSA_PASSWORD is sent with AUTH where it is set. Latency is timed\n"
    "from sending a request's batch to reading its reply; percentiles are\n"
    "at most 0.8 % too high. Exit status: 0 where every reply was right, 1\n"
    "after an error, 2 for wrong usage, 130 where a signal ended it.\n";

static bool fail(const char *name, const char *value, const char *problem) {
    fprintf(stderr, "medusa-benchmark: %s '%s': %s; see --help\n", name, value,
        problem);
    return false;
}

static bool parse_number(
    const char *text, const struct option *row, int64_t *out) {
    struct slice digits = slice_of(text);
    int64_t base = row->kind == KIND_BYTES ? 1024 : 1000;
    int64_t unit = 1;
    char last = digits.len > 0 ? text[digits.len - 1] : '0';
    if (last == 'k' || last == 'K') unit = base;
    if (last == 'm' || last == 'M') unit = base * base;
    if (unit > 1) digits.len--;

    int64_t value;
    if (!num_parse(digits, &value)) return false;
    if (value < 0 || value > row->max / unit) return false;
    value *= unit;
    if (value < row->min) return false;
    *out = value;
    return true;
}

// Stores `value` in the field of a row. `name` is what the user called it.
static bool set_option(struct options *o, const struct option *row,
    const char *name, const char *value) {
    char *field = (char *)o + row->offset;
    const char *problem = NULL;
    char range[80];
    switch (row->kind) {
    case KIND_FLAG:
        memcpy(field, &(bool){true}, sizeof(bool));
        return true;
    case KIND_TEXT:
        if (*value == '\0') return fail(name, value, "it must not be empty");
        memcpy(field, &value, sizeof(value));
        return true;
    case KIND_MIX:
        if (load_mix_parse(value, &o->mix, &problem)) return true;
        return fail(name, value, problem);
    case KIND_COUNT:
    case KIND_BYTES:
        break;
    }
    int64_t number;
    snprintf(range, sizeof(range), "a whole number from %lld to %lld is needed",
        (long long)row->min, (long long)row->max);
    if (!parse_number(value, row, &number)) return fail(name, value, range);
    memcpy(field, &number, sizeof(number));
    return true;
}

static bool read_environment(struct options *o) {
    const char *host = getenv("MEDUSA_HOST");
    const char *port = getenv("MEDUSA_PORT");
    const char *password = getenv("MEDUSA_PASSWORD");
    if (host != NULL && *host != '\0') o->host = host;
    if (password != NULL && *password != '\0') o->password = password;
    if (port == NULL || *port == '\0') return true;
    return set_option(o, &option_rows[1], "MEDUSA_PORT", port);
}

// Finds the row of "--name", "--name=value" or "-n"; NULL if there is none.
static const struct option *find_row(const char *arg) {
    size_t len = strcspn(arg, "=");
    for (size_t i = 0; i < OPTION_ROWS; i++) {
        const struct option *row = &option_rows[i];
        if (arg[1] == '-') {
            struct slice name = {arg + 2, len - 2};
            if (slice_equal(name, slice_of(row->name))) return row;
        } else if (row->letter != 0 && arg[1] == row->letter) {
            if (arg[2] == '\0') return row;
        }
    }
    return NULL;
}

// Reads the option at argv[*at], and moves *at on to a value of its own.
static bool read_option(int argc, char **argv, int *at, struct options *o) {
    char *arg = argv[*at];
    const struct option *row = find_row(arg);
    if (row == NULL) return fail("option", arg, "there is no such option");
    const char *value = NULL;
    char *equals = strchr(arg, '=');
    if (equals != NULL) {
        *equals = '\0'; // so that a message names the option alone
        value = equals + 1;
        if (row->kind == KIND_FLAG) return fail(arg, value, "it has no value");
    } else if (row->kind != KIND_FLAG) {
        if (*at + 1 == argc) return fail("option", arg, "it needs a value");
        value = argv[++*at];
    }
    return set_option(o, row, arg, value);
}

static bool check_together(const struct options *o) {
    const char *problem = NULL;
    if (o->csv && o->json) {
        problem = "--csv and --json exclude each other";
    } else if (o->clients != 0 && o->clients < o->threads) {
        problem = "each thread needs a client: raise --clients or lower "
                  "--threads";
    } else if (o->is_inline && o->value_size > MAX_INLINE_VALUE) {
        problem = "--inline has no room for such values: --size takes at most "
                  "65472 there";
    }
    if (problem == NULL) return true;
    fprintf(stderr, "medusa-benchmark: %s\n", problem);
    return false;
}

enum options_result options_read(int argc, char **argv, struct options *o) {
    *o = (struct options){.host = "127.0.0.1",
        .port = 2312,
        .operations = 10000,
        .value_size = 32,
        .keys = 100000,
        .timeout_s = 30,
        .seed = 1};
    size_t words = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return OPTIONS_SHOWN;
        }
        if (strcmp(argv[i], "--version") == 0) {
            puts("medusa-benchmark " OPTIONS_VERSION);
            return OPTIONS_SHOWN;
        }
    }
    if (!read_environment(o)) return OPTIONS_BAD;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!read_option(argc, argv, &i, o)) return OPTIONS_BAD;
        } else if (words == PLAIN_WORDS) {
            fail("argument", argv[i], "only four plain words are known");
            return OPTIONS_BAD;
        } else {
            const struct option *row = &option_rows[words++];
            if (!set_option(o, row, row->name, argv[i])) return OPTIONS_BAD;
        }
    }
    return check_together(o) ? OPTIONS_RUN : OPTIONS_BAD;
}
