// transaction.h - MULTI: commands that wait until EXEC runs all of them.
//
// A server with one thread runs one command after the other, so nothing can
// come between two commands that are run without going back to the loop. All
// that a transaction needs is a place where its commands wait.

#ifndef MEDUSA_TRANSACTION_H
#define MEDUSA_TRANSACTION_H

#include <stddef.h>

#include "command.h"

struct transaction; // opaque: its fields are known in transaction.c only

// Copies the words of `call` to the end of the queue of its session, which is
// in a transaction, and answers +QUEUED, or an error that aborts it.
void transaction_queue(const struct command *command, struct call *call);

// Makes EXEC refuse the transaction of this session, if there is one.
void transaction_abort(struct session *session);

// Forgets the transaction of this session, if there is one.
void transaction_end(struct session *session);

// Returns the bytes that the queue of this session takes.
size_t transaction_bytes(const struct session *session);

#endif
