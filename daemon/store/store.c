/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/internal.h"

enum { THREADS_MAX = 256 /* that read at once */ };
static const uint64_t map_bytes_default = UINT64_C(1) << 40, map_bytes_least = UINT64_C(1) << 32;

#define MIB (UINT64_C(1024) * 1024)
static const uint64_t disk_reserve_default = 64 * MIB;

MUST_USE static struct status system_failed(const struct store *store, const char *doing)
{
	return status_internal("%s %s: %s", doing, store->path, strerror(errno));
}

MUST_USE static struct status sync_parent(const struct store *store)
{
	int parent = openat(store->directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;

	if (parent < 0)
		return system_failed(store, "opening the directory above");
	error = fsync(parent);
	close(parent);
	return error ? system_failed(store, "syncing the directory above") : OK;
}

struct status directory_take(struct store *store)
{
	bool made = !mkdir(store->path, 0700);

	if (!made && errno != EEXIST)
		return system_failed(store, "making");
	store->directory = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->directory < 0)
		return system_failed(store, "opening");
	if (flock(store->directory, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK)
			return system_failed(store, "locking");
		return status_fail(STATUS_FAILED_PRECONDITION, "STORE_IN_USE",
			"another daemon uses the database in %s; stop it first", store->path);
	}
	return made ? sync_parent(store) : OK;
}

static int try_environment(struct store *store, uint64_t map_bytes)
{
	int error;

	mdb_env_close(store->env);
	store->env = NULL;
	error = mdb_env_create(&store->env);
	/* Who reads alone takes the size that the file names, unless that is too much. */
	if (!error && map_bytes)
		error = mdb_env_set_mapsize(store->env, map_bytes);
	if (!error)
		error = mdb_env_set_maxreaders(store->env, THREADS_MAX);
	return error ? error : mdb_env_open(store->env, store->path, store->flags, 0600);
}

struct status environment_open(struct store *store)
{
	uint64_t map_bytes =
		store->options.map_bytes ? store->options.map_bytes : map_bytes_default;
	int error = try_environment(store, store->flags & MDB_RDONLY ? 0 : map_bytes);
	MDB_stat stat;

	/* Under a limit of the address space, or a sanitizer that keeps much of it. */
	while (error == ENOMEM && !store->options.map_bytes && map_bytes > map_bytes_least) {
		map_bytes /= 4;
		error = try_environment(store, map_bytes);
	}
	TRY(from_lmdb(error, "opening the database"));
	TRY(from_lmdb(mdb_env_stat(store->env, &stat), "opening the database"));
	store->page_bytes = stat.ms_psize;
	store_check_readers(store);
	return OK;
}

MUST_USE static struct status check_meta(struct store *store, MDB_txn *txn)
{
	unsigned flags;

	TRY(from_lmdb(mdb_dbi_flags(txn, store->dbi, &flags), "opening the database"));
	/* In an order that is not ours even the look-up of the meta row would be wrong. */
	if (flags)
		return status_fail(STATUS_DATA_LOSS, "STORE_CORRUPT",
			"%s holds another program's database; move it away", store->path);
	TRY(meta_read(store, txn, &store->meta));
	if (store->meta.schema > SCHEMA_VERSION)
		return status_fail(STATUS_FAILED_PRECONDITION, "STORE_SCHEMA_NEWER",
			"a newer orgd made the database in %s; install that version again",
			store->path);
	if (store->meta.schema < SCHEMA_VERSION)
		return status_fail(STATUS_DATA_LOSS, "STORE_CORRUPT",
			"the database in %s has a schema that never was; restore a backup",
			store->path);
	return OK;
}

MUST_USE static struct status read_meta(struct store *store)
{
	struct status status;
	MDB_txn *txn;

	TRY(from_lmdb(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn), "opening the database"));
	status = from_lmdb(mdb_dbi_open(txn, NULL, 0, &store->dbi), "opening the database");
	if (!status.code)
		status = check_meta(store, txn);
	if (status.code || !store->options.stale_for_tests)
		mdb_txn_abort(txn);
	else
		store->stale = txn;
	return status;
}

MUST_USE static struct status open_in_order(struct store *store)
{
	TRY(directory_take(store));
	TRY(database_create(store));
	TRY(environment_open(store));
	TRY(database_check_length(store));
	TRY(read_meta(store));
	store->epoch = store->meta.epoch;
	store->revision = store->meta.revision;
	return writer_start(store);
}

/* A copy is as long as its pages; to touch one past the end kills the process. */
MUST_USE static struct status check_whole(const struct store *store, const struct stat *file)
{
	MDB_envinfo info;

	TRY(from_lmdb(mdb_env_info(store->env, &info), "opening the database"));
	if ((uint64_t)file->st_size >= (info.me_last_pgno + 1) * store->page_bytes)
		return OK;
	return status_fail(STATUS_DATA_LOSS, "STORE_CORRUPT",
		"the database %s is cut short; take another copy", store->path);
}

