/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "service/collection.h"
#include "service/document.h"
#include "service/grant.h"
#include "service/services.h"
#include "store/rows/chore.h"
#include "store/rows/collection.h"
#include "store/rows/document.h"

#define SERVICE Orgd__V1__DocumentService_Service
RPC(CreateDocument, create_document)
RPC(GetDocument, get_document)
RPC(ListDocuments, list_documents)
RPC(UpdateDocument, update_document)
RPC(DeleteDocument, delete_document)
RPC_OF(CreateCollection, create_collection, collection_create)
RPC_OF(GetCollection, get_collection, collection_read)
RPC_OF(ListCollections, list_collections, collection_list)
RPC_OF(UpdateCollection, update_collection, collection_update)
RPC_OF(DeleteCollection, delete_collection, collection_remove)
RPC_OF(AddDocuments, add_documents, collection_add_documents)
RPC_OF(RemoveDocuments, remove_documents, collection_remove_documents)
RPC_OF(CreateGrant, create_grant, grant_create)
RPC_OF(ListGrants, list_grants, grant_list)
RPC_OF(DeleteGrant, delete_grant, grant_remove)

ProtobufCService *document_service(void)
{
	static SERVICE service = ORGD__V1__DOCUMENT_SERVICE__INIT(rpc_);

	return &service.base;
}

enum { LOCATOR_MAX = 2000 };

/* What an update can change, by the bits of update_mask_read. */
static const char *const updatable[] = { "title", "locator", "labels", NULL };
enum {
	FIELD_TITLE = 1 << 0,
	FIELD_LOCATOR = 1 << 1,
	FIELD_LABELS = 1 << 2,
	FIELDS_ALL = FIELD_TITLE | FIELD_LOCATOR | FIELD_LABELS,
};

struct status document_message(struct call *call, const struct id *id,
	const Orgd__Store__V1__Document *row, Orgd__V1__Document **out)
{
	Orgd__V1__Document *message = ARENA_NEW(call->arena, Orgd__V1__Document);
	Orgd__Store__V1__DocumentCollections *in;

	*message = *row->document;
	message->id = id_text(call->arena, ID_DOCUMENT, id);
	message->etag = etag_of(call->arena, message->update_time);
	TRY(document_collections_peek(call->snapshot, id, &in));
	message->collections = ARENA_ARRAY(call->arena, char *, in ? in->n_collection_ids : 0);
	for (size_t i = 0; in && i < in->n_collection_ids; i++) {
		struct id collection_id = id_of_bytes(in->collection_ids[i]);
		bool exists;

		TRY(collection_exists(call->snapshot, &collection_id, &exists));
		if (exists)
			message->collections[message->n_collections++] =
				id_text(call->arena, ID_COLLECTION, &collection_id);
	}
	*out = message;
	return OK;
}

static struct status not_found(const struct id *id)
{
	char text[ID_TEXT_BYTES];

	id_format(ID_DOCUMENT, id, text);
	return status_fail(STATUS_NOT_FOUND, "DOCUMENT_NOT_FOUND", "there is no document %s", text);
}

MUST_USE static struct status find(
	struct call *call, const struct id *id, Orgd__Store__V1__Document **row)
{
	TRY(document_get(call->snapshot, id, row));
	return *row ? OK : not_found(id);
}

struct status document_find_collections(
	struct call *call, const struct id *id, Orgd__Store__V1__DocumentCollections **row)
{
	TRY(document_collections_get(call->snapshot, id, row));
	return *row ? OK : not_found(id);
}

/* Checks the given fields and leaves them as they are kept. */
MUST_USE static struct status check_fields(
	struct call *call, Orgd__V1__Document *given, uint64_t fields)
{
	if (fields & FIELD_TITLE)
		TRY(text_check_in_place(
			call, TEXT_LINE, "document.title", &given->title, 1, TEXT_NAME_MAX));
	if (fields & FIELD_LOCATOR)
		TRY(text_check_in_place(
			call, TEXT_LINE, "document.locator", &given->locator, 1, LOCATOR_MAX));
	if (fields & FIELD_LABELS)
		TRY(metadata_check(call, "document.labels", &given->n_labels, given->labels));
	return OK;
}

struct status document_check(struct call *call, Orgd__V1__Document *given)
{
	return check_fields(call, given, FIELDS_ALL);
}

static void take_fields(
	Orgd__V1__Document *document, const Orgd__V1__Document *given, uint64_t fields)
{
	if (fields & FIELD_TITLE)
		document->title = given->title;
	if (fields & FIELD_LOCATOR)
		document->locator = given->locator;
	if (fields & FIELD_LABELS) {
		document->n_labels = given->n_labels;
		document->labels = given->labels;
	}
}

struct status document_event(struct call *call, const char *action, const struct id *id,
	const Orgd__V1__Document *document)
{
	return event_append(
		call, &(struct event){ .action = action,
			      .document = id,
			      .details = { { .key = "title", .value = document->title } } });
}

