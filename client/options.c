// options.c - the command line.

#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num.h"
#include "version.h"

#define MAX_INTERVAL_S 1000000.0

static const char help_text[] =
    "usage: medusa-client [options] [command [argument ...]]\n"
    "\n"
    "Without a command: a prompt on a terminal; otherwise every line of stdin\n"
    "is a command. Exit status: 0; 1 after an error reply; 2 for wrong usage\n"
    "or no connection.\n"
    "\n"
    "  -h HOST       server address (MEDUSA_HOST, 127.0.0.1)\n"
    "  -p PORT       server port (MEDUSA_PORT, 2312)\n"
    "  --askpass     ask for the password (otherwise MEDUSA_PASSWORD, if set)\n"
    "  -x            take the last argument of the command from stdin\n"
    "  -r N          run the command N times, -1 forever\n"
    "  -i SECONDS    wait between them; 0.5 is half a second\n"
    "  --pipe        send stdin as it is, commands as lines or RESP, and "
    "count\n"
    "                the replies\n"
    "  --inline      send text lines, for servers without RESP arrays\n"
    "  --raw         print values as they are (when stdout is no terminal)\n"
    "  --no-raw      print typed replies (on a terminal)\n"
    "  --json --csv  print a line of JSON or CSV for each reply\n"
    "  --help --version\n";

// Says what is wrong in one line. Always OPTIONS_WRONG.
static enum options_result wrong(
    const char *name, const char *value, const char *reason) {
    fprintf(stderr, "medusa-client: %s%s%s%s: %s\n", name,
        value == NULL ? "" : " '", value == NULL ? "" : value,
        value == NULL ? "" : "'", reason);
    return OPTIONS_WRONG;
}

// An empty variable counts as unset.
static const char *environment(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value == NULL || *value == '\0' ? otherwise : value;
}

static enum options_result check_port(const char *name, const char *port) {
    int64_t number;
    if (num_parse(slice_of(port), &number) && number >= 1 && number <= 65535) {
        return OPTIONS_RUN;
    }
    return wrong(name, port, "a port is a number from 1 to 65535");
}

static enum options_result set_repeat(struct options *o, const char *value) {
    o->repeat_given = true;
    if (num_parse(slice_of(value), &o->repeat) &&
        (o->repeat > 0 || o->repeat == -1)) {
        return OPTIONS_RUN;
    }
    return wrong("-r", value, "expected a number from 1, or -1 forever");
}

static enum options_result set_interval(struct options *o, const char *value) {
    char *end;
    double seconds = strtod(value, &end);
    o->repeat_given = true;
    if (end == value || *end != '\0' ||
        !(seconds >= 0 && seconds <= MAX_INTERVAL_S)) {
        return wrong("-i", value, "expected seconds from 0 to 1000000");
    }
    o->interval_ms = (int64_t)(seconds * 1000);
    return OPTIONS_RUN;
}

// An option with a value; `value` is NULL if the command line ends before it.
static enum options_result set_value(
    struct options *o, const char *name, const char *value) {
    if (value == NULL) {
        return wrong(
            name, NULL, "a value is missing; --help lists the options");
    }
    switch (name[1]) {
    case 'h':
        o->host = value;
        if (*value == '\0') return wrong(name, value, "expected a host");
        return OPTIONS_RUN;
    case 'p':
        o->port = value;
        return check_port(name, value);
    case 'r':
        return set_repeat(o, value);
    default:
        return set_interval(o, value);
    }
}

static bool set_form(struct options *o, const char *name) {
    static const struct {
        const char *name;
        enum print_form form;
    } forms[] = {{"--raw", PRINT_RAW}, {"--no-raw", PRINT_TYPED},
        {"--json", PRINT_JSON}, {"--csv", PRINT_CSV}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(name, forms[i].name) != 0) continue;
        o->form = forms[i].form;
        o->form_given = true;
        return true;
    }
    return false;
}

// An option without a value.
static bool set_switch(struct options *o, const char *name) {
    const struct {
        const char *name;
        bool *target;
    } switches[] = {{"--askpass", &o->ask_password},
        {"--inline", &o->inline_lines}, {"--pipe", &o->pipe},
        {"-x", &o->last_from_stdin}};
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        if (strcmp(name, switches[i].name) != 0) continue;
        *switches[i].target = true;
        return true;
    }
    return set_form(o, name);
}

static bool takes_value(const char *name) {
    return strlen(name) == 2 && strchr("hpri", name[1]) != NULL;
}

static enum options_result check_together(const struct options *o) {
    bool has_command = o->command_count > 0;
    if (o->pipe && has_command) {
        return wrong("--pipe", NULL, "takes commands from stdin only");
    }
    if (!has_command && (o->last_from_stdin || o->repeat_given)) {
        return wrong("-x, -r and -i", NULL, "a command must follow");
    }
    return OPTIONS_RUN;
}

enum options_result options_read(struct options *o, int argc, char **argv) {
    *o = (struct options){.repeat = 1,
        .host = environment("MEDUSA_HOST", "127.0.0.1"),
        .port = environment("MEDUSA_PORT", "2312"),
        .password = environment("MEDUSA_PASSWORD", NULL)};
    if (check_port("MEDUSA_PORT", o->port) != OPTIONS_RUN) return OPTIONS_WRONG;

    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help_text, stdout);
            return OPTIONS_DONE;
        }
        if (strcmp(argv[i], "--version") == 0) {
            puts("medusa-client " MEDUSA_VERSION);
            return OPTIONS_DONE;
        }
        if (set_switch(o, argv[i])) continue;
        if (!takes_value(argv[i])) {
            return wrong(
                argv[i], NULL, "there is no such option; --help lists them");
        }
        if (set_value(o, argv[i], argv[i + 1]) != OPTIONS_RUN) {
            return OPTIONS_WRONG;
        }
        i++;
    }
    o->command_count = (size_t)(argc - i);
    o->command = argv + i;
    return check_together(o);
}