MUST_USE static struct status open_to_read(struct store *store)
{
	struct stat file;

	if (stat(store->path, &file)) {
		if (errno != ENOENT)
			return system_failed(store, "looking at");
		return status_fail(STATUS_FAILED_PRECONDITION, "STORE_MISSING",
			"there is no database at %s", store->path);
	}
	/* Nobody writes to a file of its own, and its directory need not be ours to write to. */
	if (!S_ISDIR(file.st_mode))
		store->flags |= MDB_NOSUBDIR | MDB_NOLOCK;
	TRY(environment_open(store));
	if (!S_ISDIR(file.st_mode))
		TRY(check_whole(store, &file));
	TRY(read_meta(store));
	store->epoch = store->meta.epoch;
	store->revision = store->meta.revision;
	return OK;
}

MUST_USE static struct status open_with(const struct store_options *options, unsigned flags,
	struct status (*open)(struct store *store), struct store **out)
{
	struct store *store = calloc(1, sizeof(*store));
	struct status status;

	if (!store)
		return status_internal("no memory for the store");
	store->options = *options;
	store->flags = flags;
	store->directory = -1;
	store->path = strdup(options->directory);
	if (!store->path) {
		free(store);
		return status_internal("no memory for the store");
	}
	store->options.directory = store->path;
	status = open(store);
	if (status.code)
		store_close(store);
	else
		*out = store;
	return status;
}

struct status store_open(const struct store_options *options, struct store **store)
{
	return open_with(options, MDB_NOTLS, open_in_order, store);
}

struct status store_open_to_read(const char *path, struct store **store)
{
	return open_with(&(struct store_options){ .directory = path }, MDB_NOTLS | MDB_RDONLY,
		open_to_read, store);
}

void store_close(struct store *store)
{
	writer_stop(store);
	if (store->stale)
		mdb_txn_abort(store->stale);
	mdb_env_close(store->env);
	if (store->directory >= 0)
		close(store->directory);
	free(store->path);
	free(store);
}

const char *store_path(const struct store *store)
{
	return store->path;
}

uint64_t store_epoch(const struct store *store)
{
	return store->epoch;
}

uint64_t store_revision(const struct store *store)
{
	return store->revision;
}

void store_check_readers(struct store *store)
{
	int dead;

	/* What fails here fails again, and shows, where it matters. */
	(void)mdb_reader_check(store->env, &dead);
}

MUST_USE static struct status read_statistics(
	struct store *store, MDB_txn *txn, struct store_statistics *statistics)
{
	MDB_envinfo info;
	MDB_stat stat;
	struct meta meta;
	uint64_t free_bytes;

	TRY(from_lmdb(mdb_env_info(store->env, &info), "reading statistics"));
	TRY(from_lmdb(mdb_stat(txn, store->dbi, &stat), "reading statistics"));
	TRY(meta_read(store, txn, &meta));
	TRY(lmdb_free_bytes(store, txn, &free_bytes));
	statistics->used_bytes = (info.me_last_pgno + 1) * store->page_bytes - free_bytes;
	statistics->rows = stat.ms_entries;
	statistics->last_batch_us = meta.time_us;
	return OK;
}

struct status store_statistics(struct store *store, struct store_statistics *out)
{
	struct store_statistics statistics = {
		.groups = store->groups, .mutations = store->mutations, .reruns = store->reruns
	};
	struct status status;
	struct statvfs disk;
	struct stat file;
	MDB_txn *txn;

	if (fstatat(store->directory, "data.mdb", &file, 0) || fstatvfs(store->directory, &disk))
		return system_failed(store, "looking at");
	statistics.file_bytes = (uint64_t)file.st_size;
	statistics.disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	TRY(from_lmdb(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn), "reading statistics"));
	status = read_statistics(store, txn, &statistics);
	mdb_txn_abort(txn);
	if (!status.code)
		*out = statistics;
	return status;
}

uint64_t disk_reserve_bytes(const struct store *store)
{
	return store->options.disk_reserve_bytes ? store->options.disk_reserve_bytes
						 : disk_reserve_default;
}

struct status store_check_room_for_copy(struct store *store)
{
	struct store_statistics statistics;

	TRY(store_statistics(store, &statistics));
	if (statistics.disk_free_bytes >= disk_reserve_bytes(store) &&
		statistics.disk_free_bytes - disk_reserve_bytes(store) >= statistics.used_bytes)
		return OK;
	return status_fail(STATUS_RESOURCE_EXHAUSTED, "STORAGE_FULL",
		"a copy takes up to %" PRIu64 " MiB, and the disk has %" PRIu64
		" MiB left, of which %" PRIu64 " are kept free; make room first",
		statistics.used_bytes / MIB + 1, statistics.disk_free_bytes / MIB,
		disk_reserve_bytes(store) / MIB);
}
