/* SPDX-License-Identifier: Apache-2.0 */
#include "service/grant.h"

#include "service/collection.h"
#include "service/document.h"
#include "store/rows/collection.h"
#include "store/rows/document.h"
#include "store/rows/organization.h"

/* Each is GRANT_WRITES and an event with its place in its organization's list. */
enum { GRANTS_A_SWEEP = 12 };

Orgd__V1__Grant *grant_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__Grant *row)
{
	Orgd__V1__Grant *message = ARENA_NEW(call->arena, Orgd__V1__Grant);

	*message = *row->grant;
	message->id = id_text(call->arena, ID_GRANT, id);
	message->etag = etag_of(call->arena, message->update_time);
	return message;
}

MUST_USE static struct status append(struct call *call, const char *action, const struct id *id,
	const Orgd__Store__V1__Grant *row)
{
	const Orgd__V1__Grant *grant = row->grant;
	struct grant_place place = grant_place(row);
	bool on_document = place.on == GRANT_ON_DOCUMENT;
	struct event event = { .action = action,
		.organization = &place.organization_id,
		.document = on_document ? &place.resource_id : NULL,
		.collection = on_document ? NULL : &place.resource_id,
		.grant = id,
		.details = { { .key = "permission",
			.value =
				enum_word(&orgd__v1__permission__descriptor, grant->permission) } },
		.by_system = !call->request }; /* only a sweep has none */

	if (grant->minimum_role)
		event.details[1] = (struct event_detail){ .key = "minimum_role",
			.value = enum_word(&orgd__v1__role__descriptor, grant->minimum_role) };
	return event_append(call, &event);
}

struct status grant_is_live(struct call *call, const Orgd__Store__V1__Grant *row, bool *live)
{
	struct grant_place place = grant_place(row);
	Orgd__Store__V1__DocumentCollections *document;
	Orgd__Store__V1__Collection *collection;

	if (place.on == GRANT_ON_COLLECTION) {
		TRY(collection_get(call->snapshot, &place.resource_id, &collection));
		*live = collection != NULL;
		return OK;
	}
	TRY(document_collections_get(call->snapshot, &place.resource_id, &document));
	*live = document != NULL;
	return OK;
}

/* The fields of a grant that a caller decides; of none, when none is given. */
static Orgd__V1__Grant terms_of(const Orgd__V1__Grant *given)
{
	Orgd__V1__Grant terms;

	orgd__v1__grant__init(&terms);
	if (!given)
		return terms;
	terms.organization_id = given->organization_id;
	terms.resource_case = given->resource_case;
	terms.document_id = given->document_id; /* or the collection's: it is a union */
	terms.permission = given->permission;
	terms.minimum_role = given->minimum_role;
	terms.expire_time = given->expire_time;
	return terms;
}

struct status grant_parse_place(const Orgd__V1__Grant *grant, struct grant_place *place)
{
	TRY(id_parse(ID_ORGANIZATION, "grant.organization_id", grant->organization_id,
		&place->organization_id));
	if (grant->resource_case == ORGD__V1__GRANT__RESOURCE_COLLECTION_ID) {
		place->on = GRANT_ON_COLLECTION;
		return id_parse(ID_COLLECTION, "grant.collection_id", grant->collection_id,
			&place->resource_id);
	}
	place->on = GRANT_ON_DOCUMENT;
	if (grant->resource_case != ORGD__V1__GRANT__RESOURCE_DOCUMENT_ID)
		return status_invalid("grant.document_id", "FIELD_REQUIRED",
			"say what is granted: a document_id or a collection_id");
	return id_parse(ID_DOCUMENT, "grant.document_id", grant->document_id, &place->resource_id);
}

struct status grant_check_terms(const Orgd__V1__Grant *grant, int64_t *expire_us)
{
	TRY(enum_check("grant.permission", &orgd__v1__permission__descriptor, grant->permission));
	TRY(enum_check_optional(
		"grant.minimum_role", &orgd__v1__role__descriptor, grant->minimum_role));
	return timestamp_check("grant.expire_time", grant->expire_time, expire_us);
}

struct status grant_check_expiry(struct call *call, const Orgd__V1__Grant *grant)
{
	if (grant->expire_time && timestamp_us(grant->expire_time) <= call->now_us)
		return status_invalid("grant.expire_time", "EXPIRE_TIME_PAST",
			"the grant would have ended already; take a later expire_time");
	return OK;
}

