/* SPDX-License-Identifier: Apache-2.0 */
#include "service/waiting.h"

void waiting_init(struct waiting *waiting)
{
	*waiting = (struct waiting){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

void waiting_clear(struct waiting *waiting)
{
	assert(!waiting->count);
	pthread_mutex_destroy(&waiting->lock);
}

static struct work **bucket_of(struct waiting *waiting, const struct work *work)
{
	return &waiting->buckets[work->exchange->peer.connection % WAITING_BUCKETS];
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

enum waiting_answer waiting_park(struct waiting *waiting, struct work *work)
{
	enum waiting_answer answer = WAITING_PARKED;

	pthread_mutex_lock(&waiting->lock);
	if (!work->waits && !enter(waiting, work))
		answer = WAITING_FULL;
	/* Looked at under the lock: a commit after this finds it parked and wakes it. */
	else if (waiting->closed ||
		 store_revision(work->call.platform->store) > work->wait_revision)
		answer = WAITING_OVER;
	else
		work->parked = true;
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

void waiting_wake(struct waiting *waiting, int64_t deadline_us, void (*run)(struct work *work))
{
	pthread_mutex_lock(&waiting->lock);
	for (size_t i = 0; waiting->count && i < WAITING_BUCKETS; i++)
		for (struct work *work = waiting->buckets[i], *next; work; work = next) {
			next = work->neighbour;
			if (!work->parked || work->deadline_us > deadline_us)
				continue;
			work->parked = false;
			run(work);
		}
	pthread_mutex_unlock(&waiting->lock);
}

void waiting_close(struct waiting *waiting)
{
	pthread_mutex_lock(&waiting->lock);
	waiting->closed = true;
	pthread_mutex_unlock(&waiting->lock);
}
