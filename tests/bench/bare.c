/* SPDX-License-Identifier: Apache-2.0 */
#include "bare.h"

#include <err.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum {
	REVISION_BYTES = 8,
	META_BYTES = 72,
	VALUE_MAX = 64 * 1024,
	KEYS_MIN = 1024,
	ID_BYTES = 16,
	NS_PER_US = 1000,
};
static const size_t map_bytes = (size_t)1 << 36;
/* From one of the rows that are there to the next: a prime, as the requests have it. */
static const size_t stride = 2147483647;

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

static MDB_txn *begin_read(MDB_env *env)
{
	MDB_txn *txn;

	must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "LMDB");
	return txn;
}

static void open_own(struct bare *bare)
{
	MDB_txn *txn;

	bare->env = open_env(bare->directory, 0);
	must(mdb_txn_begin(bare->env, NULL, 0, &txn), "LMDB");
	must(mdb_dbi_open(txn, NULL, 0, &bare->table), "LMDB");
	must(mdb_txn_commit(txn), "LMDB");
}

void bare_open(struct bare *bare, const char *original, const char *directory)
{
	memset(bare, 0, sizeof(*bare));
	bare->directory = directory;
	open_own(bare);
	bare->original = open_env(original, MDB_RDONLY);
	bare->before = begin_read(bare->original);
	must(mdb_dbi_open(bare->before, NULL, 0, &bare->table), "LMDB"); /* the same for both */
}

/* --- sampling --- */

/* A row that a sampled batch put, or one that is gone since. */
struct sample {
	uint8_t key[BARE_KEY_MAX];
	size_t key_bytes, value_bytes;
	int replaces;
};

/* What all the samples did. */
struct samples {
	const uint64_t *revisions;
	struct sample put[BARE_SAMPLES][BARE_ROWS_MAX], deleted[BARE_SAMPLES * BARE_ROWS_MAX];
	size_t put_count[BARE_SAMPLES], deleted_count;
};

/* Takes in one with a greater key than all before; within a table they are in the order of size. */
static void add_sample(
	struct sample *samples, size_t *count, size_t max, struct sample sample, const MDB_val *key)
{
	size_t place = (*count)++;

	if (place == max || key->mv_size > BARE_KEY_MAX)
		errx(1, "the sampled batches are too large");
	sample.key_bytes = key->mv_size;
	memcpy(sample.key, key->mv_data, key->mv_size);
	for (; place && samples[place - 1].key[0] == sample.key[0] &&
		samples[place - 1].key_bytes > sample.key_bytes;
		place--)
		samples[place] = samples[place - 1];
	samples[place] = sample;
}

static void see_put(struct samples *samples, const MDB_val *key, MDB_val value, int replaces)
{
	uint64_t revision = revision_of(value);

	/* The meta row alone has so short a key. */
	for (size_t i = 0; i < BARE_SAMPLES && key->mv_size > 1; i++)
		if (samples->revisions[i] == revision)
			add_sample(samples->put[i], &samples->put_count[i], BARE_ROWS_MAX,
				(struct sample){
					.value_bytes = value.mv_size, .replaces = replaces },
				key);
}

/* One side of the walk through two states at once. */
struct walk {
	MDB_cursor *cursor;
	MDB_val key, value;
	int over;
};

static void walk_on(struct walk *walk, MDB_cursor_op move)
{
	int error = mdb_cursor_get(walk->cursor, &walk->key, &walk->value, move);

	walk->over = error == MDB_NOTFOUND;
	if (!walk->over)
		must(error, "sampling");
}

static void compare_states(
	struct bare *bare, MDB_txn *before_txn, MDB_txn *after_txn, struct samples *samples)
{
	struct walk before = { 0 }, after = { 0 };

	must(mdb_cursor_open(before_txn, bare->table, &before.cursor), "sampling");
	must(mdb_cursor_open(after_txn, bare->table, &after.cursor), "sampling");
	walk_on(&before, MDB_FIRST);
	walk_on(&after, MDB_FIRST);
	while (!before.over || !after.over) {
		int order = before.over  ? 1
			    : after.over ? -1
					 : mdb_cmp(after_txn, bare->table, &before.key, &after.key);

		if (order < 0)
			add_sample(samples->deleted, &samples->deleted_count,
				BARE_SAMPLES * BARE_ROWS_MAX, (struct sample){ 0 }, &before.key);
		else
			see_put(samples, &after.key, after.value, order == 0);
		if (order <= 0)
			walk_on(&before, MDB_NEXT);
		if (order >= 0)
			walk_on(&after, MDB_NEXT);
	}
	mdb_cursor_close(before.cursor);
	mdb_cursor_close(after.cursor);
}

