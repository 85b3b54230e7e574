/* SPDX-License-Identifier: Apache-2.0 */
#include "service/queue.h"

void queue_init(struct queue *queue, unsigned threads)
{
	*queue = (struct queue){ .lock = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP,
		.filled = PTHREAD_COND_INITIALIZER,
		.threads = threads };
	queue->last = &queue->first;
}

void queue_push(struct queue *queue, struct work *work)
{
	pthread_mutex_lock(&queue->lock);
	work->next = NULL;
	*queue->last = work;
	queue->last = &work->next;
	queue->count++;
	/* Each sleeper is called once: however many works come before it is up, and under load, a
	 * push costs no system call. With the lock held, since once the work is answered the queue
	 * may be on its way out. */
	if (queue->idle > 0) {
		queue->idle--;
		pthread_cond_signal(&queue->filled);
	}
	pthread_mutex_unlock(&queue->lock);
}

/* Takes so many, which are there, off the front. */
static struct work *take(struct queue *queue, unsigned count)
{
	struct work *taken = queue->first, **last = &queue->first;

	queue->count -= count;
	while (count--)
		last = &(*last)->next;
	queue->first = *last;
	*last = NULL;
	if (!queue->first)
		queue->last = &queue->first;
	return taken;
}

struct work *queue_pop(struct queue *queue, unsigned max)
{
	struct work *taken;
	unsigned share;

	pthread_mutex_lock(&queue->lock);
	while (!queue->first && !queue->closed) {
		queue->idle++;
		pthread_cond_wait(&queue->filled, &queue->lock);
	}
	share = (queue->count + queue->threads - 1) / queue->threads;
	taken = take(queue, share < max ? share : max);
	pthread_mutex_unlock(&queue->lock);
	return taken;
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	pthread_mutex_unlock(&queue->lock);
	pthread_cond_broadcast(&queue->filled);
}
