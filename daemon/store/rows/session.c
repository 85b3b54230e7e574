/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/session.h"

#include "base/clock.h"

static void session_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_SESSION);
	key_add_id(key, id);
}

static void user_key(struct key *key, const struct id *id, const Orgd__Store__V1__Session *row)
{
	struct id user_id = id_of_bytes(row->user_id);

	session_user_prefix(key, &user_id);
	key_add_u64(key, (uint64_t)row_time_us(row->session->create_time));
	key_add_id(key, id);
}

static void forget_key(struct key *key, const struct id *id, const Orgd__Store__V1__Session *row)
{
	int64_t end_us = row->end_us ? row->end_us : row_time_us(row->session->expire_time);

	key_begin(key, TABLE_SESSION_FORGET);
	key_add_u64(key, (uint64_t)(end_us + US_PER_DAY));
	key_add_id(key, id);
}

struct status session_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Session **row)
{
	ProtobufCMessage *message;
	struct key key;

	session_key(&key, id);
	TRY(row_get(snapshot, &key, &orgd__store__v1__session__descriptor, &message));
	*row = (Orgd__Store__V1__Session *)message;
	return OK;
}

struct status session_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Session **row)
{
	ProtobufCMessage *message;
	struct key key;

	session_key(&key, id);
	TRY(row_peek(snapshot, &key, &orgd__store__v1__session__descriptor, &message));
	*row = (Orgd__Store__V1__Session *)message;
	return OK;
}

struct status session_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Session *row)
{
	struct key key;

	user_key(&key, id, row);
	TRY(row_put_index(batch, &key));
	forget_key(&key, id, row);
	TRY(row_put_index(batch, &key));
	return session_put(batch, id, row);
}

struct status session_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Session *row)
{
	struct key key;

	session_key(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status session_end(
	struct batch *batch, const struct id *id, Orgd__Store__V1__Session *row, int64_t end_us)
{
	struct key key;

	forget_key(&key, id, row);
	TRY(batch_delete(batch, &key));
	row->end_us = end_us;
	forget_key(&key, id, row);
	TRY(row_put_index(batch, &key));
	return session_put(batch, id, row);
}

MUST_USE static struct status delete_one(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Session *row)
{
	struct key key;

	user_key(&key, id, row);
	TRY(batch_delete(batch, &key));
	forget_key(&key, id, row);
	TRY(batch_delete(batch, &key));
	session_key(&key, id);
	return batch_delete(batch, &key);
}

struct status session_delete_ended(
	struct snapshot *snapshot, int64_t now_us, unsigned max, unsigned *deleted)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key table;

	*deleted = 0;
	key_begin(&table, TABLE_SESSION_FORGET);
	TRY(scan_begin(&scan, snapshot, &table, NULL));
	while (scan.found && *deleted < max) {
		Orgd__Store__V1__Session *row;
		size_t offset = table.size;
		int64_t forget_us = (int64_t)key_read_u64(scan.key, &offset);
		struct id id = key_read_id(scan.key, &offset);

		if (forget_us > now_us)
			break;
		TRY(session_get(snapshot, &id, &row));
		if (row)
			TRY(delete_one(snapshot_batch(snapshot), &id, row));
		++*deleted;
		TRY(scan_next(&scan));
	}
	return OK;
}

void session_user_prefix(struct key *key, const struct id *user_id)
{
	key_begin(key, TABLE_SESSION_BY_USER);
	key_add_id(key, user_id);
}

struct id session_of_user_key(struct bytes key)
{
	size_t offset = key.size - sizeof(struct id);

	return key_read_id(key, &offset);
}
