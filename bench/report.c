// report.c - prints results: for people, as CSV or as JSON.
//
// CSV and JSON carry the same fields under the same names; list_fields()
// is the list of them.

#include "report.h"

#include <inttypes.h>
#include <string.h>

#include "options.h"

#define FIELD_SIZE 300 // bytes; a host name has up to 253
#define FIELD_COUNT 40 // room for the fields of list_fields()

struct field {
    const char *name;
    bool is_text; // to be quoted
    char value[FIELD_SIZE];
};

static double per_second(const struct run_result *r) {
    return r->seconds > 0 ? (double)r->tally.operations / r->seconds : 0;
}

static double percentile_us(const struct run_result *r, double percent) {
    return (double)hist_percentile(&r->latency, percent) / 1000;
}

static double mean_us(const struct run_result *r) {
    return hist_mean(&r->latency) / 1000;
}

static double max_us(const struct run_result *r) {
    return (double)r->latency.max / 1000;
}

// ----------------------------------------------------------------- fields

static void set_text(struct field *f, const char *name, const char *text) {
    f->name = name;
    f->is_text = true;
    snprintf(f->value, sizeof(f->value), "%s", text);
}

static void set_count(struct field *f, const char *name, uint64_t count) {
    f->name = name;
    f->is_text = false;
    snprintf(f->value, sizeof(f->value), "%" PRIu64, count);
}

static void set_real(
    struct field *f, const char *name, double value, int decimals) {
    f->name = name;
    f->is_text = false;
    snprintf(f->value, sizeof(f->value), "%.*f", decimals, value);
}

static void set_flag(struct field *f, const char *name, bool value) {
    f->name = name;
    f->is_text = false;
    snprintf(f->value, sizeof(f->value), "%s", value ? "true" : "false");
}

static const char *const command_fields[LOAD_COMMANDS] = {
    [LOAD_SET] = "set_count",
    [LOAD_GET] = "get_count",
    [LOAD_DELETE] = "delete_count",
    [LOAD_DEL] = "del_count",
    [LOAD_EXISTS] = "exists_count",
    [LOAD_PING] = "ping_count",
};

// Writes all fields of a run in their order, and returns how many.
static size_t list_fields(const struct run_plan *p, const struct run_result *r,
    struct field f[FIELD_COUNT]) {
    size_t n = 0;
    const struct tally *t = &r->tally;
    set_text(&f[n++], "version", OPTIONS_VERSION);
    set_text(&f[n++], "run", p->name);
    set_text(&f[n++], "host", p->target.host);
    set_count(&f[n++], "port", (uint64_t)p->target.port);
    set_count(&f[n++], "threads", (uint64_t)p->threads);
    set_count(&f[n++], "clients", (uint64_t)p->clients);
    set_count(&f[n++], "pipeline", (uint64_t)p->pipeline);
    set_count(&f[n++], "value_bytes", (uint64_t)p->value_size);
    set_count(&f[n++], "keys", (uint64_t)p->keys);
    set_count(&f[n++], "seed", (uint64_t)p->seed);
    set_count(&f[n++], "stress_seconds", (uint64_t)p->stress_s);
    set_flag(&f[n++], "inline", p->is_inline);
    set_count(&f[n++], "requested", r->requested);
    set_count(&f[n++], "operations", t->operations);
    set_real(&f[n++], "duration_seconds", r->seconds, 9);
    set_real(&f[n++], "operations_per_second", per_second(r), 3);
    set_real(&f[n++], "latency_mean_us", mean_us(r), 3);
    set_real(&f[n++], "latency_p50_us", percentile_us(r, 50), 3);
    set_real(&f[n++], "latency_p95_us", percentile_us(r, 95), 3);
    set_real(&f[n++], "latency_p99_us", percentile_us(r, 99), 3);
    set_real(&f[n++], "latency_p99_9_us", percentile_us(r, 99.9), 3);
    set_real(&f[n++], "latency_max_us", max_us(r), 3);
    for (int i = 0; i < LOAD_COMMANDS; i++) {
        set_count(&f[n++], command_fields[i], t->commands[i]);
    }
    set_count(&f[n++], "hits", t->hits);
    set_count(&f[n++], "misses", t->misses);
    set_count(&f[n++], "errors", run_errors(r));
    set_count(&f[n++], "error_replies", t->refused);
    set_count(&f[n++], "wrong_replies", t->wrong);
    set_count(&f[n++], "lost_requests", t->lost);
    set_real(&f[n++], "generator_cpu_seconds", r->cpu_seconds, 6);
    set_flag(&f[n++], "interrupted", r->was_interrupted);
    return n;
}

