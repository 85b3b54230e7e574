/* SPDX-License-Identifier: Apache-2.0 */
#include "service/admin_import.h"

#include <stdio.h>
#include <string.h>

#include "rpc/envelope.h"
#include "service/admin.h"
#include "store/rows/grant.h"

enum { RECORDS_MAX = 1000 };

/* --- steps --- */

/*
 * An import goes in steps, each a batch. Where a step ends follows from the records alone, so that
 * a replay cuts them alike: each takes what its worst case may take of a batch's caps. An
 * organization takes a unit, and where it has several Owners another one for each.
 */
struct unit {
	size_t record, part;
};

struct cost {
	size_t writes, expectations, events, bytes;
};

/* What units may take together; the rest is the call's own: its caller, its replays. */
static const struct cost step_max = { BATCH_WRITES_MAX - 4, BATCH_EXPECTATIONS_MAX - 32,
	BATCH_EVENTS_MAX, BATCH_BYTES_MAX / 2 };

/* Rows of a membership, its user, the person's key, and an event with its place in the
 * organization's list. */
enum { JOIN_WRITES = 3 + 1 + 1 + 2, JOIN_EXPECTATIONS = 4 };
/* The organization's row, what its webhooks are told by, and the handle it was found by. */
enum { AROUND_WRITES = 2, AROUND_EXPECTATIONS = 3 };

static size_t unit_count(const Orgd__V1__Record *record)
{
	return record->kind_case == ORGD__V1__RECORD__KIND_ORGANIZATION && record->n_owners > 1
		       ? 1 + record->n_owners
		       : 1;
}

static struct cost organization_cost(const Orgd__V1__Record *record, size_t part)
{
	if (part)
		return (struct cost){ JOIN_WRITES + AROUND_WRITES,
			2 * part + JOIN_EXPECTATIONS + AROUND_EXPECTATIONS, 1, 0 };
	/* The row, its handle and its two orders; two Owners at most, all of whom are looked at. */
	return (struct cost){ 4 + 2 + AROUND_WRITES + 2 * JOIN_WRITES,
		2 * record->n_owners + 2 * JOIN_EXPECTATIONS + AROUND_EXPECTATIONS, 3,
		protobuf_c_message_get_packed_size(&record->base) };
}

static bool names_same_organization(const Orgd__V1__Record *a, const Orgd__V1__Record *b)
{
	return a && a->kind_case == ORGD__V1__RECORD__KIND_MEMBER &&
	       !strcmp(a->member->organization_id, b->member->organization_id) &&
	       !strcmp(a->handle, b->handle);
}

/* `before` is the record in front of it in the same step; NULL for none. */
static struct cost cost_of(
	const Orgd__V1__Record *record, size_t part, const Orgd__V1__Record *before)
{
	bool together;

	switch (record->kind_case) {
	case ORGD__V1__RECORD__KIND_USER:
		return (struct cost){ 3 + 1 + 1, 4, 1, 0 };
	case ORGD__V1__RECORD__KIND_ORGANIZATION:
		return organization_cost(record, part);
	case ORGD__V1__RECORD__KIND_MEMBER:
		together = names_same_organization(before, record);
		return (struct cost){ JOIN_WRITES + (together ? 0 : AROUND_WRITES),
			JOIN_EXPECTATIONS + (together ? 0 : AROUND_EXPECTATIONS), 1, 0 };
	case ORGD__V1__RECORD__KIND_COLLECTION:
		return (struct cost){ 2 + 1, 1, 1, 0 };
	case ORGD__V1__RECORD__KIND_DOCUMENT:
		return (struct cost){ 3 + 1 + 2 * record->document->n_collections,
			2 + record->document->n_collections, 1,
			protobuf_c_message_get_packed_size(&record->base) };
	case ORGD__V1__RECORD__KIND_GRANT:
		return (struct cost){ GRANT_WRITES + 2 + AROUND_WRITES, 3 + AROUND_EXPECTATIONS, 1,
			0 };
	default:
		return (struct cost){ 0 };
	}
}

static bool add_cost(struct cost *sum, struct cost cost)
{
	struct cost added = { sum->writes + cost.writes, sum->expectations + cost.expectations,
		sum->events + cost.events, sum->bytes + cost.bytes };
	bool fits = added.writes <= step_max.writes &&
		    added.expectations <= step_max.expectations &&
		    added.events <= step_max.events && added.bytes <= step_max.bytes;

	*sum = added;
	return fits;
}

/* Where the step that begins at `begin` ends; one unit it always has. */
static struct unit step_end(const Orgd__V1__ImportRequest *request, struct unit begin)
{
	const Orgd__V1__Record *before = NULL;
	struct cost sum = { 0 };
	struct unit at = begin;

