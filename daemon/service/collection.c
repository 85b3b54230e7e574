/* SPDX-License-Identifier: Apache-2.0 */
#include "service/collection.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "service/document.h"
#include "service/grant.h"
#include "store/rows/chore.h"
#include "store/rows/collection.h"
#include "store/rows/document.h"

enum {
	DOCUMENTS_A_CALL_MAX = 50,
	ENTRIES_A_SWEEP = 40,
};

/* What an update can change, by the bits of update_mask_read. */
static const char *const updatable[] = { "title", "description", NULL };
enum {
	FIELD_TITLE = 1 << 0,
	FIELD_DESCRIPTION = 1 << 1,
	FIELDS_ALL = FIELD_TITLE | FIELD_DESCRIPTION,
};

Orgd__V1__Collection *collection_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__Collection *row)
{
	Orgd__V1__Collection *message = ARENA_NEW(call->arena, Orgd__V1__Collection);

	*message = *row->collection;
	message->id = id_text(call->arena, ID_COLLECTION, id);
	message->etag = etag_of(call->arena, message->update_time);
	return message;
}

static struct status not_found(const struct id *id)
{
	char text[ID_TEXT_BYTES];

	id_format(ID_COLLECTION, id, text);
	return status_fail(
		STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND", "there is no collection %s", text);
}

struct status collection_find(
	struct call *call, const struct id *id, Orgd__Store__V1__Collection **row)
{
	TRY(collection_get(call->snapshot, id, row));
	return *row ? OK : not_found(id);
}

/* Checks the given fields and leaves them as they are kept. */
MUST_USE static struct status check_fields(
	struct call *call, Orgd__V1__Collection *given, uint64_t fields)
{
	if (fields & FIELD_TITLE)
		TRY(text_check_in_place(
			call, TEXT_LINE, "collection.title", &given->title, 1, TEXT_NAME_MAX));
	if (fields & FIELD_DESCRIPTION)
		TRY(text_check_in_place(call, TEXT_PARAGRAPHS, "collection.description",
			&given->description, 0, TEXT_NOTE_MAX));
	return OK;
}

struct status collection_check(struct call *call, Orgd__V1__Collection *given)
{
	return check_fields(call, given, FIELDS_ALL);
}

static void take_fields(
	Orgd__V1__Collection *collection, const Orgd__V1__Collection *given, uint64_t fields)
{
	if (fields & FIELD_TITLE)
		collection->title = given->title;
	if (fields & FIELD_DESCRIPTION)
		collection->description = given->description;
}

struct status collection_event(struct call *call, const char *action, const struct id *id,
	const Orgd__V1__Collection *collection)
{
	return event_append(
		call, &(struct event){ .action = action,
			      .collection = id,
			      .details = { { .key = "title", .value = collection->title } } });
}

/* Writes a collection back that changed just now. */
MUST_USE static struct status save(
	struct call *call, const struct id *id, Orgd__Store__V1__Collection *row)
{
	row->collection->update_time = call_now(call);
	return collection_put(call->batch, id, row);
}

struct status collection_create(struct call *call, const Orgd__V1__CreateCollectionRequest *request,
	Orgd__V1__CreateCollectionResponse *response)
{
	Orgd__Store__V1__Collection row = ORGD__STORE__V1__COLLECTION__INIT;
	Orgd__V1__Collection collection;
	struct id id;

	TRY(authorize(call));
	if (!request->collection)
		return status_invalid(
			"collection", "FIELD_REQUIRED", "say what collection to create");
	TRY(collection_check(call, request->collection));
	orgd__v1__collection__init(&collection);
	take_fields(&collection, request->collection, FIELDS_ALL);
	id = entropy_draw_id(&call->entropy);
	collection.create_time = collection.update_time = call_now(call);
	row.collection = &collection;
	row.create_us = call->now_us;
	TRY(collection_insert(call->batch, &id, &row));
	TRY(collection_event(call, "collection.created", &id, &collection));
	response->collection = collection_message(call, &id, &row);
	return OK;
}

struct status collection_read(struct call *call, const Orgd__V1__GetCollectionRequest *request,
	Orgd__V1__GetCollectionResponse *response)
{
	Orgd__Store__V1__Collection *row;
	struct id id;

	TRY(id_parse(ID_COLLECTION, "collection_id", request->collection_id, &id));
	TRY(authorize(call));
	TRY(collection_find(call, &id, &row));
	response->collection = collection_message(call, &id, row);
	return OK;
}

struct status collection_list(struct call *call, const Orgd__V1__ListCollectionsRequest *request,
	Orgd__V1__ListCollectionsResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix, last = { 0 };
	struct page page;

	TRY(authorize(call));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	response->collections = ARENA_ARRAY(call->arena, Orgd__V1__Collection *, page.size);
	collection_time_prefix(&prefix);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found) {
		struct id id = collection_of_key(scan.key);
		Orgd__Store__V1__Collection *row;
		Orgd__V1__Collection *message;

		TRY(collection_find(call, &id, &row));
		message = collection_message(call, &id, row);
		if (!page_add(&page, &message->base)) {
			response->next_page_token = page_token(call, &last);
			break;
		}
		response->collections[response->n_collections++] = message;
		last.size = 0;
		key_add_bytes(&last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
	}
	return OK;
}

struct status collection_update(struct call *call, const Orgd__V1__UpdateCollectionRequest *request,
	Orgd__V1__UpdateCollectionResponse *response)
{
	Orgd__V1__Collection *given = request->collection, *collection;
	Orgd__Store__V1__Collection *row;
	Orgd__V1__Collection before;
	uint64_t fields;
	struct id id;

	TRY(id_parse(ID_COLLECTION, "collection.id", given ? given->id : "", &id));
	TRY(authorize(call));
	TRY(update_mask_read(request->update_mask, &given->base, updatable, &fields));
	TRY(check_fields(call, given, fields));
	TRY(collection_find(call, &id, &row));
	collection = row->collection;
	before = *collection;
	take_fields(collection, given, fields);
	TRY(etag_check(call->arena, given->etag, collection->update_time));
	if (!message_equal(call->arena, &before.base, &collection->base)) {
		TRY(save(call, &id, row));
		TRY(collection_event(call, "collection.updated", &id, collection));
	}
	response->collection = collection_message(call, &id, row);
	return OK;
}

struct status collection_remove(struct call *call, const Orgd__V1__DeleteCollectionRequest *request,
	Orgd__V1__DeleteCollectionResponse *response)
{
	Orgd__Store__V1__Collection *row;
	struct id id;

	(void)response;
	TRY(id_parse(ID_COLLECTION, "collection_id", request->collection_id, &id));
	TRY(authorize(call));
	TRY(collection_get(call->snapshot, &id, &row));
	if (!row)
		return request->allow_missing ? OK : not_found(&id);
	TRY(collection_delete(call->batch, &id, row));
	TRY(chore_put(call->batch, CHORE_FORGET_COLLECTION, call->now_us, &id));
	return collection_event(call, "collection.deleted", &id, row->collection);
}

/* The documents that a request names. */
MUST_USE static struct status parse_documents(
	struct call *call, size_t count, char *const *texts, struct id **ids)
{
	*ids = ARENA_ARRAY(call->arena, struct id, count);
	for (size_t i = 0; i < count; i++) {
		char field[FAILURE_FIELD_MAX];

		snprintf(field, sizeof(field), "document_ids[%zu]", i);
		TRY(id_parse(ID_DOCUMENT, field, texts[i], &(*ids)[i]));
	}
	return OK;
}

MUST_USE static struct status check_count(size_t count)
{
	if (count && count <= DOCUMENTS_A_CALL_MAX)
		return OK;
	return status_invalid("document_ids", "BATCH_SIZE", "name 1 to %d documents, not %zu",
		DOCUMENTS_A_CALL_MAX, count);
}

/* Where the collection is among the document's; their number when it is not. */
MUST_USE static size_t position_of(
	const Orgd__Store__V1__DocumentCollections *row, const struct id *collection_id)
{
	size_t i;

	for (i = 0; i < row->n_collection_ids; i++) {
		struct id id = id_of_bytes(row->collection_ids[i]);

		if (id_equal(&id, collection_id))
			break;
	}
	return i;
}

static void drop_position(Orgd__Store__V1__DocumentCollections *row, size_t position)
{
	size_t rest = --row->n_collection_ids - position;

	memmove(&row->collection_ids[position], &row->collection_ids[position + 1],
		rest * sizeof(*row->collection_ids));
}

/* Makes room by forgetting collections that are deleted, which never come back. */
MUST_USE static struct status make_room(
	struct call *call, const struct id *document_id, Orgd__Store__V1__DocumentCollections *row)
{
	char text[ID_TEXT_BYTES];

