/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "orgd/v1/event_service.pb-c.h"
#include "service/checkpoint.h"
#include "service/event.h"
#include "service/organization.h"
#include "service/services.h"
#include "store/events.h"
#include "store/rows/event.h"

#define SERVICE Orgd__V1__EventService_Service
RPC(ListEvents, list_events)
RPC(WatchEvents, watch_events)
RPC(VerifyEvents, verify_events)
RPC(GetCheckpoint, get_checkpoint)

enum {
	LOOKS_MAX = 2000, /* events that one call looks at, whatever the filter lets through */
	WATCHED_DEFAULT = 100,
	WATCHED_MAX = 1000,
	PREFIX_MAX = 100, /* characters */
};

/* Which events a call is about, and who reads them. */
struct selection {
	bool whole_platform;
	struct id organization_id;
	const char *action_prefix;
	enum event_reader reader;
};

MUST_USE static struct status selection_begin(struct call *call, const char *organization_id,
	const char *action_prefix, struct selection *selection)
{
	const struct credentials *who = &call->caller.credentials;
	struct standing standing;

	selection->whole_platform = !*organization_id;
	selection->reader = EVENT_READER_PLATFORM;
	if (selection->whole_platform) {
		TRY(authorize(call));
	} else {
		TRY(authorize_organization(call, "organization_id", organization_id, &standing));
		TRY(organization_check_visible(&standing));
		selection->organization_id = standing.organization_id;
		/* A service in its own right is the platform's. */
		if (!(standing.hats & HAT_PLATFORM_ADMIN) && (!who->service || who->on_behalf))
			selection->reader = EVENT_READER_ORGANIZATION;
	}
	return text_check(call->arena, TEXT_LINE, "action_prefix", action_prefix, 0, PREFIX_MAX,
		&selection->action_prefix);
}

/*
 * Walks the events of a selection in order: the organization's list, or the order of all. `key` is
 * the place of the present one, for page tokens.
 */
struct walk {
	struct call *call;
	const struct selection *selection;
	bool found;
	struct event_row at;
	struct key key;
	struct scan scan; /* of an organization's list */
};

static void walk_end(struct walk *walk)
{
	scan_end(&walk->scan);
}

/* What the scan of an organization's list stands on. */
MUST_USE static struct status walk_land(struct walk *walk)
{
	uint16_t index;
	struct id id;

	walk->found = walk->scan.found;
	if (!walk->found)
		return OK;
	walk->key.size = 0;
	key_add_bytes(&walk->key, walk->scan.key.data, walk->scan.key.size);
	id = event_of_organization_key(walk->scan.key, &index);
	TRY(event_by_id(walk->call->snapshot, &id, &walk->at));
	if (!walk->at.exists)
		return status_fail(STATUS_DATA_LOSS, "ROW_CORRUPT",
			"an organization's list names an event that is not there");
	walk->at.index = index;
	return OK;
}

MUST_USE static struct status walk_to(struct walk *walk, uint64_t revision, uint16_t index)
{
	TRY(event_at_or_after(walk->call->snapshot, revision, index, &walk->at));
	walk->found = walk->at.exists;
	event_index_key(&walk->key, walk->at.revision, walk->at.index);
	return OK;
}

MUST_USE static struct status walk_next(struct walk *walk)
{
	if (walk->selection->whole_platform)
		return walk_to(walk, walk->at.revision, (uint16_t)(walk->at.index + 1));
	TRY(scan_next(&walk->scan));
	return walk_land(walk);
}

/* From the beginning, or from after a place that an earlier walk was at. */
MUST_USE static struct status walk_begin(struct walk *walk, struct call *call,
	const struct selection *selection, const struct key *after)
{
	struct key prefix;
	size_t offset = 1;

	*walk = (struct walk){ .call = call, .selection = selection };
	if (selection->whole_platform && after) {
		uint64_t revision = key_read_u64(key_bytes(after), &offset);
		uint16_t index = (uint16_t)(after->bytes[offset] << 8 | after->bytes[offset + 1]);

		return walk_to(walk, revision, (uint16_t)(index + 1));
	}
	if (selection->whole_platform)
		return walk_to(walk, 0, 0);
	event_organization_prefix(&prefix, &selection->organization_id);
	TRY(scan_begin(&walk->scan, call->snapshot, &prefix, after));
	return walk_land(walk);
}

