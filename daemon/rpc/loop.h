/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>

/*
 * The threads that wait for descriptors, one per core, all on one epoll set: whichever is free
 * takes the next that is ready, so that one slow callback holds up nobody else's. Each source is
 * armed for one event at a time. There is one loop in a process, and it never ends.
 */
struct loop_source {
	int fd;
	/* On one of the threads; the source is disarmed. */
	void (*ready)(struct loop_source *source, uint32_t events);
};

/* Takes the source in, disarmed or not; -1 and errno when the system refuses. */
int loop_add(struct loop_source *source, uint32_t events);
/* Arms it for the next event. */
void loop_arm(struct loop_source *source, uint32_t events);
/* Starts the threads, once; 0, or an errno. */
int loop_start(void);

/* Something with a time to be called at, unless it is removed before. */
struct loop_timer {
	int64_t due_us; /* clock_monotonic_us() */
	/* Up to LOOP_TICK_MS late, with all timers locked: brief, and no call to loop_timer_*. The
	 * timer is removed. */
	void (*expired)(struct loop_timer *timer);
	struct loop_timer *next, **link; /* link: what points at it; NULL: not set */
};

enum { LOOP_TICK_MS = 50 };

void loop_timer_set(struct loop_timer *timer, int64_t due_us);
/* Afterwards it does not run, and is not running. */
void loop_timer_remove(struct loop_timer *timer);