	if (row->n_collection_ids < DOCUMENT_COLLECTIONS_MAX)
		return OK;
	for (size_t i = row->n_collection_ids; i-- > 0;) {
		struct id id = id_of_bytes(row->collection_ids[i]);
		bool exists;

		TRY(collection_exists(call->snapshot, &id, &exists));
		if (!exists)
			drop_position(row, i);
	}
	if (row->n_collection_ids < DOCUMENT_COLLECTIONS_MAX)
		return OK;
	id_format(ID_DOCUMENT, document_id, text);
	return status_fail(STATUS_RESOURCE_EXHAUSTED, "COLLECTION_LIMIT",
		"document %s is in %d collections already; take it out of one first", text,
		DOCUMENT_COLLECTIONS_MAX);
}

MUST_USE static struct status add_document(struct call *call, const struct id *collection_id,
	const struct id *document_id, bool *added)
{
	Orgd__Store__V1__DocumentCollections *row;
	ProtobufCBinaryData *ids;

	TRY(document_find_collections(call, document_id, &row));
	*added = position_of(row, collection_id) == row->n_collection_ids;
	if (!*added)
		return OK;
	TRY(make_room(call, document_id, row));
	ids = ARENA_ARRAY(call->arena, ProtobufCBinaryData, row->n_collection_ids + 1);
	if (row->n_collection_ids)
		memcpy(ids, row->collection_ids, row->n_collection_ids * sizeof(*ids));
	ids[row->n_collection_ids++] = bytes_of_id(call->arena, collection_id);
	row->collection_ids = ids;
	TRY(document_collections_put(call->batch, document_id, row));
	return collection_document_put(call->batch, collection_id, document_id, row->create_us);
}

/* A document that is not there is in no collection. */
MUST_USE static struct status remove_document(struct call *call, const struct id *collection_id,
	const struct id *document_id, bool *removed)
{
	Orgd__Store__V1__DocumentCollections *row;
	size_t position;

	TRY(document_collections_get(call->snapshot, document_id, &row));
	*removed = row && (position = position_of(row, collection_id)) < row->n_collection_ids;
	if (!*removed)
		return OK;
	drop_position(row, position);
	TRY(document_collections_put(call->batch, document_id, row));
	return collection_document_delete(call->batch, collection_id, document_id, row->create_us);
}

struct change {
	const char *action;
	struct status (*document)(struct call *call, const struct id *collection_id,
		const struct id *document_id, bool *changed);
	uint32_t step; /* of the collection's count, modulo 2^32 */
};

static const struct change adding = { "collection.documents_added", add_document, 1 };
static const struct change removing = { "collection.documents_removed", remove_document,
	UINT32_MAX };

/* Changes each document, counts them in the collection, and tells it in one event. */
MUST_USE static struct status change_documents(struct call *call, const struct change *change,
	const struct id *collection_id, Orgd__Store__V1__Collection *row, size_t count,
	const struct id *ids)
{
	char *names = ARENA_ARRAY(call->arena, char, count *ID_TEXT_BYTES + 1), *end = names;

	for (size_t i = 0; i < count; i++) {
		bool changed;

		TRY(change->document(call, collection_id, &ids[i], &changed));
		if (!changed)
			continue;
		row->collection->document_count += change->step;
		if (end > names)
			*end++ = ' ';
		id_format(ID_DOCUMENT, &ids[i], end);
		end += ID_TEXT_BYTES - 1;
	}
	if (end == names)
		return OK;
	TRY(save(call, collection_id, row));
	return event_append(call, &(struct event){ .action = change->action,
					  .collection = collection_id,
					  .details = { { .key = "documents", .value = names } } });
}

struct status collection_add_documents(struct call *call,
	const Orgd__V1__AddDocumentsRequest *request, Orgd__V1__AddDocumentsResponse *response)
{
	Orgd__Store__V1__Collection *row;
	struct id id, *ids;

	TRY(id_parse(ID_COLLECTION, "collection_id", request->collection_id, &id));
	TRY(parse_documents(call, request->n_document_ids, request->document_ids, &ids));
	TRY(authorize(call));
	TRY(check_count(request->n_document_ids));
	TRY(collection_find(call, &id, &row));
	TRY(change_documents(call, &adding, &id, row, request->n_document_ids, ids));
	response->collection = collection_message(call, &id, row);
	return OK;
}

struct status collection_remove_documents(struct call *call,
	const Orgd__V1__RemoveDocumentsRequest *request,
	Orgd__V1__RemoveDocumentsResponse *response)
{
	Orgd__Store__V1__Collection *row;
	struct id id, *ids;

	TRY(id_parse(ID_COLLECTION, "collection_id", request->collection_id, &id));
	TRY(parse_documents(call, request->n_document_ids, request->document_ids, &ids));
	TRY(authorize(call));
	TRY(check_count(request->n_document_ids));
	TRY(collection_find(call, &id, &row));
	TRY(change_documents(call, &removing, &id, row, request->n_document_ids, ids));
	response->collection = collection_message(call, &id, row);
	return OK;
}

struct status collection_drop_document(struct call *call, const struct id *id,
	const struct id *document_id, const Orgd__Store__V1__DocumentCollections *document)
{
	Orgd__Store__V1__Collection *row;

	TRY(collection_document_delete(call->batch, id, document_id, document->create_us));
	TRY(collection_get(call->snapshot, id, &row));
	if (!row)
		return OK;
	row->collection->document_count--;
	return save(call, id, row);
}

/* Takes a chunk of the entries of a collection that is gone; *left when there may be more. */
MUST_USE static struct status sweep_entries(struct call *call, const struct id *id, bool *left)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	collection_document_prefix(&prefix, id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	for (unsigned n = 0; scan.found && n < ENTRIES_A_SWEEP; n++) {
		int64_t create_us;
		struct id document_id = document_of_key(scan.key, &create_us);
		bool removed;

		TRY(remove_document(call, id, &document_id, &removed));
		if (!removed)
			TRY(collection_document_delete(call->batch, id, &document_id, create_us));
		TRY(scan_next(&scan));
	}
	*left = scan.found;
	return OK;
}

struct status collection_sweep_deleted(struct call *call, bool *more)
{
	Orgd__Store__V1__Collection *again;
	int64_t due_us;
	struct id id;
	bool left;

	TRY(chore_find(call->snapshot, CHORE_FORGET_COLLECTION, call->now_us, &id, &due_us, more));
	if (!*more)
		return OK;
	/* One that an import brought back had no leftovers any more: what there is, is its own. */
	TRY(collection_get(call->snapshot, &id, &again));
	if (again)
		return chore_delete(call->batch, CHORE_FORGET_COLLECTION, due_us, &id);
	TRY(sweep_entries(call, &id, &left));
	if (!left && batch_is_empty(call->batch))
		TRY(grant_sweep(call, GRANT_ON_COLLECTION, &id, &left));
	else
		left = true;
	return left ? OK : chore_delete(call->batch, CHORE_FORGET_COLLECTION, due_us, &id);
}
