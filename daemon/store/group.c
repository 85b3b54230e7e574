/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sysexits.h>

#include "store/internal.h"

enum {
	/* Of the map, for the pages that deletes need: they copy what they change. */
	MAP_RESERVE_BYTES = 4 * 1024 * 1024,
	MAP_RESERVE_PART = 4, /* of a small map: at most a quarter */
	/* How long mutations of several batches may add to a transaction: the more it takes, the
	 * fewer pages it writes for each; and when others wait for the next one. */
	AGAIN_US = 1000 * US_PER_MS,
	AGAIN_BEFORE_OTHERS_US = 50 * US_PER_MS,
};

/* A transaction on its way. */
struct group {
	struct store *store;
	MDB_txn *txn;
	struct meta meta;    /* with what was applied so far */
	uint64_t room, used; /* bytes that growing batches may take, and at most have taken */
	int64_t begun_us;    /* clock_monotonic_us() */
};

static uint64_t above(uint64_t bytes, uint64_t reserve)
{
	return bytes > reserve ? bytes - reserve : 0;
}

static uint64_t disk_room(const struct store *store)
{
	struct statvfs disk;

	if (fstatvfs(store->directory, &disk))
		return UINT64_MAX;
	return above((uint64_t)disk.f_bavail * disk.f_frsize, disk_reserve_bytes(store));
}

static uint64_t free_bytes(struct store *store)
{
	uint64_t bytes;
	MDB_txn *txn;

	if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn))
		return 0;
	if (lmdb_free_bytes(store, txn, &bytes).code)
		bytes = 0;
	mdb_txn_abort(txn);
	return bytes;
}

static uint64_t map_room(struct store *store)
{
	uint64_t reserve, left;
	MDB_envinfo info;

	if (mdb_env_info(store->env, &info))
		return UINT64_MAX;
	reserve = info.me_mapsize / MAP_RESERVE_PART;
	if (reserve > MAP_RESERVE_BYTES)
		reserve = MAP_RESERVE_BYTES;
	left = above(info.me_mapsize, (info.me_last_pgno + 1) * store->page_bytes);
	/* To count the free pages takes time, so only near the end. */
	return above(left < 2 * reserve ? left + free_bytes(store) : left, reserve);
}

static uint64_t room(struct store *store)
{
	uint64_t disk = disk_room(store), map = map_room(store);

	return disk < map ? disk : map;
}

/* What a batch takes at most, but for branches shared with others: each row may split its leaf, and
 * a large one leaves a page half empty. */
static uint64_t batch_cost(const struct store *store, const struct batch *batch)
{
	return batch->bytes + 2 * batch_write_count(batch) * (uint64_t)store->page_bytes;
}

/* Runs the mutation on what `txn` shows; *batch is what it filled, until the next run: all batches
 * are filled in the same memory, which stays in the processor's caches. */
MUST_USE static struct status run_on(struct group *group, MDB_txn *txn, uint64_t revision,
	struct mutation *mutation, int64_t now_us, struct batch **batch)
{
	struct arena *arena = &group->store->batch_arena;
	struct snapshot snapshot = {
		.store = group->store, .txn = txn, .arena = mutation->arena, .revision = revision
	};

	arena_reset(arena);
	snapshot.batch = batch_new(arena);
	*batch = snapshot.batch;
	return mutation->run(mutation, &snapshot, now_us);
}

/* Runs the mutation on the state before the last batch; *counts says whether that outcome is what a
 * cluster would commit. */
MUST_USE static struct status run_stale(struct group *group, struct mutation *mutation,
	int64_t now_us, struct batch **batch, bool *counts)
{
	struct store *store = group->store;
	struct status status;
	struct meta meta;

	*counts = false;
	TRY(meta_read(store, store->stale, &meta));
	status = run_on(group, store->stale, meta.revision, mutation, now_us, batch);
	if (status.code || batch_is_empty(*batch))
		return OK;
	return batch_check(store, group->txn, *batch, counts);
}

MUST_USE static struct status run(
	struct group *group, struct mutation *mutation, int64_t now_us, struct batch **batch)
{
	if (group->store->stale) {
		bool counts;

		TRY(run_stale(group, mutation, now_us, batch, &counts));
		if (counts)
			return OK;
		group->store->reruns++;
	}
	return run_on(group, group->txn, group->meta.revision, mutation, now_us, batch);
}

/* max(the clock's, the last batch's + 1). */
static int64_t next_time_us(const struct group *group)
{
	int64_t now_us = clock_now_us(group->store->options.clock);

	return now_us > group->meta.time_us ? now_us : group->meta.time_us + 1;
}

