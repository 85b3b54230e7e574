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

TestSuite(document, .init = begin, .fini = end);

static Orgd__V1__Document manual(void)
{
	Orgd__V1__Document document = ORGD__V1__DOCUMENT__INIT;

	document.title = "The manual";
	document.locator = "manual/1";
	return document;
}

static Orgd__V1__Document__LabelsEntry label(char *key, char *value)
{
	Orgd__V1__Document__LabelsEntry entry = ORGD__V1__DOCUMENT__LABELS_ENTRY__INIT;

	entry.key = key;
	entry.value = value;
	return entry;
}

static const Orgd__V1__Document *get(const char *id)
{
	return ASK(s, "operator", DocumentService, GetDocument, get_document, .document_id = id)
		->document;
}

static void expect_create_refused(
	const Orgd__V1__Document *document, const char *reason, const char *field)
{
	struct outcome outcome = story_try(s, "operator", "DocumentService/CreateDocument",
		STORY_REQUEST(CreateDocument, create_document,
			.document = (Orgd__V1__Document *)(uintptr_t)document));

	cr_expect_eq(outcome.code, STATUS_INVALID_ARGUMENT);
	cr_expect_str_eq(outcome.reason, reason);
	cr_expect_str_eq(outcome.field, field);
}

Test(document, is_created_and_read_back)
{
	Orgd__V1__Document given = manual();
	Orgd__V1__Document__LabelsEntry labels[] = { label("lang", " en "), label("edition", "2") };
	const Orgd__V1__Document *created, *read;

	given.id = "doc_of_the_callers_choice";
	given.title = "  The manual ";
	given.n_labels = 2;
	given.labels = (Orgd__V1__Document__LabelsEntry *[]){ &labels[0], &labels[1] };
	created = ASK(
		s, "operator", DocumentService, CreateDocument, create_document, .document = &given)
			  ->document;
	read = get(created->id);

	cr_expect(!strncmp(created->id, "doc_", 4) && strlen(created->id) == 30);
	cr_expect_str_eq(read->title, "The manual");
	cr_expect_str_eq(read->locator, "manual/1");
	cr_assert_eq(read->n_labels, 2);
	cr_expect_str_eq(read->labels[0]->key, "edition");
	cr_expect_str_eq(read->labels[1]->key, "lang");
	cr_expect_str_eq(read->labels[1]->value, "en");
	cr_expect(read->create_time && read->update_time && *read->etag);
	cr_expect_str_eq(read->etag, created->etag);
	cr_expect_eq(read->n_collections, 0);
	cr_expect_eq(count_events(s, "document.created"), 1);
}

Test(document, needs_a_title_and_a_locator)
{
	static char long_text[2002];
	Orgd__V1__Document given = manual();

	memset(long_text, 'x', sizeof(long_text) - 1);
	expect_create_refused(NULL, "FIELD_REQUIRED", "document");
	given.title = " ";
	expect_create_refused(&given, "FIELD_REQUIRED", "document.title");
	given.title = long_text;
	expect_create_refused(&given, "FIELD_TOO_LONG", "document.title");
	given.title = "two\nlines";
	expect_create_refused(&given, "INVALID_TEXT", "document.title");
	given = manual();
	given.locator = "";
	expect_create_refused(&given, "FIELD_REQUIRED", "document.locator");
	given.locator = long_text;
	expect_create_refused(&given, "FIELD_TOO_LONG", "document.locator");
	cr_expect_eq(count_events(s, "document.created"), 0);
}

Test(document, labels_have_their_limits)
{
	Orgd__V1__Document given = manual();
	Orgd__V1__Document__LabelsEntry labels[33], *pointers[33];
	static char keys[33][8], long_text[502];

	memset(long_text, 'x', sizeof(long_text) - 1);
	for (size_t i = 0; i < COUNT_OF(labels); i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		labels[i] = label(keys[i], "v");
		pointers[i] = &labels[i];
	}
	given.labels = pointers;
	given.n_labels = 33;
	expect_create_refused(&given, "METADATA_LIMIT", "document.labels");
	given.n_labels = 1;
	labels[0].key = "Upper";
	expect_create_refused(&given, "METADATA_KEY", "document.labels");
	labels[0].key = "";
	expect_create_refused(&given, "METADATA_KEY", "document.labels");
	labels[0].key = long_text + sizeof(long_text) - 1 - 65;
	expect_create_refused(&given, "METADATA_KEY", "document.labels");
	labels[0].key = "key";
	labels[0].value = long_text;
	expect_create_refused(&given, "FIELD_TOO_LONG", "document.labels");
	/* 33 with one key twice are 32; the last of the two counts. */
	given.n_labels = 33;
	labels[0].value = "first";
	labels[1] = label("key", "second");
	ASK(s, "operator", DocumentService, CreateDocument, create_document, .document = &given);
}

