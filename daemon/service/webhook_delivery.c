/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "domain/verification.h"
#include "service/delivery.h"
#include "service/event.h"
#include "service/mail.h"
#include "service/member.h"
#include "service/webhook.h"
#include "store/events.h"
#include "store/rows/event.h"
#include "store/rows/organization.h"
#include "store/rows/webhook.h"

#define ENABLED ORGD__V1__WEBHOOK_STATE__WEBHOOK_STATE_ENABLED
#define ACTIVE  ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE

enum {
	WOKEN_A_BATCH =
		3, /* organizations, of ten webhooks each, and two writes for each of these */
	SEND_TIMEOUT_MS = 15 * 1000,
	ROOM_MADE = 2, /* attempts that go when one comes */
	/* Under way for one organization: its slow receivers hold up nobody else's requests. */
	LEASED_AT_ONCE = 2,
};

/* --- waking --- */

MUST_USE static struct status no_row(void)
{
	return status_fail(STATUS_DATA_LOSS, "ROW_CORRUPT", "a webhook has no row");
}

/* Every one that is enabled is rewritten, whether it is due already or not: see rows/webhook.h. */
MUST_USE static struct status wake_all(struct call *call, const struct id *organization_id)
{
	Orgd__Store__V1__Webhooks *webhooks;

	TRY(webhooks_get(call->snapshot, organization_id, &webhooks));
	for (size_t i = 0; i < webhooks->n_webhook_ids; i++) {
		struct id id = id_of_bytes(webhooks->webhook_ids[i]);
		Orgd__Store__V1__Webhook *row;

		TRY(webhook_get(call->snapshot, &id, &row));
		if (!row)
			return no_row();
		if (row->webhook->state == ENABLED)
			TRY(webhook_put(call->batch, &id, row,
				row->due_us ? row->due_us : webhook_ready_us(call, row)));
	}
	return OK;
}

struct status webhook_wake(struct call *call, bool *more)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	webhook_news_prefix(&prefix);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	*more = scan.found;
	for (unsigned woken = 0; scan.found && woken < WOKEN_A_BATCH; woken++) {
		size_t offset = prefix.size;
		struct id organization_id = key_read_id(scan.key, &offset);

		TRY(webhook_news_take(call->snapshot, &organization_id));
		TRY(wake_all(call, &organization_id));
		TRY(scan_next(&scan));
	}
	return OK;
}

/* --- what an attempt came to --- */

struct ending {
	Orgd__V1__ReportDeliveryRequest__Outcome outcome;
	uint32_t http_status, duration_ms;
	char *error; /* of a failure */
};

