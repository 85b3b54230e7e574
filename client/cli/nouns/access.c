/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"
#include "command.h"
#include "output.h"
#include "resolve.h"

static Orgd__V1__Permission asked(struct cli *cli)
{
	return given_enum(cli, "permission", &orgd__v1__permission__descriptor);
}

static enum exit_code answer(const struct cli *cli, bool allowed)
{
	return !allowed && flag(cli, "exit-code") ? EXIT_DENIED : EXIT_OK;
}

static enum exit_code check(struct cli *cli)
{
	const Orgd__V1__CheckResponse *response = ASK(cli, access_service, Check, check,
		.user_id = resolve_user_or_oneself(cli), .document_id = given(cli, "document"),
		.permission = asked(cli), .with_reason = true);

	output_resource(cli, &response->base, NULL, "allowed");
	return answer(cli, response->allowed);
}

static enum exit_code explain(struct cli *cli)
{
	const Orgd__V1__ExplainAccessResponse *response = ASK(cli, access_service, ExplainAccess,
		explain_access, .user_id = resolve_user_or_oneself(cli),
		.document_id = given(cli, "document"), .permission = asked(cli));
	char reason[ENUM_WORD_BYTES];

	enum_word(&orgd__v1__access_reason__descriptor, (int)response->reason, reason);
	output_sentence(cli, "%s: %s", response->allowed ? "allowed" : "not allowed", reason);
	if (!output_is_for_people(cli) || response->n_paths > 0)
		output_list(cli, &response->base, "paths", "organization_id",
			"organization_handle role allowed reason grant_id collection_id");
	return answer(cli, response->allowed);
}

static enum exit_code documents(struct cli *cli)
{
	const Orgd__V1__ListUserDocumentsResponse *response =
		ASK_LIST(cli, access_service, ListUserDocuments, list_user_documents,
			.user_id = resolve_user_or_oneself(cli), .permission = asked(cli));

	output_list(cli, &response->base, "documents", "document.id",
		"document.id document.title permission document.locator");
	return EXIT_OK;
}

static enum exit_code users(struct cli *cli)
{
	const Orgd__V1__ListDocumentUsersResponse *response =
		ASK_LIST(cli, access_service, ListDocumentUsers, list_document_users,
			.document_id = given(cli, "document"), .permission = asked(cli));

	output_list(cli, &response->base, "users", "user_id", "user_id display_name permission");
	return EXIT_OK;
}

#define DOC "doc_30yxn4zv6nvas6z42w4k65dfth"

static const struct command commands[] = {
	{ "access check <document> [--user USER] [--permission PERMISSION] [--exit-code]",
		"Say whether a user reaches a document, and why: oneself without --user.",
		"orgctl access check " DOC " --user ada@example.com --permission comment", check },
	{ "access explain <document> [--user USER] [--permission PERMISSION] [--exit-code]",
		"Show what each organization of a user contributes.",
		"orgctl access explain " DOC " --user ada@example.com", explain },
	{ "access documents [<user>] [--permission PERMISSION] [--limit N]",
		"List the documents that a user reaches: oneself without an argument.",
		"orgctl access documents", documents },
	{ "access users <document> [--permission PERMISSION] [--limit N]",
		"List the users who reach a document.", "orgctl access users " DOC, users },
};

NOUN(access_noun, "access", "Who reaches which documents, and why.");
