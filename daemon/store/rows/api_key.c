/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/api_key.h"

void api_key_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_API_KEY);
	key_add_id(key, id);
}

struct status api_key_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__ApiKey **row)
{
	ProtobufCMessage *message;
	struct key key;

	api_key_key(&key, id);
	TRY(row_get(snapshot, &key, &orgd__store__v1__api_key__descriptor, &message));
	*row = (Orgd__Store__V1__ApiKey *)message;
	return OK;
}

struct status api_key_view(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__ApiKeyView **view)
{
	ProtobufCMessage *message;
	struct key key;

	api_key_key(&key, id);
	TRY(row_view(snapshot, &key, &orgd__store__v1__api_key_view__descriptor, &message));
	*view = (Orgd__Store__V1__ApiKeyView *)message;
	return OK;
}

struct status api_key_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__ApiKey **row)
{
	ProtobufCMessage *message;
	struct key key;

	api_key_key(&key, id);
	TRY(row_peek(snapshot, &key, &orgd__store__v1__api_key__descriptor, &message));
	*row = (Orgd__Store__V1__ApiKey *)message;
	return OK;
}

struct status api_key_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__ApiKey *row)
{
	struct key key;

	api_key_time_prefix(&key);
	key_add_u64(&key, (uint64_t)row_time_us(row->api_key->create_time));
	key_add_id(&key, id);
	TRY(row_put_index(batch, &key));
	return api_key_put(batch, id, row);
}

struct status api_key_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__ApiKey *row)
{
	struct key key;

	api_key_key(&key, id);
	return row_put(batch, &key, &row->base);
}

void api_key_time_prefix(struct key *key)
{
	key_begin(key, TABLE_API_KEY_BY_TIME);
}

struct id api_key_of_time_key(struct bytes key)
{
	size_t offset = key.size - sizeof(struct id);

	return key_read_id(key, &offset);
}
