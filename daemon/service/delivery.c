/* SPDX-License-Identifier: Apache-2.0 */
#include "service/delivery.h"

#include "domain/mail.h"
#include "domain/mail_text.h"
#include "service/account.h"
#include "service/invitation.h"
#include "store/rows/delivery.h"

#define KEPT_US (90 * US_PER_DAY)

enum {
	FORGOTTEN_A_SWEEP = 30, /* three writes each */
	ERROR_MAX = 500,        /* characters of what a server says */
};

const char delivery_obsolete[] = "obsolete: its link was used, replaced, revoked or has expired";
static const char unknown[] = "there is no mail of its kind any more";
static const char unreadable[] = "its link was sealed with a master key that is gone";

Orgd__V1__DeliveryStatus *delivery_status(
	struct call *call, const struct id *id, Orgd__Store__V1__Delivery *row)
{
	Orgd__V1__DeliveryStatus *status = row->delivery->status;

	/* Nobody may report for a lease that has ended: it waits for the next one. */
	if (status->state == ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_SENDING &&
		row->lease_expire_us <= call->now_us)
		status->state = ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_QUEUED;
	if (status->state == ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_QUEUED)
		status->next_attempt_time = timestamp_new(call->arena, row->due_us);
	status->delivery_id = id_text(call->arena, ID_DELIVERY, id);
	return status;
}

Orgd__V1__Delivery *delivery_message(
	struct call *call, const struct id *id, Orgd__Store__V1__Delivery *row)
{
	Orgd__V1__Delivery *delivery = row->delivery;

	delivery->id = id_text(call->arena, ID_DELIVERY, id);
	delivery->etag = etag_of(call->arena, delivery->update_time);
	(void)delivery_status(call, id, row);
	return delivery;
}

ProtobufCBinaryData delivery_seal_token(
	struct call *call, const struct id *id, const struct token *token)
{
	char text[TOKEN_TEXT_BYTES];
	uint8_t nonce[24];
	struct bytes sealed;
	struct key key;

	token_format(token, text);
	entropy_draw(&call->entropy, nonce, sizeof(nonce));
	delivery_key(&key, id);
	sealed = seal(call->platform->keyring, KEY_MAIL, key_bytes(&key), nonce,
		bytes_of_string(text), call->arena);
	wipe(text, sizeof(text));
	return (ProtobufCBinaryData){ sealed.size, (uint8_t *)(uintptr_t)sealed.data };
}

MUST_USE static struct status look_at_invitation(struct call *call, const char *text, bool *lives)
{
	struct token token;

	*lives = token_parse(TOKEN_INVITATION, text, &token);
	if (*lives)
		TRY(invitation_token_lives(call, &token, lives));
	wipe(&token, sizeof(token));
	return OK;
}

MUST_USE static struct status look_at_account(
	struct call *call, enum token_type type, const char *text, bool *lives)
{
	struct mailed_token mailed;
	struct status status = account_token_find(call, type, text, &mailed);

	*lives = !status.code;
	return status.code == STATUS_FAILED_PRECONDITION ? OK : status;
}

MUST_USE static struct status look_at_token(
	struct call *call, enum mail_kind kind, const char *text, bool *lives)
{
	switch (kind) {
	case MAIL_INVITATION:
	case MAIL_INVITATION_REMINDER:
		return look_at_invitation(call, text, lives);
	case MAIL_VERIFY_EMAIL:
		return look_at_account(call, TOKEN_VERIFICATION, text, lives);
	case MAIL_PASSWORD_RESET:
		return look_at_account(call, TOKEN_RESET, text, lives);
	case MAIL_ACCOUNT_EXISTS:
	case MAIL_ORGANIZATION_VERIFIED:
	case MAIL_ORGANIZATION_REJECTED:
	case MAIL_INFORMATION_REQUESTED:
	case MAIL_WEBHOOK_DISABLED:
	case MAIL_KINDS:
		break;
	}
	*lives = true;
	return OK;
}

