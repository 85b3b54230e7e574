/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/membership.h"

static void membership_key(
	struct key *key, const struct id *organization_id, const struct id *user_id)
{
	membership_organization_prefix(key, organization_id);
	key_add_id(key, user_id);
}

static void by_user_key(struct key *key, const struct id *organization_id, const struct id *user_id)
{
	membership_user_prefix(key, user_id);
	key_add_id(key, organization_id);
}

static void by_time_key(struct key *key, const struct id *organization_id, const struct id *user_id,
	const Orgd__Store__V1__Membership *row)
{
	membership_time_prefix(key, organization_id);
	key_add_u64(key, (uint64_t)row->join_us);
	key_add_id(key, user_id);
}

struct status membership_get(struct snapshot *snapshot, const struct id *organization_id,
	const struct id *user_id, Orgd__Store__V1__Membership **row)
{
	ProtobufCMessage *message;
	struct key key;

	membership_key(&key, organization_id, user_id);
	TRY(row_get(snapshot, &key, &orgd__store__v1__membership__descriptor, &message));
	*row = (Orgd__Store__V1__Membership *)message;
	return OK;
}

struct status membership_peek(struct snapshot *snapshot, const struct id *organization_id,
	const struct id *user_id, Orgd__Store__V1__Membership **row)
{
	ProtobufCMessage *message;
	struct key key;

	membership_key(&key, organization_id, user_id);
	TRY(row_peek(snapshot, &key, &orgd__store__v1__membership__descriptor, &message));
	*row = (Orgd__Store__V1__Membership *)message;
	return OK;
}

struct status membership_put(struct batch *batch, const struct id *organization_id,
	const struct id *user_id, const Orgd__Store__V1__Membership *row)
{
	struct key key;

	membership_key(&key, organization_id, user_id);
	TRY(row_put(batch, &key, &row->base));
	by_user_key(&key, organization_id, user_id);
	return row_put(batch, &key, &row->base);
}

struct status membership_insert(struct batch *batch, const struct id *organization_id,
	const struct id *user_id, const Orgd__Store__V1__Membership *row)
{
	struct key key;

	TRY(membership_put(batch, organization_id, user_id, row));
	by_time_key(&key, organization_id, user_id, row);
	return row_put_index(batch, &key);
}

struct status membership_delete(struct batch *batch, const struct id *organization_id,
	const struct id *user_id, const Orgd__Store__V1__Membership *row)
{
	struct key key;

	membership_key(&key, organization_id, user_id);
	TRY(batch_delete(batch, &key));
	by_user_key(&key, organization_id, user_id);
	TRY(batch_delete(batch, &key));
	by_time_key(&key, organization_id, user_id, row);
	return batch_delete(batch, &key);
}

void membership_organization_prefix(struct key *key, const struct id *organization_id)
{
	key_begin(key, TABLE_MEMBERSHIP);
	key_add_id(key, organization_id);
}

void membership_user_prefix(struct key *key, const struct id *user_id)
{
	key_begin(key, TABLE_MEMBERSHIP_BY_USER);
	key_add_id(key, user_id);
}

void membership_time_prefix(struct key *key, const struct id *organization_id)
{
	key_begin(key, TABLE_MEMBERSHIP_BY_TIME);
	key_add_id(key, organization_id);
}

struct id membership_of_key(struct bytes key)
{
	size_t offset = key.size - sizeof(struct id);

	return key_read_id(key, &offset);
}

struct status membership_of_value(
	struct arena *arena, struct bytes value, Orgd__Store__V1__Membership **row)
{
	ProtobufCMessage *message;

	TRY(row_unpack(arena, value, &orgd__store__v1__membership__descriptor, &message));
	*row = (Orgd__Store__V1__Membership *)message;
	return OK;
}
