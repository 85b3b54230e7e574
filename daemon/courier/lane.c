/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/lane.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	REPORT_AGAIN_MS = 500,
	STOP_REPORT_MS = 5 * 1000, /* for a report, once we are told to stop */
	HANGS_MS = 4 * 60 * 1000,  /* a lease: no attempt takes longer */
};

struct worker {
	struct lane *lane;
	void *sender;
	pthread_t thread;
	_Atomic int64_t seen_us; /* clock_monotonic_us(); 0 while it waits for its turn */
};

struct lane {
	struct lane_options options;
	pthread_mutex_t turn; /* of the worker that asks orgd */
	struct worker workers[LANE_WORKERS_MAX];
};

/* Never names a person: what a server says often does. */
static void log_attempt(const char *id, const struct attempt *attempt)
{
	switch (attempt->outcome) {
	case ATTEMPT_ACCEPTED:
		log_info("%s: accepted", id);
		break;
	case ATTEMPT_REFUSED:
		log_warning("%s: refused with %u", id,
			attempt->smtp_code ? attempt->smtp_code : attempt->http_status);
		break;
	case ATTEMPT_UNREACHABLE:
		log_warning("%s: not handed over: %s", id, attempt->text);
		break;
	}
}

static void wait_to_report_again(struct stop *stop)
{
	const struct timespec pause = { .tv_nsec = REPORT_AGAIN_MS * 1000 * 1000 };

	if (stop_told(stop))
		nanosleep(&pause, NULL);
	else
		stop_wait(stop, REPORT_AGAIN_MS);
}

/* A success that is not reported is a mail sent twice: an orgd that is away is waited for. */
static void report(struct worker *worker, const queue_lease *lease, const struct attempt *attempt)
{
	const struct lane_options *options = &worker->lane->options;
	int64_t begun_us = clock_monotonic_us();
	char request_id[ORG_REQUEST_ID_BYTES];
	unsigned tries = 0;

	org_request_id_make(request_id);
	while (!queue_report(options->queue, lease, attempt, request_id)) {
		if (tries++ == 0)
			log_warning("%s: orgd cannot be told yet; trying again until it can",
				lease->delivery_id);
		wait_to_report_again(options->stop);
		if (!stop_leaves_time(options->stop, begun_us, STOP_REPORT_MS)) {
			log_warning("%s: orgd could not be told", lease->delivery_id);
			return;
		}
		worker->seen_us = clock_monotonic_us();
	}
}

static void deliver(struct worker *worker, const queue_lease *lease)
{
	int64_t begun_us = clock_monotonic_us();
	struct attempt attempt;

	worker->lane->options.send(worker->sender, lease, &attempt);
	attempt.duration_ms = (uint32_t)((clock_monotonic_us() - begun_us) / US_PER_MS);
	log_attempt(lease->delivery_id, &attempt);
	worker->seen_us = clock_monotonic_us();
	report(worker, lease, &attempt);
	/* The next event of the same webhook may be due now: whoever waits to ask orgd asks. */
	stop_wake(worker->lane->options.stop);
}

/* The next lease, whenever it comes; NULL once we are told to stop. */
static queue_lease *take(struct worker *worker)
{
	struct lane *lane = worker->lane;
	struct stop *stop = lane->options.stop;
	queue_lease *lease = NULL;

	worker->seen_us = 0;
	pthread_mutex_lock(&lane->turn);
	while (!lease && !stop_told(stop)) {
		int64_t pause_ms;

		worker->seen_us = clock_monotonic_us();
		lease = queue_take(lane->options.queue, &pause_ms);
		if (!lease)
			stop_wait(stop, pause_ms);
	}
	pthread_mutex_unlock(&lane->turn);
	return lease;
}

static void *work(void *context)
{
	struct worker *worker = context;
	queue_lease *lease;

	while ((lease = take(worker))) {
		worker->seen_us = clock_monotonic_us();
		deliver(worker, lease);
		org_message_free(lease);
	}
	worker->seen_us = 0;
	return NULL;
}

struct lane *lane_start(const struct lane_options *options)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	assert(lane && options->workers >= 1 && options->workers <= LANE_WORKERS_MAX);
	lane->options = *options;
	pthread_mutex_init(&lane->turn, NULL);
	for (unsigned i = 0; i < options->workers; i++) {
		struct worker *worker = &lane->workers[i];

		worker->lane = lane;
		worker->sender = options->senders[i];
		if (pthread_create(&worker->thread, NULL, work, worker))
			abort();
	}
	return lane;
}

bool lane_lives(const struct lane *lane)
{
	int64_t oldest_us = clock_monotonic_us() - HANGS_MS * (int64_t)US_PER_MS;

	for (unsigned i = 0; i < lane->options.workers; i++) {
		int64_t seen_us = lane->workers[i].seen_us;

		if (seen_us && seen_us < oldest_us)
			return false;
	}
	return true;
}

void lane_join(struct lane *lane)
{
	if (!lane)
		return;
	for (unsigned i = 0; i < lane->options.workers; i++)
		pthread_join(lane->workers[i].thread, NULL);
	pthread_mutex_destroy(&lane->turn);
	free(lane);
}
