/* SPDX-License-Identifier: Apache-2.0 */
#include "service/integrity_rows.h"
#include "store/rows/collection.h"
#include "store/rows/document.h"
#include "store/rows/grant.h"
#include "store/rows/organization.h"

/* Documents, collections, which are in which, and grants. What belongs to a deleted one goes in a
 * sweep. */

struct status integrity_document(struct integrity *check, const struct scan *scan)
{
	static const char collections[] = { TABLE_DOCUMENT_COLLECTIONS, '\0' };
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan);
	Orgd__Store__V1__DocumentCollections *in;
	const Orgd__Store__V1__Document *row;
	ProtobufCMessage *message;

	integrity_unpack(check, scan, &orgd__store__v1__document__descriptor, &message);
	row = (const Orgd__Store__V1__Document *)message;
	if (!row || !row->document) {
		if (row)
			integrity_found(check, "holds no document");
		return OK;
	}
	TRY(document_collections_peek(check->snapshot, &id, &in));
	if (!in || in->create_us != row->create_us)
		integrity_found(check, "its row in DOCUMENT_COLLECTIONS is missing or wrong");
	TRY(document_insert(rows, &id, row));
	return integrity_expect(check, rows, collections);
}

struct status integrity_document_by_time(struct integrity *check, const struct scan *scan)
{
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan);
	Orgd__Store__V1__Document *row;

	TRY(document_peek(check->snapshot, &id, &row));
	if (!row) {
		integrity_found(check, "leads to no document");
		return OK;
	}
	TRY(document_insert(rows, &id, row));
	integrity_belongs(check, scan, rows, "");
	return OK;
}

/* Is what this row says of a collection so, from the collection's side? */
MUST_USE static struct status check_entry(struct integrity *check, const struct id *document_id,
	const struct id *collection_id, int64_t create_us)
{
	struct batch *rows = integrity_batch(check);
	bool exists, pending;

	TRY(collection_exists(check->snapshot, collection_id, &exists));
	if (exists) {
		TRY(collection_document_put(rows, collection_id, document_id, create_us));
		return integrity_expect(check, rows, "");
	}
	TRY(integrity_chore(check, CHORE_FORGET_COLLECTION, collection_id, &pending));
	if (!pending)
		integrity_found(check, "names %s, which is gone",
			id_text(&check->arena, ID_COLLECTION, collection_id));
	return OK;
}

struct status integrity_document_collections(struct integrity *check, const struct scan *scan)
{
	const Orgd__Store__V1__DocumentCollections *row;
	struct id id = integrity_last_id(scan);
	Orgd__Store__V1__Document *document;
	ProtobufCMessage *message;

	integrity_unpack(check, scan, &orgd__store__v1__document_collections__descriptor, &message);
	row = (const Orgd__Store__V1__DocumentCollections *)message;
	if (!row)
		return OK;
	TRY(document_peek(check->snapshot, &id, &document));
	if (!document)
		integrity_found(check, "is of a document that is gone");
	if (row->n_collection_ids > DOCUMENT_COLLECTIONS_MAX)
		integrity_found(check, "names %zu collections", row->n_collection_ids);
	for (size_t i = 0; i < row->n_collection_ids; i++) {
		struct id collection_id = id_of_bytes(row->collection_ids[i]);

		TRY(check_entry(check, &id, &collection_id, row->create_us));
	}
	return OK;
}

struct status integrity_collection(struct integrity *check, const struct scan *scan)
{
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan);
	const Orgd__Store__V1__Collection *row;
	ProtobufCMessage *message;
	struct key prefix;
	uint32_t count;

	integrity_unpack(check, scan, &orgd__store__v1__collection__descriptor, &message);
	row = (const Orgd__Store__V1__Collection *)message;
	if (!row || !row->collection) {
		if (row)
			integrity_found(check, "holds no collection");
		return OK;
	}
	collection_document_prefix(&prefix, &id);
	TRY(integrity_count(check, &prefix, &count));
	if (count != row->collection->document_count)
		integrity_found(check, "counts %u documents; there are %u",
			row->collection->document_count, count);
	TRY(collection_insert(rows, &id, row));
	return integrity_expect(check, rows, "");
}

struct status integrity_collection_by_time(struct integrity *check, const struct scan *scan)
{
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan);
	Orgd__Store__V1__Collection *row;

	TRY(collection_peek(check->snapshot, &id, &row));
	if (!row) {
		integrity_found(check, "leads to no collection");
		return OK;
	}
	TRY(collection_insert(rows, &id, row));
	integrity_belongs(check, scan, rows, "");
	return OK;
}

