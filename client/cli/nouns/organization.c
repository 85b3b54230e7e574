/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"
#include "command.h"
#include "output.h"
#include "resolve.h"
#include "terminal.h"

/* What create and update share. */
static void fill_profile(struct cli *cli, Orgd__V1__Organization *organization)
{
	organization->display_name = given(cli, "display-name");
	organization->legal_name = given(cli, "legal-name");
	organization->website = given(cli, "website");
	organization->country = given(cli, "country");
	organization->description = given(cli, "description");
	organization->intended_use = given(cli, "intended-use");
}

static void fill_metadata(struct cli *cli, Orgd__V1__Organization *organization,
	const Orgd__V1__Organization *existing)
{
	organization->n_metadata =
		given_pairs(cli, "metadata", &orgd__v1__organization__metadata_entry__descriptor,
			existing ? (void *const *)existing->metadata : NULL,
			existing ? existing->n_metadata : 0, (void ***)&organization->metadata);
}

static enum exit_code create(struct cli *cli)
{
	Orgd__V1__Organization organization = MESSAGE_OF(orgd__v1__organization);
	const Orgd__V1__CreateOrganizationResponse *response;

	organization.handle = given(cli, "handle");
	fill_profile(cli, &organization);
	fill_metadata(cli, &organization, NULL);
	response = ASK(cli, organization_service, CreateOrganization, create_organization,
		.organization = &organization, .owner_user_id = resolve_user(cli, "owner"));
	output_sentence(cli,
		"%s (%s) waits for its reviewers. Until it is verified, nobody can be invited.",
		response->organization->display_name, response->organization->handle);
	output_resource(cli, &response->base, "organization", "organization.id");
	return EXIT_OK;
}

static Orgd__V1__GetOrganizationResponse *get(struct cli *cli)
{
	return ASK(cli, organization_service, GetOrganization, get_organization,
		.which_case = ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_ORGANIZATION_ID,
		.organization_id = resolve_organization(cli, "organization"));
}

static enum exit_code show(struct cli *cli)
{
	output_resource(cli, &get(cli)->base, "organization", "organization.id");
	return EXIT_OK;
}

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListOrganizationsResponse *response = ASK_LIST(cli, organization_service,
		ListOrganizations, list_organizations,
		.verification =
			given_enum(cli, "verification", &orgd__v1__verification_state__descriptor),
		.lifecycle = given_enum(cli, "state", &orgd__v1__organization_state__descriptor),
		.name_prefix = given(cli, "name-prefix"));

	output_list(cli, &response->base, "organizations", "id",
		"handle display_name verification lifecycle member_count=MEMBERS "
		"pending_count=INVITED create_time=CREATED");
	return EXIT_OK;
}

static enum exit_code mine(struct cli *cli)
{
	const Orgd__V1__ListMyOrganizationsResponse *response = ASK_LIST(cli, organization_service,
		ListMyOrganizations, list_my_organizations, .user_id = resolve_user(cli, "user"));

	output_list(cli, &response->base, "organizations", "organization.id",
		"organization.handle organization.display_name role organization.verification "
		"organization.lifecycle join_time=JOINED");
	return EXIT_OK;
}

static enum exit_code update(struct cli *cli)
{
	static const char *const fields[] = { "display-name", "legal-name", "website", "country",
		"description", "intended-use", "metadata", "seat-limit", NULL };
	Orgd__V1__Organization organization = MESSAGE_OF(orgd__v1__organization);
	Google__Protobuf__FieldMask *mask = given_mask(cli, fields);
	const Orgd__V1__UpdateOrganizationResponse *response;

	organization.id = resolve_organization(cli, "organization");
	organization.etag = given(cli, "etag");
	fill_profile(cli, &organization);
	organization.seat_limit = (uint32_t)given_number(cli, "seat-limit", UINT32_MAX);
	if (given(cli, "metadata")) {
		/* A map is replaced as a whole, so it must be the one that was read. */
		const Orgd__V1__Organization *existing = get(cli)->organization;

		fill_metadata(cli, &organization, existing);
		if (!organization.etag)
			organization.etag = existing->etag;
	}
	response = ASK(cli, organization_service, UpdateOrganization, update_organization,
		.organization = &organization, .update_mask = mask);
	output_resource(cli, &response->base, "organization", "organization.id");
	return EXIT_OK;
}

static void confirm_deletion(struct cli *cli, const Orgd__V1__Organization *organization)
{
	const Orgd__V1__DeleteOrganizationResponse *preview = ASK_PREVIEW(cli, organization_service,
		DeleteOrganization, delete_organization, .organization_id = organization->id);

	confirm_by_typing(cli, organization->handle,
		"Delete %s (%s) with its %s, %s and %s: all access through it ends at once. It can "
		"be restored for 30 days, without the invitations.",
		organization->display_name, organization->handle,
		counted(cli, preview->members, "member"),
		counted(cli, preview->invitations, "open invitation"),
		counted(cli, preview->grants, "grant"));
}

