/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/grant.h"

struct grant_place grant_place(const Orgd__Store__V1__Grant *row)
{
	bool on_document = row->grant->resource_case == ORGD__V1__GRANT__RESOURCE_DOCUMENT_ID;

	return (struct grant_place){ on_document ? GRANT_ON_DOCUMENT : GRANT_ON_COLLECTION,
		id_of_bytes(row->resource_id), id_of_bytes(row->organization_id) };
}

static void grant_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_GRANT);
	key_add_id(key, id);
}

void grant_at_key(struct key *key, const struct grant_place *place)
{
	grant_holders_prefix(key, place->on, &place->resource_id);
	key_add_id(key, &place->organization_id);
}

/* The rows that are keys alone. */
enum { GRANT_INDEXES = GRANT_WRITES - 2 };

static void index_keys(
	struct key keys[GRANT_INDEXES], const struct id *id, const Orgd__Store__V1__Grant *row)
{
	struct grant_place place = grant_place(row);

	grant_resource_prefix(&keys[0], place.on, &place.resource_id);
	key_add_u64(&keys[0], (uint64_t)row->create_us);
	key_add_id(&keys[0], id);
	grant_organization_prefix(&keys[1], &place.organization_id);
	key_add_u64(&keys[1], (uint64_t)row->create_us);
	key_add_id(&keys[1], id);
	granted_prefix(&keys[2], &place.organization_id, place.on);
	if (place.on == GRANT_ON_DOCUMENT)
		key_add_u64(&keys[2], (uint64_t)row->document_create_us);
	key_add_id(&keys[2], &place.resource_id);
}

struct status grant_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Grant **row)
{
	struct key key;

	grant_key(&key, id);
	return row_get(snapshot, &key, &orgd__store__v1__grant__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status grant_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Grant **row)
{
	struct key key;

	grant_key(&key, id);
	return row_peek(snapshot, &key, &orgd__store__v1__grant__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status grant_at_get(struct snapshot *snapshot, const struct grant_place *place,
	Orgd__Store__V1__ResourceGrant **row)
{
	struct key key;

	grant_at_key(&key, place);
	return row_get(snapshot, &key, &orgd__store__v1__resource_grant__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status grant_at_peek(struct snapshot *snapshot, const struct grant_place *place,
	Orgd__Store__V1__ResourceGrant **row)
{
	struct key key;

	grant_at_key(&key, place);
	return row_peek(snapshot, &key, &orgd__store__v1__resource_grant__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status grant_insert(struct batch *batch, const struct id *id,
	const Orgd__Store__V1__Grant *row, int64_t expire_us)
{
	struct key keys[GRANT_INDEXES];

	index_keys(keys, id, row);
	for (size_t i = 0; i < GRANT_INDEXES; i++)
		TRY(row_put_index(batch, &keys[i]));
	return grant_put(batch, id, row, expire_us);
}

struct status grant_put(struct batch *batch, const struct id *id, const Orgd__Store__V1__Grant *row,
	int64_t expire_us)
{
	Orgd__Store__V1__ResourceGrant at = ORGD__STORE__V1__RESOURCE_GRANT__INIT;
	struct grant_place place = grant_place(row);
	struct key key;

	at.grant_id = bytes_of_id(batch_arena(batch), id);
	at.permission = row->grant->permission;
	at.minimum_role = row->grant->minimum_role;
	at.expire_us = expire_us;
	grant_at_key(&key, &place);
	TRY(row_put(batch, &key, &at.base));
	grant_key(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status grant_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Grant *row)
{
	struct grant_place place = grant_place(row);
	struct key keys[GRANT_INDEXES], key;

	index_keys(keys, id, row);
	for (size_t i = 0; i < GRANT_INDEXES; i++)
		TRY(batch_delete(batch, &keys[i]));
	grant_at_key(&key, &place);
	TRY(batch_delete(batch, &key));
	grant_key(&key, id);
	return batch_delete(batch, &key);
}

void grant_resource_prefix(struct key *key, enum grant_on on, const struct id *resource_id)
{
	key_begin(key, TABLE_GRANT_BY_TIME);
	key_add_u8(key, (uint8_t)on);
	key_add_id(key, resource_id);
}

void grant_organization_prefix(struct key *key, const struct id *organization_id)
{
	key_begin(key, TABLE_GRANT_BY_ORGANIZATION);
	key_add_id(key, organization_id);
}

struct id grant_of_key(struct bytes key)
{
	size_t offset = key.size - sizeof(struct id);

	return key_read_id(key, &offset);
}

void grant_holders_prefix(struct key *key, enum grant_on on, const struct id *resource_id)
{
	key_begin(key, TABLE_GRANT_BY_RESOURCE);
	key_add_u8(key, (uint8_t)on);
	key_add_id(key, resource_id);
}

void granted_prefix(struct key *key, const struct id *organization_id, enum grant_on on)
{
	key_begin(key, TABLE_GRANTED);
	key_add_id(key, organization_id);
	key_add_u8(key, (uint8_t)on);
}