static bool equal(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

static struct bytes bytes_in(ProtobufCBinaryData data)
{
	return bytes_of(data.data, data.len);
}

/* An attempt makes room for itself: for those that are too old, and those that are too many. */
MUST_USE static struct status make_room(
	struct call *call, const struct id *id, Orgd__Store__V1__Webhook *row)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	webhook_attempt_prefix(&prefix, id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	for (unsigned count = 0; scan.found && count < ROOM_MADE; count++) {
		bool old = webhook_attempt_us(scan.key) < call->now_us - WEBHOOK_ATTEMPTS_KEPT_US;

		if (!old && row->attempt_count < WEBHOOK_ATTEMPTS_KEPT_MAX)
			return OK;
		TRY(webhook_attempt_delete(call->batch, scan.key));
		row->attempt_count--;
		TRY(scan_next(&scan));
	}
	return OK;
}

MUST_USE static struct status keep_attempt(struct call *call, const struct id *id,
	Orgd__Store__V1__Webhook *row, const struct ending *ending, bool succeeded)
{
	Orgd__V1__WebhookAttempt attempt = ORGD__V1__WEBHOOK_ATTEMPT__INIT;
	const Orgd__Store__V1__Event *event;
	struct event_row found;
	uint16_t index;
	struct id event_id = event_of_organization_key(bytes_in(row->in_hand), &index);

	TRY(event_by_id(call->snapshot, &event_id, &found));
	TRY(event_unpack(call, found.packed, &event));
	attempt.event_id = event->event->id;
	attempt.action = event->event->action;
	attempt.time = call_now(call);
	attempt.succeeded = succeeded;
	attempt.http_status = ending->http_status;
	attempt.duration_ms = ending->duration_ms;
	if (!succeeded)
		attempt.error = ending->error;
	TRY(make_room(call, id, row));
	row->attempt_count++;
	return webhook_attempt_insert(call->batch, id, call->now_us, &attempt);
}

/* What is in hand was taken: nothing of it waits any more. */
static void advance(Orgd__Store__V1__Webhook *row)
{
	if (row->n_redeliveries && equal(row->redeliveries[0], row->in_hand)) {
		row->redeliveries++;
		row->n_redeliveries--;
	} else {
		row->cursor = row->in_hand;
	}
	row->in_hand = (ProtobufCBinaryData){ 0, NULL };
	row->n_lease_tokens = 0;
	webhook_recover(row);
}

MUST_USE static struct status mail_contact(
	struct call *call, const struct id *organization_id, const Orgd__Store__V1__Webhook *row)
{
	const Orgd__V1__Webhook *webhook = row->webhook;
	const char *name = webhook_host(call->arena, webhook->url);
	Orgd__Store__V1__Organization *organization;
	Orgd__Store__V1__User *contact = NULL;
	struct id delivery_id;

	if (*webhook->description)
		name = arena_printf(call->arena, "%s (%s)", webhook->description, name);
	TRY(organization_get(call->snapshot, organization_id, &organization));
	if (organization)
		TRY(member_contact(call, organization, &contact));
	if (!contact)
		return OK;
	return mail_queue(call,
		&(struct mail){ .kind = MAIL_WEBHOOK_DISABLED,
			.recipient = contact->user->email,
			.organization_id = organization_id,
			.facts = { { "name", contact->user->display_name },
				{ "organization", organization->organization->display_name },
				{ "webhook", name }, { "reason", webhook->last_error } } },
		&delivery_id);
}

/* Its receiver is gone. It keeps its place, for when it is enabled again. */
MUST_USE static struct status give_up(
	struct call *call, const struct id *id, Orgd__Store__V1__Webhook *row)
{
	struct id organization_id = id_of_bytes(row->organization_id);

	row->webhook->state = ORGD__V1__WEBHOOK_STATE__WEBHOOK_STATE_DISABLED;
	row->webhook->disable_reason = arena_strdup(call->arena, "failures");
	row->webhook->update_time = call_now(call);
	TRY(webhook_put(call->batch, id, row, 0));
	TRY(webhook_event(call, "webhook.disabled", id, row,
		(struct event_detail){ .key = "reason", .value = row->webhook->disable_reason }));
	return mail_contact(call, &organization_id, row);
}

static struct webhook_fate judge(
	struct call *call, const Orgd__Store__V1__Webhook *row, const struct ending *ending)
{
	return webhook_judge(&(struct webhook_attempt){ .outcome = ending->outcome,
		.http_status = ending->http_status,
		.failures = row->failures,
		.now_us = call->now_us,
		.chance = entropy_draw_below(&call->entropy, WEBHOOK_CHANCES) });
}

/* Writes down where the attempt at what is in hand has led to. */
MUST_USE static struct status settle(struct call *call, const struct id *id,
	Orgd__Store__V1__Webhook *row, const struct ending *ending, struct webhook_fate fate)
{
	bool taken = fate.end == WEBHOOK_TAKEN;

	TRY(keep_attempt(call, id, row, ending, taken));
	row->lease_expire_us = 0;
	if (taken) {
		advance(row);
	} else {
		row->failures++;
		row->webhook->last_error = ending->error;
		if (!row->webhook->failing_since_time)
			row->webhook->failing_since_time = call_now(call);
	}
	/* It may have been disabled meanwhile. */
	if (row->webhook->state != ENABLED)
		return webhook_put(call->batch, id, row, 0);
	if (fate.end == WEBHOOK_GIVEN_UP)
		return give_up(call, id, row);
	/* After a success it is due now; the next lease sees whether more waits. */
	return webhook_put(call->batch, id, row, fate.due_us);
}

/* --- leasing --- */

/* An event that may be sent. */
struct candidate {
	struct event_row at;
	const Orgd__Store__V1__Event *row; /* NULL: none waits */
	struct bytes key;                  /* in the organization's list */
};

MUST_USE static struct status look_at(
	struct call *call, struct bytes key, struct candidate *candidate)
{
	uint16_t index;
	struct id id = event_of_organization_key(key, &index);

	candidate->key = arena_copy(call->arena, key);
	TRY(event_by_id(call->snapshot, &id, &candidate->at));
	if (!candidate->at.exists)
		return status_fail(STATUS_DATA_LOSS, "ROW_CORRUPT",
			"an organization's list names an event that is not there");
	candidate->at.index = index;
	return event_unpack(call, candidate->at.packed, &candidate->row);
}

/* The next event for it: one to be sent again, or the first after its cursor that its filter lets
 * through. The cursor moves over those before that one. *stopped says that there are more to look
 * at. */
MUST_USE static struct status find_next(struct call *call, Orgd__Store__V1__Webhook *row,
	struct webhook_looks *looks, struct candidate *next, bool *stopped)
{
	struct id organization_id = id_of_bytes(row->organization_id);
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix, cursor = { 0 };

	*stopped = false;
	if (row->n_redeliveries)
		return look_at(call, bytes_in(row->redeliveries[0]), next);
	event_organization_prefix(&prefix, &organization_id);
	key_add_bytes(&cursor, row->cursor.data, row->cursor.len);
	TRY(scan_begin(&scan, call->snapshot, &prefix, &cursor));
	for (; scan.found && looks->events; looks->events--) {
		TRY(look_at(call, scan.key, next));
		if (webhook_wants(row->webhook, next->row->event->action))
			return OK;
		row->cursor = (ProtobufCBinaryData){ next->key.size,
			(uint8_t *)(uintptr_t)next->key.data };
		TRY(scan_next(&scan));
	}
	next->row = NULL;
	*stopped = scan.found;
	return OK;
}

MUST_USE static struct status make_request(struct call *call, const struct id *id,
	const Orgd__Store__V1__Webhook *row, const struct candidate *next,
	Orgd__V1__LeaseDeliveriesResponse__WebhookRequest *request)
{
	Orgd__V1__Event *event;
	struct bytes body;

	TRY(event_open(call, next->row, EVENT_READER_ORGANIZATION, &event));
	event->revision = next->at.revision;
	event->index = next->at.index;
	body = webhook_body(call->arena, event);
	orgd__v1__lease_deliveries_response__webhook_request__init(request);
	request->url = row->webhook->url;
	request->id = event->id;
	request->timestamp = arena_printf(call->arena, "%" PRId64, call->now_us / US_PER_SECOND);
	request->body = (ProtobufCBinaryData){ body.size, (uint8_t *)(uintptr_t)body.data };
	return webhook_sign(call, id, row, request);
}

/* Takes the event in hand under this token, next to those of earlier leases of it. */
static void hold(struct call *call, Orgd__Store__V1__Webhook *row, struct bytes key,
	ProtobufCBinaryData token)
{
	ProtobufCBinaryData in_hand = { key.size, (uint8_t *)(uintptr_t)key.data };
	ProtobufCBinaryData *tokens =
		ARENA_ARRAY(call->arena, ProtobufCBinaryData, WEBHOOK_FAILURES_MAX);
	size_t kept = equal(row->in_hand, in_hand) ? row->n_lease_tokens : 0, forgotten = 0;

	if (kept >= WEBHOOK_FAILURES_MAX)
		forgotten = kept - WEBHOOK_FAILURES_MAX + 1;
	for (size_t i = forgotten; i < kept; i++)
		tokens[i - forgotten] = row->lease_tokens[i];
	tokens[kept - forgotten] = token;
	row->in_hand = in_hand;
	row->lease_tokens = tokens;
	row->n_lease_tokens = kept - forgotten + 1;
	row->lease_expire_us = call->now_us + LEASE_US;
}

/* The attempt counts from here on, reported or not. */
MUST_USE static struct status hand_out(struct call *call, const struct id *id,
	Orgd__Store__V1__Webhook *row, const struct candidate *next,
	Orgd__V1__LeaseDeliveriesResponse__Lease **lease)
{
	Orgd__V1__LeaseDeliveriesResponse__WebhookRequest *request =
		ARENA_NEW(call->arena, Orgd__V1__LeaseDeliveriesResponse__WebhookRequest);
	struct status status = make_request(call, id, row, next, request);

	if (status.code == STATUS_DATA_LOSS && !strcmp(status.failure->reason, "SEAL_BROKEN")) {
		row->webhook->last_error = arena_strdup(call->arena,
			"its secret was sealed with a master key that is gone; make a new one");
		return give_up(call, id, row);
	}
	TRY(status);
	*lease = delivery_lease_new(call, id_text(call->arena, ID_WEBHOOK, id));
	(*lease)->timeout_ms = SEND_TIMEOUT_MS;
	(*lease)->webhook = request;
	hold(call, row, next->key, (*lease)->lease_token);
	return webhook_put(call->batch, id, row, row->lease_expire_us);
}

/* A lease that nobody reported on is an attempt that failed. */
MUST_USE static struct status expire(
	struct call *call, const struct id *id, Orgd__Store__V1__Webhook *row)
{
	struct ending ending = {
		.outcome = ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_UNREACHABLE,
		.error = arena_strdup(call->arena, "how the attempt ended was never reported")
	};

	return settle(call, id, row, &ending, judge(call, row, &ending));
}

/* May a request be sent for the organization at all? What ends a wait is an event, which wakes. */
static bool may_send(const Orgd__Store__V1__Organization *row)
{
	return row && row->organization->lifecycle == ACTIVE &&
	       verification_is_granted(row->organization->verification);
}

/* How many requests are under way for the organization. */
MUST_USE static struct status count_leased(
	struct call *call, const struct id *organization_id, unsigned *leased)
{
	Orgd__Store__V1__Webhooks *webhooks;

	*leased = 0;
	TRY(webhooks_get(call->snapshot, organization_id, &webhooks));
	for (size_t i = 0; i < webhooks->n_webhook_ids; i++) {
		struct id id = id_of_bytes(webhooks->webhook_ids[i]);
		Orgd__Store__V1__Webhook *row;

		TRY(webhook_peek(call->snapshot, &id, &row));
		*leased += row && row->lease_expire_us > call->now_us;
	}
	return OK;
}

struct status webhook_lease(struct call *call, const struct id *id, struct webhook_looks *looks,
	Orgd__V1__LeaseDeliveriesResponse__Lease **lease, bool *more)
{
	Orgd__Store__V1__Organization *organization;
	Orgd__Store__V1__Webhook *row;
	struct id organization_id;
	struct candidate next = { 0 };
	unsigned leased;
	bool stopped;

	*lease = NULL;
	TRY(webhook_get(call->snapshot, id, &row));
	if (!row)
		return no_row();
	if (row->lease_expire_us)
		return expire(call, id, row);
	organization_id = id_of_bytes(row->organization_id);
	TRY(organization_get(call->snapshot, &organization_id, &organization));
	if (!may_send(organization))
		return webhook_put(call->batch, id, row, 0);
	TRY(count_leased(call, &organization_id, &leased));
	if (leased >= LEASED_AT_ONCE)
		return webhook_put(call->batch, id, row, call->now_us + US_PER_SECOND);
	TRY(find_next(call, row, looks, &next, &stopped));
	if (next.row)
		return hand_out(call, id, row, &next, lease);
	*more |= stopped;
	return webhook_put(call->batch, id, row, stopped ? call->now_us : 0);
}

/* --- reporting --- */

static char *error_of(struct call *call, const Orgd__V1__ReportDeliveryRequest *request)
{
	const char *text = request->text;

	if (request->http_status)
		text = arena_printf(call->arena, "HTTP %" PRIu32 "%s%s", request->http_status,
			*text ? ": " : "", text);
	return delivery_error(call, *text ? text : "no answer");
}

/* Is it the token of a lease of what is in hand? */
static bool is_known(const Orgd__Store__V1__Webhook *row, ProtobufCBinaryData token)
{
	for (size_t i = 0; i < row->n_lease_tokens; i++)
		if (equal(row->lease_tokens[i], token))
			return true;
	return false;
}

static bool holds_lease(
	struct call *call, const Orgd__Store__V1__Webhook *row, ProtobufCBinaryData token)
{
	return row->lease_expire_us > call->now_us && row->n_lease_tokens &&
	       equal(row->lease_tokens[row->n_lease_tokens - 1], token);
}

struct status webhook_report(
	struct call *call, const struct id *id, const Orgd__V1__ReportDeliveryRequest *request)
{
	struct ending ending = { .outcome = request->outcome,
		.http_status = request->http_status,
		.duration_ms = request->duration_ms,
		.error = error_of(call, request) };
	Orgd__Store__V1__Webhook *row;
	struct webhook_fate fate;

	TRY(webhook_get(call->snapshot, id, &row));
	if (!row)
		return status_fail(STATUS_NOT_FOUND, "DELIVERY_NOT_FOUND",
			"there is no webhook %s any more", request->delivery_id);
	fate = judge(call, row, &ending);
	if (!holds_lease(call, row, request->lease_token) &&
		(fate.end != WEBHOOK_TAKEN || !is_known(row, request->lease_token)))
		return status_fail(STATUS_FAILED_PRECONDITION, "LEASE_LOST",
			"the lease of %s is over; lease it again", request->delivery_id);
	return settle(call, id, row, &ending, fate);
}
