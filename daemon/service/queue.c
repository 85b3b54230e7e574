/* SPDX-License-Identifier: Apache-2.0 */
#include "service/queue.h"

void queue_init(struct queue *queue)
{
	*queue = (struct queue){ .lock = PTHREAD_MUTEX_INITIALIZER,
		.filled = PTHREAD_COND_INITIALIZER };
	queue->last = &queue->first;
}

void queue_push(struct queue *queue, struct work *work)
{
	pthread_mutex_lock(&queue->lock);
	work->next = NULL;
	*queue->last = work;
	queue->last = &work->next;
	/* Nobody asleep is nobody to wake: under load a push costs no system call. With the lock
	 * held, since once the work is answered the queue may be on its way out. */
	if (queue->sleepers > 0)
		pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
}

struct work *queue_pop(struct queue *queue)
{
	struct work *work;

	pthread_mutex_lock(&queue->lock);
	queue->sleepers++;
	while (!queue->first && !queue->closed)
		pthread_cond_wait(&queue->filled, &queue->lock);
	queue->sleepers--;
	work = queue->first;
	if (work) {
		queue->first = work->next;
		if (!queue->first)
			queue->last = &queue->first;
	}
	pthread_mutex_unlock(&queue->lock);
	return work;
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	pthread_mutex_unlock(&queue->lock);
	pthread_cond_broadcast(&queue->filled);
}