Test(document, of_two_labels_with_one_key_the_last_counts)
{
	Orgd__V1__Document given = manual();
	Orgd__V1__Document__LabelsEntry labels[] = { label("key", "first"),
		label("key", "second") };
	const Orgd__V1__Document *created;

	given.n_labels = 2;
	given.labels = (Orgd__V1__Document__LabelsEntry *[]){ &labels[0], &labels[1] };
	created = ASK(
		s, "operator", DocumentService, CreateDocument, create_document, .document = &given)
			  ->document;
	cr_assert_eq(created->n_labels, 1);
	cr_expect_str_eq(created->labels[0]->value, "second");
}

Test(document, that_is_not_there_or_not_named_is_told)
{
	REFUSED(s, "operator", STATUS_NOT_FOUND, "DOCUMENT_NOT_FOUND", DocumentService, GetDocument,
		get_document, .document_id = no_such("doc"));
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", DocumentService,
		GetDocument, get_document, .document_id = no_such("col"));
	/* A malformed id names nothing, whoever asks. */
	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "MALFORMED_ID", DocumentService, GetDocument,
		get_document);
	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", DocumentService,
		GetDocument, get_document, .document_id = no_such("doc"));
}

static const Orgd__V1__Document *update(Orgd__V1__Document *given, size_t count, char **paths)
{
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;

	mask.n_paths = count;
	mask.paths = paths;
	return ASK(s, "operator", DocumentService, UpdateDocument, update_document,
		.document = given, .update_mask = paths ? &mask : NULL)
		->document;
}

Test(rules, rule_37_a_document_is_updated_by_mask, .init = begin, .fini = end)
{
	Orgd__V1__Document given = ORGD__V1__DOCUMENT__INIT;
	Orgd__V1__Document__LabelsEntry one = label("lang", "en");
	const Orgd__V1__Document *document;

	given.id = a_document(s, "The manual");
	/* Absent: the populated fields. */
	given.title = "The guide";
	document = update(&given, 0, NULL);
	cr_expect_str_eq(document->title, "The guide");
	cr_expect_str_eq(document->locator, "manual/1");
	/* A mask: those and no others. */
	given.title = "not looked at";
	given.locator = "guide/1";
	given.n_labels = 1;
	given.labels = (Orgd__V1__Document__LabelsEntry *[]){ &one };
	document = update(&given, 1, (char *[]){ "labels" });
	cr_expect_str_eq(document->title, "The guide");
	cr_expect_str_eq(document->locator, "manual/1");
	cr_expect_eq(document->n_labels, 1);
	/* "*": all that can be updated, the empty ones too. */
	given.title = "The book";
	given.n_labels = 0;
	document = update(&given, 1, (char *[]){ "*" });
	cr_expect_str_eq(document->title, "The book");
	cr_expect_str_eq(document->locator, "guide/1");
	cr_expect_eq(document->n_labels, 0);
	cr_expect_str_eq(get(given.id)->etag, document->etag);
	cr_expect_eq(count_events(s, "document.updated"), 3);
}

static void expect_update_refused(
	Orgd__V1__Document *given, char *path, enum status_code code, const char *reason)
{
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;

	mask.n_paths = 1;
	mask.paths = &path;
	REFUSED(s, "operator", code, reason, DocumentService, UpdateDocument, update_document,
		.document = given, .update_mask = &mask);
}

Test(rules, rule_37_masks_name_what_can_be_updated_and_stale_etags_abort, .init = begin,
	.fini = end)
{
	static char *const wrong[] = { "id", "etag", "collections", "create_time", "nothing",
		"labels.lang", "" };
	Orgd__V1__Document given = manual();
	const Orgd__V1__Document *document;

	given.id = a_document(s, "The manual");
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		expect_update_refused(&given, wrong[i], STATUS_INVALID_ARGUMENT, "UPDATE_MASK");
	given.title = "";
	expect_update_refused(&given, "title", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
	given.title = "The guide";
	given.etag = "stale";
	expect_update_refused(&given, "title", STATUS_ABORTED, "ETAG_MISMATCH");
	cr_expect_str_eq(get(given.id)->title, "The manual");
	given.etag = get(given.id)->etag;
	document = update(&given, 1, (char *[]){ "title" });
	cr_expect_str_eq(document->title, "The guide");
	cr_expect_str_neq(document->etag, given.etag);
	given.title = "The book";
	expect_update_refused(&given, "title", STATUS_ABORTED, "ETAG_MISMATCH");
	given.id = no_such("doc");
	expect_update_refused(&given, "title", STATUS_NOT_FOUND, "DOCUMENT_NOT_FOUND");
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", DocumentService,
		UpdateDocument, update_document);
}

Test(document, an_update_to_what_is_changes_nothing)
{
	Orgd__V1__Document given = manual();
	struct outcome outcome;

	given.id = a_document(s, "The manual");
	outcome = story_try(s, "operator", "DocumentService/UpdateDocument",
		STORY_REQUEST(UpdateDocument, update_document, .document = &given));
	cr_expect_eq(outcome.code, STATUS_OK);
	cr_expect_not(outcome.committed);
	cr_expect_eq(count_events(s, "document.updated"), 0);
}

