/* SPDX-License-Identifier: Apache-2.0 */
#include "bare.h"

#include <err.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"

enum { REVISION_BYTES = 8, META_BYTES = 72, VALUE_MAX = 64 * 1024 };
static const size_t map_bytes = (size_t)1 << 36;

static void must(int error, const char *doing)
{
	if (error)
		errx(1, "%s: %s", doing, mdb_strerror(error));
}

static MDB_env *open_env(const char *directory, unsigned flags)
{
	MDB_env *env;

	must(mdb_env_create(&env), "LMDB");
	if (!(flags & MDB_RDONLY))
		must(mdb_env_set_mapsize(env, map_bytes), "LMDB");
	must(mdb_env_open(env, directory, flags | MDB_NOTLS, 0600), directory);
	return env;
}

static uint64_t revision_of(MDB_val value)
{
	uint64_t big = 0;

	if (value.mv_size >= REVISION_BYTES)
		memcpy(&big, value.mv_data, sizeof(big));
	return __builtin_bswap64(big);
}

static size_t same_bytes(const uint8_t *a, const uint8_t *b, size_t size)
{
	size_t same = 0;

	while (same < size && a[same] == b[same])
		same++;
	return same;
}

/* The n-th row of the first sample, or what another sample's n-th says about it. */
static void take_row(struct bare *bare, size_t n, unsigned sample, MDB_val key, MDB_val value)
{
	struct bare_row *row = &bare->rows[n];

	if (n >= BARE_ROWS_MAX || key.mv_size > BARE_KEY_MAX || value.mv_size > VALUE_MAX)
		errx(1, "the sampled batches are too large");
	if (!sample) {
		memcpy(row->key, key.mv_data, key.mv_size);
		row->key_bytes = row->same_bytes = key.mv_size;
		row->value_bytes = value.mv_size;
		row->ascending = 1;
		bare->row_count = n + 1;
		bare->batch_bytes += key.mv_size + value.mv_size;
		return;
	}
	if (n >= bare->row_count || key.mv_size != row->key_bytes)
		errx(1, "the sampled batches differ");
	row->same_bytes = same_bytes(row->key, key.mv_data, row->same_bytes);
	row->ascending &= memcmp(row->key, key.mv_data, row->key_bytes) < 0;
	memcpy(row->key, key.mv_data, row->key_bytes);
}

static void sample(struct bare *bare, MDB_cursor *cursor, unsigned number, uint64_t revision)
{
	MDB_val key, value;
	size_t n = 0;
	int error;

	while (!(error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)))
		if (revision_of(value) == revision && key.mv_size > 1)
			take_row(bare, n++, number, key, value);
	if (error != MDB_NOTFOUND)
		must(error, "sampling");
	if (n != bare->row_count || !n)
		errx(1, "the sampled batches differ");
}

void bare_open(struct bare *bare, const char *sampled, const uint64_t revisions[BARE_SAMPLES],
	const char *directory)
{
	MDB_env *env = open_env(sampled, MDB_RDONLY);
	MDB_cursor *cursor;
	MDB_txn *txn;

	memset(bare, 0, sizeof(*bare));
	must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "sampling");
	must(mdb_dbi_open(txn, NULL, 0, &bare->table), "sampling");
	for (unsigned i = 0; i < BARE_SAMPLES; i++) {
		must(mdb_cursor_open(txn, bare->table, &cursor), "sampling");
		sample(bare, cursor, i, revisions[i]);
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	mdb_env_close(env);

	if (mkdir(directory, 0700))
		err(1, "%s", directory);
	bare->env = open_env(directory, 0);
	must(mdb_txn_begin(bare->env, NULL, 0, &txn), "LMDB");
	must(mdb_dbi_open(txn, NULL, 0, &bare->table), "LMDB");
	must(mdb_txn_commit(txn), "LMDB");
}

static uint64_t random_word(void)
{
	static uint64_t state = 88172645463325252U;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Fills the part of the key that differs: from batch to batch it grows, or it is random. */
static void next_key(const struct bare *bare, struct bare_row *row)
{
	uint64_t big = __builtin_bswap64(bare->serial);
	size_t at = row->same_bytes;

	if (row->ascending && row->key_bytes > sizeof(big)) {
		if (at > row->key_bytes - sizeof(big))
			at = row->key_bytes - sizeof(big);
		memcpy(row->key + at, &big, sizeof(big));
		at += sizeof(big);
	}
	while (at < row->key_bytes) {
		uint64_t word = random_word();
		size_t part =
			row->key_bytes - at < sizeof(word) ? row->key_bytes - at : sizeof(word);

		memcpy(row->key + at, &word, part);
		at += part;
	}
}

static void put(MDB_txn *txn, unsigned table, MDB_val key, size_t value_bytes)
{
	static const uint8_t filling[VALUE_MAX];
	MDB_val value = { value_bytes, NULL };

	must(mdb_put(txn, table, &key, &value, MDB_RESERVE), "writing a row");
	memcpy(value.mv_data, filling, value_bytes);
}

static void put_batch(struct bare *bare, MDB_txn *txn)
{
	bare->serial++;
	for (size_t i = 0; i < bare->row_count; i++) {
		struct bare_row *row = &bare->rows[i];

		next_key(bare, row);
		put(txn, bare->table, (MDB_val){ row->key_bytes, row->key }, row->value_bytes);
	}
}

int64_t bare_run(struct bare *bare, uint64_t batches, double per_commit)
{
	static uint8_t meta_key[] = { 0xF0 };
	int64_t begun_us = clock_monotonic_us();
	uint64_t done = 0;
	double due = 0;

	while (done < batches) {
		MDB_txn *txn;

		must(mdb_txn_begin(bare->env, NULL, 0, &txn), "LMDB");
		for (due += per_commit; done < batches && (double)done + 0.5 < due; done++)
			put_batch(bare, txn);
		put(txn, bare->table, (MDB_val){ sizeof(meta_key), meta_key }, META_BYTES);
		must(mdb_txn_commit(txn), "LMDB");
	}
	return clock_monotonic_us() - begun_us;
}

void bare_close(struct bare *bare)
{
	mdb_env_close(bare->env);
}
