/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "service/event.h"
#include "service/organization.h"
#include "service/services.h"
#include "service/webhook.h"
#include "store/events.h"
#include "store/rows/event.h"
#include "store/rows/webhook.h"

#define SERVICE Orgd__V1__WebhookService_Service
RPC(CreateWebhook, create_webhook)
RPC(GetWebhook, get_webhook)
RPC(ListWebhooks, list_webhooks)
RPC(UpdateWebhook, update_webhook)
RPC(DeleteWebhook, delete_webhook)
RPC(ListAttempts, list_attempts)
RPC(RedeliverEvent, redeliver_event)

#define STATE(name) ORGD__V1__WEBHOOK_STATE__WEBHOOK_STATE_##name

ProtobufCService *webhook_service(void)
{
	static SERVICE service = ORGD__V1__WEBHOOK_SERVICE__INIT(rpc_);

	return &service.base;
}

/* The webhook at hand. */
struct hook {
	struct id id;
	Orgd__Store__V1__Webhook *row; /* NULL: there is none, and the caller may know */
	struct standing standing;      /* of its organization */
};

/* By its own id; *hook->row may be NULL. */
MUST_USE static struct status authorize_hook(
	struct call *call, const char *field, const char *text, struct hook *hook)
{
	struct id organization_id;

	TRY(id_parse(ID_WEBHOOK, field, text, &hook->id));
	TRY(webhook_get(call->snapshot, &hook->id, &hook->row));
	if (!hook->row)
		return authorize(call);
	organization_id = id_of_bytes(hook->row->organization_id);
	TRY(authorize_organization_id(call, &organization_id, &hook->standing));
	return organization_check_visible(&hook->standing);
}

MUST_USE static struct status find_hook(
	struct call *call, const char *field, const char *text, struct hook *hook)
{
	TRY(authorize_hook(call, field, text, hook));
	if (hook->row)
		return OK;
	return status_fail(STATUS_NOT_FOUND, "WEBHOOK_NOT_FOUND", "there is no webhook %s", text);
}

/* --- what its owner says about it --- */

enum { FIELD_URL = 1, FIELD_PREFIXES = 2, FIELD_DESCRIPTION = 4, FIELD_STATE = 8, FIELDS = 4 };
static const char *const fields[] = { "url", "action_prefixes", "description", "state", NULL };

/* Checks the fields of `wanted` that are bits of `which`, and leaves them in `webhook`. */
MUST_USE static struct status set_fields(struct call *call, const Orgd__V1__Webhook *wanted,
	uint64_t which, Orgd__V1__Webhook *webhook)
{
	const char *text;

	if (which & FIELD_URL) {
		TRY(webhook_check_url(call->arena, "webhook.url", wanted->url, &text));
		webhook->url = arena_strdup(call->arena, text);
	}
	if (which & FIELD_PREFIXES) {
		TRY(webhook_check_prefixes("webhook.action_prefixes", wanted->action_prefixes,
			wanted->n_action_prefixes));
		webhook->action_prefixes = wanted->action_prefixes;
		webhook->n_action_prefixes = wanted->n_action_prefixes;
	}
	if (which & FIELD_DESCRIPTION) {
		TRY(text_check(call->arena, TEXT_LINE, "webhook.description", wanted->description,
			0, WEBHOOK_DESCRIPTION_MAX, &text));
		webhook->description = arena_strdup(call->arena, text);
	}
	if (which & FIELD_STATE) {
		TRY(enum_check(
			"webhook.state", &orgd__v1__webhook_state__descriptor, (int)wanted->state));
		webhook->state = wanted->state;
	}
	return OK;
}

static bool same_prefixes(const Orgd__V1__Webhook *a, const Orgd__V1__Webhook *b)
{
	bool same = a->n_action_prefixes == b->n_action_prefixes;

	for (size_t i = 0; same && i < a->n_action_prefixes; i++)
		same = !strcmp(a->action_prefixes[i], b->action_prefixes[i]);
	return same;
}

