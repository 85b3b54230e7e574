/* SPDX-License-Identifier: Apache-2.0 */
#include "service/webhook.h"

#include "secret/webhook_secret.h"
#include "store/rows/chore.h"
#include "store/rows/webhook.h"

enum { ATTEMPTS_A_SWEEP = 100 };

Orgd__V1__Webhook *webhook_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__Webhook *row)
{
	Orgd__V1__Webhook *message = ARENA_NEW(call->arena, Orgd__V1__Webhook);
	struct id organization_id = id_of_bytes(row->organization_id);

	*message = *row->webhook;
	message->id = id_text(call->arena, ID_WEBHOOK, id);
	message->organization_id = id_text(call->arena, ID_ORGANIZATION, &organization_id);
	message->etag = etag_of(call->arena, message->update_time);
	if (row->lease_expire_us <= call->now_us)
		message->next_attempt_time = timestamp_new(call->arena, row->due_us);
	if (row->previous_secret_expire_us > call->now_us)
		message->previous_secret_expire_time =
			timestamp_new(call->arena, row->previous_secret_expire_us);
	return message;
}

char *webhook_renew_secret(struct call *call, const struct id *id, Orgd__Store__V1__Webhook *row)
{
	uint8_t secret[WEBHOOK_SECRET_BYTES], nonce[24];
	struct bytes sealed;
	struct key key;
	char *text;

	if (row->sealed_secret.len) {
		row->sealed_previous_secret = row->sealed_secret;
		row->previous_secret_expire_us = call->now_us + WEBHOOK_OLD_SECRET_US;
	}
	entropy_draw(&call->entropy, secret, sizeof(secret));
	entropy_draw(&call->entropy, nonce, sizeof(nonce));
	webhook_key(&key, id);
	sealed = seal(call->platform->keyring, KEY_WEBHOOK, key_bytes(&key), nonce,
		bytes_of(secret, sizeof(secret)), call->arena);
	row->sealed_secret =
		(ProtobufCBinaryData){ sealed.size, (uint8_t *)(uintptr_t)sealed.data };
	text = webhook_secret_text(call->arena, bytes_of(secret, sizeof(secret)));
	wipe(secret, sizeof(secret));
	return text;
}

MUST_USE static struct status sign_with(struct call *call, const struct id *id,
	ProtobufCBinaryData sealed,
	const Orgd__V1__LeaseDeliveriesResponse__WebhookRequest *request, char **signature)
{
	struct bytes secret;
	struct key key;

	webhook_key(&key, id);
	TRY(unseal(call->platform->keyring, KEY_WEBHOOK, key_bytes(&key),
		bytes_of(sealed.data, sealed.len), call->arena, &secret));
	*signature = webhook_signature(call->arena, secret, request->id, request->timestamp,
		bytes_of(request->body.data, request->body.len));
	wipe((uint8_t *)(uintptr_t)secret.data, secret.size);
	return OK;
}

struct status webhook_sign(struct call *call, const struct id *id,
	const Orgd__Store__V1__Webhook *row,
	Orgd__V1__LeaseDeliveriesResponse__WebhookRequest *request)
{
	char *previous;

	TRY(sign_with(call, id, row->sealed_secret, request, &request->signature));
	/* The older one may be of a master key that is gone. */
	if (row->previous_secret_expire_us > call->now_us &&
		!sign_with(call, id, row->sealed_previous_secret, request, &previous).code)
		request->signature =
			arena_printf(call->arena, "%s %s", request->signature, previous);
	return OK;
}

struct status webhook_event(struct call *call, const char *action, const struct id *id,
	const Orgd__Store__V1__Webhook *row, struct event_detail detail)
{
	struct id organization_id = id_of_bytes(row->organization_id);

	return event_append(call,
		&(struct event){ .action = action,
			.organization = &organization_id,
			/* Nobody asked for what a delivery leads to. */
			.by_system = (call->rule->hats & HAT_COURIER) != 0,
			.details = { { .key = "webhook_id",
					     .value = id_text(call->arena, ID_WEBHOOK, id) },
				{ .key = "host",
					.value = webhook_host(call->arena, row->webhook->url) },
				detail } });
}

int64_t webhook_ready_us(struct call *call, const Orgd__Store__V1__Webhook *row)
{
	return row->lease_expire_us > call->now_us ? row->lease_expire_us : call->now_us;
}

void webhook_recover(Orgd__Store__V1__Webhook *row)
{
	static char none[] = "";

	row->failures = 0;
	row->webhook->failing_since_time = NULL;
	row->webhook->last_error = none;
}

struct status webhook_end(struct call *call, const struct id *id,
	const Orgd__Store__V1__Webhook *row, Orgd__Store__V1__Webhooks *webhooks)
{
	TRY(webhook_delete(call->batch, id, row, webhooks));
	return row->attempt_count ? chore_put(call->batch, CHORE_FORGET_WEBHOOK, call->now_us, id)
				  : OK;
}

struct status webhook_sweep_ended(struct call *call, bool *more)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	unsigned count = 0;
	struct key prefix;
	int64_t due_us;
	struct id id;

	TRY(chore_find(call->snapshot, CHORE_FORGET_WEBHOOK, call->now_us, &id, &due_us, more));
	if (!*more)
		return OK;
	webhook_attempt_prefix(&prefix, &id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	for (; scan.found && count < ATTEMPTS_A_SWEEP; count++) {
		TRY(webhook_attempt_delete(call->batch, scan.key));
		TRY(scan_next(&scan));
	}
	return scan.found ? OK : chore_delete(call->batch, CHORE_FORGET_WEBHOOK, due_us, &id);
}
