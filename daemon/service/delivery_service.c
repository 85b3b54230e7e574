/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/delivery.h"

#include <inttypes.h>

#include "base/text.h"
#include "service/delivery.h"
#include "service/services.h"
#include "service/webhook.h"
#include "store/rows/delivery.h"
#include "store/rows/webhook.h"

#define SERVICE Orgd__V1__DeliveryService_Service
RPC(LeaseDeliveries, lease_deliveries)
RPC(ReportDelivery, report_delivery)
RPC(ListDeliveries, list_deliveries)
RPC(RetryDelivery, retry_delivery)

#define STATE(name)   ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_##name
#define CHANNEL(name) ORGD__V1__LEASE_DELIVERIES_REQUEST__CHANNEL__CHANNEL_##name

enum {
	LEASES_MAX = 20,
	/* What one row of a lease may add to the batch at most, by its caps: a webhook that is
	 * given up after its lease ran out. */
	ROW_WRITES = 12,
	ROW_EXPECTATIONS = 12,
	EVENTS_LOOKED_AT = 1000, /* for all webhooks of a lease */
	SEND_TIMEOUT_MS = 2 * 60 * 1000,
	LEASED_BYTES_MAX = REPLY_BYTES_MAX - 64 * 1024,
	WEBHOOK_LEASE_BYTES = WEBHOOK_BODY_MAX + 8 * 1024, /* at most */
	LIST_EXAMINED_MAX = 2000, /* rows looked at for one page of a filtered list */
};

static struct id subject_id(enum id_type type, const char *text)
{
	struct id id = { { 0 } };

	if (*text && id_parse(type, "", text, &id).code)
		id = (struct id){ { 0 } };
	return id;
}

/* One fact about a mail. The recipient and what servers say, which often names them, are sealed. */
MUST_USE static struct status append_event(struct call *call, const struct id *id,
	const Orgd__Store__V1__Delivery *row, const char *action)
{
	const Orgd__V1__Delivery *delivery = row->delivery;
	struct id organization = subject_id(ID_ORGANIZATION, delivery->organization_id);
	struct id invitation = subject_id(ID_INVITATION, delivery->invitation_id);
	struct event event = { .action = action,
		.organization = id_is_zero(&organization) ? NULL : &organization,
		.invitation = id_is_zero(&invitation) ? NULL : &invitation,
		.details = {
			{ .key = "delivery_id", .value = id_text(call->arena, ID_DELIVERY, id) },
			{ .key = "kind", .value = delivery->kind } } };
	const char *typed, *canonical, *error = delivery->status->last_error;

	if (text_check_email(call->arena, "recipient", delivery->recipient, &typed, &canonical)
			.code)
		return event_append(call, &event); /* it is for nobody */
	event.details[2] = (struct event_detail){
		.key = "recipient", .value = typed, .person_email = canonical
	};
	if (*error)
		event.details[3] = (struct event_detail){
			.key = "error", .value = error, .person_email = canonical
		};
	return event_append(call, &event);
}

static void say_error(
	struct call *call, Orgd__Store__V1__Delivery *row, uint32_t smtp_code, const char *text)
{
	if (smtp_code)
		text = arena_printf(call->arena, "%" PRIu32 " %s", smtp_code, text);
	row->delivery->status->last_error = delivery_error(call, text);
}

/* Writes down where an attempt has led to. The end of a mail is a fact, another try is none. */
MUST_USE static struct status settle(struct call *call, const struct id *id,
	Orgd__Store__V1__Delivery *row, struct delivery_fate fate, const char *action)
{
	Orgd__V1__DeliveryStatus *status = row->delivery->status;

	status->state = fate.state;
	row->delivery->update_time = call_now(call);
	row->lease_token = (ProtobufCBinaryData){ 0, NULL };
	row->lease_expire_us = 0;
	if (fate.state == STATE(SENT)) {
		status->sent_time = call_now(call);
		status->last_error = arena_strdup(call->arena, "");
		row->sealed_token = (ProtobufCBinaryData){ 0, NULL };
	}
	TRY(delivery_put(call->batch, id, row, fate.due_us));
	return action ? append_event(call, id, row, action) : OK;
}

/* --- leasing --- */

/* There are two lines of what is due, and they are served in turns: however long the one, the other
 * goes on. */
enum line { LINE_MAILS, LINE_WEBHOOKS, LINES };

/* What a lease comes to. */
struct leasing {
	Orgd__V1__LeaseDeliveriesResponse *response;
	struct scan scans[LINES]; /* by due time; both keys are (due us, id) */
	size_t bytes;             /* of the response so far */
	struct webhook_looks looks;
	bool full; /* the response has no room for the next one */
	bool more; /* there is more to do now that no scan shows */
};

