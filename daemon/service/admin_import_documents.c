/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "service/admin_import.h"
#include "service/collection.h"
#include "service/document.h"
#include "service/grant.h"
#include "service/organization.h"
#include "service/record.h"
#include "store/rows/collection.h"
#include "store/rows/document.h"

static char nothing[] = "";

enum { LEFTOVERS_RETRY_MS = 1000 };

MUST_USE static struct status check_none(
	struct call *call, const struct key *prefix, const char *what, const char *name)
{
	CLEANUP(scan_end) struct scan scan = { 0 };

	TRY(scan_begin(&scan, call->snapshot, prefix, NULL));
	if (!scan.found)
		return OK;
	return status_with_retry(
		status_fail(STATUS_ABORTED, "LEFTOVERS_BEING_REMOVED",
			"%s %s was deleted, and what was left of it is being removed; try again in "
			"a moment",
			what, name),
		LEFTOVERS_RETRY_MS);
}

/* What was deleted under this id must be swept before it comes again, or its entries and grants
 * would be those of the new one. With those gone its chore finds nothing to do.
 *
 *   ABORTED LEFTOVERS_BEING_REMOVED  with a retry */
MUST_USE static struct status check_swept(
	struct call *call, enum grant_on on, const struct id *id, const char *name)
{
	const char *what = on == GRANT_ON_COLLECTION ? "collection" : "document";
	struct key prefix;

	if (on == GRANT_ON_COLLECTION) {
		collection_document_prefix(&prefix, id);
		TRY(check_none(call, &prefix, what, name));
	}
	grant_resource_prefix(&prefix, on, id);
	return check_none(call, &prefix, what, name);
}

/* --- collections --- */

struct status import_collection(struct importing *importing)
{
	Orgd__Store__V1__Collection row = ORGD__STORE__V1__COLLECTION__INIT, *present;
	const Orgd__V1__Collection *given = importing->record->collection;
	Orgd__V1__Collection collection = *given;
	struct call *call = importing->call;
	int64_t update_us;
	struct id id;

	TRY(id_parse(ID_COLLECTION, "collection.id", given->id, &id));
	TRY(collection_check(call, &collection));
	TRY(import_time(importing, "collection.create_time", given->create_time, call->now_us,
		&row.create_us));
	TRY(import_time(importing, "collection.update_time", given->update_time, row.create_us,
		&update_us));
	collection.etag = nothing;
	collection.document_count = 0;
	collection.create_time = timestamp_new(call->arena, row.create_us);
	collection.update_time = timestamp_new(call->arena, update_us);
	TRY(collection_get(call->snapshot, &id, &present));
	if (present) {
		Orgd__V1__Collection *there = record_collection(call, &id, present);

		if (!given->create_time)
			collection.create_time = there->create_time;
		if (!given->update_time)
			collection.update_time = there->update_time;
		return import_compare(
			importing, &there->base, &collection.base, "collection", given->id);
	}
	TRY(check_swept(call, GRANT_ON_COLLECTION, &id, given->id));
	if (import_validates(importing))
		return OK;
	collection.id = nothing;
	row.collection = &collection;
	TRY(collection_insert(call->batch, &id, &row));
	return collection_event(call, "collection.created", &id, &collection);
}

/* --- documents --- */

/* The collections that a document is to be in, each once. */
struct shelves {
	size_t count;
	struct id ids[DOCUMENT_COLLECTIONS_MAX];
	char *texts[DOCUMENT_COLLECTIONS_MAX];
	Orgd__Store__V1__Collection *rows[DOCUMENT_COLLECTIONS_MAX];
};

static bool has_shelf(const struct shelves *shelves, const struct id *id)
{
	for (size_t i = 0; i < shelves->count; i++)
		if (id_equal(&shelves->ids[i], id))
			return true;
	return false;
}

