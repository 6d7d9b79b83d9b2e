// evict.c - the names of the policies, and the slice of active eviction.

#include "evict.h"

#include <strings.h>

#include "clock.h"

static const char *const names[] = {
    [STORE_REFUSES] = "noeviction",
    [STORE_EVICTS] = "allkeys-lru",
};

bool evict_policy_find(const char *name, enum store_eviction *eviction) {
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(name, names[i]) != 0) continue;
        *eviction = (enum store_eviction)i;
        return true;
    }
    return false;
}

const char *evict_policy_name(enum store_eviction eviction) {
    return names[eviction];
}

// Writes make their own room, so there is work here only after the limit was
// lowered; until then this costs a comparison.
bool evict_slice(struct store *st, int64_t budget_us) {
    int64_t end_us = clock_monotonic_us() + budget_us;
    bool more;
    do {
        more = store_evict_step(st);
    } while (more && clock_monotonic_us() < end_us);
    return more;
}
