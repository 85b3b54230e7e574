/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * That a lane was told to stop: said once, seen by all of its threads. What is in hand then is
 * brought to an end, for a while.
 *
 * Any thread, once initialised.
 */
struct stop {
	pthread_mutex_t mutex;
	pthread_cond_t change;
	_Atomic int64_t since_us; /* clock_monotonic_us(); 0 before */
};

void stop_init(struct stop *stop);
void stop_clear(struct stop *stop);

void stop_tell(struct stop *stop);
bool stop_told(const struct stop *stop);

/* Waits for so long, or until woken or told; not at all when told already. */
void stop_wait(struct stop *stop, int64_t ms);
/* Ends the waits that are under way. */
void stop_wake(struct stop *stop);

/* Is there time for what began at `begun_us`, and may take `ms` once we were told? Always, before
 * that. */
bool stop_leaves_time(const struct stop *stop, int64_t begun_us, int64_t ms);

/* The same for the attempt in hand. */
bool stop_leaves_attempt(const struct stop *stop);
