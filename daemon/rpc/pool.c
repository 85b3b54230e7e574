/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/pool.h"

void pool_init(struct pool *pool, size_t free_max, struct pool_item *(*make)(void),
	void (*destroy)(struct pool_item *item))
{
	*pool = (struct pool){ .free_max = free_max, .make = make, .destroy = destroy };
	pthread_mutex_init(&pool->lock, NULL);
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
	return item ? item : pool->make();
}

void pool_give(struct pool *pool, struct pool_item *item)
{
	if (!item)
		return;
	pthread_mutex_lock(&pool->lock);
	if (pool->free_count < pool->free_max) {
		item->next = pool->free;
		pool->free = item;
		pool->free_count++;
		item = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	if (item)
		pool->destroy(item);
}
