// evict.h - the policies for a full store: by name, and a slice of eviction.

#ifndef MEDUSA_EVICT_H
#define MEDUSA_EVICT_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

// Puts the policy of that name, in any case, into *eviction. Returns false if
// there is none.
bool evict_policy_find(const char *name, enum store_eviction *eviction);

// Returns the name of a policy, as Redis has it.
const char *evict_policy_name(enum store_eviction eviction);

// Brings a store that evicts below its limit, for about `budget_us`
// microseconds. Returns true if there is more to do.
bool evict_slice(struct store *st, int64_t budget_us);

#endif
