/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"
#include "command.h"
#include "output.h"
#include "resolve.h"
#include "terminal.h"

static void fill_labels(
	struct cli *cli, Orgd__V1__Document *document, const Orgd__V1__Document *existing)
{
	document->n_labels =
		given_pairs(cli, "labels", &orgd__v1__document__labels_entry__descriptor,
			existing ? (void *const *)existing->labels : NULL,
			existing ? existing->n_labels : 0, (void ***)&document->labels);
}

static enum exit_code create(struct cli *cli)
{
	Orgd__V1__Document document = MESSAGE_OF(orgd__v1__document);
	const Orgd__V1__CreateDocumentResponse *response;

	document.title = given(cli, "title");
	document.locator = given(cli, "locator");
	fill_labels(cli, &document, NULL);
	response =
		ASK(cli, document_service, CreateDocument, create_document, .document = &document);
	output_resource(cli, &response->base, "document", "document.id");
	return EXIT_OK;
}

static Orgd__V1__GetDocumentResponse *get(struct cli *cli)
{
	return ASK(cli, document_service, GetDocument, get_document,
		.document_id = given(cli, "document"));
}

static enum exit_code show(struct cli *cli)
{
	output_resource(cli, &get(cli)->base, "document", "document.id");
	return EXIT_OK;
}

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListDocumentsResponse *response = ASK_LIST(cli, document_service,
		ListDocuments, list_documents, .collection_id = given(cli, "collection"));

	output_list(cli, &response->base, "documents", "id",
		"id title locator labels create_time=CREATED");
	return EXIT_OK;
}

static enum exit_code update(struct cli *cli)
{
	static const char *const fields[] = { "title", "locator", "labels", NULL };
	Orgd__V1__Document document = MESSAGE_OF(orgd__v1__document);
	Google__Protobuf__FieldMask *mask = given_mask(cli, fields);
	const Orgd__V1__UpdateDocumentResponse *response;

	document.id = given(cli, "document");
	document.title = given(cli, "title");
	document.locator = given(cli, "locator");
	document.etag = given(cli, "etag");
	if (given(cli, "labels")) {
		/* A map is replaced as a whole, so it must be the one that was read. */
		const Orgd__V1__Document *existing = get(cli)->document;

		fill_labels(cli, &document, existing);
		if (!document.etag)
			document.etag = existing->etag;
	}
	response = ASK(cli, document_service, UpdateDocument, update_document,
		.document = &document, .update_mask = mask);
	output_resource(cli, &response->base, "document", "document.id");
	return EXIT_OK;
}

static enum exit_code delete_document(struct cli *cli)
{
	const Orgd__V1__DeleteDocumentResponse *response;

	confirm(cli, "Delete the document %s: all access to it ends, and its grants go.",
		given(cli, "document"));
	response = ASK(cli, document_service, DeleteDocument, delete_document,
		.document_id = given(cli, "document"), .allow_missing = flag(cli, "allow-missing"));
	output_done(cli, &response->base, "Deleted %s.", given(cli, "document"));
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "document create --title TITLE --locator LOCATOR [--labels KEY=VALUE]...",
		"Make a document known: a name, and where the portal finds it.",
		"orgctl document create --title \"Board support\" --locator s3://docs/board.pdf "
		"--labels team=firmware",
		create },
	{ "document show <document>", "Show a document.",
		"orgctl document show doc_30yxn4zv6nvas6z42w4k65dfth", show },
	{ "document list [--collection COLLECTION] [--limit N]", "List documents.",
		"orgctl document list", list },
	{ "document update <document> [--title TITLE] [--locator LOCATOR] [--labels KEY=VALUE]... "
	  "[--etag ETAG]",
		"Change what is given.",
		"orgctl document update doc_30yxn4zv6nvas6z42w4k65dfth --title \"Board support 2\"",
		update },
	{ "document delete <document> [--allow-missing] [--yes]", "End all access to a document.",
		"orgctl document delete doc_30yxn4zv6nvas6z42w4k65dfth", delete_document },
};

NOUN(document_noun, "document", "What organizations are granted.");