static enum line other(enum line line)
{
	return line == LINE_MAILS ? LINE_WEBHOOKS : LINE_MAILS;
}

static void leasing_end(struct leasing *leasing)
{
	for (enum line line = 0; line < LINES; line++)
		scan_end(&leasing->scans[line]);
}

/* A mail that is not tried again. */
MUST_USE static struct status bury(
	struct call *call, const struct id *id, Orgd__Store__V1__Delivery *row, const char *error)
{
	/* That its link died is no fact of its own: what killed it was one. */
	const char *action = error == delivery_obsolete ? NULL : "delivery.dead";

	say_error(call, row, 0, error);
	return settle(call, id, row, (struct delivery_fate){ .state = STATE(DEAD) }, action);
}

static Orgd__V1__LeaseDeliveriesResponse__Lease *lease_new(
	struct call *call, const struct id *id, const struct delivery_letter *letter)
{
	Orgd__V1__LeaseDeliveriesResponse__Lease *lease =
		delivery_lease_new(call, id_text(call->arena, ID_DELIVERY, id));

	lease->sender = arena_strdup(call->arena, letter->sender);
	lease->recipient = arena_strdup(call->arena, letter->recipient);
	lease->message = (ProtobufCBinaryData){ letter->message.size,
		(uint8_t *)(uintptr_t)letter->message.data };
	lease->timeout_ms = SEND_TIMEOUT_MS;
	return lease;
}

static size_t lease_bytes(const Orgd__V1__LeaseDeliveriesResponse__Lease *lease)
{
	return protobuf_c_message_get_packed_size(&lease->base) + 8;
}

/* Will that many bytes more have room? The first lease always has. */
static bool has_bytes(struct leasing *leasing, size_t size)
{
	leasing->full = leasing->bytes && leasing->bytes + size > LEASED_BYTES_MAX;
	return !leasing->full;
}

static void add_lease(struct leasing *leasing, Orgd__V1__LeaseDeliveriesResponse__Lease *lease)
{
	leasing->bytes += lease_bytes(lease);
	leasing->response->leases[leasing->response->n_leases++] = lease;
}

/* The attempt counts from here on, reported or not. */
MUST_USE static struct status take(struct call *call, const struct id *id,
	Orgd__Store__V1__Delivery *row, const struct delivery_letter *letter,
	struct leasing *leasing)
{
	Orgd__V1__LeaseDeliveriesResponse__Lease *lease = lease_new(call, id, letter);

	if (!has_bytes(leasing, lease_bytes(lease)))
		return OK;
	add_lease(leasing, lease);
	row->delivery->status->state = STATE(SENDING);
	row->delivery->status->attempts++;
	row->delivery->update_time = call_now(call);
	row->lease_token = lease->lease_token;
	row->lease_expire_us = call->now_us + LEASE_US;
	return delivery_put(call->batch, id, row, row->lease_expire_us);
}

MUST_USE static struct status lease_mail(
	struct call *call, const struct id *id, struct leasing *leasing)
{
	Orgd__Store__V1__Delivery *row;
	struct delivery_letter letter;
	struct delivery_link link;
	struct status status;

	TRY(delivery_get(call->snapshot, id, &row));
	if (!row)
		return status_fail(STATUS_DATA_LOSS, "ROW_CORRUPT", "a due delivery has no row");
	TRY(delivery_look_at_link(call, id, row, &link));
	if (link.dead)
		return bury(call, id, row, link.dead);
	if (row->delivery->status->attempts >= DELIVERY_ATTEMPTS_MAX)
		return bury(call, id, row, "how the last attempt ended was never reported");
	/* A mail that cannot be rendered must not hold up those behind it. */
	status = delivery_render(call, row, link.token, &letter);
	if (status.code)
		return bury(call, id, row, status.failure->message);
	return take(call, id, row, &letter, leasing);
}

MUST_USE static struct status lease_webhook(
	struct call *call, const struct id *id, struct leasing *leasing)
{
	Orgd__V1__LeaseDeliveriesResponse__Lease *lease;

	if (!has_bytes(leasing, WEBHOOK_LEASE_BYTES))
		return OK;
	TRY(webhook_lease(call, id, &leasing->looks, &lease, &leasing->more));
	if (lease)
		add_lease(leasing, lease);
	return OK;
}

/* The lines that the courier asks for. */
MUST_USE static struct status leasing_begin(struct call *call,
	Orgd__V1__LeaseDeliveriesRequest__Channel channel, struct leasing *leasing)
{
	struct key prefix;

	if (channel != CHANNEL(WEBHOOK) && call->platform->templates) {
		delivery_due_prefix(&prefix);
		TRY(scan_begin(&leasing->scans[LINE_MAILS], call->snapshot, &prefix, NULL));
	}
	if (channel != CHANNEL(MAIL)) {
		TRY(webhook_wake(call, &leasing->more));
		webhook_due_prefix(&prefix);
		TRY(scan_begin(&leasing->scans[LINE_WEBHOOKS], call->snapshot, &prefix, NULL));
	}
	return OK;
}

