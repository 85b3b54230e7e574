/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/pool.h"

void pool_init(struct pool *pool, size_t free_max, struct pool_item *(*make)(void),
	void (*destroy)(struct pool_item *item))
{
	*pool = (struct pool){ .free_max = free_max, .make = make, .destroy = destroy };
	pool->lock = (pthread_mutex_t)PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
}

struct pool_item *pool_take(struct pool *pool)
{
	struct pool_item *item;

	pthread_mutex_lock(&pool->lock);
	item = pool->free;
	if (item) {
		pool->free = item->next;
		pool->free_count--;
	}
	pthread_mutex_unlock(&pool->lock);
	if (!item)
		item = pool->make();
	if (item)
		item->next = NULL;
	return item;
}

void pool_give(struct pool *pool, struct pool_item *items)
{
	struct pool_item *next;

	if (!items)
		return;
	pthread_mutex_lock(&pool->lock);
	for (; items && pool->free_count < pool->free_max; items = next) {
		next = items->next;
		items->next = pool->free;
		pool->free = items;
		pool->free_count++;
	}
	pthread_mutex_unlock(&pool->lock);
	for (; items; items = next) {
		next = items->next;
		pool->destroy(items);
	}
}
