// rss.h - how much memory of this process is resident.

#ifndef MEDUSA_RSS_H
#define MEDUSA_RSS_H

#include <stddef.h>

// Returns bytes, or 0 where the system does not tell.
size_t rss_bytes(void);

#endif