static uint64_t differences(const Orgd__V1__Webhook *a, const Orgd__V1__Webhook *b)
{
	uint64_t changed = 0;

	if (strcmp(a->url, b->url) != 0)
		changed |= FIELD_URL;
	if (!same_prefixes(a, b))
		changed |= FIELD_PREFIXES;
	if (strcmp(a->description, b->description) != 0)
		changed |= FIELD_DESCRIPTION;
	if (a->state != b->state)
		changed |= FIELD_STATE;
	return changed;
}

/* "url, state" */
static char *names(struct arena *arena, uint64_t changed)
{
	char *list = arena_strdup(arena, "");

	for (unsigned n = 0; n < FIELDS; n++)
		if (changed & (UINT64_C(1) << n))
			list = arena_printf(arena, "%s%s%s", list, *list ? ", " : "", fields[n]);
	return list;
}

static void say_why(struct call *call, Orgd__V1__Webhook *webhook)
{
	webhook->disable_reason =
		arena_strdup(call->arena, webhook->state == STATE(DISABLED) ? "owner" : "");
}

/* --- handlers --- */

/* Behind all that has happened: with this very batch's events. */
static ProtobufCBinaryData cursor_now(struct call *call, const struct id *organization_id)
{
	struct bytes copy;
	struct key key;

	event_organization_prefix(&key, organization_id);
	key_add_u64(&key, (uint64_t)call->now_us);
	key_add_u16(&key, UINT16_MAX);
	copy = arena_copy(call->arena, key_bytes(&key));
	return (ProtobufCBinaryData){ copy.size, (uint8_t *)(uintptr_t)copy.data };
}

static struct status create_webhook(struct call *call,
	const Orgd__V1__CreateWebhookRequest *request, Orgd__V1__CreateWebhookResponse *response)
{
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT, wanted = ORGD__V1__WEBHOOK__INIT;
	Orgd__Store__V1__Webhook row = ORGD__STORE__V1__WEBHOOK__INIT;
	Orgd__Store__V1__Webhooks *webhooks;
	struct standing standing;
	struct id id;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	if (request->webhook)
		wanted = *request->webhook;
	if (!wanted.state)
		wanted.state = STATE(ENABLED);
	TRY(set_fields(call, &wanted, UINT64_MAX, &webhook));
	TRY(organization_check_writable(standing.organization));
	TRY(webhooks_get(call->snapshot, &standing.organization_id, &webhooks));
	if (webhooks->n_webhook_ids >= WEBHOOKS_MAX)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "WEBHOOK_LIMIT",
			"%s has %d webhooks already; delete one first",
			standing.organization->organization->display_name, WEBHOOKS_MAX);
	say_why(call, &webhook);
	webhook.create_time = webhook.update_time = call_now(call);
	id = entropy_draw_id(&call->entropy);
	row.webhook = &webhook;
	row.organization_id = bytes_of_id(call->arena, &standing.organization_id);
	row.cursor = cursor_now(call, &standing.organization_id);
	response->secret = webhook_renew_secret(call, &id, &row);
	TRY(webhook_insert(call->batch, &id, &row, webhooks));
	response->webhook = webhook_message(call, &id, &row);
	return webhook_event(call, "webhook.created", &id, &row, (struct event_detail){ 0 });
}

static struct status get_webhook(struct call *call, const Orgd__V1__GetWebhookRequest *request,
	Orgd__V1__GetWebhookResponse *response)
{
	struct hook hook;

	TRY(find_hook(call, "webhook_id", request->webhook_id, &hook));
	response->webhook = webhook_message(call, &hook.id, hook.row);
	return OK;
}

/* Where it stands in its organization's list. */
static struct key place_of(const struct id *id, const Orgd__Store__V1__Webhook *row)
{
	struct key place = { 0 };

	key_add_u64(&place, (uint64_t)timestamp_us(row->webhook->create_time));
	key_add_id(&place, id);
	return place;
}