static bool has_room(struct call *call, const struct leasing *leasing, uint32_t max)
{
	return leasing->response->n_leases < max && leasing->looks.events && !leasing->full &&
	       call->events < BATCH_EVENTS_MAX &&
	       batch_write_count(call->batch) + ROW_WRITES <= BATCH_WRITES_MAX &&
	       batch_expectation_count(call->batch) + ROW_EXPECTATIONS <= BATCH_EXPECTATIONS_MAX;
}

/* When the first of a line falls due; INT64_MAX when it is empty. */
static int64_t due_us(const struct leasing *leasing, enum line line)
{
	int64_t us = INT64_MAX;

	if (leasing->scans[line].found)
		(void)delivery_of_key(leasing->scans[line].key, &us);
	return us;
}

MUST_USE static struct status lease_first(
	struct call *call, struct leasing *leasing, enum line line)
{
	struct scan *scan = &leasing->scans[line];
	int64_t us;
	struct id id = delivery_of_key(scan->key, &us);

	if (line == LINE_MAILS)
		TRY(lease_mail(call, &id, leasing));
	else
		TRY(lease_webhook(call, &id, leasing));
	return leasing->full ? OK : scan_next(scan);
}

static Google__Protobuf__Timestamp *next_due(struct call *call, const struct leasing *leasing)
{
	int64_t mails_us = due_us(leasing, LINE_MAILS);
	int64_t webhooks_us = due_us(leasing, LINE_WEBHOOKS);
	int64_t next_us = mails_us < webhooks_us ? mails_us : webhooks_us;

	if (leasing->more)
		return call_now(call);
	return next_us == INT64_MAX ? NULL : timestamp_new(call->arena, next_us);
}

static struct status lease_deliveries(struct call *call,
	const Orgd__V1__LeaseDeliveriesRequest *request,
	Orgd__V1__LeaseDeliveriesResponse *response)
{
	uint32_t max = request->max && request->max < LEASES_MAX ? request->max : LEASES_MAX;
	CLEANUP(leasing_end)
	struct leasing leasing = { .response = response, .looks.events = EVENTS_LOOKED_AT };
	enum line line = (enum line)entropy_draw_below(&call->entropy, LINES);

	TRY(authorize(call));
	TRY(enum_check_optional("channel", &orgd__v1__lease_deliveries_request__channel__descriptor,
		(int)request->channel));
	response->leases =
		ARENA_ARRAY(call->arena, Orgd__V1__LeaseDeliveriesResponse__Lease *, max);
	TRY(leasing_begin(call, request->channel, &leasing));
	while (has_room(call, &leasing, max)) {
		if (due_us(&leasing, line) > call->now_us)
			line = other(line);
		if (due_us(&leasing, line) > call->now_us)
			break;
		TRY(lease_first(call, &leasing, line));
		line = other(line);
	}
	/* Rows were put away on a state that others may have moved on since: whoever got nothing
	 * looks again. */
	if (!response->n_leases && !batch_is_empty(call->batch))
		leasing.more = true;
	response->next_due_time = next_due(call, &leasing);
	return OK;
}

/* --- reporting --- */

MUST_USE static struct status find(
	struct call *call, const char *text, const struct id *id, Orgd__Store__V1__Delivery **row)
{
	TRY(delivery_get(call->snapshot, id, row));
	if (!*row)
		return status_fail(
			STATUS_NOT_FOUND, "DELIVERY_NOT_FOUND", "there is no delivery %s", text);
	return OK;
}

static bool holds_lease(struct call *call, const Orgd__Store__V1__Delivery *row,
	const Orgd__V1__ReportDeliveryRequest *request)
{
	return row->lease_expire_us > call->now_us &&
	       row->lease_token.len == request->lease_token.len &&
	       !memcmp(row->lease_token.data, request->lease_token.data, row->lease_token.len);
}

static const char *action_of(Orgd__V1__DeliveryState state)
{
	switch (state) {
	case STATE(SENT):
		return "delivery.sent";
	case STATE(FAILED):
		return "delivery.failed";
	case STATE(DEAD):
		return "delivery.dead";
	default:
		return NULL;
	}
}

