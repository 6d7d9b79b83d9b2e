// config.c - one table has every setting: its names, its default, what it
// takes, and the function that reads it. --help prints the same table.

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "evict.h"
#include "loop.h"
#include "num.h"
#include "version.h"

#define MAX_CONNECTIONS 1000000
#define MAX_TIMEOUT_S (366 * 24 * 3600)

static bool read_number(
    const char *text, int64_t least, int64_t most, int64_t *out) {
    int64_t value;
    if (!num_parse(slice_of(text), &value)) return false;
    if (value < least || value > most) return false;
    *out = value;
    return true;
}

static bool read_host(const char *text, struct config *config) {
    config->host = text;
    return *text != '\0';
}

static bool read_port(const char *text, struct config *config) {
    int64_t value;
    if (!read_number(text, 0, 65535, &value)) return false;
    config->port = (int)value;
    return true;
}

static bool read_max_connections(const char *text, struct config *config) {
    int64_t value;
    if (!read_number(text, 1, MAX_CONNECTIONS, &value)) return false;
    config->max_connections = (size_t)value;
    return true;
}

static bool read_timeout(const char *text, struct config *config) {
    return read_number(text, 0, MAX_TIMEOUT_S, &config->timeout_s);
}

static bool read_log_level(const char *text, struct config *config) {
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        if (strcasecmp(text, names[i]) != 0) continue;
        config->log_level = (enum log_level)i;
        return true;
    }
    return false;
}

static bool read_event_loop(const char *text, struct config *config) {
    config->event_loop = text;
    return loop_backend_find(text) != NULL;
}

// Reads a number with a unit: k, m, g or kb, mb, gb, powers of 1024.
static bool read_max_memory(const char *text, struct config *config) {
    static const char *const units[] = {"", "k", "m", "g", "kb", "mb", "gb"};
    static const int shifts[] = {0, 10, 20, 30, 10, 20, 30};
    size_t digits = strspn(text, "0123456789");
    int64_t value;
    if (!num_parse((struct slice){text, digits}, &value)) return false;

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcasecmp(text + digits, units[i]) != 0) continue;
        if (value > INT64_MAX >> shifts[i]) return false;
        if ((uint64_t)value << shifts[i] > SIZE_MAX) return false;
        config->max_memory = (size_t)value << shifts[i];
        return true;
    }
    return false;
}

static bool read_eviction(const char *text, struct config *config) {
    return evict_policy_find(text, &config->eviction);
}

static bool read_bool(const char *text, bool *out) {
    static const char *const words[] = {
        "false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(text, words[i]) != 0) continue;
        *out = i % 2 == 1;
        return true;
    }
    return false;
}

static bool read_protected_mode(const char *text, struct config *config) {
    return read_bool(text, &config->protected_mode);
}

static bool read_password(const char *text, struct config *config) {
    return secret_set(&config->password, slice_of(text));
}

// Reads the first line of a file.
static bool read_password_file(const char *path, struct config *config) {
    char line[SECRET_MAX_BYTES + 2]; // one byte too many shows, then a NUL
    FILE *file = fopen(path, "r");
    if (file == NULL) return false;
    bool is_read = fgets(line, sizeof(line), file) != NULL;
    fclose(file);
    if (!is_read) return false;
    line[strcspn(line, "\r\n")] = '\0';
    return read_password(line, config);
}

static bool read_metrics(const char *text, struct config *config) {
    return read_bool(text, &config->metrics);
}

static bool read_metrics_port(const char *text, struct config *config) {
    int64_t value;
    if (!read_number(text, 0, 65535, &value)) return false;
    config->metrics_port = (int)value;
    return true;
}

struct setting {
    const char *variable;
    const char *flag;
    const char *initial; // the default
    bool (*read)(const char *text, struct config *config);
    const char *allowed;
    const char *meaning;
};