/* Does the document know that it is in the collection? */
MUST_USE static struct status check_document_knows(struct integrity *check,
	const struct id *document_id, int64_t create_us, const struct id *collection_id)
{
	Orgd__Store__V1__DocumentCollections *document;
	bool known = false;

	TRY(document_collections_peek(check->snapshot, document_id, &document));
	for (size_t i = 0; document && i < document->n_collection_ids; i++) {
		struct id other = id_of_bytes(document->collection_ids[i]);

		known |= id_equal(&other, collection_id);
	}
	if (!known || document->create_us != create_us)
		integrity_found(check, "is of %s, which does not know it",
			id_text(&check->arena, ID_DOCUMENT, document_id));
	return OK;
}

struct status integrity_collection_document(struct integrity *check, const struct scan *scan)
{
	struct id collection_id = integrity_first_id(scan), document_id;
	bool exists, pending;
	int64_t create_us;

	integrity_key_alone(check, scan);
	document_id = document_of_key(scan->key, &create_us);
	TRY(collection_exists(check->snapshot, &collection_id, &exists));
	if (exists)
		return check_document_knows(check, &document_id, create_us, &collection_id);
	TRY(integrity_chore(check, CHORE_FORGET_COLLECTION, &collection_id, &pending));
	if (!pending)
		integrity_found(check, "is in a collection that is gone");
	return OK;
}

/* --- grants --- */

MUST_USE static struct status derive(struct integrity *check, const struct id *id,
	const Orgd__Store__V1__Grant *row, struct batch **rows)
{
	*rows = integrity_batch(check);
	return grant_insert(*rows, id, row, row_time_us(row->grant->expire_time));
}

MUST_USE static struct status check_resource(
	struct integrity *check, const struct grant_place *place, const Orgd__Store__V1__Grant *row)
{
	bool on_document = place->on == GRANT_ON_DOCUMENT, exists, pending;
	enum chore chore = on_document ? CHORE_FORGET_DOCUMENT : CHORE_FORGET_COLLECTION;
	Orgd__Store__V1__DocumentCollections *document = NULL;

	if (on_document) {
		TRY(document_collections_peek(check->snapshot, &place->resource_id, &document));
		exists = document != NULL;
	} else {
		TRY(collection_exists(check->snapshot, &place->resource_id, &exists));
	}
	if (document && document->create_us != row->document_create_us)
		integrity_found(check, "has a wrong time for its document");
	if (exists)
		return OK;
	TRY(integrity_chore(check, chore, &place->resource_id, &pending));
	if (!pending)
		integrity_found(check, "is on what is gone, and goes in no sweep");
	return OK;
}

struct status integrity_grant(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_last_id(scan);
	Orgd__Store__V1__Organization *organization;
	const Orgd__Store__V1__Grant *row;
	ProtobufCMessage *message;
	struct grant_place place;
	struct batch *rows;

	integrity_unpack(check, scan, &orgd__store__v1__grant__descriptor, &message);
	row = (const Orgd__Store__V1__Grant *)message;
	if (!row || !row->grant) {
		if (row)
			integrity_found(check, "holds no grant");
		return OK;
	}
	place = grant_place(row);
	TRY(organization_peek(check->snapshot, &place.organization_id, &organization));
	if (!organization)
		integrity_found(check, "is of an organization that is gone");
	TRY(check_resource(check, &place, row));
	TRY(derive(check, &id, row, &rows));
	return integrity_expect(check, rows, "");
}

MUST_USE static struct status check_grant_index(
	struct integrity *check, const struct scan *scan, const struct id *id)
{
	Orgd__Store__V1__Grant *row;
	struct batch *rows;

	TRY(grant_peek(check->snapshot, id, &row));
	if (!row || !row->grant) {
		integrity_found(check, "leads to no grant");
		return OK;
	}
	TRY(derive(check, id, row, &rows));
	integrity_belongs(check, scan, rows, "");
	return OK;
}

struct status integrity_grant_index(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_last_id(scan);

	return check_grant_index(check, scan, &id);
}

struct status integrity_resource_grant(struct integrity *check, const struct scan *scan)
{
	ProtobufCMessage *message;
	struct id id;

	integrity_unpack(check, scan, &orgd__store__v1__resource_grant__descriptor, &message);
	if (!message)
		return OK;
	id = id_of_bytes(((const Orgd__Store__V1__ResourceGrant *)message)->grant_id);
	return check_grant_index(check, scan, &id);
}

/* (organization, on, resource), of a document with its creation between. */
struct status integrity_granted(struct integrity *check, const struct scan *scan)
{
	struct grant_place place;
	Orgd__Store__V1__ResourceGrant *at;
	struct id id;

	if (scan->key.size < 2 + 2 * sizeof(struct id)) {
		integrity_found(check, "its key is too short");
		return OK;
	}
	place = (struct grant_place){ (enum grant_on)scan->key.data[1 + sizeof(struct id)],
		integrity_last_id(scan), integrity_first_id(scan) };
	TRY(grant_at_peek(check->snapshot, &place, &at));
	id = id_of_bytes(at ? at->grant_id : (ProtobufCBinaryData){ 0, NULL });
	return check_grant_index(check, scan, &id);
}