MUST_USE static struct status record(struct call *call, const struct id *id,
	Orgd__Store__V1__Delivery *row, const Orgd__V1__ReportDeliveryRequest *request)
{
	struct delivery_attempt attempt = { .outcome = request->outcome,
		.smtp_code = request->smtp_code,
		.attempts = row->delivery->status->attempts,
		.now_us = call->now_us,
		.chance = entropy_draw_below(&call->entropy, DELIVERY_CHANCES) };
	struct delivery_link link;
	struct delivery_fate fate;

	TRY(delivery_look_at_link(call, id, row, &link));
	attempt.obsolete = link.dead != NULL;
	fate = delivery_judge(&attempt);
	say_error(call, row, request->smtp_code, request->text);
	return settle(call, id, row, fate, action_of(fate.state));
}

static struct status report_delivery(struct call *call,
	const Orgd__V1__ReportDeliveryRequest *request, Orgd__V1__ReportDeliveryResponse *response)
{
	bool accepted =
		request->outcome == ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_ACCEPTED;
	bool of_webhook = id_matches(ID_WEBHOOK, request->delivery_id);
	Orgd__Store__V1__Delivery *row;
	struct id id;

	TRY(id_parse(
		of_webhook ? ID_WEBHOOK : ID_DELIVERY, "delivery_id", request->delivery_id, &id));
	TRY(authorize(call));
	TRY(enum_check("outcome", &orgd__v1__report_delivery_request__outcome__descriptor,
		(int)request->outcome));
	if (of_webhook)
		return webhook_report(call, &id, request);
	TRY(find(call, request->delivery_id, &id, &row));
	/* The recipient has it: that is recorded whoever holds the lease by now. */
	if (!accepted && !holds_lease(call, row, request))
		return status_fail(STATUS_FAILED_PRECONDITION, "LEASE_LOST",
			"the lease of %s is over; lease it again", request->delivery_id);
	if (row->delivery->status->state != STATE(SENT))
		TRY(record(call, &id, row, request));
	response->status = delivery_status(call, &id, row);
	return OK;
}

/* --- what the platform administrator sees --- */

static struct status list_deliveries(struct call *call,
	const Orgd__V1__ListDeliveriesRequest *request, Orgd__V1__ListDeliveriesResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix, last = { 0 };
	struct page page;

	TRY(authorize(call));
	TRY(enum_check_optional(
		"state", &orgd__v1__delivery_state__descriptor, (int)request->state));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	response->deliveries = ARENA_ARRAY(call->arena, Orgd__V1__Delivery *, page.size);
	delivery_time_prefix(&prefix);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	for (unsigned examined = 0; scan.found; examined++) {
		Orgd__Store__V1__Delivery *row;
		Orgd__V1__Delivery *delivery;
		int64_t create_us;
		struct id id = delivery_of_key(scan.key, &create_us);
		bool wanted;

		TRY(delivery_get(call->snapshot, &id, &row));
		delivery = row ? delivery_message(call, &id, row) : NULL;
		wanted = delivery && (!request->state || delivery->status->state == request->state);
		if ((wanted && !page_add(&page, &delivery->base)) ||
			examined == LIST_EXAMINED_MAX) {
			response->next_page_token = page_token(call, &last);
			return OK;
		}
		if (wanted)
			response->deliveries[response->n_deliveries++] = delivery;
		last.size = 0;
		key_add_bytes(&last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
	}
	return OK;
}

static struct status retry_delivery(struct call *call,
	const Orgd__V1__RetryDeliveryRequest *request, Orgd__V1__RetryDeliveryResponse *response)
{
	Orgd__Store__V1__Delivery *row;
	struct delivery_link link;
	struct id id;

	TRY(id_parse(ID_DELIVERY, "delivery_id", request->delivery_id, &id));
	TRY(authorize(call));
	TRY(find(call, request->delivery_id, &id, &row));
	if (row->due_us)
		return status_fail(STATUS_FAILED_PRECONDITION, "DELIVERY_NOT_FINISHED",
			"%s is queued or being sent; it needs no retry", request->delivery_id);
	if (row->delivery->status->state == STATE(SENT))
		return status_fail(STATUS_FAILED_PRECONDITION, "DELIVERY_SENT",
			"%s was sent; it is not sent twice", request->delivery_id);
	TRY(delivery_look_at_link(call, &id, row, &link));
	if (link.dead)
		return status_fail(STATUS_FAILED_PRECONDITION, "DELIVERY_OBSOLETE",
			"%s is %s; send a new one", request->delivery_id, link.dead);
	row->delivery->status->attempts = 0;
	TRY(settle(call, &id, row, (struct delivery_fate){ STATE(QUEUED), call->now_us },
		"delivery.retried"));
	response->delivery = delivery_message(call, &id, row);
	return OK;
}

ProtobufCService *delivery_service(void)
{
	static SERVICE service = ORGD__V1__DELIVERY_SERVICE__INIT(rpc_);

	return &service.base;
}