static const struct setting settings[] = {
    {"MEDUSA_HOST", "--host", "127.0.0.1", read_host,
        "an IPv4 or IPv6 address or a name", "address to listen on"},
    {"MEDUSA_PORT", "--port", "2312", read_port, "a number from 0 to 65535",
        "TCP port, 0 for any free one"},
    {"MEDUSA_MAX_CONNECTIONS", "--max-connections", "100", read_max_connections,
        "a number from 1 to 1000000", "clients at once"},
    {"MEDUSA_TIMEOUT", "--timeout", "30", read_timeout,
        "a number of seconds from 0 to 31622400",
        "seconds until a silent client is closed, 0 for never"},
    {"MEDUSA_LOG_LEVEL", "--log-level", "info", read_log_level,
        "debug, info, warn or error", "what is logged, on standard error"},
    {"MEDUSA_EVENT_LOOP", "--event-loop", "", read_event_loop,
#ifdef __linux__
        "epoll or poll",
#else
        "poll",
#endif
        "how to wait for clients, the best way here by default"},
    {"MEDUSA_MAX_MEMORY", "--max-memory", "0", read_max_memory,
        "a number, perhaps with k, m, g, kb, mb or gb",
        "limit of the data in bytes, 0 for none"},
    {"MEDUSA_EVICTION", "--eviction", "noeviction", read_eviction,
        "noeviction or allkeys-lru",
        "refuse writes over that limit, or make room by removing other keys"},
    {"MEDUSA_PROTECTED_MODE", "--protected-mode", "true", read_protected_mode,
        "true or false", "refuse clients on other machines without a password"},
    {"MEDUSA_PASSWORD", "--password-file", "", read_password,
        "a password of 1 to 512 bytes; the flag names a file that has it",
        "what AUTH must give, none by default"},
    {"MEDUSA_METRICS", "--metrics", "false", read_metrics, "true or false",
        "count and time each command, for INFO and over HTTP"},
    {"MEDUSA_METRICS_PORT", "--metrics-port", "2313", read_metrics_port,
        "a number from 0 to 65535",
        "TCP port for GET /metrics, 0 for any free one"},
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static void print_help(void) {
    printf("Usage: medusa [--name value] ...\n\n"
           "Medusa %s, an in-memory key-value server for learning, and for "
           "data that can\nbe lost. A flag wins over its variable.\n\n",
        MEDUSA_VERSION);
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *s = &settings[i];
        printf("  %-18s %-23s %s\n", s->flag, s->variable, s->meaning);
        printf("  %-18s %-23s %s", "", "", s->allowed);
        if (*s->initial != '\0') printf("; default %s", s->initial);
        printf("\n");
    }
    printf("  %-18s %-23s %s\n", "-p", "", "the same as --port");
    printf("  %-18s %-23s %s\n", "--help", "", "print this and exit");
    printf("  %-18s %-23s %s\n", "--version", "", "print the version and exit");
}

static enum config_result complain(
    const char *name, const char *value, const char *allowed) {
    fprintf(
        stderr, "medusa: %s is '%s', but must be %s\n", name, value, allowed);
    return CONFIG_WRONG;
}

// Everybody on the machine can read the arguments of a program, so the flag of
// the password does not take it but names a file.
static bool read_flag(
    const struct setting *s, const char *value, struct config *config) {
    if (s->read == read_password) return read_password_file(value, config);
    return s->read(value, config);
}

// Returns the setting whose flag is the first `len` bytes of `arg`, or NULL.
static const struct setting *find_flag(const char *arg, size_t len) {
    if (len == 2 && strncmp(arg, "-p", 2) == 0) return &settings[1];
    for (size_t i = 0; i < SETTINGS; i++) {
        const char *flag = settings[i].flag;
        if (strlen(flag) == len && strncmp(arg, flag, len) == 0) {
            return &settings[i];
        }
    }
    return NULL;
}

// Reads the flags. Notes in `given` which settings they gave.
static enum config_result read_flags(
    struct config *config, int argc, char **argv, bool *given) {
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--help") == 0) {
            print_help();
            return CONFIG_SHOWN;
        }
        if (strcmp(arg, "--version") == 0) {
            printf("medusa %s\n", MEDUSA_VERSION);
            return CONFIG_SHOWN;
        }
        size_t len = strcspn(arg, "=");
        const struct setting *s = find_flag(arg, len);
        if (s == NULL) {
            fprintf(stderr,
                "medusa: unknown option '%s'; medusa --help lists them\n", arg);
            return CONFIG_WRONG;
        }
        const char *value = arg[len] == '=' ? arg + len + 1 : argv[++i];
        if (value == NULL) {
            fprintf(stderr, "medusa: %s needs a value: %s\n", arg, s->allowed);
            return CONFIG_WRONG;
        }
        if (!read_flag(s, value, config)) {
            return complain(s->flag, value, s->allowed);
        }
        given[s - settings] = true;
    }
    return CONFIG_OK;
}

enum config_result config_read(struct config *config, int argc, char **argv) {
    bool given[SETTINGS] = {0};
    *config = (struct config){0};
    for (size_t i = 0; i < SETTINGS; i++) {
        settings[i].read(settings[i].initial, config);
    }
    enum config_result result = read_flags(config, argc, argv, given);
    if (result != CONFIG_OK) return result;

    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *s = &settings[i];
        const char *value = getenv(s->variable);
        if (given[i] || value == NULL || *value == '\0') continue;
        if (!s->read(value, config)) {
            bool is_secret = s->read == read_password;
            return complain(
                s->variable, is_secret ? "(not shown)" : value, s->allowed);
        }
    }
    return CONFIG_OK;
}
