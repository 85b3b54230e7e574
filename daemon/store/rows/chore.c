/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/chore.h"

static void chore_key(struct key *key, enum chore chore, int64_t due_us, const struct id *id)
{
	key_begin(key, TABLE_CHORE);
	key_add_u8(key, (uint8_t)chore);
	key_add_u64(key, (uint64_t)due_us);
	key_add_id(key, id);
}

struct status chore_put(struct batch *batch, enum chore chore, int64_t due_us, const struct id *id)
{
	struct key key;

	chore_key(&key, chore, due_us, id);
	return row_put_index(batch, &key);
}

struct status chore_delete(
	struct batch *batch, enum chore chore, int64_t due_us, const struct id *id)
{
	struct key key;

	chore_key(&key, chore, due_us, id);
	return batch_delete(batch, &key);
}

struct status chore_find(struct snapshot *snapshot, enum chore chore, int64_t now_us, struct id *id,
	int64_t *due_us, bool *found)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key kind;
	size_t offset;

	*found = false;
	key_begin(&kind, TABLE_CHORE);
	key_add_u8(&kind, (uint8_t)chore);
	TRY(scan_begin(&scan, snapshot, &kind, NULL));
	if (!scan.found)
		return OK;
	offset = kind.size;
	*due_us = (int64_t)key_read_u64(scan.key, &offset);
	*id = key_read_id(scan.key, &offset);
	*found = *due_us <= now_us;
	return OK;
}