/* From the first event at or after a revision. */
MUST_USE static struct status walk_begin_at(
	struct walk *walk, struct call *call, const struct selection *selection, uint64_t revision)
{
	const Orgd__Store__V1__Event *row;
	struct key prefix, after;

	*walk = (struct walk){ .call = call, .selection = selection };
	TRY(walk_to(walk, revision, 0));
	if (selection->whole_platform || !walk->found)
		return OK;
	/* An organization's list is by the batches' times, whose order is that of revisions. */
	TRY(event_unpack(call, walk->at.packed, &row));
	event_organization_prefix(&prefix, &selection->organization_id);
	event_organization_prefix(&after, &selection->organization_id);
	key_add_u64(&after, (uint64_t)timestamp_us(row->event->time));
	TRY(scan_begin(&walk->scan, call->snapshot, &prefix, &after));
	return walk_land(walk);
}

/* The event that the walk is at, NULL when the filter does not let it through. */
MUST_USE static struct status walk_open(struct walk *walk, Orgd__V1__Event **event)
{
	const char *prefix = walk->selection->action_prefix;
	const Orgd__Store__V1__Event *row;

	*event = NULL;
	TRY(event_unpack(walk->call, walk->at.packed, &row));
	if (strncmp(row->event->action, prefix, strlen(prefix)) != 0)
		return OK;
	TRY(event_open(walk->call, row, walk->selection->reader, event));
	(*event)->revision = walk->at.revision;
	(*event)->index = walk->at.index;
	return OK;
}

static struct status list_events(struct call *call, const Orgd__V1__ListEventsRequest *request,
	Orgd__V1__ListEventsResponse *response)
{
	CLEANUP(walk_end) struct walk walk = { 0 };
	struct selection selection;
	struct key last;
	struct page page;

	TRY(selection_begin(call, request->organization_id, request->action_prefix, &selection));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	response->events = ARENA_ARRAY(call->arena, Orgd__V1__Event *, page.size + 1);
	TRY(walk_begin(&walk, call, &selection, page_after(&page)));
	for (unsigned looks = 0; walk.found; looks++) {
		Orgd__V1__Event *event;

		TRY(walk_open(&walk, &event));
		if (looks == LOOKS_MAX || (event && !page_add(&page, &event->base))) {
			response->next_page_token = page_token(call, &last);
			return OK;
		}
		if (event)
			response->events[response->n_events++] = event;
		last = walk.key;
		TRY(walk_next(&walk));
	}
	return OK;
}

/* Whole batches from `revision` on; response->next_revision is where to go on. */
MUST_USE static struct status collect(struct call *call, const struct selection *selection,
	uint64_t revision, uint32_t max, Orgd__V1__WatchEventsResponse *response)
{
	CLEANUP(walk_end) struct walk walk = { 0 };
	struct page page = { .size = max };
	uint64_t batch = 0;
	size_t complete = 0;

	response->events = ARENA_ARRAY(call->arena, Orgd__V1__Event *, max + BATCH_EVENTS_MAX);
	TRY(walk_begin_at(&walk, call, selection, revision));
	for (unsigned looks = 0; walk.found; looks++) {
		Orgd__V1__Event *event;

		if (walk.at.revision != batch) {
			complete = response->n_events;
			batch = walk.at.revision;
			if (looks >= LOOKS_MAX)
				break;
		}
		TRY(walk_open(&walk, &event));
		/* The first batch is given whole, however large. */
		if (event && !page_add(&page, &event->base) && complete)
			break;
		if (event)
			response->events[response->n_events++] = event;
		TRY(walk_next(&walk));
	}
	if (walk.found)
		response->n_events = complete;
	response->next_revision = walk.found ? batch : snapshot_revision(call->snapshot) + 1;
	return OK;
}

