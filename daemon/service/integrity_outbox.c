/* SPDX-License-Identifier: Apache-2.0 */
#include "service/integrity_rows.h"
#include "store/rows/delivery.h"
#include "store/rows/organization.h"
#include "store/rows/webhook.h"

/* Mails in the outbox, webhooks and their attempts. */

#define QUEUED  ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_QUEUED
#define SENDING ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_SENDING

/* What is not due stands in no order of due times. */
static const char *delivery_lacks(const Orgd__Store__V1__Delivery *row)
{
	static const char due[] = { TABLE_DELIVERY_DUE, '\0' };

	return row->due_us ? "" : due;
}

struct status integrity_delivery(struct integrity *check, const struct scan *scan)
{
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan);
	const Orgd__Store__V1__Delivery *row;
	ProtobufCMessage *message;
	bool waits;

	integrity_unpack(check, scan, &orgd__store__v1__delivery__descriptor, &message);
	row = (const Orgd__Store__V1__Delivery *)message;
	if (!row || !row->delivery || !row->delivery->status) {
		if (row)
			integrity_found(check, "holds no delivery");
		return OK;
	}
	waits = row->delivery->status->state == QUEUED || row->delivery->status->state == SENDING;
	if (waits != (row->due_us != 0))
		integrity_found(check, waits ? "waits to be sent, and is never due"
					     : "is due, and waits for nothing");
	TRY(delivery_insert(rows, &id, row));
	return integrity_expect(check, rows, delivery_lacks(row));
}

struct status integrity_delivery_index(struct integrity *check, const struct scan *scan)
{
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan);
	Orgd__Store__V1__Delivery *row;

	TRY(delivery_peek(check->snapshot, &id, &row));
	if (!row) {
		integrity_found(check, "leads to no delivery");
		return OK;
	}
	TRY(delivery_insert(rows, &id, row));
	integrity_belongs(check, scan, rows, delivery_lacks(row));
	return OK;
}

/* --- webhooks --- */

/* What the organization has; NULL for none. Relies on nothing, as all that a check reads. */
MUST_USE static struct status webhooks_of(struct integrity *check, const struct id *organization_id,
	const Orgd__Store__V1__Webhooks **webhooks)
{
	ProtobufCMessage *message;
	struct key key;

	webhooks_key(&key, organization_id);
	TRY(row_peek(check->snapshot, &key, &orgd__store__v1__webhooks__descriptor, &message));
	*webhooks = (const Orgd__Store__V1__Webhooks *)message;
	return OK;
}

static bool names(const Orgd__Store__V1__Webhooks *webhooks, const struct id *id)
{
	for (size_t i = 0; webhooks && i < webhooks->n_webhook_ids; i++) {
		struct id other = id_of_bytes(webhooks->webhook_ids[i]);

		if (id_equal(&other, id))
			return true;
	}
	return false;
}

/* The row and its place by time. */
MUST_USE static struct status derive(struct integrity *check, const struct id *id,
	const Orgd__Store__V1__Webhook *row, struct batch **rows)
{
	Orgd__Store__V1__Webhooks nothing = ORGD__STORE__V1__WEBHOOKS__INIT;

	*rows = integrity_batch(check);
	return webhook_insert(*rows, id, row, &nothing);
}

static const char webhook_list[] = { TABLE_WEBHOOKS, '\0' };

struct status integrity_webhook(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_last_id(scan), organization_id;
	const Orgd__Store__V1__Webhooks *webhooks;
	const Orgd__Store__V1__Webhook *row;
	ProtobufCMessage *message;
	struct batch *rows;
	uint32_t attempts;
	struct key prefix;

	integrity_unpack(check, scan, &orgd__store__v1__webhook__descriptor, &message);
	row = (const Orgd__Store__V1__Webhook *)message;
	if (!row || !row->webhook) {
		if (row)
			integrity_found(check, "holds no webhook");
		return OK;
	}
	organization_id = id_of_bytes(row->organization_id);
	TRY(webhooks_of(check, &organization_id, &webhooks));
	if (!names(webhooks, &id))
		integrity_found(check, "its organization does not know it");
	webhook_attempt_prefix(&prefix, &id);
	TRY(integrity_count(check, &prefix, &attempts));
	if (attempts != row->attempt_count)
		integrity_found(
			check, "counts %u attempts; there are %u", row->attempt_count, attempts);
	TRY(derive(check, &id, row, &rows));
	return integrity_expect(check, rows, webhook_list);
}

struct status integrity_webhooks(struct integrity *check, const struct scan *scan)
{
	struct id organization_id = integrity_last_id(scan);
	Orgd__Store__V1__Organization *organization;
	const Orgd__Store__V1__Webhooks *row;
	ProtobufCMessage *message;

	integrity_unpack(check, scan, &orgd__store__v1__webhooks__descriptor, &message);
	row = (const Orgd__Store__V1__Webhooks *)message;
	if (!row)
		return OK;
	TRY(organization_peek(check->snapshot, &organization_id, &organization));
	if (!organization)
		integrity_found(check, "is of an organization that is gone");
	for (size_t i = 0; i < row->n_webhook_ids; i++) {
		struct id id = id_of_bytes(row->webhook_ids[i]), other;
		Orgd__Store__V1__Webhook *webhook;

		TRY(webhook_peek(check->snapshot, &id, &webhook));
		other = id_of_bytes(
			webhook ? webhook->organization_id : (ProtobufCBinaryData){ 0, NULL });
		if (!webhook || !id_equal(&other, &organization_id))
			integrity_found(check, "names %s, which is not the organization's",
				id_text(&check->arena, ID_WEBHOOK, &id));
	}
	return OK;
}

/* A mark alone: who takes it away finds out what it means. */
struct status integrity_webhook_news(struct integrity *check, const struct scan *scan)
{
	integrity_key_alone(check, scan);
	return OK;
}

struct status integrity_webhook_due(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_last_id(scan);
	Orgd__Store__V1__Webhook *row;
	struct batch *rows;

	TRY(webhook_peek(check->snapshot, &id, &row));
	if (!row) {
		integrity_found(check, "leads to no webhook");
		return OK;
	}
	TRY(derive(check, &id, row, &rows));
	integrity_belongs(check, scan, rows, webhook_list);
	return OK;
}

struct status integrity_webhook_attempt(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_first_id(scan);
	Orgd__Store__V1__Webhook *webhook;
	ProtobufCMessage *message;
	bool pending;

	integrity_unpack(check, scan, &orgd__v1__webhook_attempt__descriptor, &message);
	TRY(webhook_peek(check->snapshot, &id, &webhook));
	if (webhook)
		return OK;
	TRY(integrity_chore(check, CHORE_FORGET_WEBHOOK, &id, &pending));
	if (!pending)
		integrity_found(check, "is of a webhook that is gone, and goes in no sweep");
	return OK;
}
