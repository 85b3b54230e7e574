/* SPDX-License-Identifier: Apache-2.0 */
#include "bare.h"

#include <err.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"

enum {
	REVISION_BYTES = 8,
	META_BYTES = 72,
	VALUE_MAX = 64 * 1024,
	KEYS_MAX = 64 * 1024,
	NS_PER_US = 1000,
};
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

/* Keeps the keys of that table and size that were there, for rows that replace one. */
static void take_keys(struct bare *bare, MDB_txn *txn, struct bare_row *row)
{
	MDB_val key = { 1, row->key }, value;
	MDB_cursor *cursor;
	int error;

	row->keys = malloc(KEYS_MAX * row->key_bytes);
	if (!row->keys)
		err(1, "keys");
	must(mdb_cursor_open(txn, bare->table, &cursor), "sampling");
	for (error = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
		!error && *(uint8_t *)key.mv_data == row->key[0] && row->keys_count < KEYS_MAX;
		error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))
		if (key.mv_size == row->key_bytes)
			memcpy(row->keys + row->key_bytes * row->keys_count++, key.mv_data,
				key.mv_size);
	if (error != MDB_NOTFOUND)
		must(error, "sampling");
	mdb_cursor_close(cursor);
}

/* A row of the first sample. `copy` sees the database before it. */
static void add_row(struct bare *bare, MDB_txn *copy, MDB_val key, MDB_val value)
{
	struct bare_row *row = &bare->rows[bare->row_count++];
	MDB_val replaced;

	if (bare->row_count > BARE_ROWS_MAX || key.mv_size > BARE_KEY_MAX ||
		value.mv_size > VALUE_MAX)
		errx(1, "the sampled batches are too large");
	memcpy(row->key, key.mv_data, key.mv_size);
	row->key_bytes = row->same_bytes = key.mv_size;
	row->value_bytes = value.mv_size;
	row->ascending = 1;
	row->samples = 1;
	row->replaces = !mdb_get(copy, bare->table, &key, &replaced);
	if (row->replaces)
		take_keys(bare, copy, row);
	bare->batch_bytes += key.mv_size + value.mv_size;
}

/* What a row of a later sample says about the one like it: of one table, with as long a key. */
static void compare_row(struct bare *bare, unsigned number, MDB_val key)
{
	for (size_t i = 0; i < bare->row_count; i++) {
		struct bare_row *row = &bare->rows[i];

		if (row->samples != number || row->key_bytes != key.mv_size ||
			row->key[0] != *(uint8_t *)key.mv_data)
			continue;
		row->samples++;
		row->same_bytes = same_bytes(row->key, key.mv_data, row->same_bytes);
		row->ascending &= memcmp(row->key, key.mv_data, row->key_bytes) < 0;
		memcpy(row->key, key.mv_data, row->key_bytes);
		return;
	}
	errx(1, "the sampled batches differ");
}

static void sample(
	struct bare *bare, MDB_txn *copy, MDB_cursor *cursor, unsigned number, uint64_t revision)
{
	MDB_val key, value;
	size_t count = 0;
	int error;

	while (!(error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
		if (revision_of(value) != revision || key.mv_size == 1)
			continue;
		if (number)
			compare_row(bare, number, key);
		else
			add_row(bare, copy, key, value);
		count++;
	}
	if (error != MDB_NOTFOUND)
		must(error, "sampling");
	if (count != bare->row_count || !count)
		errx(1, "the sampled batches differ");
}

void bare_open(struct bare *bare, const char *original, const char *directory)
{
	MDB_env *env = open_env(original, MDB_RDONLY);
	MDB_txn *txn;

	memset(bare, 0, sizeof(*bare));
	if (mkdir(directory, 0700))
		err(1, "%s", directory);
	must(mdb_env_copy(env, directory), "copying the database");
	mdb_env_close(env);
	bare->env = open_env(directory, 0);
	must(mdb_txn_begin(bare->env, NULL, 0, &txn), "LMDB");
	must(mdb_dbi_open(txn, NULL, 0, &bare->table), "LMDB");
	must(mdb_txn_commit(txn), "LMDB");
}

void bare_sample(struct bare *bare, const char *original, const uint64_t revisions[BARE_SAMPLES])
{
	MDB_env *env = open_env(original, MDB_RDONLY);
	MDB_txn *txn, *copy;
	MDB_cursor *cursor;
	MDB_dbi table;

	must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "sampling");
	must(mdb_txn_begin(bare->env, NULL, MDB_RDONLY, &copy), "sampling");
	must(mdb_dbi_open(txn, NULL, 0, &table), "sampling");
	for (unsigned i = 0; i < BARE_SAMPLES; i++) {
		must(mdb_cursor_open(txn, table, &cursor), "sampling");
		sample(bare, copy, cursor, i, revisions[i]);
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(copy);
	mdb_txn_abort(txn);
	mdb_env_close(env);
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

	if (row->replaces) {
		memcpy(row->key, row->keys + random_word() % row->keys_count * row->key_bytes,
			row->key_bytes);
		return;
	}
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

void bare_run(struct bare *bare, uint64_t batches, double per_commit, struct bare_result *result)
{
	static uint8_t meta_key[] = { 0xF0 };
	int64_t begun_us = clock_monotonic_us(), last_us = begun_us, now_us = begun_us;
	uint64_t done = 0;
	double due = 0;

	while (done < batches) {
		MDB_txn *txn;

		must(mdb_txn_begin(bare->env, NULL, 0, &txn), "LMDB");
		for (due += per_commit; done < batches && (double)done + 0.5 < due; done++)
			put_batch(bare, txn);
		put(txn, bare->table, (MDB_val){ sizeof(meta_key), meta_key }, META_BYTES);
		must(mdb_txn_commit(txn), "LMDB");
		now_us = clock_monotonic_us();
		histogram_add(&result->latency, (now_us - last_us) * NS_PER_US);
		last_us = now_us;
		result->commits++;
	}
	result->batches += batches;
	result->elapsed_us += now_us - begun_us;
}

void bare_close(struct bare *bare)
{
	mdb_env_close(bare->env);
	for (size_t i = 0; i < bare->row_count; i++)
		free(bare->rows[i].keys);
}
