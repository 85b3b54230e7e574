/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"
#include "command.h"
#include "output.h"
#include "resolve.h"
#include "terminal.h"

static enum exit_code create(struct cli *cli)
{
	Orgd__V1__Grant grant = MESSAGE_OF(orgd__v1__grant);
	const Orgd__V1__CreateGrantResponse *response;

	if (!given(cli, "document") == !given(cli, "collection"))
		fail_usage(cli, "give either --document or --collection");
	if (given(cli, "document")) {
		grant.resource_case = ORGD__V1__GRANT__RESOURCE_DOCUMENT_ID;
		grant.document_id = given(cli, "document");
	} else {
		grant.resource_case = ORGD__V1__GRANT__RESOURCE_COLLECTION_ID;
		grant.collection_id = given(cli, "collection");
	}
	grant.permission = given(cli, "permission") ? given_enum(cli, "permission",
							      &orgd__v1__permission__descriptor)
						    : ORGD__V1__PERMISSION__PERMISSION_READ;
	grant.minimum_role = given_enum(cli, "minimum-role", &orgd__v1__role__descriptor);
	grant.expire_time = given_time(cli, "expires");
	grant.organization_id = resolve_organization(cli, "organization");
	response = ASK(cli, document_service, CreateGrant, create_grant, .grant = &grant);
	output_resource(cli, &response->base, "grant", "grant.id");
	return EXIT_OK;
}

/* The grants of one thing. */
static Orgd__V1__ListGrantsResponse *list_of(struct cli *cli)
{
	if (given(cli, "document"))
		return ASK_LIST(cli, document_service, ListGrants, list_grants,
			.of_case = ORGD__V1__LIST_GRANTS_REQUEST__OF_DOCUMENT_ID,
			.document_id = given(cli, "document"));
	if (given(cli, "collection"))
		return ASK_LIST(cli, document_service, ListGrants, list_grants,
			.of_case = ORGD__V1__LIST_GRANTS_REQUEST__OF_COLLECTION_ID,
			.collection_id = given(cli, "collection"));
	return ASK_LIST(cli, document_service, ListGrants, list_grants,
		.of_case = ORGD__V1__LIST_GRANTS_REQUEST__OF_ORGANIZATION_ID,
		.organization_id = resolve_organization(cli, "organization"));
}

static enum exit_code list(struct cli *cli)
{
	if (!!given(cli, "organization") + !!given(cli, "document") + !!given(cli, "collection") !=
		1)
		fail_usage(cli, "give one of --organization, --document and --collection");
	output_list(cli, &list_of(cli)->base, "grants", "id",
		"id organization_id document_id collection_id permission minimum_role "
		"expire_time=EXPIRES");
	return EXIT_OK;
}

static enum exit_code delete_grant(struct cli *cli)
{
	const Orgd__V1__DeleteGrantResponse *response;

	confirm(cli, "Delete the grant %s: the access that it gave ends at once.",
		given(cli, "grant"));
	response = ASK(cli, document_service, DeleteGrant, delete_grant,
		.grant_id = given(cli, "grant"), .allow_missing = flag(cli, "allow-missing"));
	output_done(cli, &response->base, "Deleted %s.", given(cli, "grant"));
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "grant create <organization> [--document DOCUMENT] [--collection COLLECTION] "
	  "[--permission PERMISSION] "
	  "[--minimum-role ROLE] [--expires TIME]",
		"Let an organization read, comment or write a document or a collection.",
		"orgctl grant create acme --collection col_30yxn4zv6nvas6z42w4k65dfth --permission "
		"read",
		create },
	{ "grant list [--organization ORG] [--document DOCUMENT] [--collection COLLECTION] "
	  "[--limit N]",
		"List the grants of an organization, a document or a collection.",
		"orgctl grant list --organization acme", list },
	{ "grant delete <grant> [--allow-missing] [--yes]", "Take a grant back.",
		"orgctl grant delete grt_30yxn4zv6nvas6z42w4k65dfth", delete_grant },
};

NOUN(grant_noun, "grant", "What an organization may do with documents.");
