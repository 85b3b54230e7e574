/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/request.h"

#include "base/clock.h"

static uint16_t day_of(int64_t us)
{
	return (uint16_t)(us / US_PER_DAY);
}

void request_key(struct key *key, int64_t now_us, const uint8_t hash[KEYED_HASH_BYTES])
{
	key_begin(key, TABLE_REQUEST);
	key_add_u16(key, day_of(now_us));
	key_add_bytes(key, hash, KEYED_HASH_BYTES);
}

struct status request_get(struct snapshot *snapshot, const uint8_t hash[KEYED_HASH_BYTES],
	int64_t now_us, Orgd__Store__V1__Request **request, uint64_t *revision, struct key *key)
{
	*request = NULL;
	for (int64_t day = 0; day < REQUEST_ROWS_DAYS; day++) {
		ProtobufCMessage *message;
		struct row row;

		request_key(key, now_us - day * US_PER_DAY, hash);
		TRY(snapshot_get(snapshot, key, &row));
		if (!row.exists)
			continue;
		TRY(row_unpack(snapshot_arena(snapshot), row.value,
			&orgd__store__v1__request__descriptor, &message));
		*request = (Orgd__Store__V1__Request *)message;
		*revision = row.revision;
		if (now_us - (*request)->time_us < US_PER_DAY)
			return OK;
		*request = NULL;
	}
	return OK;
}

struct status request_put(
	struct batch *batch, const struct key *key, const Orgd__Store__V1__Request *row)
{
	return row_put(batch, key, &row->base);
}

struct status request_delete_old(
	struct snapshot *snapshot, int64_t now_us, unsigned max, unsigned *deleted)
{
	uint16_t today = day_of(now_us);
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key table;

	*deleted = 0;
	key_begin(&table, TABLE_REQUEST);
	TRY(scan_begin(&scan, snapshot, &table, NULL));
	while (scan.found && *deleted < max) {
		uint16_t day = (uint16_t)(scan.key.data[1] << 8 | scan.key.data[2]);
		struct key key;

		if (day + REQUEST_ROWS_DAYS > today)
			break;
		key.size = 0;
		key_add_bytes(&key, scan.key.data, scan.key.size);
		TRY(batch_delete(snapshot_batch(snapshot), &key));
		++*deleted;
		TRY(scan_next(&scan));
	}
	return OK;
}
