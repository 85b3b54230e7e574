/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"

enum { THREADS_MAX = 64 };

static struct {
	int sets[THREADS_MAX];
	unsigned count;
	_Atomic unsigned next; /* whose the next source is */
	bool started;          /* under `lock` */
	pthread_mutex_t lock;

	/* Few at a time, since what is on time has none: a list is walked while there are any. */
	struct loop_source tick;
	pthread_mutex_t timers_lock;
	struct loop_timer *timers;
	bool ticking;
} loop = { .lock = PTHREAD_MUTEX_INITIALIZER, .timers_lock = PTHREAD_MUTEX_INITIALIZER };

static pthread_once_t made = PTHREAD_ONCE_INIT;

/* --- descriptors --- */

static void on_tick(struct loop_source *source, uint32_t events);

static int control(int operation, struct loop_source *source, uint32_t events)
{
	return epoll_ctl(source->set, operation, source->fd,
		&(struct epoll_event){ .events = events, .data.ptr = source });
}

static void make(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	loop.count = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores;
	for (unsigned i = 0; i < loop.count; i++) {
		loop.sets[i] = epoll_create1(EPOLL_CLOEXEC);
		if (loop.sets[i] < 0)
			abort(); /* nothing is open yet: there are no descriptors for anything */
	}
	loop.tick = (struct loop_source){ .set = loop.sets[0],
		.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
		.ready = on_tick };
	if (loop.tick.fd < 0 || control(EPOLL_CTL_ADD, &loop.tick, EPOLLIN))
		abort();
}

int loop_add(struct loop_source *source, uint32_t events)
{
	pthread_once(&made, make);
	source->set = loop.sets[loop.next++ % loop.count];
	return control(EPOLL_CTL_ADD, source, events ? events : EPOLLONESHOT);
}

void loop_arm(struct loop_source *source, uint32_t events)
{
	/* Cannot fail while it is in the set, which has room for it. */
	(void)control(EPOLL_CTL_MOD, source, events);
}

void loop_disarm(struct loop_source *source)
{
	(void)control(EPOLL_CTL_MOD, source, EPOLLONESHOT);
}

void loop_remove(struct loop_source *source)
{
	(void)control(EPOLL_CTL_DEL, source, 0);
}

static void *run(void *set)
{
	for (;;) {
		struct epoll_event event;

		if (epoll_wait(*(const int *)set, &event, 1, -1) == 1) {
			struct loop_source *source = event.data.ptr;

			source->ready(source, event.events);
		}
	}
	return NULL;
}

int loop_start(void)
{
	int error = 0;

	pthread_once(&made, make);
	pthread_mutex_lock(&loop.lock);
	for (unsigned i = 0; !loop.started && !error && i < loop.count; i++) {
		pthread_t thread;

		error = pthread_create(&thread, NULL, run, &loop.sets[i]);
		if (!error)
			pthread_detach(thread);
	}
	loop.started = !error;
	pthread_mutex_unlock(&loop.lock);
	return error;
}

/* --- timers --- */

static void set_ticking(bool ticking)
{
	const struct timespec tick = { .tv_nsec = LOOP_TICK_MS * 1000 * 1000 };

	if (ticking == loop.ticking)
		return;
	loop.ticking = ticking;
	(void)timerfd_settime(loop.tick.fd, 0,
		&(struct itimerspec){ .it_interval = ticking ? tick : (struct timespec){ 0 },
			.it_value = ticking ? tick : (struct timespec){ 0 } },
		NULL);
}

static void unlink_timer(struct loop_timer *timer)
{
	*timer->link = timer->next;
	if (timer->next)
		timer->next->link = timer->link;
	timer->link = NULL;
}

static void on_tick(struct loop_source *source, uint32_t events)
{
	int64_t now_us = clock_monotonic_us();
	uint64_t ticks;

	(void)events;
	(void)!read(source->fd, &ticks, sizeof(ticks));
	pthread_mutex_lock(&loop.timers_lock);
	for (struct loop_timer *timer = loop.timers, *next; timer; timer = next) {
		next = timer->next;
		if (timer->due_us > now_us)
			continue;
		unlink_timer(timer);
		timer->expired(timer);
	}
	set_ticking(loop.timers != NULL);
	pthread_mutex_unlock(&loop.timers_lock);
}

void loop_timer_set(struct loop_timer *timer, int64_t due_us)
{
	pthread_mutex_lock(&loop.timers_lock);
	timer->due_us = due_us;
	if (!timer->link) {
		timer->next = loop.timers;
		timer->link = &loop.timers;
		if (timer->next)
			timer->next->link = &timer->next;
		loop.timers = timer;
	}
	set_ticking(true);
	pthread_mutex_unlock(&loop.timers_lock);
}

void loop_timer_remove(struct loop_timer *timer)
{
	pthread_mutex_lock(&loop.timers_lock);
	if (timer->link)
		unlink_timer(timer);
	pthread_mutex_unlock(&loop.timers_lock);
}
