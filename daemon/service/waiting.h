/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"

/*
 * The reads that wait for a commit: from their first wait until they are answered they belong here,
 * parked while nobody runs them. A commit wakes those alone that it may be about. Any thread.
 */
struct waiting;
struct work;

enum {
	WAITING_MAX = 4096,
	WAITING_PER_CONNECTION_MAX = 4,
};

struct waiting *waiting_new(void);
/* When nothing waits. */
void waiting_free(struct waiting *waiting);

enum waiting_answer {
	WAITING_PARKED,
	WAITING_OVER, /* run it again: the store has moved on, or the room is closed */
	WAITING_FULL, /* not taken in: too many wait, or too many on this connection */
};
/* Parks a read until the store is past work->wait_revision and, when its handler set
 * call->wait_for, something was committed about that or about who calls. */
enum waiting_answer waiting_park(struct waiting *waiting, struct work *work);
/* Is it time to answer a read that belongs here, whatever there is? */
bool waiting_is_over(struct waiting *waiting, const struct work *work);
/* Before a read is answered, whether it belongs here or not. */
void waiting_leave(struct waiting *waiting, struct work *work);

/* The group that the store's writer is at is about this organization, user or key. The writer's
 * thread, from a mutation; what is not committed after all wakes somebody for nothing. */
void waiting_tell(struct waiting *waiting, const struct id *id);
/* The group is committed: hands out what waits for it. Costs nothing while nobody waits. The
 * writer's thread. */
void waiting_committed(struct waiting *waiting, uint64_t revision, void (*run)(struct work *work));

/* A descriptor that is readable when the time of one that is parked may be over: for poll(). */
int waiting_timer(const struct waiting *waiting);
/* Hands out those whose time is over at `now_us`, clock_monotonic_us(), and quiets the timer. */
void waiting_expire(struct waiting *waiting, int64_t now_us, void (*run)(struct work *work));

/* Lets nothing wait from now on, and hands out all. */
void waiting_close(struct waiting *waiting, void (*run)(struct work *work));