	while (at.record < request->n_records) {
		const Orgd__V1__Record *record = request->records[at.record];
		bool first = at.record == begin.record && at.part == begin.part;

		if (!add_cost(&sum, cost_of(record, at.part, before)) && !first)
			break;
		before = record;
		if (++at.part == unit_count(record))
			at = (struct unit){ at.record + 1, 0 };
	}
	return at;
}

/* --- records --- */

MUST_USE static struct status import_unit(struct importing *importing, size_t part)
{
	switch (importing->record->kind_case) {
	case ORGD__V1__RECORD__KIND_USER:
		return import_user(importing);
	case ORGD__V1__RECORD__KIND_ORGANIZATION:
		return part ? import_owner(importing, part - 1) : import_organization(importing);
	case ORGD__V1__RECORD__KIND_MEMBER:
		return import_member(importing);
	case ORGD__V1__RECORD__KIND_COLLECTION:
		return import_collection(importing);
	case ORGD__V1__RECORD__KIND_DOCUMENT:
		return import_document(importing);
	case ORGD__V1__RECORD__KIND_GRANT:
		return import_grant(importing);
	default:
		return status_invalid("kind", "FIELD_REQUIRED",
			"a record is a user, an organization, a member, a collection, a document "
			"or a grant");
	}
}

MUST_USE static struct status check_count(size_t count)
{
	if (count && count <= RECORDS_MAX)
		return OK;
	return status_invalid(
		"records", "BATCH_SIZE", "give 1 to %d records, not %zu", RECORDS_MAX, count);
}

/* Which record it was, and how many are in. */
static struct status at_record(
	struct status status, const struct unit *at, const struct unit *begin)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", at->record);
	status = status_with_metadata(status, "record", text);
	snprintf(text, sizeof(text), "%zu", begin->record);
	return status_with_metadata(status, "imported", text);
}

struct status admin_import(struct call *call, const Orgd__V1__ImportRequest *request,
	Orgd__V1__ImportResponse *response)
{
	struct unit begin = { 0 }, end;

	TRY(authorize(call));
	TRY(check_count(request->n_records));
	end = step_end(request, begin);
	for (uint32_t step = 0; step < call->step; step++) {
		begin = end;
		end = step_end(request, begin);
	}
	response->outcomes =
		ARENA_ARRAY(call->arena, Orgd__V1__ImportOutcome, end.record - begin.record + 1);
	for (struct unit at = begin; at.record != end.record || at.part != end.part;) {
		struct importing importing = { .call = call,
			.record = request->records[at.record],
			.outcome = ORGD__V1__IMPORT_OUTCOME__IMPORT_OUTCOME_IMPORTED };
		struct status status = import_unit(&importing, at.part);

		if (status.code)
			return at_record(status, &at, &begin);
		if (!at.part)
			response->outcomes[response->n_outcomes++] = importing.outcome;
		if (++at.part == unit_count(importing.record))
			at = (struct unit){ at.record + 1, 0 };
	}
	call->more = end.record < request->n_records;
	return OK;
}

/* --- validation --- */

static void tell_missing(struct call *call, const struct importing *importing,
	Orgd__V1__ValidateImportResponse__Result *result)
{
	result->missing = ARENA_ARRAY(call->arena, char *, importing->missing_count);
	for (size_t i = 0; i < importing->missing_count; i++)
		result->missing[result->n_missing++] =
			arena_strdup(call->arena, importing->missing[i]);
}

MUST_USE static struct status validate(struct call *call, const Orgd__V1__Record *record,
	Orgd__V1__ValidateImportResponse__Result *result)
{
	struct importing importing = { .call = call,
		.record = record,
		.outcome = ORGD__V1__IMPORT_OUTCOME__IMPORT_OUTCOME_IMPORTED };
	struct status status = import_unit(&importing, 0);

	result->outcome = importing.outcome;
	tell_missing(call, &importing, result);
	for (size_t part = 1; !status.code && part < unit_count(record); part++) {
		importing.missing_count = 0;
		status = import_unit(&importing, part);
	}
	if (status.code == STATUS_INTERNAL || status.code == STATUS_DATA_LOSS)
		return status;
	if (status.code)
		result->error = envelope_error(call->arena, status);
	return OK;
}

struct status admin_validate_import(struct call *call,
	const Orgd__V1__ValidateImportRequest *request, Orgd__V1__ValidateImportResponse *response)
{
	TRY(authorize(call));
	TRY(check_count(request->n_records));
	response->results = ARENA_ARRAY(
		call->arena, Orgd__V1__ValidateImportResponse__Result *, request->n_records);
	for (size_t i = 0; i < request->n_records; i++) {
		Orgd__V1__ValidateImportResponse__Result *result =
			ARENA_NEW(call->arena, Orgd__V1__ValidateImportResponse__Result);

		orgd__v1__validate_import_response__result__init(result);
		TRY(validate(call, request->records[i], result));
		response->results[response->n_results++] = result;
	}
	return OK;
}