static size_t list_all(const char *collection, int32_t page_size, const char *ids[], size_t max)
{
	const Orgd__V1__ListDocumentsResponse *page;
	const char *token = "";
	size_t count = 0;

	do {
		page = ASK(s, "operator", DocumentService, ListDocuments, list_documents,
			.page_size = page_size, .page_token = token, .collection_id = collection);
		cr_assert(page->n_documents <= (size_t)page_size);
		for (size_t i = 0; i < page->n_documents && count < max; i++)
			ids[count++] = page->documents[i]->id;
		token = page->next_page_token;
	} while (*token);
	return count;
}

Test(document, lists_by_creation_over_pages_all_or_of_a_collection)
{
	const char *ids[7], *listed[10], *collection = a_collection(s, "Manuals");

	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ids[i] = a_document(s, "A manual");
	for (size_t i = COUNT_OF(ids); i-- > 0;)
		if (i % 2)
			put_into(s, collection, ids[i]);
	cr_assert_eq(list_all("", 3, listed, 10), 7);
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		cr_expect_str_eq(listed[i], ids[i]);
	cr_assert_eq(list_all(collection, 2, listed, 10), 3);
	for (size_t i = 0; i < 3; i++)
		cr_expect_str_eq(listed[i], ids[2 * i + 1]);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND", DocumentService,
		ListDocuments, list_documents, .collection_id = no_such("col"));
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_SIZE", DocumentService, ListDocuments,
		list_documents, .page_size = -1);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", DocumentService,
		ListDocuments, list_documents, .page_token = "made-up");
}

Test(document, a_page_ends_early_below_the_largest_reply)
{
	Orgd__V1__Document given = manual();
	Orgd__V1__Document__LabelsEntry labels[32], *pointers[32];
	static char keys[32][8], value[1501];
	const char *listed[40];

	for (size_t i = 0; i < 500; i++)
		memcpy(&value[3 * i], "\u20ac", 3);
	for (size_t i = 0; i < COUNT_OF(labels); i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		labels[i] = label(keys[i], value);
		pointers[i] = &labels[i];
	}
	given.labels = pointers;
	given.n_labels = COUNT_OF(labels);
	for (size_t i = 0; i < 30; i++)
		ASK(s, "operator", DocumentService, CreateDocument, create_document,
			.document = &given);
	cr_expect_eq(list_all("", 1000, listed, COUNT_OF(listed)), 30);
}

Test(document, deleting_it_takes_it_out_of_its_collections)
{
	const char *collection = a_collection(s, "Manuals"), *id = a_document(s, "The manual");

	put_into(s, collection, id);
	ASK(s, "operator", DocumentService, DeleteDocument, delete_document, .document_id = id);

	REFUSED(s, "operator", STATUS_NOT_FOUND, "DOCUMENT_NOT_FOUND", DocumentService, GetDocument,
		get_document, .document_id = id);
	cr_expect_eq(ASK(s, "operator", DocumentService, GetCollection, get_collection,
			     .collection_id = collection)
			     ->collection->document_count,
		0);
	cr_expect_eq(list_all(collection, 10, (const char *[1]){ NULL }, 1), 0);
	cr_expect_eq(list_all("", 10, (const char *[1]){ NULL }, 1), 0);
	cr_expect_eq(count_events(s, "document.deleted"), 1);
}

Test(rules, rule_33_deleting_what_is_not_there_is_harmless_when_told_so, .init = begin, .fini = end)
{
	const char *document = a_document(s, "The manual"),
		   *collection = a_collection(s, "Manuals");
	const char *organization = story_organization(s, "ada@example.com", "acme");
	const char *grant =
		grant_to(s, organization, document, (struct terms){ .permission = READ })->id;

	for (int time = 0; time < 2; time++) {
		ASK(s, "operator", DocumentService, DeleteGrant, delete_grant, .grant_id = grant,
			.allow_missing = true);
		ASK(s, "operator", DocumentService, DeleteCollection, delete_collection,
			.collection_id = collection, .allow_missing = true);
		ASK(s, "operator", DocumentService, DeleteDocument, delete_document,
			.document_id = document, .allow_missing = true);
	}
	cr_expect_eq(count_events(s, "grant.deleted"), 1);
	cr_expect_eq(count_events(s, "collection.deleted"), 1);
	cr_expect_eq(count_events(s, "document.deleted"), 1);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "GRANT_NOT_FOUND", DocumentService, DeleteGrant,
		delete_grant, .grant_id = grant);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND", DocumentService,
		DeleteCollection, delete_collection, .collection_id = collection);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "DOCUMENT_NOT_FOUND", DocumentService,
		DeleteDocument, delete_document, .document_id = document);
}
