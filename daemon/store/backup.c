/* SPDX-License-Identifier: Apache-2.0 */
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/internal.h"

#define BACKUPS   "backup"
#define TEMPORARY "unfinished"

static void file_close(int *file)
{
	if (*file >= 0)
		close(*file);
}

static void reading_end(struct store **store)
{
	if (*store)
		store_close(*store);
}

MUST_USE static struct status system_failed(const char *doing, const char *what)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "STORAGE_FULL",
			"%s %s: the disk is full; make room first", doing, what);
	return status_internal("%s %s: %s", doing, what, strerror(errno));
}

/* "20261124T120830Z" */
static void time_text(int64_t now_us, char text[20])
{
	time_t seconds = now_us / US_PER_SECOND;
	struct tm tm;

	strftime(text, 20, "%Y%m%dT%H%M%SZ", gmtime_r(&seconds, &tm));
}

MUST_USE static struct status path_join(
	char path[PATH_MAX], const char *directory, const char *name)
{
	if ((size_t)snprintf(path, PATH_MAX, "%s/%s", directory, name) >= PATH_MAX)
		return status_internal("the path %s/%s is too long", directory, name);
	return OK;
}

/* For one process at a time. */
MUST_USE static struct status lock_backups(const char *path, int backups)
{
	if (!flock(backups, LOCK_EX | LOCK_NB))
		return OK;
	if (errno != EWOULDBLOCK)
		return system_failed("locking", path);
	return status_fail(STATUS_ABORTED, "BACKUP_RUNNING",
		"another process makes a backup in %s; wait for it", path);
}

/* Opens and locks backup/ beside the database. */
MUST_USE static struct status open_backups(const char *path, int *backups)
{
	bool made = !mkdir(path, 0700);
	CLEANUP(file_close) int parent = -1;

	if (!made && errno != EEXIST)
		return system_failed("making", path);
	*backups = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*backups < 0)
		return system_failed("opening", path);
	TRY(lock_backups(path, *backups));
	if (!made)
		return OK;
	parent = openat(*backups, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return parent < 0 || fsync(parent) ? system_failed("syncing the directory of", path) : OK;
}

/* The file of what `store` shows at one revision, synced. */
MUST_USE static struct status copy_compacted(
	struct store *store, int backups, struct backup *backup)
{
	CLEANUP(file_close) int file = -1;
	struct stat made;
	int error;

	unlinkat(backups, TEMPORARY, 0);
	file = openat(backups, TEMPORARY, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0)
		return system_failed("making", "a file for the backup");
	error = mdb_env_copyfd2(store->env, file, MDB_CP_COMPACT);
	if (error == ENOSPC || error == EDQUOT) {
		errno = error;
		return system_failed("writing", "the backup");
	}
	TRY(from_lmdb(error, "copying the database"));
	if (fsync(file) || fstat(file, &made))
		return system_failed("syncing", "the backup");
	backup->bytes = (uint64_t)made.st_size;
	return OK;
}

/* Which state is in it? That it opens shows that it is whole. */
MUST_USE static struct status look_at_copy(const char *directory, struct backup *backup)
{
	CLEANUP(reading_end) struct store *copy = NULL;
	char path[PATH_MAX];

	TRY(path_join(path, directory, TEMPORARY));
	TRY(store_open_to_read(path, &copy));
	backup->epoch = store_epoch(copy);
	backup->revision = store_revision(copy);
	return OK;
}

MUST_USE static struct status name_copy(int backups, struct backup *backup)
{
	char now[20];

	time_text(clock_now_us(&(struct clock){ 0 }), now);
	snprintf(backup->name, sizeof(backup->name), "orgd-%s-%" PRIu64 ".mdb", now,
		backup->revision);
	/* A link is never made over another file. */
	if (linkat(backups, TEMPORARY, backups, backup->name, 0) ||
		unlinkat(backups, TEMPORARY, 0) || fsync(backups))
		return system_failed("naming the backup", backup->name);
	return OK;
}

MUST_USE static struct status make(
	struct store *store, const char *directory, int backups, struct backup *backup)
{
	TRY(copy_compacted(store, backups, backup));
	TRY(look_at_copy(directory, backup));
	return name_copy(backups, backup);
}

struct status backup_make(const char *directory, struct backup *out)
{
	CLEANUP(reading_end) struct store *store = NULL;
	CLEANUP(file_close) int backups = -1;
	struct backup backup = { .name = "" };
	char path[PATH_MAX];
	struct status status;

	TRY(path_join(path, directory, "../" BACKUPS));
	TRY(store_open_to_read(directory, &store));
	TRY(open_backups(path, &backups));
	status = make(store, path, backups, &backup);
	if (status.code)
		unlinkat(backups, TEMPORARY, 0);
	else
		*out = backup;
	return status;
}

struct status backup_clear(const char *directory)
{
	CLEANUP(file_close) int backups = -1;
	char path[PATH_MAX];

	TRY(path_join(path, directory, "../" BACKUPS));
	backups = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (backups < 0)
		return errno == ENOENT ? OK : system_failed("opening", path);
	TRY(lock_backups(path, backups));
	if (unlinkat(backups, TEMPORARY, 0) && errno != ENOENT)
		return system_failed("clearing", path);
	return OK;
}

/* --- the way back --- */