static struct status create_document(struct call *call,
	const Orgd__V1__CreateDocumentRequest *request, Orgd__V1__CreateDocumentResponse *response)
{
	Orgd__Store__V1__Document row = ORGD__STORE__V1__DOCUMENT__INIT;
	Orgd__V1__Document document;
	struct id id;

	TRY(authorize(call));
	if (!request->document)
		return status_invalid("document", "FIELD_REQUIRED", "say what document to create");
	TRY(document_check(call, request->document));
	orgd__v1__document__init(&document);
	take_fields(&document, request->document, FIELDS_ALL);
	id = entropy_draw_id(&call->entropy);
	document.create_time = document.update_time = call_now(call);
	row.document = &document;
	row.create_us = call->now_us;
	TRY(document_insert(call->batch, &id, &row));
	TRY(document_event(call, "document.created", &id, &document));
	return document_message(call, &id, &row, &response->document);
}

static struct status get_document(struct call *call, const Orgd__V1__GetDocumentRequest *request,
	Orgd__V1__GetDocumentResponse *response)
{
	Orgd__Store__V1__Document *row;
	struct id id;

	TRY(id_parse(ID_DOCUMENT, "document_id", request->document_id, &id));
	TRY(authorize(call));
	TRY(find(call, &id, &row));
	return document_message(call, &id, row, &response->document);
}

static struct status list_documents(struct call *call,
	const Orgd__V1__ListDocumentsRequest *request, Orgd__V1__ListDocumentsResponse *response)
{
	bool in_collection = *request->collection_id;
	CLEANUP(scan_end) struct scan scan = { 0 };
	Orgd__Store__V1__Collection *collection;
	struct key prefix, last = { 0 };
	struct id collection_id;
	struct page page;

	if (in_collection)
		TRY(id_parse(
			ID_COLLECTION, "collection_id", request->collection_id, &collection_id));
	TRY(authorize(call));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	if (in_collection) {
		TRY(collection_find(call, &collection_id, &collection));
		collection_document_prefix(&prefix, &collection_id);
	} else {
		document_time_prefix(&prefix);
	}
	response->documents = ARENA_ARRAY(call->arena, Orgd__V1__Document *, page.size);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found) {
		int64_t create_us;
		struct id id = document_of_key(scan.key, &create_us);
		Orgd__Store__V1__Document *row;
		Orgd__V1__Document *message;

		TRY(find(call, &id, &row));
		TRY(document_message(call, &id, row, &message));
		if (!page_add(&page, &message->base)) {
			response->next_page_token = page_token(call, &last);
			break;
		}
		response->documents[response->n_documents++] = message;
		last.size = 0;
		key_add_bytes(&last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
	}
	return OK;
}

static struct status update_document(struct call *call,
	const Orgd__V1__UpdateDocumentRequest *request, Orgd__V1__UpdateDocumentResponse *response)
{
	Orgd__V1__Document *given = request->document, *document;
	Orgd__Store__V1__Document *row;
	Orgd__V1__Document before;
	uint64_t fields;
	struct id id;

	TRY(id_parse(ID_DOCUMENT, "document.id", given ? given->id : "", &id));
	TRY(authorize(call));
	TRY(update_mask_read(request->update_mask, &given->base, updatable, &fields));
	TRY(check_fields(call, given, fields));
	TRY(find(call, &id, &row));
	document = row->document;
	before = *document;
	take_fields(document, given, fields);
	TRY(etag_check(call->arena, given->etag, document->update_time));
	if (!message_equal(call->arena, &before.base, &document->base)) {
		document->update_time = call_now(call);
		TRY(document_put(call->batch, &id, row));
		TRY(document_event(call, "document.updated", &id, document));
	}
	return document_message(call, &id, row, &response->document);
}

static struct status delete_document(struct call *call,
	const Orgd__V1__DeleteDocumentRequest *request, Orgd__V1__DeleteDocumentResponse *response)
{
	Orgd__Store__V1__DocumentCollections *in;
	Orgd__Store__V1__Document *row;
	struct id id;

	(void)response;
	TRY(id_parse(ID_DOCUMENT, "document_id", request->document_id, &id));
	TRY(authorize(call));
	TRY(document_get(call->snapshot, &id, &row));
	if (!row)
		return request->allow_missing ? OK : not_found(&id);
	TRY(document_collections_get(call->snapshot, &id, &in));
	for (size_t i = 0; in && i < in->n_collection_ids; i++) {
		struct id collection_id = id_of_bytes(in->collection_ids[i]);

		TRY(collection_drop_document(call, &collection_id, &id, in));
	}
	TRY(document_delete(call->batch, &id, row));
	TRY(chore_put(call->batch, CHORE_FORGET_DOCUMENT, call->now_us, &id));
	return document_event(call, "document.deleted", &id, row->document);
}

struct status document_sweep_deleted(struct call *call, bool *more)
{
	Orgd__Store__V1__DocumentCollections *again;
	int64_t due_us;
	struct id id;
	bool left;

	TRY(chore_find(call->snapshot, CHORE_FORGET_DOCUMENT, call->now_us, &id, &due_us, more));
	if (!*more)
		return OK;
	/* One that an import brought back had no leftovers any more: what there is, is its own. */
	TRY(document_collections_get(call->snapshot, &id, &again));
	if (again)
		return chore_delete(call->batch, CHORE_FORGET_DOCUMENT, due_us, &id);
	TRY(grant_sweep(call, GRANT_ON_DOCUMENT, &id, &left));
	return left ? OK : chore_delete(call->batch, CHORE_FORGET_DOCUMENT, due_us, &id);
}