static enum exit_code delete_organization(struct cli *cli)
{
	char *confirmed = given(cli, "confirm-handle");
	const Orgd__V1__Organization *organization = get(cli)->organization;
	const Orgd__V1__DeleteOrganizationResponse *response;

	if (!confirmed)
		confirm_deletion(cli, organization);
	response = ASK(cli, organization_service, DeleteOrganization, delete_organization,
		.organization_id = organization->id,
		.confirm_handle = confirmed ? confirmed : organization->handle);
	output_done(cli, &response->base,
		"Deleted %s. For 30 days it can be restored: orgctl organization undelete %s",
		organization->handle, organization->id);
	return EXIT_OK;
}

static enum exit_code undelete(struct cli *cli)
{
	const Orgd__V1__UndeleteOrganizationResponse *response =
		ASK(cli, organization_service, UndeleteOrganization, undelete_organization,
			.organization_id = resolve_organization(cli, "organization"));

	output_resource(cli, &response->base, "organization", "organization.id");
	return EXIT_OK;
}

static enum exit_code suspend(struct cli *cli)
{
	char *organization = resolve_organization(cli, "organization");
	const Orgd__V1__SuspendOrganizationResponse *response;

	confirm(cli, "Suspend %s: its members lose document access at once.",
		given(cli, "organization"));
	response = ASK(cli, organization_service, SuspendOrganization, suspend_organization,
		.organization_id = organization, .reason = given(cli, "reason"));
	output_resource(cli, &response->base, "organization", "organization.id");
	return EXIT_OK;
}

static enum exit_code unsuspend(struct cli *cli)
{
	const Orgd__V1__UnsuspendOrganizationResponse *response =
		ASK(cli, organization_service, UnsuspendOrganization, unsuspend_organization,
			.organization_id = resolve_organization(cli, "organization"));

	output_resource(cli, &response->base, "organization", "organization.id");
	return EXIT_OK;
}

static enum exit_code set_primary_contact(struct cli *cli)
{
	char *organization = resolve_organization(cli, "organization");
	const Orgd__V1__SetPrimaryContactResponse *response = ASK(cli, organization_service,
		SetPrimaryContact, set_primary_contact, .organization_id = organization,
		.user_id = resolve_member(cli, "user", organization));

	output_resource(cli, &response->base, "organization", "organization.id");
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "organization create <handle> --display-name NAME [--legal-name NAME] [--website URL] "
	  "[--country CODE] "
	  "[--description TEXT] [--intended-use TEXT] [--metadata KEY=VALUE]... [--owner USER]",
		"Create an organization, whose Owner one becomes, and put it before the reviewers.",
		"orgctl organization create acme --display-name \"Acme Corporation\" --website "
		"https://acme.example --country DE",
		create },
	{ "organization show <organization>", "Show an organization.",
		"orgctl organization show acme", show },
	{ "organization list [--verification STATE] [--state STATE] [--name-prefix TEXT] [--limit "
	  "N]",
		"List the platform's organizations.",
		"orgctl organization list --verification pending", list },
	{ "organization mine [<user>] [--limit N]",
		"List the organizations one belongs to, with one's role in each.",
		"orgctl organization mine", mine },
	{ "organization update <organization> [--display-name NAME] [--legal-name NAME] [--website "
	  "URL] [--country CODE] "
	  "[--description TEXT] [--intended-use TEXT] [--metadata KEY=VALUE]... [--seat-limit N] "
	  "[--etag ETAG]",
		"Change what is given; an empty value clears a field.",
		"orgctl organization update acme --description \"Rockets and anvils\"", update },
	{ "organization delete <organization> [--confirm-handle HANDLE] [--yes]",
		"Delete an organization, after its handle was typed back.",
		"orgctl organization delete acme", delete_organization },
	{ "organization undelete <organization>", "Restore a deleted organization within 30 days.",
		"orgctl organization undelete acme", undelete },
	{ "organization suspend <organization> --reason TEXT [--yes]",
		"End an organization's document access until it is unsuspended.",
		"orgctl organization suspend acme --reason \"unpaid invoices\"", suspend },
	{ "organization unsuspend <organization>", "Give a suspended organization its access back.",
		"orgctl organization unsuspend acme", unsuspend },
	{ "organization set-primary-contact <organization> <user>",
		"Make one of the Owners the main point of contact.",
		"orgctl organization set-primary-contact acme ada@example.com",
		set_primary_contact },
};

NOUN(organization_noun, "organization", "Organizations and their life.");
