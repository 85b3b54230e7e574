/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/entropy.h"
#include "store/events.h"
#include "store/internal.h"

void event_link(const uint8_t previous[LINK_BYTES], uint64_t revision, uint16_t index,
	const struct id *id, struct bytes packed, uint8_t link[LINK_BYTES])
{
	uint64_t big_revision = __builtin_bswap64(revision);
	uint16_t big_index = __builtin_bswap16(index);
	uint8_t payload[LINK_BYTES];
	struct bytes parts[] = { bytes_of(previous, LINK_BYTES),
		bytes_of(&big_revision, sizeof(big_revision)),
		bytes_of(&big_index, sizeof(big_index)), bytes_of(id->bytes, sizeof(id->bytes)),
		bytes_of(payload, sizeof(payload)) };

	digest(&packed, 1, payload);
	digest(parts, COUNT_OF(parts), link);
}

void event_index_key(struct key *key, uint64_t revision, uint16_t index)
{
	key_begin(key, TABLE_EVENT_INDEX);
	key_add_u64(key, revision);
	key_add_u16(key, index);
}

void event_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_EVENT);
	key_add_id(key, id);
}

void event_anchor_key(struct key *key, uint64_t revision)
{
	key_begin(key, TABLE_ANCHOR);
	key_add_u64(key, revision);
}

MUST_USE static struct status apply_event(struct store *store, MDB_txn *txn,
	const struct batch_event *event, uint16_t index, struct meta *meta)
{
	uint8_t derived[sizeof(event->id.bytes) + LINK_BYTES], link[LINK_BYTES];
	struct key key;

	event_key(&key, &event->id);
	TRY(lmdb_put(store, txn, key_bytes(&key), meta->revision, event->packed));
	event_link(meta->link, meta->revision, index, &event->id, event->packed, link);
	memcpy(meta->link, link, sizeof(link));
	memcpy(derived, event->id.bytes, sizeof(event->id.bytes));
	memcpy(derived + sizeof(event->id.bytes), link, sizeof(link));
	event_index_key(&key, meta->revision, index);
	return lmdb_put(
		store, txn, key_bytes(&key), meta->revision, bytes_of(derived, sizeof(derived)));
}

MUST_USE static struct status apply_write(
	struct store *store, MDB_txn *txn, const struct batch_write *write, uint64_t revision)
{
	MDB_val key = { write->key->size, write->key->bytes };
	int error;

	change_note(store, write->key, revision);
	if (write->value.data)
		return lmdb_put(store, txn, key_bytes(write->key), revision, write->value);
	error = mdb_del(txn, store->dbi, &key, NULL);
	return error == MDB_NOTFOUND ? OK : from_lmdb(error, "deleting a row");
}

MUST_USE static struct status apply_anchor(
	struct store *store, MDB_txn *txn, const struct meta *meta)
{
	struct key key;

	event_anchor_key(&key, meta->revision);
	return lmdb_put(
		store, txn, key_bytes(&key), meta->revision, bytes_of(meta->link, LINK_BYTES));
}

struct status batch_apply(struct store *store, MDB_txn *txn, const struct batch *batch,
	int64_t now_us, struct meta *meta)
{
	meta->revision++;
	meta->time_us = now_us;
	for (size_t i = 0; i < batch->write_count; i++)
		TRY(apply_write(store, txn, &batch->writes[i], meta->revision));
	for (size_t i = 0; i < batch->event_count; i++)
		TRY(apply_event(store, txn, &batch->events[i], (uint16_t)i, meta));
	return meta->revision % ANCHOR_EVERY ? OK : apply_anchor(store, txn, meta);
}

struct status batch_check(struct store *store, MDB_txn *txn, const struct batch *batch, bool *holds)
{
	*holds = true;
	for (size_t i = 0; i < batch->expectation_count && *holds; i++) {
		const struct batch_expectation *expectation = &batch->expectations[i];
		struct row row;

		TRY(lmdb_get(store, txn, key_bytes(expectation->key), &row));
		*holds = row.revision == expectation->revision;
	}
	return OK;
}
