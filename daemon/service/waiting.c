/* SPDX-License-Identifier: Apache-2.0 */
#include "service/waiting.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "service/work.h"

enum {
	BUCKETS = 256,
	TOPICS = 1024, /* two ids that share one wake each other's calls for nothing */
};

struct waiting {
	_Atomic unsigned count; /* changed under the lock */
	int timer;

	pthread_mutex_t lock;          /* for the next three */
	struct work *buckets[BUCKETS]; /* by connection */
	int64_t armed_us;              /* when the timer goes off; INT64_MAX: never */
	bool closed;                   /* nothing waits any more */

	/* The writer's alone: what the group that it is at is about. */
	bool told[TOPICS], told_any;
};

struct waiting *waiting_new(void)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting)
		abort();
	waiting->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (waiting->timer < 0)
		abort();
	waiting->armed_us = INT64_MAX;
	pthread_mutex_init(&waiting->lock, NULL);
	return waiting;
}

void waiting_free(struct waiting *waiting)
{
	assert(!waiting->count);
	pthread_mutex_destroy(&waiting->lock);
	close(waiting->timer);
	free(waiting);
}

/* --- in and out --- */

static struct work **bucket_of(struct waiting *waiting, const struct work *work)
{
	return &waiting->buckets[work->exchange->peer.connection % BUCKETS];
}

/* Takes in a read that does not belong here yet. */
MUST_USE static bool enter(struct waiting *waiting, struct work *work)
{
	struct work **bucket = bucket_of(waiting, work);
	unsigned on_connection = 0;

	for (const struct work *other = *bucket; other; other = other->neighbour)
		on_connection +=
			other->exchange->peer.connection == work->exchange->peer.connection;
	if (waiting->count == WAITING_MAX || on_connection == WAITING_PER_CONNECTION_MAX)
		return false;
	work->waits = true;
	work->neighbour = *bucket;
	*bucket = work;
	waiting->count++;
	return true;
}

/* With the lock held. */
static void arm(struct waiting *waiting, int64_t at_us)
{
	struct itimerspec spec = { 0 };

	waiting->armed_us = at_us;
	if (at_us != INT64_MAX)
		spec.it_value = (struct timespec){ at_us / US_PER_SECOND,
			at_us % US_PER_SECOND * 1000 + 1 }; /* 0 would be never */
	(void)timerfd_settime(waiting->timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

enum waiting_answer waiting_park(struct waiting *waiting, struct work *work)
{
	enum waiting_answer answer = WAITING_PARKED;

	pthread_mutex_lock(&waiting->lock);
	if (!work->waits && !enter(waiting, work))
		answer = WAITING_FULL;
	/* Looked at after it was counted: a commit after this finds it and wakes it. */
	else if (waiting->closed ||
		 store_revision(work->call.platform->store) > work->wait_revision)
		answer = WAITING_OVER;
	else
		work->parked = true;
	if (answer == WAITING_PARKED && work->deadline_us < waiting->armed_us)
		arm(waiting, work->deadline_us);
	pthread_mutex_unlock(&waiting->lock);
	return answer;
}

bool waiting_is_over(struct waiting *waiting, const struct work *work)
{
	bool closed;

	if (!work->waits)
		return false;
	pthread_mutex_lock(&waiting->lock);
	closed = waiting->closed;
	pthread_mutex_unlock(&waiting->lock);
	return closed || clock_monotonic_us() >= work->deadline_us;
}

void waiting_leave(struct waiting *waiting, struct work *work)
{
	struct work **link;

	if (!work->waits)
		return;
	pthread_mutex_lock(&waiting->lock);
	for (link = bucket_of(waiting, work); *link != work;)
		link = &(*link)->neighbour;
	*link = work->neighbour;
	waiting->count--;
	pthread_mutex_unlock(&waiting->lock);
}

/* --- waking --- */

static unsigned topic_of(const struct id *id)
{
	return (unsigned)(id->bytes[0] << 8 | id->bytes[1]) % TOPICS;
}

void waiting_tell(struct waiting *waiting, const struct id *id)
{
	waiting->told[topic_of(id)] = true;
	waiting->told_any = true;
}

struct waking {
	enum { WAKE_COMMITTED, WAKE_EXPIRED, WAKE_ALL } why;
	uint64_t revision;
	int64_t now_us;
};

MUST_USE static bool was_told(const struct waiting *waiting, const struct id *id)
{
	return !id_is_zero(id) && waiting->told[topic_of(id)];
}

/* What a caller may see ends with the session or the key, so news of these counts as well. */
MUST_USE static bool concerns(
	const struct waiting *waiting, const struct work *work, uint64_t revision)
{
	const struct call *call = &work->call;

	return revision > work->wait_revision &&
	       (id_is_zero(&call->wait_for) || was_told(waiting, &call->wait_for) ||
		       was_told(waiting, &call->caller.user_id) ||
		       was_told(waiting, &call->caller.key_id));
}

MUST_USE static bool is_woken(
	const struct waiting *waiting, const struct work *work, const struct waking *waking)
{
	switch (waking->why) {
	case WAKE_COMMITTED:
		return concerns(waiting, work, waking->revision);
	case WAKE_EXPIRED:
		return work->deadline_us <= waking->now_us;
	case WAKE_ALL:
		return true;
	}
	abort();
}

/* Returns the earliest deadline of what stays parked. With the lock held. */
static int64_t wake(
	struct waiting *waiting, const struct waking *waking, void (*run)(struct work *work))
{
	int64_t earliest_us = INT64_MAX;

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct work *work = waiting->buckets[i], *next; work; work = next) {
			next = work->neighbour;
			if (!work->parked)
				continue;
			if (is_woken(waiting, work, waking)) {
				work->parked = false;
				run(work);
			} else if (work->deadline_us < earliest_us) {
				earliest_us = work->deadline_us;
			}
		}
	return earliest_us;
}

void waiting_committed(struct waiting *waiting, uint64_t revision, void (*run)(struct work *work))
{
	/* The revision was published before: whoever is not counted yet will see it. */
	if (waiting->count) {
		pthread_mutex_lock(&waiting->lock);
		(void)wake(waiting, &(struct waking){ .why = WAKE_COMMITTED, .revision = revision },
			run);
		pthread_mutex_unlock(&waiting->lock);
	}
	if (waiting->told_any)
		memset(waiting->told, 0, sizeof(waiting->told));
	waiting->told_any = false;
}

int waiting_timer(const struct waiting *waiting)
{
	return waiting->timer;
}

void waiting_expire(struct waiting *waiting, int64_t now_us, void (*run)(struct work *work))
{
	pthread_mutex_lock(&waiting->lock);
	if (waiting->armed_us <= now_us)
		arm(waiting,
			wake(waiting, &(struct waking){ .why = WAKE_EXPIRED, .now_us = now_us },
				run));
	pthread_mutex_unlock(&waiting->lock);
}

void waiting_close(struct waiting *waiting, void (*run)(struct work *work))
{
	pthread_mutex_lock(&waiting->lock);
	waiting->closed = true;
	(void)wake(waiting, &(struct waking){ .why = WAKE_ALL }, run);
	pthread_mutex_unlock(&waiting->lock);
}