static struct status list_webhooks(struct call *call, const Orgd__V1__ListWebhooksRequest *request,
	Orgd__V1__ListWebhooksResponse *response)
{
	Orgd__Store__V1__Webhooks *webhooks;
	struct standing standing;
	struct key last = { 0 };
	struct page page;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(organization_check_visible(&standing));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	TRY(webhooks_get(call->snapshot, &standing.organization_id, &webhooks));
	response->webhooks =
		ARENA_ARRAY(call->arena, Orgd__V1__Webhook *, webhooks->n_webhook_ids + 1);
	for (size_t i = 0; i < webhooks->n_webhook_ids; i++) {
		struct id id = id_of_bytes(webhooks->webhook_ids[i]);
		const struct key *after = page_after(&page);
		Orgd__Store__V1__Webhook *row;
		Orgd__V1__Webhook *webhook;
		struct key place;

		TRY(webhook_peek(call->snapshot, &id, &row));
		if (!row)
			return status_internal("a webhook without a row");
		place = place_of(&id, row);
		if (after && memcmp(place.bytes, after->bytes, after->size) <= 0)
			continue;
		webhook = webhook_message(call, &id, row);
		if (!page_add(&page, &webhook->base)) {
			response->next_page_token = page_token(call, &last);
			return OK;
		}
		response->webhooks[response->n_webhooks++] = webhook;
		last = place;
	}
	return OK;
}

/* What other fields, and when it is due, follow from those that were changed. */
static int64_t follow(struct call *call, Orgd__Store__V1__Webhook *row, uint64_t changed)
{
	Orgd__V1__Webhook *webhook = row->webhook;
	bool enabled = webhook->state == STATE(ENABLED);

	if (changed & FIELD_STATE)
		say_why(call, webhook);
	/* Whoever mended it wants to see it go on. */
	if (enabled && changed & (FIELD_URL | FIELD_STATE)) {
		webhook_recover(row);
		return row->due_us || changed & FIELD_STATE ? webhook_ready_us(call, row) : 0;
	}
	return enabled ? row->due_us : 0;
}

static struct status update_webhook(struct call *call,
	const Orgd__V1__UpdateWebhookRequest *request, Orgd__V1__UpdateWebhookResponse *response)
{
	const Orgd__V1__Webhook *given = request->webhook;
	Orgd__V1__Webhook *updated = ARENA_NEW(call->arena, Orgd__V1__Webhook);
	uint64_t which, changed;
	struct hook hook;

	if (!given)
		return status_invalid("webhook", "FIELD_REQUIRED",
			"webhook is needed: its id and what to change");
	TRY(find_hook(call, "webhook.id", given->id, &hook));
	*updated = *hook.row->webhook;
	TRY(update_mask_read(request->update_mask, &given->base, fields, &which));
	TRY(set_fields(call, given, which, updated));
	TRY(organization_check_writable(hook.standing.organization));
	TRY(etag_check(call->arena, given->etag, updated->update_time));
	changed = differences(hook.row->webhook, updated);
	if (changed || request->rotate_secret) {
		int64_t due_us;

		hook.row->webhook = updated;
		updated->update_time = call_now(call);
		if (request->rotate_secret)
			response->secret = webhook_renew_secret(call, &hook.id, hook.row);
		due_us = follow(call, hook.row, changed);
		TRY(webhook_put(call->batch, &hook.id, hook.row, due_us));
	}
	if (changed)
		TRY(webhook_event(call, "webhook.updated", &hook.id, hook.row,
			(struct event_detail){
				.key = "fields", .value = names(call->arena, changed) }));
	if (request->rotate_secret)
		TRY(webhook_event(call, "webhook.secret_rotated", &hook.id, hook.row,
			(struct event_detail){ 0 }));
	response->webhook = webhook_message(call, &hook.id, hook.row);
	return OK;
}

static struct status delete_webhook(struct call *call,
	const Orgd__V1__DeleteWebhookRequest *request, Orgd__V1__DeleteWebhookResponse *response)
{
	Orgd__Store__V1__Webhooks *webhooks;
	struct hook hook;

	(void)response;
	if (request->allow_missing)
		TRY(authorize_hook(call, "webhook_id", request->webhook_id, &hook));
	else
		TRY(find_hook(call, "webhook_id", request->webhook_id, &hook));
	if (!hook.row)
		return OK;
	TRY(organization_check_writable(hook.standing.organization));
	TRY(webhooks_get(call->snapshot, &hook.standing.organization_id, &webhooks));
	TRY(webhook_end(call, &hook.id, hook.row, webhooks));
	return webhook_event(
		call, "webhook.deleted", &hook.id, hook.row, (struct event_detail){ 0 });
}