MUST_USE static struct status read_shelves(
	struct importing *importing, const Orgd__V1__Document *given, struct shelves *shelves)
{
	shelves->count = 0;
	if (given->n_collections > DOCUMENT_COLLECTIONS_MAX)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "COLLECTION_LIMIT",
			"a document is in at most %d collections", DOCUMENT_COLLECTIONS_MAX);
	for (size_t i = 0; i < given->n_collections; i++) {
		Orgd__Store__V1__Collection **row = &shelves->rows[shelves->count];
		char field[FAILURE_FIELD_MAX];
		struct id id;

		snprintf(field, sizeof(field), "document.collections[%zu]", i);
		TRY(id_parse(ID_COLLECTION, field, given->collections[i], &id));
		if (has_shelf(shelves, &id))
			continue;
		TRY(collection_get(importing->call->snapshot, &id, row));
		if (!*row)
			TRY(import_missing(importing, "COLLECTION_NOT_FOUND", "collection",
				given->collections[i]));
		shelves->ids[shelves->count] = id;
		shelves->texts[shelves->count++] = given->collections[i];
	}
	return OK;
}

/* The collections count it, and are not updated: their own times are restored likewise. */
MUST_USE static struct status put_on_shelves(
	struct call *call, const struct id *id, int64_t create_us, const struct shelves *shelves)
{
	Orgd__Store__V1__DocumentCollections row = ORGD__STORE__V1__DOCUMENT_COLLECTIONS__INIT;
	ProtobufCBinaryData ids[DOCUMENT_COLLECTIONS_MAX];

	for (size_t i = 0; i < shelves->count; i++) {
		const struct id *collection_id = &shelves->ids[i];

		ids[i] = bytes_of_id(call->arena, collection_id);
		shelves->rows[i]->collection->document_count++;
		TRY(collection_put(call->batch, collection_id, shelves->rows[i]));
		TRY(collection_document_put(call->batch, collection_id, id, create_us));
	}
	row.create_us = create_us;
	row.collection_ids = ids;
	row.n_collection_ids = shelves->count;
	return document_collections_put(call->batch, id, &row);
}

MUST_USE static struct status insert_document(struct importing *importing, const struct id *id,
	Orgd__V1__Document *document, const struct shelves *shelves)
{
	Orgd__Store__V1__Document row = ORGD__STORE__V1__DOCUMENT__INIT;
	struct call *call = importing->call;

	document->id = nothing;
	document->n_collections = 0;
	row.document = document;
	row.create_us = timestamp_us(document->create_time);
	TRY(document_insert(call->batch, id, &row));
	TRY(put_on_shelves(call, id, row.create_us, shelves));
	return document_event(call, "document.created", id, document);
}

struct status import_document(struct importing *importing)
{
	const Orgd__V1__Document *given = importing->record->document;
	Orgd__V1__Document document = *given;
	struct call *call = importing->call;
	Orgd__Store__V1__Document *present;
	int64_t create_us, update_us;
	struct shelves shelves;
	struct id id;

	TRY(id_parse(ID_DOCUMENT, "document.id", given->id, &id));
	TRY(document_check(call, &document));
	TRY(import_time(
		importing, "document.create_time", given->create_time, call->now_us, &create_us));
	TRY(import_time(
		importing, "document.update_time", given->update_time, create_us, &update_us));
	TRY(read_shelves(importing, given, &shelves));
	document.etag = nothing;
	document.collections = shelves.texts;
	document.n_collections = shelves.count;
	document.create_time = timestamp_new(call->arena, create_us);
	document.update_time = timestamp_new(call->arena, update_us);
	TRY(document_get(call->snapshot, &id, &present));
	if (present) {
		Orgd__V1__Document *there;

		TRY(record_document(call, &id, present, &there));
		if (!given->create_time)
			document.create_time = there->create_time;
		if (!given->update_time)
			document.update_time = there->update_time;
		return import_compare(
			importing, &there->base, &document.base, "document", given->id);
	}
	TRY(check_swept(call, GRANT_ON_DOCUMENT, &id, given->id));
	return import_validates(importing) ? OK
					   : insert_document(importing, &id, &document, &shelves);
}

/* --- grants --- */

/* The grant that is there: under the record's id, or without one on the same thing. */
MUST_USE static struct status find_grant(struct importing *importing,
	const struct grant_place *place, struct id *id, Orgd__Store__V1__Grant **present)
{
	struct call *call = importing->call;
	Orgd__Store__V1__ResourceGrant *held;

	*present = NULL;
	if (*importing->record->grant->id)
		TRY(grant_get(call->snapshot, id, present));
	if (*present)
		return OK;
	TRY(grant_at_get(call->snapshot, place, &held));
	if (!held)
		return OK;
	if (*importing->record->grant->id)
		return status_fail(STATUS_ALREADY_EXISTS, "RECORD_DIFFERS",
			"the organization has a grant on it already under another id; nothing is "
			"overwritten");
	*id = id_of_bytes(held->grant_id);
	return grant_get(call->snapshot, id, present);
}

