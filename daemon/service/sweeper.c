/* SPDX-License-Identifier: Apache-2.0 */
#include "service/sweeper.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"

struct sweeper {
	const struct platform *platform;
	const struct sweep *sweeps;
	size_t count;

	pthread_mutex_t lock;
	pthread_cond_t idle;
	bool running, stopped; /* under lock */
	int64_t begun_us;      /* under lock; clock_monotonic_us() of the last round */

	/* The round's, the writer's alone while it runs. */
	struct arena arena;
	struct call call;
	struct mutation mutation;
	size_t first, current; /* where a run begins, and how far it has come */
	bool more;
};

/* Main ticks once a second, now a little early and now a little late. */
static const int64_t shortest_us = 9 * (US_PER_SECOND / 10);

static const struct rule sweep_rule = { .method = "sweep", .kind = METHOD_MUTATION };

static void submit(struct sweeper *sweeper)
{
	arena_reset(&sweeper->arena);
	sweeper->call = (struct call){
		.arena = &sweeper->arena, .platform = sweeper->platform, .rule = &sweep_rule
	};
	entropy_seed(&sweeper->call.entropy);
	store_submit(sweeper->platform->store, &sweeper->mutation);
}

/* One sweep; *idle says whether it left the batch as it was. */
MUST_USE static struct status run_one(struct sweeper *sweeper, bool *idle)
{
	struct batch *batch = sweeper->call.batch;
	struct status status;

	sweeper->more = false;
	status = sweeper->sweeps[sweeper->current].run(&sweeper->call, &sweeper->more);
	*idle = !status.code && batch_is_empty(batch) && !batch_expectation_count(batch);
	return status;
}

/* Each sweep that does something has a batch of its own; those that find nothing to do share one
 * transaction with the next, which in a quiet daemon is all there is. */
static struct status run(struct mutation *mutation, struct snapshot *snapshot, int64_t now_us)
{
	struct sweeper *sweeper = CONTAINER_OF(mutation, struct sweeper, mutation);
	struct call *call = &sweeper->call;

	entropy_rewind(&call->entropy);
	call->snapshot = snapshot;
	call->batch = snapshot_batch(snapshot);
	call->now_us = now_us;
	call->events = 0;
	for (sweeper->current = sweeper->first;; sweeper->current++) {
		struct status status;
		bool idle;

		status = run_one(sweeper, &idle);
		if (!idle || sweeper->current + 1 == sweeper->count)
			return status;
	}
}

static void done(struct mutation *mutation, struct status status, uint64_t revision, bool committed)
{
	struct sweeper *sweeper = CONTAINER_OF(mutation, struct sweeper, mutation);
	bool goes_on;

	(void)revision;
	if (status.code)
		log_error("sweep %s: %s", sweeper->sweeps[sweeper->current].name,
			status.failure->message);
	/* A sweep that changed nothing has nothing more to do, whatever it says. */
	sweeper->first = sweeper->current + (status.code || !sweeper->more || !committed);
	pthread_mutex_lock(&sweeper->lock);
	goes_on = sweeper->first < sweeper->count && !sweeper->stopped;
	sweeper->running = goes_on;
	if (!goes_on)
		pthread_cond_broadcast(&sweeper->idle);
	pthread_mutex_unlock(&sweeper->lock);
	/* When it does not go on, another round may have begun by now, or the sweeper be gone. */
	if (goes_on)
		submit(sweeper);
}

struct sweeper *sweeper_new(const struct platform *platform)
{
	struct sweeper *sweeper = calloc(1, sizeof(*sweeper));

	assert(sweeper);
	sweeper->platform = platform;
	sweeper->sweeps = services_sweeps(&sweeper->count);
	pthread_mutex_init(&sweeper->lock, NULL);
	pthread_cond_init(&sweeper->idle, NULL);
	arena_init(&sweeper->arena);
	sweeper->mutation = (struct mutation){ .arena = &sweeper->arena, .run = run, .done = done };
	return sweeper;
}

/* Begins a round if `now_us` is about a second after the last one's begin. */
static void begin(struct sweeper *sweeper, int64_t now_us)
{
	bool due;

	pthread_mutex_lock(&sweeper->lock);
	due = !sweeper->running && !sweeper->stopped && sweeper->count &&
	      now_us - sweeper->begun_us >= shortest_us;
	if (due) {
		sweeper->running = true;
		sweeper->begun_us = now_us;
		sweeper->first = 0;
	}
	pthread_mutex_unlock(&sweeper->lock);
	if (due)
		submit(sweeper);
}

static void wait_until_idle(struct sweeper *sweeper)
{
	pthread_mutex_lock(&sweeper->lock);
	while (sweeper->running)
		pthread_cond_wait(&sweeper->idle, &sweeper->lock);
	pthread_mutex_unlock(&sweeper->lock);
}

void sweeper_tick(struct sweeper *sweeper)
{
	begin(sweeper, clock_monotonic_us());
}

void sweeper_run(struct sweeper *sweeper)
{
	wait_until_idle(sweeper);
	begin(sweeper, INT64_MAX);
	pthread_mutex_lock(&sweeper->lock);
	sweeper->begun_us = 0;
	pthread_mutex_unlock(&sweeper->lock);
	wait_until_idle(sweeper);
}

void sweeper_stop(struct sweeper *sweeper)
{
	pthread_mutex_lock(&sweeper->lock);
	sweeper->stopped = true;
	pthread_mutex_unlock(&sweeper->lock);
	wait_until_idle(sweeper);
}

void sweeper_free(struct sweeper *sweeper)
{
	arena_clear(&sweeper->arena);
	free(sweeper);
}