MUST_USE static struct status copy_bytes(int from, int to)
{
	static char buffer[1024 * 1024];
	ssize_t size;

	while ((size = read(from, buffer, sizeof(buffer))) > 0)
		for (ssize_t done = 0, part; done < size; done += part) {
			part = write(to, buffer + done, (size_t)(size - done));
			if (part < 0)
				return system_failed("writing", "the database");
		}
	if (size < 0 || fsync(to))
		return system_failed("copying", "the backup");
	return OK;
}

MUST_USE static struct status copy_file(const struct store *place, const char *file)
{
	CLEANUP(file_close) int from = open(file, O_RDONLY | O_CLOEXEC);
	CLEANUP(file_close)
	int to = openat(place->directory, UNFINISHED "/data.mdb",
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (from < 0)
		return system_failed("opening", file);
	if (to < 0)
		return system_failed("making", "the database");
	return copy_bytes(from, to);
}

/* The epoch of the database that is there, read in a process of its own: it may be replaced because
 * looking at it is the end of who looks. 0 when there is none, or none that can be read. */
static uint64_t former_epoch(const char *directory)
{
	uint64_t epoch = 0;
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return 0;
	child = fork();
	if (!child) {
		struct store *store;

		if (!store_open_to_read(directory, &store).code) {
			epoch = store_epoch(store);
			_exit(write(ends[1], &epoch, sizeof(epoch)) != sizeof(epoch));
		}
		_exit(1);
	}
	close(ends[1]);
	if (child < 0 || read(ends[0], &epoch, sizeof(epoch)) != sizeof(epoch))
		epoch = 0;
	close(ends[0]);
	return epoch;
}

MUST_USE static struct status write_meta(struct store *store)
{
	struct status status;
	MDB_txn *txn;

	TRY(from_lmdb(mdb_txn_begin(store->env, NULL, 0, &txn), "beginning a new history"));
	status = from_lmdb(mdb_dbi_open(txn, NULL, 0, &store->dbi), "beginning a new history");
	if (!status.code)
		status = meta_write(store, txn, &store->meta);
	if (status.code) {
		mdb_txn_abort(txn);
		return status;
	}
	TRY(from_lmdb(mdb_txn_commit(txn), "beginning a new history"));
	return from_lmdb(mdb_env_sync(store->env, true), "syncing the database");
}

/* Revisions repeat from here on, so the history gets an epoch of its own. */
MUST_USE static struct status begin_history(const struct store *place, const struct meta *meta)
{
	char path[PATH_MAX];
	struct store copy = { .flags = MDB_NOTLS, .path = path, .meta = *meta };
	struct status status;

	TRY(path_join(path, place->path, UNFINISHED));
	status = environment_open(&copy);
	if (!status.code)
		status = write_meta(&copy);
	mdb_env_close(copy.env);
	return status;
}

/* What was there stays, under a second name, until the first one is the new database's. */
MUST_USE static struct status keep_former(
	const struct store *place, int64_t now_us, char kept[BACKUP_NAME_BYTES])
{
	char now[20];

	time_text(now_us, now);
	snprintf(kept, BACKUP_NAME_BYTES, "replaced-%s-%06d.mdb", now,
		(int)(now_us % US_PER_SECOND));
	if (!linkat(place->directory, "data.mdb", place->directory, kept, 0))
		return OK;
	if (errno != ENOENT)
		return system_failed("keeping what was there as", kept);
	*kept = '\0';
	return OK;
}

MUST_USE static struct status put_in_place(
	const struct store *place, int64_t now_us, struct restored *restored)
{
	TRY(keep_former(place, now_us, restored->kept));
	/* What a check of the former database still reads by is none of the new one's. */
	unlinkat(place->directory, "lock.mdb", 0);
	if (renameat(place->directory, UNFINISHED "/data.mdb", place->directory, "data.mdb") ||
		fsync(place->directory))
		return system_failed("moving the database to its place in", place->path);
	return OK;
}

MUST_USE static struct status restore(const struct store *place, const char *file,
	const struct clock *clock, struct restored *restored)
{
	CLEANUP(reading_end) struct store *backup = NULL;
	uint64_t former = former_epoch(place->path);
	int64_t now_us = clock_now_us(clock);
	struct meta meta;

	TRY(store_open_to_read(file, &backup));
	meta = backup->meta;
	if (former < meta.epoch)
		former = meta.epoch;
	meta.epoch = (uint64_t)now_us > former ? (uint64_t)now_us : former + 1;
	TRY(unfinished_begin(place));
	TRY(copy_file(place, file));
	TRY(begin_history(place, &meta));
	TRY(put_in_place(place, now_us, restored));
	restored->epoch = meta.epoch;
	restored->revision = meta.revision;
	return OK;
}

struct status backup_restore(
	const char *file, const char *directory, const struct clock *clock, struct restored *out)
{
	char path[PATH_MAX];
	struct restored restored = { .kept = "" };
	struct store place = { .path = path, .directory = -1 };
	struct status status;

	snprintf(path, sizeof(path), "%s", directory);
	status = directory_take(&place);
	if (!status.code) {
		status = restore(&place, file, clock, &restored);
		unfinished_clear(&place);
	}
	file_close(&place.directory);
	if (!status.code)
		*out = restored;
	return status;
}
