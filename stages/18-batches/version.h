// version.h - what this server calls itself.

#ifndef MEDUSA_VERSION_H
#define MEDUSA_VERSION_H

#define MEDUSA_VERSION "0.1.0"

#endif
