/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/organization.h"

#include "base/clock.h"

enum { NS_PER_US = 1000 };

void organization_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_ORGANIZATION);
	key_add_id(key, id);
}

static void handle_key(struct key *key, const char *handle)
{
	key_begin(key, TABLE_ORGANIZATION_BY_HANDLE);
	key_add_string(key, handle);
}

static void queue_key(struct key *key, int64_t queued_us, const struct id *id)
{
	organization_queue_prefix(key);
	key_add_u64(key, (uint64_t)queued_us);
	key_add_id(key, id);
}

static void time_key(struct key *key, const Orgd__Store__V1__Organization *row, const struct id *id)
{
	const Google__Protobuf__Timestamp *created = row->organization->create_time;

	organization_time_prefix(key);
	key_add_u64(key, (uint64_t)(created->seconds * US_PER_SECOND + created->nanos / NS_PER_US));
	key_add_id(key, id);
}

struct status organization_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Organization **row)
{
	ProtobufCMessage *message;
	struct key key;

	organization_key(&key, id);
	TRY(row_get(snapshot, &key, &orgd__store__v1__organization__descriptor, &message));
	*row = (Orgd__Store__V1__Organization *)message;
	return OK;
}

struct status organization_view(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__OrganizationView **view)
{
	ProtobufCMessage *message;
	struct key key;

	organization_key(&key, id);
	TRY(row_view(snapshot, &key, &orgd__store__v1__organization_view__descriptor, &message));
	*view = (Orgd__Store__V1__OrganizationView *)message;
	return OK;
}

struct status organization_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Organization **row)
{
	ProtobufCMessage *message;
	struct key key;

	organization_key(&key, id);
	TRY(row_peek(snapshot, &key, &orgd__store__v1__organization__descriptor, &message));
	*row = (Orgd__Store__V1__Organization *)message;
	return OK;
}

struct status organization_find(
	struct snapshot *snapshot, const char *handle, struct id *id, Orgd__Store__V1__Handle **row)
{
	ProtobufCMessage *message;
	struct key key;

	handle_key(&key, handle);
	TRY(row_get(snapshot, &key, &orgd__store__v1__handle__descriptor, &message));
	*row = (Orgd__Store__V1__Handle *)message;
	if (*row)
		*id = id_of_bytes((*row)->organization_id);
	return OK;
}

struct status organization_put_handle(
	struct batch *batch, const char *handle, const struct id *id, int64_t reserved_until_us)
{
	Orgd__Store__V1__Handle row = ORGD__STORE__V1__HANDLE__INIT;
	struct key key;

	row.organization_id = bytes_of_id(batch_arena(batch), id);
	row.reserved_until_us = reserved_until_us;
	handle_key(&key, handle);
	return row_put(batch, &key, &row.base);
}

struct status organization_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Organization *row)
{
	struct key key;

	organization_key(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status organization_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Organization *row)
{
	struct key key;

	TRY(organization_put(batch, id, row));
	TRY(organization_put_handle(batch, row->organization->handle, id, 0));
	time_key(&key, row, id);
	TRY(row_put_index(batch, &key));
	if (!row->queued_us)
		return OK;
	queue_key(&key, row->queued_us, id);
	return row_put_index(batch, &key);
}

struct status organization_move_in_queue(struct batch *batch, const struct id *id,
	Orgd__Store__V1__Organization *row, int64_t queued_us)
{
	struct key key;

	if (row->queued_us == queued_us)
		return OK;
	if (row->queued_us) {
		queue_key(&key, row->queued_us, id);
		TRY(batch_delete(batch, &key));
	}
	row->queued_us = queued_us;
	if (!queued_us)
		return OK;
	queue_key(&key, queued_us, id);
	return row_put_index(batch, &key);
}

struct status organization_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Organization *row)
{
	struct key key;

	organization_key(&key, id);
	TRY(batch_delete(batch, &key));
	time_key(&key, row, id);
	TRY(batch_delete(batch, &key));
	if (!row->queued_us)
		return OK;
	queue_key(&key, row->queued_us, id);
	return batch_delete(batch, &key);
}

void organization_time_prefix(struct key *key)
{
	key_begin(key, TABLE_ORGANIZATION_BY_TIME);
}

void organization_queue_prefix(struct key *key)
{
	key_begin(key, TABLE_QUEUE);
}

struct id organization_of_key(struct bytes key, int64_t *us)
{
	size_t offset = 1;

	*us = (int64_t)key_read_u64(key, &offset);
	return key_read_id(key, &offset);
}
