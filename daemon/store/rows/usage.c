/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/usage.h"

#include "orgd/store/v1/rows.pb-c.h"

static void usage_key(struct key *key, const struct usage *usage)
{
	key_begin(key, TABLE_USAGE);
	key_add_u8(key, usage->budget);
	key_add_u16(key, usage->day);
	key_add_bytes(key, usage->of.data, usage->of.size);
}

struct status usage_get(struct snapshot *snapshot, const struct usage *usage, uint32_t *count)
{
	ProtobufCMessage *message;
	struct key key;

	usage_key(&key, usage);
	TRY(row_get(snapshot, &key, &orgd__store__v1__usage__descriptor, &message));
	*count = message ? ((const Orgd__Store__V1__Usage *)message)->count : 0;
	return OK;
}

struct status usage_put(struct batch *batch, const struct usage *usage, uint32_t count)
{
	Orgd__Store__V1__Usage row = ORGD__STORE__V1__USAGE__INIT;
	struct key key;

	row.count = count;
	usage_key(&key, usage);
	return row_put(batch, &key, &row.base);
}

struct status usage_delete_before(
	struct snapshot *snapshot, uint8_t budget, uint16_t day, unsigned max, unsigned *deleted)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	*deleted = 0;
	key_begin(&prefix, TABLE_USAGE);
	key_add_u8(&prefix, budget);
	TRY(scan_begin(&scan, snapshot, &prefix, NULL));
	while (scan.found && *deleted < max) {
		const uint8_t *at = scan.key.data + prefix.size;
		struct key key = { .size = 0 };

		if ((at[0] << 8 | at[1]) >= day)
			break;
		key_add_bytes(&key, scan.key.data, scan.key.size);
		TRY(batch_delete(snapshot_batch(snapshot), &key));
		++*deleted;
		TRY(scan_next(&scan));
	}
	return OK;
}
