// fuzz_request.c - the parser must say the same of a request however it
// arrives: whole, or growing by a byte at a time.

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

#define MOST_BYTES 4096 // longer inputs only make the fuzzer slow

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void compare(const struct request *a, const struct request *b) {
    assert(a->argc == b->argc);
    for (size_t i = 0; i < a->argc; i++) {
        assert(slice_equal(a->argv[i], b->argv[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct request whole = {0}, grown = {0};
    struct request_progress none = {0}, progress = {0};
    size_t used = 0, grown_used = 0;
    if (len == 0 || len > MOST_BYTES) return 0;

    // A copy of just these bytes: a read behind them is found.
    char *in = malloc(len);
    memcpy(in, data, len);
    enum request_result result =
        request_parse(&whole, (struct slice){in, len}, &none, &used);
    assert(result == REQUEST_MORE || (used > 0 && used <= len));

    enum request_result last = REQUEST_MORE;
    for (size_t n = 1; n <= len && last == REQUEST_MORE; n++) {
        last = request_parse(
            &grown, (struct slice){in, n}, &progress, &grown_used);
    }
    assert(last == result);
    if (result == REQUEST_DONE) {
        assert(grown_used == used);
        compare(&whole, &grown);
    }
    request_deinit(&whole);
    request_deinit(&grown);
    free(in);
    return 0;
}
