/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rpc/pool.h"
#include "rpc/stream.h"

/*
 * What the connections of one server share: where requests go, how many may be in flight, and the
 * memory kept for the next. A request is in flight from before it is handed over until its reply
 * has left for the kernel or its connection is gone, so "nothing is in flight" is what a drain
 * waits for.
 *
 * Lives as long as the process. Any thread.
 */

enum { BUFFER_BYTES = 16 * 1024 };

/* For what goes through the socket at once. */
struct buffer {
	struct pool_item item;
	uint8_t data[BUFFER_BYTES];
};

/* A connection that found the hub full. */
struct waiter {
	struct waiter *next;
	void (*resume)(struct waiter *waiter); /* on a thread of the streams */
};

struct hub {
	void (*handle)(void *context, struct exchange *exchange);
	struct bytes (*refusal)(void *context);
	void *context;
	int io_timeout_ms;
	uint32_t in_flight_max;

	atomic_uint in_flight;
	atomic_uint_fast64_t requests, replies;
	atomic_bool shut;
	struct pool turns, buffers;

	pthread_mutex_t lock; /* for the rest */
	pthread_cond_t idle;
	struct waiter *waiting, **waiting_end;
	atomic_uint waiting_count;
	struct stream_task *resume;
	atomic_bool resuming;
};

/* The caller has set what comes before in_flight, and zeroed the rest. */
void hub_init(struct hub *hub);

/* Takes the place of one request, if there is one. */
bool hub_try_enter(struct hub *hub);
/* The same. When there is none, keeps the waiter and resumes it when there is
 * one again, which may be before this returns; once the hub is shut, never. */
bool hub_enter(struct hub *hub, struct waiter *waiter);
/* Resumes the waiter soon, as if it had waited for a place; once the hub is shut, never. */
void hub_resume(struct hub *hub, struct waiter *waiter);
/* Gives back so many places. */
void hub_leave(struct hub *hub, unsigned count);

/* Lets nobody enter any more. */
void hub_shut(struct hub *hub);
/* Waits, once it is shut, until all have left or the time is over. True when all have left. */
bool hub_wait(struct hub *hub, int timeout_ms);