static struct status list_attempts(struct call *call, const Orgd__V1__ListAttemptsRequest *request,
	Orgd__V1__ListAttemptsResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix, last = { 0 };
	struct hook hook;
	struct page page;

	TRY(find_hook(call, "webhook_id", request->webhook_id, &hook));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	response->attempts = ARENA_ARRAY(call->arena, Orgd__V1__WebhookAttempt *, page.size);
	webhook_attempt_prefix(&prefix, &hook.id);
	TRY(scan_begin_reverse(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found &&
		webhook_attempt_us(scan.key) >= call->now_us - WEBHOOK_ATTEMPTS_KEPT_US) {
		Orgd__V1__WebhookAttempt *attempt;

		TRY(webhook_attempt_of_value(call->arena, scan.value, &attempt));
		if (!page_add(&page, &attempt->base)) {
			response->next_page_token = page_token(call, &last);
			return OK;
		}
		response->attempts[response->n_attempts++] = attempt;
		last.size = 0;
		key_add_bytes(&last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
	}
	return OK;
}

/* The event's place in the organization's list; a size of 0 when it is not in it. */
MUST_USE static struct status find_event(struct call *call, const struct id *organization_id,
	const struct id *event_id, struct bytes *place)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	const Orgd__Store__V1__Event *event;
	struct event_row found;
	struct key prefix;

	*place = bytes_of(NULL, 0);
	TRY(event_by_id(call->snapshot, event_id, &found));
	if (!found.exists)
		return OK;
	TRY(event_unpack(call, found.packed, &event));
	event_organization_prefix(&prefix, organization_id);
	key_add_u64(&prefix, (uint64_t)timestamp_us(event->event->time));
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found && !place->size) {
		uint16_t index;
		struct id id = event_of_organization_key(scan.key, &index);

		if (id_equal(&id, event_id))
			*place = arena_copy(call->arena, scan.key);
		TRY(scan_next(&scan));
	}
	return OK;
}

/* Puts the event behind those that are to be sent again already. */
MUST_USE static struct status add_redelivery(
	struct call *call, Orgd__Store__V1__Webhook *row, struct bytes place, bool *added)
{
	size_t count = row->n_redeliveries;
	ProtobufCBinaryData *all = ARENA_ARRAY(call->arena, ProtobufCBinaryData, count + 1);

	*added = false;
	for (size_t i = 0; i < count; i++) {
		all[i] = row->redeliveries[i];
		if (all[i].len == place.size && !memcmp(all[i].data, place.data, place.size))
			return OK;
	}
	if (count >= WEBHOOK_REDELIVERIES_MAX)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "REDELIVERY_LIMIT",
			"%d events wait to be sent again already; wait until some were",
			WEBHOOK_REDELIVERIES_MAX);
	all[count] = (ProtobufCBinaryData){ place.size, (uint8_t *)(uintptr_t)place.data };
	row->redeliveries = all;
	row->n_redeliveries = count + 1;
	*added = true;
	return OK;
}

static struct status redeliver_event(struct call *call,
	const Orgd__V1__RedeliverEventRequest *request, Orgd__V1__RedeliverEventResponse *response)
{
	struct bytes place;
	struct id event_id;
	struct hook hook;
	bool added;

	(void)response;
	TRY(id_parse(ID_EVENT, "event_id", request->event_id, &event_id));
	TRY(find_hook(call, "webhook_id", request->webhook_id, &hook));
	TRY(find_event(call, &hook.standing.organization_id, &event_id, &place));
	if (!place.size)
		return status_fail(STATUS_NOT_FOUND, "EVENT_NOT_FOUND", "%s has no event %s",
			hook.standing.organization->organization->display_name, request->event_id);
	TRY(organization_check_writable(hook.standing.organization));
	if (hook.row->webhook->state != STATE(ENABLED))
		return status_fail(STATUS_FAILED_PRECONDITION, "WEBHOOK_DISABLED",
			"this webhook is disabled; enable it first");
	TRY(add_redelivery(call, hook.row, place, &added));
	return added ? webhook_put(
			       call->batch, &hook.id, hook.row, webhook_ready_us(call, hook.row))
		     : OK;
}