static struct status watch_events(struct call *call, const Orgd__V1__WatchEventsRequest *request,
	Orgd__V1__WatchEventsResponse *response)
{
	uint64_t now = snapshot_revision(call->snapshot) + 1, from;
	uint32_t max = request->max_events ? (uint32_t)request->max_events : WATCHED_DEFAULT;
	struct selection selection;

	TRY(selection_begin(call, request->organization_id, request->action_prefix, &selection));
	if (request->max_events < 0)
		return status_invalid("max_events", "MAX_EVENTS",
			"max_events is %d; ask for 0 to %d", request->max_events, WATCHED_MAX);
	/* Who has seen more than this history holds does not wait in silence for it to come. */
	if (request->from_revision > now && !call->resume_at)
		return status_fail(STATUS_OUT_OF_RANGE, "REVISION_GONE",
			"revision %" PRIu64 " is not here: the history ends before %" PRIu64
			"; if a backup was restored, read its events again and go on from there",
			request->from_revision, now);
	from = call->resume_at          ? call->resume_at
	       : request->from_revision ? request->from_revision
					: now;
	TRY(collect(call, &selection, from, max < WATCHED_MAX ? max : WATCHED_MAX, response));
	if (response->next_revision < from)
		response->next_revision = from;
	call->resume_at = response->next_revision;
	if (!selection.whole_platform)
		call->wait_for = selection.organization_id;
	/* Nothing up to now; but an answer that ended early says where to go on. */
	call->wait = !response->n_events && response->next_revision >= now;
	return OK;
}

static ProtobufCBinaryData bytes_field(struct arena *arena, const uint8_t *data, size_t size)
{
	struct bytes copy = arena_copy(arena, bytes_of(data, size));

	return (ProtobufCBinaryData){ copy.size, (uint8_t *)(uintptr_t)copy.data };
}

static struct status verify_events(struct call *call, const Orgd__V1__VerifyEventsRequest *request,
	Orgd__V1__VerifyEventsResponse *response)
{
	struct events_verified verified;

	TRY(authorize(call));
	if (request->to_revision > snapshot_revision(call->snapshot))
		return status_fail(STATUS_FAILED_PRECONDITION, "REVISION_UNKNOWN",
			"revision %" PRIu64 " is not in this database, whose newest is %" PRIu64
			"; was an older state restored?",
			request->to_revision, snapshot_revision(call->snapshot));
	TRY(events_verify(call->snapshot, request->from_revision, request->to_revision, &verified));
	response->events_verified = verified.events;
	response->next_revision = verified.next_revision;
	response->head_revision = verified.head_revision;
	response->head_hash = bytes_field(call->arena, verified.head, LINK_BYTES);
	return OK;
}

static struct status get_checkpoint(struct call *call,
	const Orgd__V1__GetCheckpointRequest *request, Orgd__V1__GetCheckpointResponse *response)
{
	Orgd__V1__Checkpoint *message = ARENA_NEW(call->arena, Orgd__V1__Checkpoint);
	struct checkpoint made;

	(void)request;
	TRY(authorize(call));
	TRY(checkpoint_make(call->platform, call->snapshot, &made));
	orgd__v1__checkpoint__init(message);
	message->epoch = made.epoch;
	message->revision = made.revision;
	message->head_hash = bytes_field(call->arena, made.head, LINK_BYTES);
	message->time = timestamp_new(call->arena, made.time_us);
	message->signature = bytes_field(call->arena, made.signature.bytes, SIGNATURE_BYTES);
	message->public_key = bytes_field(call->arena, made.signature.public_key, PUBLIC_KEY_BYTES);
	response->checkpoint = message;
	return OK;
}

ProtobufCService *event_service(void)
{
	static SERVICE service = ORGD__V1__EVENT_SERVICE__INIT(rpc_);

	return &service.base;
}
