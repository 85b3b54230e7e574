/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

#include "courier/attempt.h"
#include "courier/queue.h"
#include "courier/stop.h"

/*
 * One way out of orgd: takes what is due from a queue, sends it, reports how it went. Mails and
 * webhooks have a lane each, so that receivers of webhooks, whom anybody chooses, cannot hold up
 * the mail; and webhooks have several workers, so that they hold up each other little.
 *
 * A worker is a thread, since an attempt is one blocking call of libcurl: nothing is simpler, and a
 * worker that hangs is one worker less. Only one of them asks orgd at a time; when it gets
 * something, the next one asks. So an idle lane costs orgd the same with one worker or with
 * sixty-four, and a courier that is killed leaves at most one lease a worker.
 */
struct lane;

enum { LANE_WORKERS_MAX = 64 };

struct lane_options {
	struct queue *queue;
	struct stop *stop;
	unsigned workers; /* 1 to LANE_WORKERS_MAX */
	/* Called from one thread for each sender. */
	void (*send)(void *sender, const queue_lease *lease, struct attempt *attempt);
	void *senders[LANE_WORKERS_MAX]; /* one a worker */
};

/* Aborts when there are no threads to be had. */
struct lane *lane_start(const struct lane_options *options);

/* Has every worker shown itself lately? Otherwise one hangs. */
bool lane_lives(const struct lane *lane);

/* Waits until every worker is done; they must have been told to stop. NULL is fine. */
void lane_join(struct lane *lane);
