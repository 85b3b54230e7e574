/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "document_story.h"
#include "google/protobuf/field_mask.pb-c.h"

static struct story *s;

static void begin(void)
{
	s = story_begin();
}

static void end(void)
{
	story_end(s);
}

TestSuite(collection, .init = begin, .fini = end);

static const Orgd__V1__Collection *get(const char *id)
{
	return ASK(
		s, "operator", DocumentService, GetCollection, get_collection, .collection_id = id)
		->collection;
}

static bool is_in(const char *document, const char *collection)
{
	const Orgd__V1__Document *got = ASK(
		s, "operator", DocumentService, GetDocument, get_document, .document_id = document)
						->document;

	for (size_t i = 0; i < got->n_collections; i++)
		if (!strcmp(got->collections[i], collection))
			return true;
	return false;
}

Test(collection, is_created_and_read_back)
{
	Orgd__V1__Collection given = ORGD__V1__COLLECTION__INIT;
	const Orgd__V1__Collection *created, *read;

	given.title = " Manuals ";
	given.description = "All of them,\r\nold and new.";
	given.document_count = 17;
	created = ASK(s, "operator", DocumentService, CreateCollection, create_collection,
		.collection = &given)
			  ->collection;
	read = get(created->id);
	cr_expect_eq(strncmp(read->id, "col_", 4), 0);
	cr_expect_str_eq(read->title, "Manuals");
	cr_expect_str_eq(read->description, "All of them,\nold and new.");
	cr_expect_eq(read->document_count, 0);
	cr_expect_str_eq(read->etag, created->etag);
	cr_expect_eq(count_events(s, "collection.created"), 1);
}

Test(collection, is_refused_without_a_title_or_with_too_long_a_description)
{
	static char long_text[2002];
	Orgd__V1__Collection given = ORGD__V1__COLLECTION__INIT;

	memset(long_text, 'x', sizeof(long_text) - 1);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", DocumentService,
		CreateCollection, create_collection);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", DocumentService,
		CreateCollection, create_collection, .collection = &given);
	given.title = "Manuals";
	given.description = long_text;
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "FIELD_TOO_LONG", DocumentService,
		CreateCollection, create_collection, .collection = &given);
}

Test(collection, that_is_not_there_is_told_everywhere)
{
	const char *none = no_such("col"), *document = a_document(s, "The manual");
	Orgd__V1__Collection given = ORGD__V1__COLLECTION__INIT;

	given.id = none;
	given.title = "Manuals";
	REFUSED(s, "operator", STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND", DocumentService,
		GetCollection, get_collection, .collection_id = none);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND", DocumentService,
		UpdateCollection, update_collection, .collection = &given);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND", DocumentService,
		AddDocuments, add_documents, .collection_id = none, .n_document_ids = 1,
		.document_ids = (char *[]){ document });
	REFUSED(s, "operator", STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND", DocumentService,
		RemoveDocuments, remove_documents, .collection_id = none, .n_document_ids = 1,
		.document_ids = (char *[]){ document });
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", DocumentService,
		GetCollection, get_collection, .collection_id = document);
}

Test(collection, lists_by_creation_over_pages)
{
	const char *ids[5];
	const Orgd__V1__ListCollectionsResponse *page;
	const char *token = "";
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ids[i] = a_collection(s, "Manuals");
	do {
		page = ASK(s, "operator", DocumentService, ListCollections, list_collections,
			.page_size = 2, .page_token = token);
		for (size_t i = 0; i < page->n_collections; i++)
			cr_expect_str_eq(page->collections[i]->id, ids[count++]);
		token = page->next_page_token;
	} while (*token);
	cr_expect_eq(count, COUNT_OF(ids));
}

