/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/document.h"

static void document_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_DOCUMENT);
	key_add_id(key, id);
}

void document_collections_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_DOCUMENT_COLLECTIONS);
	key_add_id(key, id);
}

static void time_key(struct key *key, const struct id *id, const Orgd__Store__V1__Document *row)
{
	document_time_prefix(key);
	key_add_u64(key, (uint64_t)row->create_us);
	key_add_id(key, id);
}

struct status document_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Document **row)
{
	struct key key;

	document_key(&key, id);
	return row_get(snapshot, &key, &orgd__store__v1__document__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status document_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Document **row)
{
	struct key key;

	document_key(&key, id);
	return row_peek(snapshot, &key, &orgd__store__v1__document__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status document_collections_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__DocumentCollections **row)
{
	struct key key;

	document_collections_key(&key, id);
	return row_get(snapshot, &key, &orgd__store__v1__document_collections__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status document_collections_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__DocumentCollections **row)
{
	struct key key;

	document_collections_key(&key, id);
	return row_peek(snapshot, &key, &orgd__store__v1__document_collections__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status document_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Document *row)
{
	Orgd__Store__V1__DocumentCollections none = ORGD__STORE__V1__DOCUMENT_COLLECTIONS__INIT;
	struct key key;

	none.create_us = row->create_us;
	TRY(document_collections_put(batch, id, &none));
	time_key(&key, id, row);
	TRY(row_put_index(batch, &key));
	return document_put(batch, id, row);
}

struct status document_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Document *row)
{
	struct key key;

	document_key(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status document_collections_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__DocumentCollections *row)
{
	struct key key;

	document_collections_key(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status document_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Document *row)
{
	struct key key;

	time_key(&key, id, row);
	TRY(batch_delete(batch, &key));
	document_collections_key(&key, id);
	TRY(batch_delete(batch, &key));
	document_key(&key, id);
	return batch_delete(batch, &key);
}

void document_time_prefix(struct key *key)
{
	key_begin(key, TABLE_DOCUMENT_BY_TIME);
}

struct id document_of_key(struct bytes key, int64_t *create_us)
{
	size_t offset = key.size - sizeof(uint64_t) - sizeof(struct id);

	*create_us = (int64_t)key_read_u64(key, &offset);
	return key_read_id(key, &offset);
}