/* Keeps the keys of that table and size that are there. */
static void take_keys(struct bare *bare, struct bare_row *row)
{
	MDB_val key = { 1, row->key }, value;
	MDB_txn *txn = begin_read(bare->env);
	MDB_cursor *cursor;
	size_t room = 0;
	int error;

	must(mdb_cursor_open(txn, bare->table, &cursor), "sampling");
	for (error = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
		!error && *(uint8_t *)key.mv_data == row->key[0];
		error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
		if (key.mv_size != row->key_bytes)
			continue;
		if (row->keys_count == room) {
			room = 2 * room + KEYS_MIN;
			row->keys = realloc(row->keys, room * row->key_bytes);
			if (!row->keys)
				err(1, "keys");
		}
		memcpy(row->keys + row->key_bytes * row->keys_count++, key.mv_data, key.mv_size);
	}
	if (error != MDB_NOTFOUND)
		must(error, "sampling");
	if (!row->keys_count)
		errx(1, "the bare database has no such rows");
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
}

static struct bare_row *add_row(struct bare *bare, const struct sample *sample)
{
	struct bare_row *row = &bare->rows[bare->row_count++];

	if (bare->row_count > BARE_ROWS_MAX || sample->value_bytes > VALUE_MAX)
		errx(1, "the sampled batches are too large");
	*row = (struct bare_row){
		.key_bytes = sample->key_bytes, .value_bytes = sample->value_bytes, .begin = 1
	};
	memcpy(row->key, sample->key, sample->key_bytes);
	return row;
}

static int alike(const struct bare_row *row, const struct sample *sample)
{
	return row->key_bytes == sample->key_bytes && row->key[0] == sample->key[0];
}

/* The n-th rows of all samples are of one table and size. */
static int check_alike(const struct bare *bare, const struct samples *samples)
{
	for (unsigned number = 0; number < BARE_SAMPLES; number++) {
		if (samples->put_count[number] != bare->row_count)
			return 0;
		for (size_t i = 0; i < bare->row_count; i++)
			if (!alike(&bare->rows[i], &samples->put[number][i]))
				return 0;
	}
	return bare->row_count > 0;
}

/* Does the id that is the key of row `of` stand there in the key of row `i`? */
static int is_name(const struct samples *samples, size_t i, size_t at, size_t of)
{
	for (unsigned number = 0; number < BARE_SAMPLES; number++)
		if (memcmp(samples->put[number][i].key + at, samples->put[number][of].key + 1,
			    ID_BYTES) != 0)
			return 0;
	return 1;
}

static void learn_names(struct bare *bare, const struct samples *samples, size_t i)
{
	struct bare_row *row = &bare->rows[i];

	for (size_t of = 0; of < bare->row_count; of++) {
		if (bare->rows[of].change != BARE_REPLACES ||
			bare->rows[of].key_bytes != 1 + ID_BYTES)
			continue;
		for (size_t at = 1; at + ID_BYTES <= row->key_bytes; at++) {
			if (row->name_count == BARE_NAMES_MAX || !is_name(samples, i, at, of))
				continue;
			row->names[row->name_count++] = (struct bare_name){ at, of };
			if (at == 1)
				row->begin = 1 + ID_BYTES;
		}
	}
}

/* How the rest of the key changes. */
static void learn_rest(struct bare *bare, const struct samples *samples, size_t i)
{
	struct bare_row *row = &bare->rows[i];
	size_t rest = row->key_bytes - row->begin;

	row->same_bytes = rest;
	row->ascending = rest >= sizeof(uint64_t);
	for (unsigned number = 1; number < BARE_SAMPLES; number++) {
		const uint8_t *last = samples->put[number - 1][i].key + row->begin;
		const uint8_t *next = samples->put[number][i].key + row->begin;

		row->same_bytes = same_bytes(last, next, row->same_bytes);
		row->ascending &= memcmp(last, next, rest) < 0;
	}
	memcpy(row->key, samples->put[BARE_SAMPLES - 1][i].key, row->key_bytes);
}

static int learn_puts(struct bare *bare, const struct samples *samples)
{
	for (size_t i = 0; i < samples->put_count[0]; i++) {
		struct bare_row *row = add_row(bare, &samples->put[0][i]);

		row->change = samples->put[0][i].replaces ? BARE_REPLACES : BARE_INSERTS;
		bare->batch_bytes += row->key_bytes + row->value_bytes;
	}
	if (!check_alike(bare, samples))
		return 0;
	for (size_t i = 0; i < bare->row_count; i++) {
		if (bare->rows[i].change != BARE_INSERTS)
			continue;
		learn_names(bare, samples, i);
		learn_rest(bare, samples, i);
	}
	return 1;
}

