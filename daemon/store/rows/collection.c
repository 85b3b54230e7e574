/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/collection.h"

void collection_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_COLLECTION);
	key_add_id(key, id);
}

static void time_key(struct key *key, const struct id *id, const Orgd__Store__V1__Collection *row)
{
	collection_time_prefix(key);
	key_add_u64(key, (uint64_t)row->create_us);
	key_add_id(key, id);
}

static void entry_key(
	struct key *key, const struct id *id, const struct id *document_id, int64_t us)
{
	collection_document_prefix(key, id);
	key_add_u64(key, (uint64_t)us);
	key_add_id(key, document_id);
}

struct status collection_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Collection **row)
{
	struct key key;

	collection_key(&key, id);
	return row_get(snapshot, &key, &orgd__store__v1__collection__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status collection_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Collection **row)
{
	struct key key;

	collection_key(&key, id);
	return row_peek(snapshot, &key, &orgd__store__v1__collection__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status collection_exists(struct snapshot *snapshot, const struct id *id, bool *exists)
{
	struct row row;
	struct key key;

	collection_key(&key, id);
	TRY(snapshot_peek(snapshot, &key, &row));
	*exists = row.exists;
	return OK;
}

struct status collection_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Collection *row)
{
	struct key key;

	time_key(&key, id, row);
	TRY(row_put_index(batch, &key));
	return collection_put(batch, id, row);
}

struct status collection_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Collection *row)
{
	struct key key;

	collection_key(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status collection_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Collection *row)
{
	struct key key;

	time_key(&key, id, row);
	TRY(batch_delete(batch, &key));
	collection_key(&key, id);
	return batch_delete(batch, &key);
}

struct status collection_document_put(struct batch *batch, const struct id *id,
	const struct id *document_id, int64_t document_create_us)
{
	struct key key;

	entry_key(&key, id, document_id, document_create_us);
	return row_put_index(batch, &key);
}

struct status collection_document_delete(struct batch *batch, const struct id *id,
	const struct id *document_id, int64_t document_create_us)
{
	struct key key;

	entry_key(&key, id, document_id, document_create_us);
	return batch_delete(batch, &key);
}

void collection_time_prefix(struct key *key)
{
	key_begin(key, TABLE_COLLECTION_BY_TIME);
}

struct id collection_of_key(struct bytes key)
{
	size_t offset = key.size - sizeof(struct id);

	return key_read_id(key, &offset);
}

void collection_document_prefix(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_COLLECTION_DOCUMENT);
	key_add_id(key, id);
}