// --------------------------------------------------------------- CSV, JSON

static void print_csv_text(FILE *out, const char *text) {
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void print_json_text(FILE *out, const char *text) {
    fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ') {
            fprintf(out, "\\u%04x", (unsigned)byte);
            continue;
        }
        if (byte == '"' || byte == '\\') fputc('\\', out);
        fputc(byte, out);
    }
    fputc('"', out);
}

static void print_csv(
    FILE *out, const struct field *fields, size_t count, bool with_names) {
    for (size_t i = 0; i < count && with_names; i++) {
        fprintf(out, "%s%s", i > 0 ? "," : "", fields[i].name);
    }
    if (with_names) fputc('\n', out);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) fputc(',', out);
        if (fields[i].is_text) {
            print_csv_text(out, fields[i].value);
        } else {
            fputs(fields[i].value, out);
        }
    }
    fputc('\n', out);
}

static void print_json(
    FILE *out, const struct field *fields, size_t count, bool is_first) {
    fputs(is_first ? "\n    {" : ",\n    {", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s\n      \"%s\": ", i > 0 ? "," : "", fields[i].name);
        if (fields[i].is_text) {
            print_json_text(out, fields[i].value);
        } else {
            fputs(fields[i].value, out);
        }
    }
    fputs("\n    }", out);
}

// -------------------------------------------------------------------- text

static void print_text(
    FILE *out, const struct run_plan *p, const struct run_result *r) {
    const struct tally *t = &r->tally;
    fprintf(out, "== %s: %" PRId64 " thread%s, %" PRId64 " connection%s, ",
        p->name, p->threads, p->threads == 1 ? "" : "s", p->clients,
        p->clients == 1 ? "" : "s");
    fprintf(out,
        "pipeline %" PRId64 ", %" PRId64 "-byte values, %" PRId64 " keys%s\n",
        p->pipeline, p->value_size, p->keys, p->is_inline ? ", inline" : "");
    fprintf(out, "Operations: %" PRIu64 "%s\n", t->operations,
        r->was_interrupted ? " (interrupted)" : "");
    fprintf(out, "Duration: %.3f seconds\n", r->seconds);
    fprintf(out, "Operations per second: %.2f\n", per_second(r));
    fprintf(out,
        "Latency in milliseconds: mean %.3f, p50 %.3f, p95 %.3f, p99 %.3f, "
        "p99.9 %.3f, max %.3f\n",
        mean_us(r) / 1000, percentile_us(r, 50) / 1000,
        percentile_us(r, 95) / 1000, percentile_us(r, 99) / 1000,
        percentile_us(r, 99.9) / 1000, max_us(r) / 1000);
    if (t->hits + t->misses > 0) {
        fprintf(out, "Keys: %" PRIu64 " found, %" PRIu64 " not there\n",
            t->hits, t->misses);
    }
    fprintf(out, "CPU time of this program: %.3f seconds\n", r->cpu_seconds);
    fprintf(out,
        "Errors: %" PRIu64 " (error replies %" PRIu64 ", wrong replies %" PRIu64
        ", lost requests %" PRIu64 ")\n\n",
        run_errors(r), t->refused, t->wrong, t->lost);
}

static void print_line(
    FILE *out, const struct run_plan *p, const struct run_result *r) {
    fprintf(out,
        "%s (threads %" PRId64 "): %.2f operations per second, p50 %.3f ms, "
        "p99 %.3f ms, errors %" PRIu64 "\n",
        p->name, p->threads, per_second(r), percentile_us(r, 50) / 1000,
        percentile_us(r, 99) / 1000, run_errors(r));
}

void report_begin(FILE *out, enum report_form form) {
    if (form == REPORT_JSON) {
        fprintf(out, "{\n  \"medusa_benchmark\": \"%s\",\n  \"runs\": [",
            OPTIONS_VERSION);
    }
}

void report_run(FILE *out, enum report_form form, size_t index,
    const struct run_plan *plan, const struct run_result *result) {
    struct field fields[FIELD_COUNT];
    size_t count = list_fields(plan, result, fields);
    switch (form) {
    case REPORT_TEXT:
        print_text(out, plan, result);
        break;
    case REPORT_LINE:
        print_line(out, plan, result);
        break;
    case REPORT_CSV:
        print_csv(out, fields, count, index == 0);
        break;
    case REPORT_JSON:
        print_json(out, fields, count, index == 0);
        break;
    }
    fflush(out);
}

void report_end(FILE *out, enum report_form form) {
    if (form == REPORT_JSON) fputs("\n  ]\n}\n", out);
    fflush(out);
}
