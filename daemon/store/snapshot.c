/* SPDX-License-Identifier: Apache-2.0 */
#include "store/internal.h"

/* Reads the row as the batch has left it; *own says that the batch wrote it. */
MUST_USE static struct status look(
	struct snapshot *snapshot, const struct key *key, struct row *row, bool *own)
{
	const struct batch_write *write = snapshot->batch ? batch_find(snapshot->batch, key) : NULL;

	*own = write != NULL;
	if (!write)
		return lmdb_get(snapshot->store, snapshot->txn, key_bytes(key), row);
	*row = (struct row){ .exists = write->value.data != NULL, .value = write->value };
	return OK;
}

struct status snapshot_peek(struct snapshot *snapshot, const struct key *key, struct row *row)
{
	bool own;

	return look(snapshot, key, row, &own);
}

struct status snapshot_get(struct snapshot *snapshot, const struct key *key, struct row *row)
{
	bool own;

	TRY(look(snapshot, key, row, &own));
	/* An own write hides the row that was there: it was read before, or not relied on. */
	return snapshot->batch && !own ? batch_expect(snapshot->batch, key, row->revision) : OK;
}

/* Where changes of keys that begin like this one are noted. The table does not count, so that what
 * belongs to one thing mostly has one place. */
static size_t change_place(const struct key *key)
{
	size_t size = key->size < CHANGE_PREFIX_BYTES ? key->size : CHANGE_PREFIX_BYTES;
	uint64_t words[2] = { 0 };

	memcpy(words, key->bytes + 1, size - 1);
	return (size_t)((words[0] ^ words[1]) * UINT64_C(0x9e3779b97f4a7c15) >> 32) % CHANGES;
}

/* The commit lies between the note and the snapshots that show what was written: the fences are in
 * group_commit() and store_snapshot_begin(). */
void change_note(struct store *store, const struct key *key, uint64_t revision)
{
	atomic_store_explicit(&store->changes[change_place(key)], revision, memory_order_relaxed);
}

bool snapshot_unchanged(const struct snapshot *snapshot, const struct key *prefix, uint64_t since)
{
	assert(prefix->size >= CHANGE_PREFIX_BYTES && snapshot->store->writer_runs);
	return atomic_load_explicit(&snapshot->store->changes[change_place(prefix)],
		       memory_order_relaxed) <= since;
}

uint64_t snapshot_revision(const struct snapshot *snapshot)
{
	return snapshot->revision;
}

struct arena *snapshot_arena(const struct snapshot *snapshot)
{
	return snapshot->arena;
}

struct batch *snapshot_batch(const struct snapshot *snapshot)
{
	return snapshot->batch;
}

void scan_end(struct scan *scan)
{
	if (scan->cursor)
		mdb_cursor_close(scan->cursor);
	scan->cursor = NULL;
	scan->found = false;
}

/* Takes what the cursor moved to: a row of the prefix, or the end. */
MUST_USE static struct status land(struct scan *scan, int error, MDB_val key, MDB_val value)
{
	struct status status;
	struct row row;

	if (error == MDB_NOTFOUND ||
		(!error && (key.mv_size < scan->prefix.size ||
				   memcmp(key.mv_data, scan->prefix.bytes, scan->prefix.size)))) {
		scan_end(scan);
		return OK;
	}
	status = error ? from_lmdb(error, "scanning rows") : lmdb_row(value, &row);
	if (status.code) {
		scan_end(scan);
		return status;
	}
	scan->found = true;
	scan->key = bytes_of(key.mv_data, key.mv_size);
	scan->value = row.value;
	scan->revision = row.revision;
	return OK;
}

static void key_copy(struct key *copy, const struct key *key)
{
	copy->size = 0;
	key_add_bytes(copy, key->bytes, key->size);
}

MUST_USE static struct status open_cursor(
	struct scan *scan, struct snapshot *snapshot, const struct key *prefix)
{
	MDB_cursor *cursor;

	scan->found = false;
	scan->cursor = NULL;
	scan->snapshot = snapshot;
	scan->reverse = false;
	key_copy(&scan->prefix, prefix);
	TRY(from_lmdb(
		mdb_cursor_open(snapshot->txn, snapshot->store->dbi, &cursor), "opening a cursor"));
	scan->cursor = cursor;
	return OK;
}

MUST_USE static bool key_less(const struct key *a, const struct key *b)
{
	size_t common = a->size < b->size ? a->size : b->size;
	int order = memcmp(a->bytes, b->bytes, common);

	return order ? order < 0 : a->size < b->size;
}

struct status scan_begin(struct scan *scan, struct snapshot *snapshot, const struct key *prefix,
	const struct key *after)
{
	const struct key *from = after && !key_less(after, prefix) ? after : prefix;
	MDB_val key = { from->size, (void *)(uintptr_t)from->bytes }, value;
	int error;

	TRY(open_cursor(scan, snapshot, prefix));
	error = mdb_cursor_get(scan->cursor, &key, &value, MDB_SET_RANGE);
	if (!error && from == after && key.mv_size == after->size &&
		!memcmp(key.mv_data, after->bytes, after->size))
		error = mdb_cursor_get(scan->cursor, &key, &value, MDB_NEXT);
	return land(scan, error, key, value);
}

/* The first key after all that begin with `prefix`; false when there is none (all bytes are 0xFF).
 */
MUST_USE static bool key_successor(const struct key *prefix, struct key *successor)
{
	key_copy(successor, prefix);
	while (successor->size && successor->bytes[successor->size - 1] == 0xFF)
		successor->size--;
	if (!successor->size)
		return false;
	successor->bytes[successor->size - 1]++;
	return true;
}

struct status scan_begin_reverse(struct scan *scan, struct snapshot *snapshot,
	const struct key *prefix, const struct key *before)
{
	struct key bound;
	bool bounded = key_successor(prefix, &bound);
	MDB_val key, value;
	int error = MDB_NOTFOUND;

	TRY(open_cursor(scan, snapshot, prefix));
	scan->reverse = true;
	if (before && (!bounded || key_less(before, &bound))) {
		key_copy(&bound, before);
		bounded = true;
	}
	if (bounded) {
		key = (MDB_val){ bound.size, bound.bytes };
		error = mdb_cursor_get(scan->cursor, &key, &value, MDB_SET_RANGE);
	}
	if (!error || error == MDB_NOTFOUND)
		error = mdb_cursor_get(scan->cursor, &key, &value, error ? MDB_LAST : MDB_PREV);
	return land(scan, error, key, value);
}

struct status scan_next(struct scan *scan)
{
	MDB_val key, value;
	int error;

	assert(scan->found);
	error = mdb_cursor_get(scan->cursor, &key, &value, scan->reverse ? MDB_PREV : MDB_NEXT);
	return land(scan, error, key, value);
}
