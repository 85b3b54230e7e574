/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <pthread.h>
#include <stdbool.h>

#include "service/work.h"

/* Works in the order they came, for any number of threads that push and a known number that pop. */
struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct work *first, **last;
	unsigned count;
	unsigned threads; /* that pop */
	unsigned idle;    /* of them, asleep and not yet called */
	bool closed;
};

void queue_init(struct queue *queue, unsigned threads);
void queue_push(struct queue *queue, struct work *work);
/* Waits for work and takes a fair share of what there is, at most `max`, linked by `next`. NULL
 * once the queue was closed and is empty. */
struct work *queue_pop(struct queue *queue, unsigned max);
void queue_close(struct queue *queue);
