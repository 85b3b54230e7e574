/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/delivery.h"

void delivery_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_DELIVERY);
	key_add_id(key, id);
}

void delivery_due_prefix(struct key *key)
{
	key_begin(key, TABLE_DELIVERY_DUE);
}

void delivery_time_prefix(struct key *key)
{
	key_begin(key, TABLE_DELIVERY_BY_TIME);
}

struct id delivery_of_key(struct bytes key, int64_t *us)
{
	size_t offset = 1;

	*us = (int64_t)key_read_u64(key, &offset);
	return key_read_id(key, &offset);
}

static void due_key(struct key *key, int64_t due_us, const struct id *id)
{
	delivery_due_prefix(key);
	key_add_u64(key, (uint64_t)due_us);
	key_add_id(key, id);
}

static void time_key(struct key *key, int64_t create_us, const struct id *id)
{
	delivery_time_prefix(key);
	key_add_u64(key, (uint64_t)create_us);
	key_add_id(key, id);
}

struct status delivery_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Delivery **row)
{
	ProtobufCMessage *message;
	struct key key;

	delivery_key(&key, id);
	TRY(row_get(snapshot, &key, &orgd__store__v1__delivery__descriptor, &message));
	*row = (Orgd__Store__V1__Delivery *)message;
	return OK;
}

struct status delivery_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Delivery **row)
{
	ProtobufCMessage *message;
	struct key key;

	delivery_key(&key, id);
	TRY(row_peek(snapshot, &key, &orgd__store__v1__delivery__descriptor, &message));
	*row = (Orgd__Store__V1__Delivery *)message;
	return OK;
}

struct status delivery_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Delivery *row)
{
	struct key key;

	delivery_key(&key, id);
	TRY(row_put(batch, &key, &row->base));
	due_key(&key, row->due_us, id);
	TRY(row_put_index(batch, &key));
	time_key(&key, row->create_us, id);
	return row_put_index(batch, &key);
}

MUST_USE static struct status delete_due(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Delivery *row)
{
	struct key key;

	if (!row->due_us)
		return OK;
	due_key(&key, row->due_us, id);
	return batch_delete(batch, &key);
}

struct status delivery_put(
	struct batch *batch, const struct id *id, Orgd__Store__V1__Delivery *row, int64_t due_us)
{
	struct key key;

	TRY(delete_due(batch, id, row));
	row->due_us = due_us;
	if (due_us) {
		due_key(&key, due_us, id);
		TRY(row_put_index(batch, &key));
	}
	delivery_key(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status delivery_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Delivery *row)
{
	struct key key;

	TRY(delete_due(batch, id, row));
	time_key(&key, row->create_us, id);
	TRY(batch_delete(batch, &key));
	delivery_key(&key, id);
	return batch_delete(batch, &key);
}
