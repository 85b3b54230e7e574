/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/stop.h"

#include <time.h>

#include "base/clock.h"

enum { ATTEMPT_MS = 20 * 1000 };

void stop_init(struct stop *stop)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&stop->change, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&stop->mutex, NULL);
	stop->since_us = 0;
}

void stop_clear(struct stop *stop)
{
	pthread_cond_destroy(&stop->change);
	pthread_mutex_destroy(&stop->mutex);
}

void stop_tell(struct stop *stop)
{
	pthread_mutex_lock(&stop->mutex);
	stop->since_us = clock_monotonic_us();
	pthread_cond_broadcast(&stop->change);
	pthread_mutex_unlock(&stop->mutex);
}

bool stop_told(const struct stop *stop)
{
	return stop->since_us != 0;
}

void stop_wait(struct stop *stop, int64_t ms)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000 * 1000;
	if (end.tv_nsec >= 1000 * 1000 * 1000) {
		end.tv_nsec -= 1000 * 1000 * 1000;
		end.tv_sec++;
	}
	pthread_mutex_lock(&stop->mutex);
	if (!stop_told(stop))
		(void)pthread_cond_timedwait(&stop->change, &stop->mutex, &end);
	pthread_mutex_unlock(&stop->mutex);
}

void stop_wake(struct stop *stop)
{
	pthread_mutex_lock(&stop->mutex);
	pthread_cond_broadcast(&stop->change);
	pthread_mutex_unlock(&stop->mutex);
}

bool stop_leaves_time(const struct stop *stop, int64_t begun_us, int64_t ms)
{
	int64_t from_us = stop->since_us;

	if (!from_us)
		return true;
	if (from_us < begun_us)
		from_us = begun_us;
	return clock_monotonic_us() < from_us + ms * US_PER_MS;
}

bool stop_leaves_attempt(const struct stop *stop)
{
	return stop_leaves_time(stop, 0, ATTEMPT_MS);
}