Test(rules, rule_37_a_collection_is_updated_by_mask_with_a_current_etag, .init = begin, .fini = end)
{
	Orgd__V1__Collection given = ORGD__V1__COLLECTION__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;

	given.id = a_collection(s, "Manuals");
	given.description = "All of them.";
	given.etag = get(given.id)->etag;
	ASK(s, "operator", DocumentService, UpdateCollection, update_collection,
		.collection = &given);
	cr_expect_str_eq(get(given.id)->title, "Manuals");
	cr_expect_str_eq(get(given.id)->description, "All of them.");
	REFUSED(s, "operator", STATUS_ABORTED, "ETAG_MISMATCH", DocumentService, UpdateCollection,
		update_collection, .collection = &given);
	mask.n_paths = 1;
	mask.paths = (char *[]){ "document_count" };
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UPDATE_MASK", DocumentService,
		UpdateCollection, update_collection, .collection = &given, .update_mask = &mask);
	mask.paths = (char *[]){ "*" };
	given.etag = "";
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", DocumentService,
		UpdateCollection, update_collection, .collection = &given, .update_mask = &mask);
	given.title = "Guides";
	given.description = "";
	ASK(s, "operator", DocumentService, UpdateCollection, update_collection,
		.collection = &given, .update_mask = &mask);
	cr_expect_str_eq(get(given.id)->title, "Guides");
	cr_expect_str_eq(get(given.id)->description, "");
	cr_expect_eq(count_events(s, "collection.updated"), 2);
}

Test(collection, takes_documents_once_and_counts_them)
{
	const char *collection = a_collection(s, "Manuals");
	const char *first = a_document(s, "First"), *second = a_document(s, "Second");
	const Orgd__V1__AddDocumentsResponse *added;
	struct outcome again;

	put_into(s, collection, first);
	added = ASK(s, "operator", DocumentService, AddDocuments, add_documents,
		.collection_id = collection, .n_document_ids = 4,
		.document_ids = (char *[]){ second, first, second, first });
	cr_expect_eq(added->collection->document_count, 2);
	cr_expect(is_in(first, collection) && is_in(second, collection));
	again = story_try(s, "operator", "DocumentService/AddDocuments",
		STORY_REQUEST(AddDocuments, add_documents, .collection_id = collection,
			.n_document_ids = 2, .document_ids = (char *[]){ first, second }));
	cr_expect_eq(again.code, STATUS_OK);
	cr_expect_not(again.committed);
	cr_expect_eq(count_events(s, "collection.documents_added"), 2);
}

Test(collection, takes_all_documents_or_none)
{
	const char *collection = a_collection(s, "Manuals"), *first = a_document(s, "First");

	REFUSED(s, "operator", STATUS_NOT_FOUND, "DOCUMENT_NOT_FOUND", DocumentService,
		AddDocuments, add_documents, .collection_id = collection, .n_document_ids = 2,
		.document_ids = (char *[]){ first, no_such("doc") });
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", DocumentService,
		AddDocuments, add_documents, .collection_id = collection, .n_document_ids = 2,
		.document_ids = (char *[]){ first, "manual" });
	cr_expect_not(is_in(first, collection));
	cr_expect_eq(get(collection)->document_count, 0);
}

Test(collection, takes_and_gives_fifty_documents_in_a_call_and_not_more)
{
	const char *collection = a_collection(s, "Manuals");
	Orgd__V1__Document big = ORGD__V1__DOCUMENT__INIT;
	Orgd__V1__Document__LabelsEntry labels[32], *pointers[32];
	static char keys[32][8], value[501];
	char *ids[51];

	/* The largest documents there are: the change must not grow with them. */
	memset(value, 'x', sizeof(value) - 1);
	for (size_t i = 0; i < COUNT_OF(labels); i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		labels[i] = (Orgd__V1__Document__LabelsEntry)ORGD__V1__DOCUMENT__LABELS_ENTRY__INIT;
		labels[i].key = keys[i];
		labels[i].value = value;
		pointers[i] = &labels[i];
	}
	big.title = "A manual";
	big.locator = value;
	big.n_labels = COUNT_OF(labels);
	big.labels = pointers;
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ids[i] = ASK(s, "operator", DocumentService, CreateDocument, create_document,
			.document = &big)
				 ->document->id;
	for (size_t count = 0; count <= 51; count += 51) {
		REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "BATCH_SIZE", DocumentService,
			AddDocuments, add_documents, .collection_id = collection,
			.n_document_ids = count, .document_ids = ids);
		REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "BATCH_SIZE", DocumentService,
			RemoveDocuments, remove_documents, .collection_id = collection,
			.n_document_ids = count, .document_ids = ids);
	}
	ASK(s, "operator", DocumentService, AddDocuments, add_documents,
		.collection_id = collection, .n_document_ids = 50, .document_ids = ids);
	cr_expect_eq(get(collection)->document_count, 50);
	ASK(s, "operator", DocumentService, RemoveDocuments, remove_documents,
		.collection_id = collection, .n_document_ids = 50, .document_ids = ids + 1);
	cr_expect_eq(get(collection)->document_count, 1);
	cr_expect(is_in(ids[0], collection));
	cr_expect_not(is_in(ids[1], collection));
}