/* Of a table and size, each batch deleted as many. */
static int learn_deletes(struct bare *bare, const struct samples *samples)
{
	for (size_t i = 0; i < samples->deleted_count; i += BARE_SAMPLES) {
		struct bare_row *row = add_row(bare, &samples->deleted[i]);

		row->change = BARE_DELETES;
		bare->delete_count++;
		for (size_t j = i; j < i + BARE_SAMPLES; j++)
			if (j >= samples->deleted_count || !alike(row, &samples->deleted[j]))
				return 0;
	}
	return 1;
}

static void forget(struct bare *bare)
{
	for (size_t i = 0; i < bare->row_count; i++)
		free(bare->rows[i].keys);
	bare->row_count = bare->delete_count = bare->batch_bytes = 0;
}

int bare_sample(struct bare *bare, const uint64_t revisions[BARE_SAMPLES])
{
	static struct samples samples;
	MDB_txn *after = begin_read(bare->original);

	samples = (struct samples){ .revisions = revisions };
	compare_states(bare, bare->before, after, &samples);
	mdb_txn_abort(bare->before);
	bare->before = after;
	forget(bare);
	if (!learn_puts(bare, &samples) || !learn_deletes(bare, &samples))
		return 0;
	for (size_t i = 0; i < bare->row_count; i++)
		if (bare->rows[i].change != BARE_INSERTS)
			take_keys(bare, &bare->rows[i]);
	/* What was looked through is mapped, which the daemon's is not. */
	mdb_env_close(bare->env);
	open_own(bare);
	mdb_txn_abort(bare->before);
	mdb_env_close(bare->original);
	bare->before = bare->original = NULL;
	return 1;
}

/* --- writing --- */

static uint64_t random_word(void)
{
	static uint64_t state = 88172645463325252U;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void fill_random(uint8_t *at, size_t size)
{
	while (size) {
		uint64_t word = random_word();
		size_t part = size < sizeof(word) ? size : sizeof(word);

		memcpy(at, &word, part);
		at += part;
		size -= part;
	}
}

static void next_new_key(struct bare *bare, struct bare_row *row)
{
	uint8_t *rest = row->key + row->begin;
	size_t size = row->key_bytes - row->begin, same = row->same_bytes;
	uint64_t number;

	if (row->ascending) {
		memcpy(&number, rest, sizeof(number));
		number = __builtin_bswap64(__builtin_bswap64(number) + 1);
		memcpy(rest, &number, sizeof(number));
		same = sizeof(number);
	}
	fill_random(rest + same, size - same);
	for (size_t i = 0; i < row->name_count; i++)
		memcpy(row->key + row->names[i].at, bare->rows[row->names[i].of].key + 1, ID_BYTES);
}

static void next_key_there(const struct bare *bare, struct bare_row *row)
{
	size_t number = bare->serial * stride % row->keys_count;

	memcpy(row->key, row->keys + number * row->key_bytes, row->key_bytes);
}

static void put(MDB_txn *txn, unsigned table, MDB_val key, size_t value_bytes)
{
	static const uint8_t filling[VALUE_MAX];
	MDB_val value = { value_bytes, NULL };

	must(mdb_put(txn, table, &key, &value, MDB_RESERVE), "writing a row");
	memcpy(value.mv_data, filling, value_bytes);
}

static void delete_row(MDB_txn *txn, unsigned table, MDB_val key)
{
	int error = mdb_del(txn, table, &key, NULL);

	if (error != MDB_NOTFOUND)
		must(error, "deleting a row");
}

static void put_batch(struct bare *bare, MDB_txn *txn)
{
	bare->serial++;
	/* Those that are there first: new ones name them. */
	for (size_t i = 0; i < bare->row_count; i++)
		if (bare->rows[i].change != BARE_INSERTS)
			next_key_there(bare, &bare->rows[i]);
	for (size_t i = 0; i < bare->row_count; i++) {
		struct bare_row *row = &bare->rows[i];

		if (row->change == BARE_INSERTS)
			next_new_key(bare, row);
		if (row->change == BARE_DELETES)
			delete_row(txn, bare->table, (MDB_val){ row->key_bytes, row->key });
		else
			put(txn, bare->table, (MDB_val){ row->key_bytes, row->key },
				row->value_bytes);
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
	forget(bare);
}
