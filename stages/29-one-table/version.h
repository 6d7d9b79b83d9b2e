// version.h - what this server calls itself.

#ifndef MEDUSA_VERSION_H
#define MEDUSA_VERSION_H

#define MEDUSA_VERSION "0.1.0"
#define MEDUSA_REDIS_VERSION "7.0.15" // clients choose their commands by it

#endif