struct status delivery_look_at_link(struct call *call, const struct id *id,
	const Orgd__Store__V1__Delivery *row, struct delivery_link *link)
{
	struct status status;
	struct bytes plain;
	enum mail_kind kind;
	struct key key;
	bool lives;

	*link = (struct delivery_link){ .dead = unknown, .token = "" };
	if (!mail_kind_find(row->delivery->kind, &kind))
		return OK;
	link->dead = mail_kind_has_token(kind) ? delivery_obsolete : NULL;
	if (!link->dead || !row->sealed_token.len)
		return OK;
	delivery_key(&key, id);
	status = unseal(call->platform->keyring, KEY_MAIL, key_bytes(&key),
		bytes_of(row->sealed_token.data, row->sealed_token.len), call->arena, &plain);
	if (status.code) {
		link->dead = unreadable;
		return OK;
	}
	link->token = arena_strndup(call->arena, (const char *)plain.data, plain.size);
	TRY(look_at_token(call, kind, link->token, &lives));
	link->dead = lives ? NULL : delivery_obsolete;
	return OK;
}

static const char *url_of(const struct settings *settings, enum mail_kind kind)
{
	switch (kind) {
	case MAIL_INVITATION:
	case MAIL_INVITATION_REMINDER:
		return settings->join_url;
	case MAIL_VERIFY_EMAIL:
		return settings->verify_url;
	case MAIL_PASSWORD_RESET:
		return settings->reset_url;
	case MAIL_ACCOUNT_EXISTS:
	case MAIL_ORGANIZATION_VERIFIED:
	case MAIL_ORGANIZATION_REJECTED:
	case MAIL_INFORMATION_REQUESTED:
	case MAIL_WEBHOOK_DISABLED:
	case MAIL_KINDS:
		break;
	}
	return settings->portal_url;
}

struct status delivery_render(struct call *call, const Orgd__Store__V1__Delivery *row,
	const char *token, struct delivery_letter *letter)
{
	const struct settings *settings = call->platform->settings;
	struct mail_fact *facts = ARENA_ARRAY(call->arena, struct mail_fact, row->n_facts + 1);
	enum mail_kind kind;
	bool known = mail_kind_find(row->delivery->kind, &kind);

	assert(known);
	for (size_t i = 0; i < row->n_facts; i++)
		facts[i] = (struct mail_fact){ row->facts[i]->key, row->facts[i]->value };
	TRY(mail_address(call->arena, settings->mail_sender, &letter->sender));
	TRY(mail_address(call->arena, row->delivery->recipient, &letter->recipient));
	return mail_render(call->platform->templates,
		&(struct mail_letter){ .kind = kind,
			.message_id = row->message_id,
			.date_us = row->date_us,
			.from_name = settings->mail_from,
			.from = letter->sender,
			.to = letter->recipient,
			.link = mail_link(call->arena, url_of(settings, kind), token),
			.platform = settings->platform_name,
			.support = settings->support_contact,
			.facts = facts,
			.fact_count = row->n_facts },
		call->arena, &letter->message);
}

Orgd__V1__LeaseDeliveriesResponse__Lease *delivery_lease_new(struct call *call, char *delivery_id)
{
	Orgd__V1__LeaseDeliveriesResponse__Lease *lease =
		ARENA_NEW(call->arena, Orgd__V1__LeaseDeliveriesResponse__Lease);

	orgd__v1__lease_deliveries_response__lease__init(lease);
	lease->delivery_id = delivery_id;
	lease->lease_token.data = arena_alloc(call->arena, LEASE_TOKEN_BYTES);
	lease->lease_token.len = LEASE_TOKEN_BYTES;
	entropy_draw(&call->entropy, lease->lease_token.data, LEASE_TOKEN_BYTES);
	lease->lease_expire_time = timestamp_new(call->arena, call->now_us + LEASE_US);
	return lease;
}

char *delivery_error(struct call *call, const char *text)
{
	char *error = mail_text_clean(call->arena, MAIL_CLEAN_LINE, text);
	size_t end = 0;

	for (size_t characters = 0; error[end]; end++)
		if (((uint8_t)error[end] & 0xc0) != 0x80 && characters++ == ERROR_MAX)
			break;
	error[end] = '\0';
	return error;
}

struct status delivery_sweep_old(struct call *call, bool *more)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;
	unsigned count = 0;

	delivery_time_prefix(&prefix);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	for (; scan.found && count < FORGOTTEN_A_SWEEP; count++) {
		Orgd__Store__V1__Delivery *row;
		int64_t create_us;
		struct id id = delivery_of_key(scan.key, &create_us);

		if (create_us > call->now_us - KEPT_US)
			break;
		TRY(delivery_get(call->snapshot, &id, &row));
		if (row)
			TRY(delivery_delete(call->batch, &id, row));
		TRY(scan_next(&scan));
	}
	*more = count == FORGOTTEN_A_SWEEP;
	return OK;
}
