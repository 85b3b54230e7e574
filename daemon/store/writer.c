/* SPDX-License-Identifier: Apache-2.0 */
#include "store/internal.h"

static void run_and_answer(struct store *store, struct mutation *const *mutations, size_t count)
{
	struct group_result results[GROUP_MAX];
	uint64_t before = store->meta.revision;

	group_run(store, mutations, count, results);
	store->mutations += store->meta.revision - before;
	/* Before the mutations are done: with the last answer the daemon may be on its way out. */
	if (store->meta.revision != before && store->options.committed)
		store->options.committed(store->options.context, store->meta.revision);
	for (size_t i = 0; i < count; i++)
		mutations[i]->done(
			mutations[i], results[i].status, results[i].revision, results[i].committed);
}

/* What queued up, at most a group; 0 when the store is closing and nothing is left. */
MUST_USE static size_t take_group(struct store *store, struct mutation **group)
{
	size_t count = 0, max = store->stale ? 1 : GROUP_MAX;

	pthread_mutex_lock(&store->lock);
	while (!store->first && !store->stopping)
		pthread_cond_wait(&store->filled, &store->lock);
	while (store->first && count < max) {
		group[count++] = store->first;
		store->first = store->first->next;
	}
	if (!store->first)
		store->last = &store->first;
	pthread_mutex_unlock(&store->lock);
	return count;
}

static void *writer_main(void *argument)
{
	struct store *store = argument;
	struct mutation *group[GROUP_MAX];
	size_t count;

	while ((count = take_group(store, group)))
		run_and_answer(store, group, count);
	return NULL;
}

void store_submit(struct store *store, struct mutation *mutation)
{
	mutation->next = NULL;
	pthread_mutex_lock(&store->lock);
	/* With the lock held, since once the mutation is done the store may be on its way out. */
	if (!store->first)
		pthread_cond_signal(&store->filled);
	*store->last = mutation;
	store->last = &mutation->next;
	pthread_mutex_unlock(&store->lock);
}

struct status writer_start(struct store *store)
{
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->filled, NULL);
	arena_init(&store->batch_arena);
	store->last = &store->first;
	if (pthread_create(&store->writer, NULL, writer_main, store))
		return status_internal("the writer's thread could not be made");
	store->writer_runs = true;
	return OK;
}

void writer_stop(struct store *store)
{
	if (!store->writer_runs)
		return;
	pthread_mutex_lock(&store->lock);
	store->stopping = true;
	pthread_mutex_unlock(&store->lock);
	pthread_cond_signal(&store->filled);
	pthread_join(store->writer, NULL);
	arena_clear(&store->batch_arena);
	pthread_cond_destroy(&store->filled);
	pthread_mutex_destroy(&store->lock);
}
