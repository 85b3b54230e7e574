/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <pthread.h>
#include <stdbool.h>

#include "service/work.h"

/*
 * The reads that wait for a commit: from their first wait until they are answered they belong here,
 * parked while nobody runs them. Any thread.
 */
enum {
	WAITING_MAX = 4096,
	WAITING_PER_CONNECTION_MAX = 4,
	WAITING_BUCKETS = 256,
};

struct waiting {
	pthread_mutex_t lock;
	struct work *buckets[WAITING_BUCKETS]; /* by connection */
	unsigned count;
	bool closed; /* nothing waits any more */
};

void waiting_init(struct waiting *waiting);
void waiting_clear(struct waiting *waiting);

enum waiting_answer {
	WAITING_PARKED,
	WAITING_OVER, /* run it again: the store has moved on, or the room is closed */
	WAITING_FULL, /* not taken in: too many wait, or too many on this connection */
};
/* Parks a read until the store is past work->wait_revision. */
MUST_USE enum waiting_answer waiting_park(struct waiting *waiting, struct work *work);
/* Is it time to answer a read that belongs here, whatever there is? */
MUST_USE bool waiting_is_over(struct waiting *waiting, const struct work *work);
/* Before a read is answered, whether it belongs here or not. */
void waiting_leave(struct waiting *waiting, struct work *work);

/* Hands out what is parked and has a deadline at or before `deadline_us`; INT64_MAX for all. */
void waiting_wake(struct waiting *waiting, int64_t deadline_us, void (*run)(struct work *work));
/* Lets nothing wait from now on. Wake all afterwards. */
void waiting_close(struct waiting *waiting);
