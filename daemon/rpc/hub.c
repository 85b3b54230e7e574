/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/hub.h"

#include <stdlib.h>
#include <time.h>

#include "rpc/turn.h"

#ifdef ORGD_SANITIZED
enum { TURNS_KEPT = 0, BUFFERS_KEPT = 0 }; /* so that a use after the end is seen */
#else
enum { TURNS_KEPT = 1024, BUFFERS_KEPT = 1024 };
#endif

static struct pool_item *buffer_make(void)
{
	struct buffer *buffer = malloc(sizeof(*buffer));

	return buffer ? &buffer->item : NULL;
}

static void buffer_destroy(struct pool_item *item)
{
	free(CONTAINER_OF(item, struct buffer, item));
}

static void wake_waiters(struct hub *hub)
{
	if (!atomic_exchange(&hub->resuming, true))
		stream_task_run(hub->resume);
}

static struct waiter *next_waiter(struct hub *hub)
{
	struct waiter *waiter = NULL;

	pthread_mutex_lock(&hub->lock);
	if (hub->waiting && atomic_load(&hub->in_flight) < hub->in_flight_max) {
		waiter = hub->waiting;
		hub->waiting = waiter->next;
		if (!hub->waiting)
			hub->waiting_end = &hub->waiting;
		atomic_fetch_sub(&hub->waiting_count, 1);
	}
	pthread_mutex_unlock(&hub->lock);
	return waiter;
}

static void resume_waiters(void *context)
{
	struct hub *hub = context;
	struct waiter *waiter;

	atomic_store(&hub->resuming, false);
	while ((waiter = next_waiter(hub)))
		waiter->resume(waiter);
}

void hub_init(struct hub *hub)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&hub->idle, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&hub->lock, NULL);
	hub->waiting_end = &hub->waiting;
	pool_init(&hub->turns, TURNS_KEPT, turn_make, turn_destroy);
	pool_init(&hub->buffers, BUFFERS_KEPT, buffer_make, buffer_destroy);
	hub->resume = stream_task_new(resume_waiters, hub);
	if (!hub->resume)
		abort();
}

/* Both here and in hub_leave the counter that the other side looks at is changed first: one of the
 * two always sees the other. */
bool hub_try_enter(struct hub *hub)
{
	if (atomic_fetch_add(&hub->in_flight, 1) < hub->in_flight_max && !atomic_load(&hub->shut)) {
		atomic_fetch_add_explicit(&hub->requests, 1, memory_order_relaxed);
		return true;
	}
	hub_leave(hub, 1);
	return false;
}

bool hub_enter(struct hub *hub, struct waiter *waiter)
{
	if (hub_try_enter(hub))
		return true;
	hub_resume(hub, waiter);
	return false;
}

void hub_resume(struct hub *hub, struct waiter *waiter)
{
	if (atomic_load(&hub->shut))
		return;
	pthread_mutex_lock(&hub->lock);
	waiter->next = NULL;
	*hub->waiting_end = waiter;
	hub->waiting_end = &waiter->next;
	atomic_fetch_add(&hub->waiting_count, 1);
	pthread_mutex_unlock(&hub->lock);
	if (atomic_load(&hub->in_flight) < hub->in_flight_max)
		wake_waiters(hub);
}

void hub_leave(struct hub *hub, unsigned count)
{
	bool empty = atomic_fetch_sub(&hub->in_flight, count) == count;

	if (atomic_load(&hub->waiting_count) > 0)
		wake_waiters(hub);
	if (empty && atomic_load(&hub->shut)) {
		pthread_mutex_lock(&hub->lock);
		pthread_cond_broadcast(&hub->idle);
		pthread_mutex_unlock(&hub->lock);
	}
}

static struct timespec deadline_in(int timeout_ms)
{
	struct timespec deadline;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += timeout_ms / 1000;
	deadline.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (deadline.tv_nsec >= 1000000000L) {
		deadline.tv_sec++;
		deadline.tv_nsec -= 1000000000L;
	}
	return deadline;
}

void hub_shut(struct hub *hub)
{
	atomic_store(&hub->shut, true);
}

bool hub_wait(struct hub *hub, int timeout_ms)
{
	struct timespec deadline = deadline_in(timeout_ms);
	int error = 0;

	pthread_mutex_lock(&hub->lock);
	while (atomic_load(&hub->in_flight) > 0 && error == 0)
		error = pthread_cond_timedwait(&hub->idle, &hub->lock, &deadline);
	pthread_mutex_unlock(&hub->lock);
	return error == 0;
}
