/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/internal.h"

/*
 * LMDB maps the file without a look at its length, and to touch a page past the end kills the
 * process. A file may rightly be shorter than the pages it counts, namely when the last ones were
 * freed before they were ever written; whether the missing ones are in use shows only when all rows
 * are visited. So the rare short file is lengthened and walked over: a page of zeros is no page of
 * LMDB's, which either says so or ends in an assertion, caught here.
 */
static _Thread_local jmp_buf escape;

static void assertion_failed(MDB_env *env, const char *text)
{
	(void)env;
	(void)text;
	longjmp(escape, 1);
}

MUST_USE static struct status torn(const struct store *store)
{
	return status_fail(STATUS_DATA_LOSS, "STORE_CORRUPT",
		"the database in %s is cut short; restore a backup", store->path);
}

MUST_USE static struct status walk(struct store *store, MDB_cursor *cursor)
{
	MDB_val key, value;
	struct row row;
	int error;

	while (!(error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
		TRY(lmdb_row(value, &row));
		/* A large value's own page: every row has a revision but a new store's meta. */
		if (!row.revision && *(const uint8_t *)key.mv_data != TABLE_META)
			return torn(store);
	}
	return error == MDB_NOTFOUND ? OK : torn(store);
}

MUST_USE static struct status walk_or_escape(struct store *store, MDB_cursor *cursor)
{
	struct status status;

	mdb_env_set_assert(store->env, assertion_failed);
	if (setjmp(escape))
		status = torn(store);
	else
		status = walk(store, cursor);
	mdb_env_set_assert(store->env, NULL);
	return status;
}

MUST_USE static struct status visit_all_rows(struct store *store)
{
	struct status status;
	MDB_cursor *cursor;
	MDB_txn *txn;

	TRY(from_lmdb(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn), "checking the file"));
	status = from_lmdb(mdb_cursor_open(txn, store->dbi, &cursor), "checking the file");
	if (!status.code) {
		status = walk_or_escape(store, cursor);
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	return status;
}

struct status database_check_length(struct store *store)
{
	MDB_envinfo info;
	struct status status;
	struct stat file;
	mdb_filehandle_t data;
	off_t needed;

	TRY(from_lmdb(mdb_env_get_fd(store->env, &data), "checking the file"));
	TRY(from_lmdb(mdb_env_info(store->env, &info), "checking the file"));
	needed = (off_t)((info.me_last_pgno + 1) * store->page_bytes);
	if (fstat(data, &file))
		return status_internal("the file in %s: %s", store->path, strerror(errno));
	if (file.st_size >= needed)
		return OK;
	if (ftruncate(data, needed))
		return status_internal(
			"the file in %s cannot grow: %s", store->path, strerror(errno));
	status = visit_all_rows(store);
	/* Torn it stays, or the next start would find nothing wrong. */
	if (status.code && ftruncate(data, file.st_size))
		return status_internal("the file in %s: %s", store->path, strerror(errno));
	return status;
}
