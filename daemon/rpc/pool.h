/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <pthread.h>
#include <stddef.h>

/* Things kept for the next use rather than freed. Their memory begins with a struct pool_item. Any
 * thread. */
struct pool_item {
	struct pool_item *next;
};

struct pool {
	pthread_mutex_t lock;
	struct pool_item *free;
	size_t free_count, free_max;     /* past free_max they are freed after all */
	struct pool_item *(*make)(void); /* NULL when memory is out */
	void (*destroy)(struct pool_item *item);
};

void pool_init(struct pool *pool, size_t free_max, struct pool_item *(*make)(void),
	void (*destroy)(struct pool_item *item));
/* A used one or a new one, linked to no other; NULL when memory is out. */
struct pool_item *pool_take(struct pool *pool);
/* Takes back all that are linked from this one on; NULL is fine. */
void pool_give(struct pool *pool, struct pool_item *items);
