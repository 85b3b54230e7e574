/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"
#include "command.h"
#include "output.h"
#include "terminal.h"

static enum exit_code create(struct cli *cli)
{
	Orgd__V1__Collection collection = MESSAGE_OF(orgd__v1__collection);
	const Orgd__V1__CreateCollectionResponse *response;

	collection.title = given(cli, "title");
	collection.description = given(cli, "description");
	response = ASK(cli, document_service, CreateCollection, create_collection,
		.collection = &collection);
	output_resource(cli, &response->base, "collection", "collection.id");
	return EXIT_OK;
}

static enum exit_code show(struct cli *cli)
{
	const Orgd__V1__GetCollectionResponse *response = ASK(cli, document_service, GetCollection,
		get_collection, .collection_id = given(cli, "collection"));

	output_resource(cli, &response->base, "collection", "collection.id");
	return EXIT_OK;
}

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListCollectionsResponse *response =
		ASK_LIST(cli, document_service, ListCollections, list_collections);

	output_list(cli, &response->base, "collections", "id",
		"id title document_count=DOCUMENTS description create_time=CREATED");
	return EXIT_OK;
}

static enum exit_code update(struct cli *cli)
{
	static const char *const fields[] = { "title", "description", NULL };
	Orgd__V1__Collection collection = MESSAGE_OF(orgd__v1__collection);
	const Orgd__V1__UpdateCollectionResponse *response;

	collection.id = given(cli, "collection");
	collection.title = given(cli, "title");
	collection.description = given(cli, "description");
	collection.etag = given(cli, "etag");
	response = ASK(cli, document_service, UpdateCollection, update_collection,
		.collection = &collection, .update_mask = given_mask(cli, fields));
	output_resource(cli, &response->base, "collection", "collection.id");
	return EXIT_OK;
}

static enum exit_code delete_collection(struct cli *cli)
{
	const Orgd__V1__DeleteCollectionResponse *response;

	confirm(cli, "Delete the collection %s: the access that it gave ends; the documents stay.",
		given(cli, "collection"));
	response = ASK(cli, document_service, DeleteCollection, delete_collection,
		.collection_id = given(cli, "collection"),
		.allow_missing = flag(cli, "allow-missing"));
	output_done(cli, &response->base, "Deleted %s.", given(cli, "collection"));
	return EXIT_OK;
}

static enum exit_code add(struct cli *cli)
{
	char **documents;
	size_t count = given_all(cli, "documents", &documents);
	const Orgd__V1__AddDocumentsResponse *response = ASK(cli, document_service, AddDocuments,
		add_documents, .collection_id = given(cli, "collection"), .n_document_ids = count,
		.document_ids = documents);

	output_resource(cli, &response->base, "collection", "collection.id");
	return EXIT_OK;
}

static enum exit_code remove_documents(struct cli *cli)
{
	char **documents;
	size_t count = given_all(cli, "documents", &documents);
	const Orgd__V1__RemoveDocumentsResponse *response = ASK(cli, document_service,
		RemoveDocuments, remove_documents, .collection_id = given(cli, "collection"),
		.n_document_ids = count, .document_ids = documents);

	output_resource(cli, &response->base, "collection", "collection.id");
	return EXIT_OK;
}

#define COL "col_30yxn4zv6nvas6z42w4k65dfth"
#define DOC "doc_30yxn4zv6nvas6z42w4k65dfth"

static const struct command commands[] = {
	{ "collection create --title TITLE [--description TEXT]", "Make a set of documents.",
		"orgctl collection create --title \"Board support packages\"", create },
	{ "collection show <collection>", "Show a collection.", "orgctl collection show " COL,
		show },
	{ "collection list [--limit N]", "List collections.", "orgctl collection list", list },
	{ "collection update <collection> [--title TITLE] [--description TEXT] [--etag ETAG]",
		"Change what is given.", "orgctl collection update " COL " --title Boards",
		update },
	{ "collection delete <collection> [--allow-missing] [--yes]",
		"End the access that a collection gave. The documents stay.",
		"orgctl collection delete " COL, delete_collection },
	{ "collection add <collection> <documents>...", "Put documents in.",
		"orgctl collection add " COL " " DOC, add },
	{ "collection remove <collection> <documents>...", "Take documents out.",
		"orgctl collection remove " COL " " DOC, remove_documents },
};

NOUN(collection_noun, "collection", "Named sets of documents.");
