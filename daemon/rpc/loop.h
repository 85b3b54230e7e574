/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>

/*
 * The threads that wait for descriptors, one per core. Each source belongs to one of them, in turn,
 * for as long as it is there: what a thread touches for it stays near that thread, and no two
 * handle it at once. A callback that takes long holds up the other sources of its thread. There is
 * one loop in a process, and it never ends.
 */
struct loop_source {
	int fd;
	int set; /* its thread's; loop_add's */
	/* On its thread, again and again while what it is armed for holds. */
	void (*ready)(struct loop_source *source, uint32_t events);
};

/* Takes the source in, armed for these events or none; -1 and errno when the system refuses. */
int loop_add(struct loop_source *source, uint32_t events);
/* Arms it for these. Any thread. */
void loop_arm(struct loop_source *source, uint32_t events);
/* Until it is armed again it is told once more at most, of its end. */
void loop_disarm(struct loop_source *source);
/* Takes it out for good; a callback may still be at work, and to arm it does nothing any more. */
void loop_remove(struct loop_source *source);
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
