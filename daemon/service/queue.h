/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <pthread.h>
#include <stdbool.h>

#include "service/work.h"

/* Works in the order they came, for any number of threads on both sides. */
struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct work *first, **last;
	unsigned sleepers; /* threads in queue_pop that wait */
	bool closed;
};

void queue_init(struct queue *queue);
void queue_push(struct queue *queue, struct work *work);
/* Waits for one. NULL once the queue was closed and is empty. */
struct work *queue_pop(struct queue *queue);
void queue_close(struct queue *queue);
