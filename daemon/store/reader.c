/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "store/internal.h"

/* A read transaction that is reset between snapshots: to renew it costs no memory and no lock. */
struct store_reader {
	MDB_txn *txn;
	struct snapshot snapshot;
	size_t shown; /* LMDB's number of the state whose revision the snapshot has */
	bool open;
};

struct status store_reader_new(struct store *store, struct store_reader **out)
{
	struct store_reader *reader = calloc(1, sizeof(*reader));
	struct status status;

	if (!reader)
		return status_internal("no memory for a reader");
	status = from_lmdb(
		mdb_txn_begin(store->env, NULL, MDB_RDONLY, &reader->txn), "making a reader");
	if (status.code) {
		free(reader);
		return status;
	}
	mdb_txn_reset(reader->txn);
	reader->snapshot = (struct snapshot){ .store = store, .txn = reader->txn };
	reader->shown = SIZE_MAX;
	*out = reader;
	return OK;
}

void store_reader_free(struct store_reader *reader)
{
	if (!reader)
		return;
	assert(!reader->open);
	mdb_txn_abort(reader->txn);
	free(reader);
}

/* Sets the revision, unless nothing was committed since the last snapshot. */
MUST_USE static struct status read_revision(struct store_reader *reader)
{
	size_t shown = mdb_txn_id(reader->txn);
	struct meta meta;

	if (shown == reader->shown)
		return OK;
	TRY(meta_read(reader->snapshot.store, reader->txn, &meta));
	reader->snapshot.revision = meta.revision;
	reader->shown = shown;
	return OK;
}

struct status store_snapshot_begin(
	struct store_reader *reader, struct arena *arena, struct snapshot **snapshot)
{
	struct status status;

	assert(!reader->open);
	TRY(from_lmdb(mdb_txn_renew(reader->txn), "beginning a read"));
	FENCE(memory_order_acquire);
	status = read_revision(reader);
	if (status.code) {
		mdb_txn_reset(reader->txn);
		return status;
	}
	reader->open = true;
	reader->snapshot.arena = arena;
	*snapshot = &reader->snapshot;
	return OK;
}

void store_snapshot_end(struct snapshot *snapshot)
{
	struct store_reader *reader = CONTAINER_OF(snapshot, struct store_reader, snapshot);

	assert(reader->open);
	reader->open = false;
	mdb_txn_reset(reader->txn);
}

void store_snapshot_use(struct snapshot *snapshot, struct arena *arena)
{
	snapshot->arena = arena;
}