Test(collection, gives_documents_back_and_minds_none_that_is_not_in_it)
{
	const char *collection = a_collection(s, "Manuals");
	const char *first = a_document(s, "First"), *second = a_document(s, "Second");
	struct outcome again;

	put_into(s, collection, first);
	ASK(s, "operator", DocumentService, RemoveDocuments, remove_documents,
		.collection_id = collection, .n_document_ids = 4,
		.document_ids = (char *[]){ second, first, no_such("doc"), first });
	cr_expect_eq(get(collection)->document_count, 0);
	cr_expect_not(is_in(first, collection));
	again = story_try(s, "operator", "DocumentService/RemoveDocuments",
		STORY_REQUEST(RemoveDocuments, remove_documents, .collection_id = collection,
			.n_document_ids = 1, .document_ids = (char *[]){ first }));
	cr_expect_eq(again.code, STATUS_OK);
	cr_expect_not(again.committed);
	cr_expect_eq(count_events(s, "collection.documents_removed"), 1);
}

Test(collection, a_document_is_in_sixteen_at_most_and_a_deleted_one_makes_room)
{
	const char *document = a_document(s, "The manual"), *collections[17];
	struct outcome refused;

	for (size_t i = 0; i < COUNT_OF(collections); i++)
		collections[i] = a_collection(s, "Manuals");
	for (size_t i = 0; i < 16; i++)
		put_into(s, collections[i], document);
	refused = story_try(s, "operator", "DocumentService/AddDocuments",
		STORY_REQUEST(AddDocuments, add_documents, .collection_id = collections[16],
			.n_document_ids = 1, .document_ids = (char *[]){ document }));
	cr_expect_eq(refused.code, STATUS_RESOURCE_EXHAUSTED);
	cr_expect_str_eq(refused.reason, "COLLECTION_LIMIT");
	cr_expect(strstr(refused.message, document));
	cr_expect_eq(get(collections[16])->document_count, 0);

	/* At once, whether or not a sweep has come by. */
	ASK(s, "operator", DocumentService, DeleteCollection, delete_collection,
		.collection_id = collections[7]);
	cr_expect_not(is_in(document, collections[7]));
	put_into(s, collections[16], document);
	cr_expect(is_in(document, collections[16]));
	cr_expect(is_in(document, collections[0]));
}

Test(collection, deleting_it_leaves_its_documents)
{
	const char *collection = a_collection(s, "Manuals"), *other = a_collection(s, "Guides");
	const char *ids[90];

	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		ids[i] = a_document(s, "A manual");
		put_into(s, collection, ids[i]);
	}
	put_into(s, other, ids[0]);
	ASK(s, "operator", DocumentService, DeleteCollection, delete_collection,
		.collection_id = collection);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND", DocumentService,
		GetCollection, get_collection, .collection_id = collection);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND", DocumentService,
		DeleteCollection, delete_collection, .collection_id = collection);
	for (int swept = 0; swept < 2; swept++) {
		cr_expect(is_in(ids[0], other));
		for (size_t i = 0; i < COUNT_OF(ids); i++)
			cr_expect_not(is_in(ids[i], collection));
		story_sweep(s);
	}
	/* A document deleted before the sweep, and one after, mind nothing. */
	collection = a_collection(s, "Again");
	put_into(s, collection, ids[1]);
	put_into(s, collection, ids[2]);
	ASK(s, "operator", DocumentService, DeleteCollection, delete_collection,
		.collection_id = collection);
	ASK(s, "operator", DocumentService, DeleteDocument, delete_document, .document_id = ids[1]);
	story_sweep(s);
	ASK(s, "operator", DocumentService, DeleteDocument, delete_document, .document_id = ids[2]);
	story_sweep(s);
	cr_expect_eq(count_events(s, "collection.deleted"), 2);
}