MUST_USE static struct status find_organization(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization **row)
{
	char text[ID_TEXT_BYTES];

	TRY(organization_get(call->snapshot, id, row));
	if (*row)
		return OK;
	id_format(ID_ORGANIZATION, id, text);
	return status_fail(
		STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND", "there is no organization %s", text);
}

/* A suspended one may be granted something: it counts when the suspension ends. */
MUST_USE static struct status check_organization(const Orgd__Store__V1__Organization *row)
{
	if (row->organization->lifecycle !=
		ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED)
		return OK;
	return status_fail(STATUS_FAILED_PRECONDITION, "ORGANIZATION_DELETED",
		"organization %s is deleted; restore it first", row->organization->handle);
}

/* The resource must exist; a document's creation orders what it is granted with. */
MUST_USE static struct status check_resource(
	struct call *call, const struct grant_place *place, int64_t *document_create_us)
{
	Orgd__Store__V1__Collection *collection;
	Orgd__Store__V1__DocumentCollections *document;

	*document_create_us = 0;
	if (place->on == GRANT_ON_COLLECTION)
		return collection_find(call, &place->resource_id, &collection);
	TRY(document_find_collections(call, &place->resource_id, &document));
	*document_create_us = document->create_us;
	return OK;
}

struct status grant_add(struct call *call, const struct id *id, Orgd__V1__Grant *grant,
	const struct grant_place *place, int64_t document_create_us)
{
	Orgd__Store__V1__Grant row = ORGD__STORE__V1__GRANT__INIT;

	row.grant = grant;
	row.create_us = timestamp_us(grant->create_time);
	row.document_create_us = document_create_us;
	row.organization_id = bytes_of_id(call->arena, &place->organization_id);
	row.resource_id = bytes_of_id(call->arena, &place->resource_id);
	TRY(grant_insert(call->batch, id, &row, timestamp_us(grant->expire_time)));
	return append(call, "grant.created", id, &row);
}

MUST_USE static struct status insert(struct call *call, const Orgd__V1__Grant *terms,
	const struct grant_place *place, int64_t document_create_us, Orgd__V1__Grant **result)
{
	struct id id = entropy_draw_id(&call->entropy);
	Orgd__Store__V1__Grant row = ORGD__STORE__V1__GRANT__INIT;
	Orgd__V1__Grant grant = *terms;

	grant.create_time = grant.update_time = call_now(call);
	TRY(grant_add(call, &id, &grant, place, document_create_us));
	row.grant = &grant;
	*result = grant_message(call, &id, &row);
	return OK;
}

/* The same organization holds a grant on it: it takes the new terms, if they differ. */
MUST_USE static struct status replace(struct call *call, const Orgd__V1__Grant *terms,
	const struct id *id, Orgd__V1__Grant **result)
{
	Orgd__Store__V1__Grant *row;
	Orgd__V1__Grant before;

	TRY(grant_get(call->snapshot, id, &row));
	if (!row)
		return status_internal("a resource names a grant that is not there");
	before = *row->grant;
	row->grant->permission = terms->permission;
	row->grant->minimum_role = terms->minimum_role;
	row->grant->expire_time = terms->expire_time;
	if (!message_equal(call->arena, &before.base, &row->grant->base)) {
		row->grant->update_time = call_now(call);
		TRY(grant_put(call->batch, id, row, timestamp_us(terms->expire_time)));
		TRY(append(call, "grant.updated", id, row));
	}
	*result = grant_message(call, id, row);
	return OK;
}

struct status grant_create(struct call *call, const Orgd__V1__CreateGrantRequest *request,
	Orgd__V1__CreateGrantResponse *response)
{
	Orgd__V1__Grant terms = terms_of(request->grant);
	Orgd__Store__V1__Organization *organization;
	Orgd__Store__V1__ResourceGrant *held;
	int64_t expire_us, document_create_us;
	struct grant_place place;
	struct id id;

	TRY(grant_parse_place(&terms, &place));
	TRY(authorize(call));
	TRY(grant_check_terms(&terms, &expire_us));
	TRY(grant_check_expiry(call, &terms));
	TRY(find_organization(call, &place.organization_id, &organization));
	TRY(check_resource(call, &place, &document_create_us));
	TRY(check_organization(organization));
	/* To the microsecond, as it is kept. */
	terms.expire_time = timestamp_new(call->arena, expire_us);
	TRY(grant_at_get(call->snapshot, &place, &held));
	if (!held)
		return insert(call, &terms, &place, document_create_us, &response->grant);
	id = id_of_bytes(held->grant_id);
	return replace(call, &terms, &id, &response->grant);
}

/* Whose grants a list is of. */
MUST_USE static struct status parse_list(const Orgd__V1__ListGrantsRequest *request, struct id *id)
{
	switch (request->of_case) {
	case ORGD__V1__LIST_GRANTS_REQUEST__OF_ORGANIZATION_ID:
		return id_parse(ID_ORGANIZATION, "organization_id", request->organization_id, id);
	case ORGD__V1__LIST_GRANTS_REQUEST__OF_DOCUMENT_ID:
		return id_parse(ID_DOCUMENT, "document_id", request->document_id, id);
	case ORGD__V1__LIST_GRANTS_REQUEST__OF_COLLECTION_ID:
		return id_parse(ID_COLLECTION, "collection_id", request->collection_id, id);
	default:
		return status_invalid("organization_id", "FIELD_REQUIRED",
			"say whose grants: an organization_id, a document_id or a collection_id");
	}
}

/* Where they stand, by creation. */
MUST_USE static struct status find_list(struct call *call,
	const Orgd__V1__ListGrantsRequest *request, const struct id *id, struct key *prefix)
{
	Orgd__Store__V1__DocumentCollections *document;
	Orgd__Store__V1__Collection *collection;
	Orgd__Store__V1__Organization *organization;

	if (request->of_case == ORGD__V1__LIST_GRANTS_REQUEST__OF_DOCUMENT_ID) {
		grant_resource_prefix(prefix, GRANT_ON_DOCUMENT, id);
		return document_find_collections(call, id, &document);
	}
	if (request->of_case == ORGD__V1__LIST_GRANTS_REQUEST__OF_COLLECTION_ID) {
		grant_resource_prefix(prefix, GRANT_ON_COLLECTION, id);
		return collection_find(call, id, &collection);
	}
	grant_organization_prefix(prefix, id);
	return find_organization(call, id, &organization);
}

struct status grant_list(struct call *call, const Orgd__V1__ListGrantsRequest *request,
	Orgd__V1__ListGrantsResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix, last = { 0 };
	struct page page;
	struct id id;

	TRY(parse_list(request, &id));
	TRY(authorize(call));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	TRY(find_list(call, request, &id, &prefix));
	response->grants = ARENA_ARRAY(call->arena, Orgd__V1__Grant *, page.size);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found) {
		struct id grant_id = grant_of_key(scan.key);
		Orgd__Store__V1__Grant *row;
		bool live;

		TRY(grant_get(call->snapshot, &grant_id, &row));
		TRY(grant_is_live(call, row, &live));
		if (live) {
			Orgd__V1__Grant *message = grant_message(call, &grant_id, row);

			if (!page_add(&page, &message->base)) {
				response->next_page_token = page_token(call, &last);
				break;
			}
			response->grants[response->n_grants++] = message;
		}
		last.size = 0;
		key_add_bytes(&last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
	}
	return OK;
}

struct status grant_remove(struct call *call, const Orgd__V1__DeleteGrantRequest *request,
	Orgd__V1__DeleteGrantResponse *response)
{
	Orgd__Store__V1__Grant *row;
	char text[ID_TEXT_BYTES];
	bool live = false;
	struct id id;

	(void)response;
	TRY(id_parse(ID_GRANT, "grant_id", request->grant_id, &id));
	TRY(authorize(call));
	TRY(grant_get(call->snapshot, &id, &row));
	if (row)
		TRY(grant_is_live(call, row, &live));
	if (!live && request->allow_missing)
		return OK;
	if (!live) {
		id_format(ID_GRANT, &id, text);
		return status_fail(
			STATUS_NOT_FOUND, "GRANT_NOT_FOUND", "there is no grant %s", text);
	}
	TRY(grant_delete(call->batch, &id, row));
	return append(call, "grant.deleted", &id, row);
}

struct status grant_sweep(
	struct call *call, enum grant_on on, const struct id *resource_id, bool *left)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	grant_resource_prefix(&prefix, on, resource_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	for (unsigned n = 0; scan.found && n < GRANTS_A_SWEEP; n++) {
		struct id id = grant_of_key(scan.key);
		Orgd__Store__V1__Grant *row;

		TRY(grant_get(call->snapshot, &id, &row));
		if (row) {
			TRY(grant_delete(call->batch, &id, row));
			TRY(append(call, "grant.deleted", &id, row));
		}
		TRY(scan_next(&scan));
	}
	*left = scan.found;
	return OK;
}