/* Runs one mutation and applies its batch. Fails when the transaction cannot go on. */
MUST_USE static struct status run_and_apply(
	struct group *group, struct mutation *mutation, struct group_result *result)
{
	int64_t now_us = next_time_us(group);
	struct batch *batch = NULL;

	*result = (struct group_result){ .status = arena_keep(mutation->arena,
						 run(group, mutation, now_us, &batch)),
		.revision = group->meta.revision };
	if (result->status.code || batch_is_empty(batch))
		return OK;
	if (group->used >= group->room && batch_grows(batch)) {
		result->status = arena_keep(mutation->arena,
			status_fail(STATUS_RESOURCE_EXHAUSTED, "STORAGE_FULL",
				"the disk is nearly full; free some space, nothing was changed"));
		return OK;
	}
	TRY(batch_apply(group->store, group->txn, batch, now_us, &group->meta));
	group->used += batch_cost(group->store, batch);
	result->revision = group->meta.revision;
	result->committed = true;
	return OK;
}

/* Does a mutation wait that is done with a single batch? */
MUST_USE static bool others_wait(struct store *store)
{
	const struct mutation *mutation;

	pthread_mutex_lock(&store->lock);
	for (mutation = store->first; mutation && mutation->again;)
		mutation = mutation->next;
	pthread_mutex_unlock(&store->lock);
	return mutation;
}

MUST_USE static bool has_time(const struct group *group)
{
	int64_t passed_us = clock_monotonic_us() - group->begun_us;

	return passed_us < AGAIN_BEFORE_OTHERS_US ||
	       (passed_us < AGAIN_US && !others_wait(group->store));
}

/* The same for each of its batches that still goes into this transaction. */
MUST_USE static struct status run_and_apply_all(
	struct group *group, struct mutation *mutation, struct group_result *result)
{
	bool committed = false, again;

	do {
		TRY(run_and_apply(group, mutation, result));
		committed |= result->committed;
		again = mutation->again && !result->status.code && !group->store->stale &&
			has_time(group) && mutation->again(mutation, result->committed);
	} while (again);
	result->committed = committed;
	return OK;
}

MUST_USE static struct status group_commit(struct group *group)
{
	struct store *store = group->store;
	struct status status = meta_write(store, group->txn, &group->meta);

	if (!status.code && store->stale) {
		mdb_txn_reset(store->stale);
		status = from_lmdb(mdb_txn_renew(store->stale), "keeping the state before");
	}
	if (status.code) {
		mdb_txn_abort(group->txn);
		return status;
	}
	/* Whoever sees the commit sees change_note()'s notes. */
	FENCE(memory_order_release);
	TRY(from_lmdb(mdb_txn_commit(group->txn), "committing"));
	store->meta = group->meta;
	store->revision = group->meta.revision;
	store->groups++;
	return OK;
}

/* Nobody knows how much of the commit is on the disk. */
__attribute__((noreturn)) static void give_up(struct store *store, struct status status)
{
	if (store->options.failed)
		store->options.failed(store->options.context, status);
	_Exit(EX_IOERR);
}

/* All in one transaction; false when it had to be given up, so that each has to run alone. */
MUST_USE static bool try_group(struct store *store, struct mutation *const *mutations, size_t count,
	struct group_result *results)
{
	struct group group = { .store = store,
		.meta = store->meta,
		.room = room(store),
		.begun_us = clock_monotonic_us() };
	struct status status = from_lmdb(
		mdb_txn_begin(store->env, NULL, 0, &group.txn), "beginning a transaction");
	bool changed = false;

	for (size_t i = 0; i < count && !status.code; i++) {
		status = run_and_apply_all(&group, mutations[i], &results[i]);
		changed |= results[i].committed;
	}
	if (!status.code && changed)
		status = group_commit(&group);
	else if (group.txn)
		mdb_txn_abort(group.txn);
	if (!status.code)
		return true;
	if (storage_failed(status))
		give_up(store, status);
	for (size_t i = 0; i < count; i++)
		if (mutations[i]->rewind)
			mutations[i]->rewind(mutations[i]);
	if (count > 1)
		return false;
	results[0] = (struct group_result){ arena_keep(mutations[0]->arena, status),
		store->meta.revision, false };
	return true;
}

void group_run(struct store *store, struct mutation *const *mutations, size_t count,
	struct group_result *results)
{
	if (try_group(store, mutations, count, results))
		return;
	store->reruns += count;
	for (size_t i = 0; i < count; i++)
		(void)!try_group(store, &mutations[i], 1, &results[i]);
}
