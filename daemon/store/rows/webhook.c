/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/webhook.h"

void webhook_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_WEBHOOK);
	key_add_id(key, id);
}

void webhooks_key(struct key *key, const struct id *organization_id)
{
	key_begin(key, TABLE_WEBHOOKS);
	key_add_id(key, organization_id);
}

void webhook_due_prefix(struct key *key)
{
	key_begin(key, TABLE_WEBHOOK_DUE);
}

struct id webhook_of_due_key(struct bytes key, int64_t *due_us)
{
	size_t offset = 1;

	*due_us = (int64_t)key_read_u64(key, &offset);
	return key_read_id(key, &offset);
}

void webhook_news_prefix(struct key *key)
{
	key_begin(key, TABLE_WEBHOOK_NEWS);
}

void webhook_attempt_prefix(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_WEBHOOK_ATTEMPT);
	key_add_id(key, id);
}

int64_t webhook_attempt_us(struct bytes key)
{
	size_t offset = 1 + sizeof(struct id);

	return (int64_t)key_read_u64(key, &offset);
}

static void due_key(struct key *key, int64_t due_us, const struct id *id)
{
	webhook_due_prefix(key);
	key_add_u64(key, (uint64_t)due_us);
	key_add_id(key, id);
}

static void news_key(struct key *key, const struct id *organization_id)
{
	webhook_news_prefix(key);
	key_add_id(key, organization_id);
}

struct status webhook_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Webhook **row)
{
	ProtobufCMessage *message;
	struct key key;

	webhook_key(&key, id);
	TRY(row_get(snapshot, &key, &orgd__store__v1__webhook__descriptor, &message));
	*row = (Orgd__Store__V1__Webhook *)message;
	return OK;
}

struct status webhook_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Webhook **row)
{
	ProtobufCMessage *message;
	struct key key;

	webhook_key(&key, id);
	TRY(row_peek(snapshot, &key, &orgd__store__v1__webhook__descriptor, &message));
	*row = (Orgd__Store__V1__Webhook *)message;
	return OK;
}

struct status webhooks_get(struct snapshot *snapshot, const struct id *organization_id,
	Orgd__Store__V1__Webhooks **webhooks)
{
	ProtobufCMessage *message;
	struct key key;

	webhooks_key(&key, organization_id);
	TRY(row_get(snapshot, &key, &orgd__store__v1__webhooks__descriptor, &message));
	*webhooks = (Orgd__Store__V1__Webhooks *)message;
	if (message)
		return OK;
	*webhooks = ARENA_NEW(snapshot_arena(snapshot), Orgd__Store__V1__Webhooks);
	orgd__store__v1__webhooks__init(*webhooks);
	return OK;
}

MUST_USE static struct status put_webhooks(struct batch *batch, const Orgd__Store__V1__Webhook *row,
	const Orgd__Store__V1__Webhooks *webhooks)
{
	struct id organization_id = id_of_bytes(row->organization_id);
	struct key key;

	webhooks_key(&key, &organization_id);
	return webhooks->n_webhook_ids ? row_put(batch, &key, &webhooks->base)
				       : batch_delete(batch, &key);
}

struct status webhook_insert(struct batch *batch, const struct id *id,
	const Orgd__Store__V1__Webhook *row, Orgd__Store__V1__Webhooks *webhooks)
{
	size_t count = webhooks->n_webhook_ids;
	ProtobufCBinaryData *ids = ARENA_ARRAY(batch_arena(batch), ProtobufCBinaryData, count + 1);
	struct key key;

	for (size_t i = 0; i < count; i++)
		ids[i] = webhooks->webhook_ids[i];
	ids[count] = bytes_of_id(batch_arena(batch), id);
	webhooks->webhook_ids = ids;
	webhooks->n_webhook_ids = count + 1;
	TRY(put_webhooks(batch, row, webhooks));
	if (row->due_us) {
		due_key(&key, row->due_us, id);
		TRY(row_put_index(batch, &key));
	}
	webhook_key(&key, id);
	return row_put(batch, &key, &row->base);
}

MUST_USE static struct status delete_due(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Webhook *row)
{
	struct key key;

	if (!row->due_us)
		return OK;
	due_key(&key, row->due_us, id);
	return batch_delete(batch, &key);
}

struct status webhook_put(
	struct batch *batch, const struct id *id, Orgd__Store__V1__Webhook *row, int64_t due_us)
{
	struct key key;

	if (due_us != row->due_us) {
		TRY(delete_due(batch, id, row));
		row->due_us = due_us;
		due_key(&key, due_us, id);
		if (due_us)
			TRY(row_put_index(batch, &key));
	}
	webhook_key(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status webhook_delete(struct batch *batch, const struct id *id,
	const Orgd__Store__V1__Webhook *row, Orgd__Store__V1__Webhooks *webhooks)
{
	size_t kept = 0;
	struct key key;

	for (size_t i = 0; i < webhooks->n_webhook_ids; i++) {
		struct id other = id_of_bytes(webhooks->webhook_ids[i]);

		if (!id_equal(&other, id))
			webhooks->webhook_ids[kept++] = webhooks->webhook_ids[i];
	}
	webhooks->n_webhook_ids = kept;
	TRY(put_webhooks(batch, row, webhooks));
	TRY(delete_due(batch, id, row));
	webhook_key(&key, id);
	return batch_delete(batch, &key);
}

struct status webhook_news_put(struct snapshot *snapshot, const struct id *organization_id)
{
	struct key key;
	struct row row;

	webhooks_key(&key, organization_id);
	TRY(snapshot_get(snapshot, &key, &row));
	if (!row.exists)
		return OK;
	news_key(&key, organization_id);
	return row_put_index(snapshot_batch(snapshot), &key);
}

struct status webhook_news_take(struct snapshot *snapshot, const struct id *organization_id)
{
	struct key key;
	struct row row;

	news_key(&key, organization_id);
	TRY(snapshot_get(snapshot, &key, &row));
	return batch_delete(snapshot_batch(snapshot), &key);
}

struct status webhook_attempt_insert(struct batch *batch, const struct id *id, int64_t us,
	const Orgd__V1__WebhookAttempt *attempt)
{
	struct key key;

	webhook_attempt_prefix(&key, id);
	key_add_u64(&key, (uint64_t)us);
	return row_put(batch, &key, &attempt->base);
}

struct status webhook_attempt_delete(struct batch *batch, struct bytes key)
{
	struct key copy = { 0 };

	key_add_bytes(&copy, key.data, key.size);
	return batch_delete(batch, &copy);
}

struct status webhook_attempt_of_value(
	struct arena *arena, struct bytes value, Orgd__V1__WebhookAttempt **attempt)
{
	ProtobufCMessage *message;

	TRY(row_unpack(arena, value, &orgd__v1__webhook_attempt__descriptor, &message));
	*attempt = (Orgd__V1__WebhookAttempt *)message;
	return OK;
}
