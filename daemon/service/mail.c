/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail.h"

#include "service/delivery.h"
#include "store/rows/delivery.h"

static char *id_or_empty(struct arena *arena, enum id_type type, const struct id *id)
{
	return id ? id_text(arena, type, id) : arena_strdup(arena, "");
}

static Orgd__V1__Delivery *delivery_new(struct call *call, const struct mail *mail)
{
	Orgd__V1__Delivery *delivery = ARENA_NEW(call->arena, Orgd__V1__Delivery);

	orgd__v1__delivery__init(delivery);
	delivery->kind = arena_strdup(call->arena, mail_kind_name(mail->kind));
	delivery->recipient = arena_strdup(call->arena, mail->recipient);
	delivery->organization_id =
		id_or_empty(call->arena, ID_ORGANIZATION, mail->organization_id);
	delivery->invitation_id = id_or_empty(call->arena, ID_INVITATION, mail->invitation_id);
	delivery->create_time = delivery->update_time = call_now(call);
	delivery->status = ARENA_NEW(call->arena, Orgd__V1__DeliveryStatus);
	orgd__v1__delivery_status__init(delivery->status);
	delivery->status->state = ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_QUEUED;
	return delivery;
}

static void add_facts(struct call *call, const struct mail *mail, Orgd__Store__V1__Delivery *row)
{
	row->facts = ARENA_ARRAY(
		call->arena, Orgd__Store__V1__Delivery__FactsEntry *, COUNT_OF(mail->facts));
	for (size_t i = 0; i < COUNT_OF(mail->facts) && mail->facts[i].name; i++) {
		Orgd__Store__V1__Delivery__FactsEntry *entry =
			ARENA_NEW(call->arena, Orgd__Store__V1__Delivery__FactsEntry);

		assert(mail_kind_has_fact(mail->kind, mail->facts[i].name));
		orgd__store__v1__delivery__facts_entry__init(entry);
		entry->key = arena_strdup(call->arena, mail->facts[i].name);
		entry->value = arena_strdup(call->arena, mail->facts[i].value);
		row->facts[row->n_facts++] = entry;
	}
}

struct status mail_queue(struct call *call, const struct mail *mail, struct id *delivery_id)
{
	const struct settings *settings = call->platform->settings;
	Orgd__Store__V1__Delivery row = ORGD__STORE__V1__DELIVERY__INIT;
	struct id id = entropy_draw_id(&call->entropy);
	const char *sender;

	*delivery_id = (struct id){ { 0 } };
	if (!settings->mail)
		return OK;
	assert(mail_kind_has_token(mail->kind) == (mail->token != NULL));
	TRY(mail_address(call->arena, settings->mail_sender, &sender));
	row.delivery = delivery_new(call, mail);
	row.create_us = row.due_us = row.date_us = call->now_us;
	row.message_id = arena_printf(call->arena, "<%s%s>", id_text(call->arena, ID_DELIVERY, &id),
		strrchr(sender, '@'));
	add_facts(call, mail, &row);
	if (mail->token)
		row.sealed_token = delivery_seal_token(call, &id, mail->token);
	TRY(delivery_insert(call->batch, &id, &row));
	*delivery_id = id;
	return OK;
}

struct status mail_status(
	struct call *call, const struct id *delivery_id, Orgd__V1__DeliveryStatus **status)
{
	Orgd__Store__V1__Delivery *row;

	if (id_is_zero(delivery_id)) {
		*status = ARENA_NEW(call->arena, Orgd__V1__DeliveryStatus);
		orgd__v1__delivery_status__init(*status);
		(*status)->state = ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_NOT_CONFIGURED;
		return OK;
	}
	TRY(delivery_peek(call->snapshot, delivery_id, &row));
	*status = row ? delivery_status(call, delivery_id, row) : NULL;
	return OK;
}

struct status mail_withdraw(struct call *call, const struct id *delivery_id)
{
	Orgd__Store__V1__Delivery *row;
	Orgd__V1__DeliveryStatus *status;

	if (id_is_zero(delivery_id))
		return OK;
	TRY(delivery_get(call->snapshot, delivery_id, &row));
	if (!row || !row->sealed_token.len || row->lease_expire_us > call->now_us)
		return OK;
	status = row->delivery->status;
	if (row->due_us) {
		status->state = ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_DEAD;
		status->last_error = arena_strdup(call->arena, delivery_obsolete);
	}
	row->sealed_token = row->lease_token = (ProtobufCBinaryData){ 0, NULL };
	row->delivery->update_time = call_now(call);
	return delivery_put(call->batch, delivery_id, row, 0);
}
