/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

#include "store/driver_tables.h"
#include "store/store.h"

/* What the files of store/ share and nobody else sees. */

/* Where the history stands: the meta row. */
struct meta {
	uint64_t schema, epoch, revision;
	int64_t time_us;
	uint8_t link[LINK_BYTES];
};

enum { CHANGES = 64 * 1024 /* a power of two */ };

struct store {
	struct store_options options;
	char *path;     /* of the directory; of a file that is read alone, its own */
	int directory;  /* open on it, and locked: one store each; -1 when it is read alone */
	unsigned flags; /* for mdb_env_open */
	MDB_env *env;
	MDB_dbi dbi;
	unsigned page_bytes;
	uint64_t epoch;
	struct meta meta; /* as committed; the writer's alone */
	MDB_txn *stale;   /* stale_for_tests: a view from before the last batch; the writer's */
	struct arena batch_arena; /* of the batch at hand; the writer's alone */
	_Atomic uint64_t revision;
	_Atomic uint64_t groups, mutations, reruns;
	_Atomic uint64_t changes[CHANGES]; /* snapshot_unchanged(); of places of keys, the revision
					      that wrote there last */

	pthread_t writer;
	bool writer_runs;
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct mutation *first, **last; /* under lock */
	bool stopping;                  /* under lock */
};

struct snapshot {
	struct store *store;
	MDB_txn *txn;
	struct arena *arena;
	struct batch *batch;
	uint64_t revision;
};

/* lmdb.c: the one border where LMDB's errors become statuses. 0 is OK.
 *
 *   RESOURCE_EXHAUSTED STORAGE_FULL    MDB_MAP_FULL
 *   DATA_LOSS          STORE_CORRUPT   MDB_CORRUPTED, MDB_INVALID and their like
 *   INTERNAL           STORAGE_FAILED  what the system says of the disk: EIO, ENOSPC, EROFS, …
 *   INTERNAL                           anything else */
MUST_USE struct status from_lmdb(int error, const char *doing);
/* Is it STORAGE_FAILED? Then nobody knows how much of a commit is on the disk. */
bool storage_failed(struct status status);
/* Reads a row, whose value begins with its revision. */
MUST_USE struct status lmdb_get(
	struct store *store, MDB_txn *txn, struct bytes key, struct row *row);
/* Takes the revision off a value.
 *
 *   DATA_LOSS STORE_CORRUPT  too short to be a row */
MUST_USE struct status lmdb_row(MDB_val value, struct row *row);
/* Writes one with `revision` in front. */
MUST_USE struct status lmdb_put(
	struct store *store, MDB_txn *txn, struct bytes key, uint64_t revision, struct bytes value);
/* How many bytes of the file LMDB keeps for later use. `txn` is a read's. */
MUST_USE struct status lmdb_free_bytes(struct store *store, MDB_txn *txn, uint64_t *bytes);
/*   DATA_LOSS STORE_CORRUPT  there is none, so this is no database of ours */
MUST_USE struct status meta_read(struct store *store, MDB_txn *txn, struct meta *meta);
MUST_USE struct status meta_write(struct store *store, MDB_txn *txn, const struct meta *meta);

/* store.c: opens the directory, made if need be, and locks it for this process alone; makes
 * store->env, on store->path with store->flags; how much of the disk growing batches leave
 * alone. */
MUST_USE struct status directory_take(struct store *store);
MUST_USE struct status environment_open(struct store *store);
uint64_t disk_reserve_bytes(const struct store *store);

/* creation.c: makes store->path/data.mdb, whole or not at all, if it is not there. */
MUST_USE struct status database_create(struct store *store);
/* An empty directory UNFINISHED in the store's, on the same file system: what is made there is
 * moved to its place when it is whole. */
#define UNFINISHED "unfinished"
MUST_USE struct status unfinished_begin(const struct store *store);
/* Takes it away with what a killed process left there. */
void unfinished_clear(const struct store *store);

/* torn.c: is the file as long as its pages in use need it to be?
 *
 *   DATA_LOSS STORE_CORRUPT  no */
MUST_USE struct status database_check_length(struct store *store);

/* snapshot.c: to be called before the batch of `revision` that writes `key` is committed. */
void change_note(struct store *store, const struct key *key, uint64_t revision);

/* batch.c */
struct batch_write {
	struct key *key;
	struct bytes value; /* data NULL: a delete */
};
struct batch_expectation {
	struct key *key;
	uint64_t revision; /* 0: absent */
};
struct batch_event {
	struct id id;
	struct bytes packed;
};
struct batch {
	struct arena *arena;
	size_t write_count, expectation_count, event_count, bytes;
	struct batch_write writes[BATCH_WRITES_MAX];
	struct batch_expectation expectations[BATCH_EXPECTATIONS_MAX];
	struct batch_event events[BATCH_EVENTS_MAX];
};
/* The own write of `key`, NULL if there is none. */
const struct batch_write *batch_find(const struct batch *batch, const struct key *key);
MUST_USE struct status batch_expect(struct batch *batch, const struct key *key, uint64_t revision);
/* Does it delete no row? */
bool batch_grows(const struct batch *batch);

/* apply.c: writes a batch into the transaction as the revision after `meta`'s, and moves `meta` on.
 * After a failure the transaction can only be aborted. */
MUST_USE struct status batch_apply(struct store *store, MDB_txn *txn, const struct batch *batch,
	int64_t now_us, struct meta *meta);
/* Does every expectation still hold in `txn`? */
MUST_USE struct status batch_check(
	struct store *store, MDB_txn *txn, const struct batch *batch, bool *holds);

/* group.c: runs these one after another and commits them in one transaction; calls nobody's `done`.
 */
struct group_result {
	struct status status; /* its failure lives in the mutation's arena */
	uint64_t revision;
	bool committed;
};
void group_run(struct store *store, struct mutation *const *mutations, size_t count,
	struct group_result *results);

/* writer.c */
MUST_USE struct status writer_start(struct store *store);
/* Returns when all that was submitted is done. */
void writer_stop(struct store *store);