/* What it is on must be there; a document's creation orders what it is granted with. */
MUST_USE static struct status find_resource(struct importing *importing,
	const struct grant_place *place, const Orgd__V1__Grant *grant, int64_t *document_create_us)
{
	struct call *call = importing->call;
	Orgd__Store__V1__DocumentCollections *document;
	Orgd__Store__V1__Collection *collection;

	*document_create_us = 0;
	if (place->on == GRANT_ON_COLLECTION) {
		TRY(collection_get(call->snapshot, &place->resource_id, &collection));
		return collection ? OK
				  : import_missing(importing, "COLLECTION_NOT_FOUND", "collection",
					    grant->collection_id);
	}
	TRY(document_collections_get(call->snapshot, &place->resource_id, &document));
	if (!document)
		return import_missing(
			importing, "DOCUMENT_NOT_FOUND", "document", grant->document_id);
	*document_create_us = document->create_us;
	return OK;
}

/* The terms as they are kept; one that was restored may have ended long ago. */
MUST_USE static struct status read_grant(
	struct importing *importing, const Orgd__V1__Grant *given, Orgd__V1__Grant *grant)
{
	struct call *call = importing->call;
	int64_t create_us, update_us, expire_us;

	*grant = *given;
	TRY(grant_check_terms(grant, &expire_us));
	if (!given->create_time)
		TRY(grant_check_expiry(call, grant));
	if (grant->expire_time && expire_us <= 0)
		return status_invalid(
			"grant.expire_time", "INVALID_TIME", "grant.expire_time lies before 1970");
	TRY(import_time(
		importing, "grant.create_time", given->create_time, call->now_us, &create_us));
	TRY(import_time(importing, "grant.update_time", given->update_time, create_us, &update_us));
	grant->id = grant->etag = nothing;
	grant->expire_time = timestamp_new(call->arena, expire_us);
	grant->create_time = timestamp_new(call->arena, create_us);
	grant->update_time = timestamp_new(call->arena, update_us);
	return OK;
}

MUST_USE static struct status compare_grant(struct importing *importing, const struct id *id,
	const Orgd__Store__V1__Grant *present, Orgd__V1__Grant *grant)
{
	const Orgd__V1__Grant *given = importing->record->grant;
	Orgd__V1__Grant *there = record_grant(importing->call, id, present);

	grant->id = there->id;
	if (!given->create_time)
		grant->create_time = there->create_time;
	if (!given->update_time)
		grant->update_time = there->update_time;
	return import_compare(importing, &there->base, &grant->base, "grant", there->id);
}

struct status import_grant(struct importing *importing)
{
	const Orgd__V1__Grant *given = importing->record->grant;
	struct call *call = importing->call;
	Orgd__Store__V1__Organization *organization;
	Orgd__Store__V1__Grant *present;
	int64_t document_create_us;
	struct grant_place place;
	Orgd__V1__Grant grant;
	struct id id;

	if (*given->id)
		TRY(id_parse(ID_GRANT, "grant.id", given->id, &id));
	TRY(read_grant(importing, given, &grant));
	TRY(import_find_organization(importing, "grant.organization_id", given->organization_id,
		&place.organization_id, &organization));
	if (!organization && !*given->organization_id)
		return OK;
	grant.organization_id = id_text(call->arena, ID_ORGANIZATION, &place.organization_id);
	TRY(grant_parse_place(&grant, &place));
	TRY(find_resource(importing, &place, &grant, &document_create_us));
	if (importing->missing_count)
		return OK;
	TRY(find_grant(importing, &place, &id, &present));
	if (present)
		return compare_grant(importing, &id, present, &grant);
	TRY(organization_check_not_deleted(organization));
	if (import_validates(importing))
		return OK;
	if (!*given->id)
		id = entropy_draw_id(&call->entropy);
	return grant_add(call, &id, &grant, &place, document_create_us);
}
