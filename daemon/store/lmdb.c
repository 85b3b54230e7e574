/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "store/internal.h"

enum { REVISION_BYTES = 8, FREE_LIST = 0 /* the table that LMDB keeps its free pages in */ };

static const char failed_reason[] = "STORAGE_FAILED";

static uint64_t big_endian(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return __builtin_bswap64(value);
}

static void put_big_endian(uint8_t *bytes, uint64_t value)
{
	value = __builtin_bswap64(value);
	memcpy(bytes, &value, sizeof(value));
}

struct status from_lmdb(int error, const char *doing)
{
	switch (error) {
	case MDB_SUCCESS:
		return OK;
	case MDB_MAP_FULL:
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "STORAGE_FULL",
			"the database has no room left; delete something or give it more space");
	case MDB_CORRUPTED:
	case MDB_INVALID:
	case MDB_PAGE_NOTFOUND:
	case MDB_VERSION_MISMATCH:
		return status_fail(STATUS_DATA_LOSS, "STORE_CORRUPT", "%s: %s; restore a backup",
			doing, mdb_strerror(error));
	default:
		/* LMDB's own numbers are negative. MDB_PANIC is an earlier failure's echo. */
		if ((error > 0 && error != ENOMEM) || error == MDB_PANIC)
			return status_fail(STATUS_INTERNAL, failed_reason, "%s: %s", doing,
				mdb_strerror(error));
		return status_internal("%s: %s", doing, mdb_strerror(error));
	}
}

bool storage_failed(struct status status)
{
	return status.code && !strcmp(status.failure->reason, failed_reason);
}

static MDB_val value_of(struct bytes bytes)
{
	return (MDB_val){ bytes.size, (void *)(uintptr_t)bytes.data };
}

struct status lmdb_row(MDB_val value, struct row *row)
{
	const uint8_t *data = value.mv_data;

	if (value.mv_size < REVISION_BYTES)
		return status_fail(STATUS_DATA_LOSS, "STORE_CORRUPT",
			"a row of %zu bytes is too short; restore a backup", value.mv_size);
	row->exists = true;
	row->revision = big_endian(data);
	row->value = bytes_of(data + REVISION_BYTES, value.mv_size - REVISION_BYTES);
	return OK;
}

struct status lmdb_get(struct store *store, MDB_txn *txn, struct bytes key, struct row *row)
{
	MDB_val name = value_of(key), value;
	int error = mdb_get(txn, store->dbi, &name, &value);

	*row = (struct row){ 0 };
	if (error == MDB_NOTFOUND)
		return OK;
	TRY(from_lmdb(error, "reading a row"));
	return lmdb_row(value, row);
}

struct status lmdb_put(
	struct store *store, MDB_txn *txn, struct bytes key, uint64_t revision, struct bytes value)
{
	MDB_val name = value_of(key), room = { REVISION_BYTES + value.size, NULL };

	TRY(from_lmdb(mdb_put(txn, store->dbi, &name, &room, MDB_RESERVE), "writing a row"));
	put_big_endian(room.mv_data, revision);
	if (value.size)
		memcpy((uint8_t *)room.mv_data + REVISION_BYTES, value.data, value.size);
	return OK;
}

struct status lmdb_free_bytes(struct store *store, MDB_txn *txn, uint64_t *bytes)
{
	MDB_val transaction, pages;
	MDB_cursor *cursor;
	size_t count;
	int error;

	*bytes = 0;
	TRY(from_lmdb(mdb_cursor_open(txn, FREE_LIST, &cursor), "counting free pages"));
	/* Each row is a list of page numbers behind their count. */
	while (!(error = mdb_cursor_get(cursor, &transaction, &pages, MDB_NEXT))) {
		memcpy(&count, pages.mv_data, sizeof(count));
		*bytes += (uint64_t)count * store->page_bytes;
	}
	mdb_cursor_close(cursor);
	return error == MDB_NOTFOUND ? OK : from_lmdb(error, "counting free pages");
}

static struct bytes meta_key(void)
{
	static const uint8_t key[] = { TABLE_META };

	return bytes_of(key, sizeof(key));
}

struct status meta_read(struct store *store, MDB_txn *txn, struct meta *meta)
{
	struct row row;

	TRY(lmdb_get(store, txn, meta_key(), &row));
	/* A newer schema may have added to it. */
	if (!row.exists || row.value.size < META_SIZE)
		return status_fail(STATUS_DATA_LOSS, "STORE_CORRUPT",
			"%s holds no database of orgd; restore a backup", store->path);
	meta->schema = big_endian(row.value.data + META_SCHEMA);
	meta->epoch = big_endian(row.value.data + META_EPOCH);
	meta->revision = big_endian(row.value.data + META_REVISION);
	meta->time_us = (int64_t)big_endian(row.value.data + META_TIME);
	memcpy(meta->link, row.value.data + META_LINK, LINK_BYTES);
	return OK;
}

struct status meta_write(struct store *store, MDB_txn *txn, const struct meta *meta)
{
	uint8_t value[META_SIZE];

	put_big_endian(value + META_SCHEMA, meta->schema);
	put_big_endian(value + META_EPOCH, meta->epoch);
	put_big_endian(value + META_REVISION, meta->revision);
	put_big_endian(value + META_TIME, (uint64_t)meta->time_us);
	memcpy(value + META_LINK, meta->link, LINK_BYTES);
	return lmdb_put(store, txn, meta_key(), meta->revision, bytes_of(value, sizeof(value)));
}
