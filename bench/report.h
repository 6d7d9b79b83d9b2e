// report.h - prints results: for people, as CSV or as JSON.

#ifndef MEDUSA_REPORT_H
#define MEDUSA_REPORT_H

#include <stdio.h>

#include "run.h"

enum report_form {
    REPORT_TEXT, // a block per run
    REPORT_LINE, // a line per run
    REPORT_CSV, // a line of names, then a line of values per run
    REPORT_JSON, // one document with all runs
};

// Prints what comes before the first run, one run (`index` counts from 0), and
// what comes after the last one.
void report_begin(FILE *out, enum report_form form);
void report_run(FILE *out, enum report_form form, size_t index,
    const struct run_plan *plan, const struct run_result *result);
void report_end(FILE *out, enum report_form form);

#endif
