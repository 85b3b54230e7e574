/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/internal.h"

void unfinished_clear(const struct store *store)
{
	unlinkat(store->directory, UNFINISHED "/data.mdb", 0);
	unlinkat(store->directory, UNFINISHED "/lock.mdb", 0);
	unlinkat(store->directory, UNFINISHED, AT_REMOVEDIR);
}

MUST_USE static struct status system_failed(const struct store *store, const char *doing)
{
	return status_internal("%s in %s: %s", doing, store->path, strerror(errno));
}

struct status unfinished_begin(const struct store *store)
{
	unfinished_clear(store);
	if (mkdirat(store->directory, UNFINISHED, 0700))
		return system_failed(store, "making a directory");
	return OK;
}

static void env_close(MDB_env **env)
{
	mdb_env_close(*env);
}

static void txn_abort(MDB_txn **txn)
{
	if (*txn)
		mdb_txn_abort(*txn);
}

/* A database with nothing but its meta row, synced. */
MUST_USE static struct status make_database(struct store *store, const char *path)
{
	struct meta meta = { .schema = SCHEMA_VERSION,
		.time_us = clock_now_us(store->options.clock) };
	CLEANUP(env_close) MDB_env *env = NULL;
	CLEANUP(txn_abort) MDB_txn *txn = NULL;
	int error;

	meta.epoch = (uint64_t)meta.time_us;
	TRY(from_lmdb(mdb_env_create(&env), "making a database"));
	TRY(from_lmdb(mdb_env_open(env, path, 0, 0600), "making a database"));
	TRY(from_lmdb(mdb_txn_begin(env, NULL, 0, &txn), "making a database"));
	TRY(from_lmdb(mdb_dbi_open(txn, NULL, 0, &store->dbi), "making a database"));
	TRY(meta_write(store, txn, &meta));
	error = mdb_txn_commit(txn);
	txn = NULL;
	TRY(from_lmdb(error, "making a database"));
	return from_lmdb(mdb_env_sync(env, true), "syncing a new database");
}

struct status database_create(struct store *store)
{
	char path[PATH_MAX];

	unfinished_clear(store);
	if (!faccessat(store->directory, "data.mdb", F_OK, AT_SYMLINK_NOFOLLOW))
		return OK;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", store->path, UNFINISHED) >= sizeof(path))
		return status_internal("the path %s is too long", store->path);
	TRY(unfinished_begin(store));
	TRY(make_database(store, path));
	if (renameat(store->directory, UNFINISHED "/data.mdb", store->directory, "data.mdb") ||
		fsync(store->directory))
		return system_failed(store, "moving a new database to its place");
	unfinished_clear(store);
	return OK;
}
