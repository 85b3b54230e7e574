/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"
#include "command.h"
#include "output.h"
#include "resolve.h"
#include "terminal.h"

static enum exit_code show(struct cli *cli)
{
	char *organization = resolve_organization(cli, "organization");
	const Orgd__V1__GetMemberResponse *response =
		ASK(cli, member_service, GetMember, get_member, .organization_id = organization,
			.user_id = resolve_member(cli, "user", organization));

	output_resource(cli, &response->base, "member", "member.user_id");
	return EXIT_OK;
}

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListMembersResponse *response = ASK_LIST(cli, member_service, ListMembers,
		list_members, .organization_id = resolve_organization(cli, "organization"),
		.role = given_enum(cli, "role", &orgd__v1__role__descriptor),
		.name_prefix = given(cli, "name-prefix"));

	output_list(cli, &response->base, "members", "user_id",
		"email display_name role primary_contact join_time=JOINED");
	return EXIT_OK;
}

static enum exit_code change_role(struct cli *cli)
{
	char *organization = resolve_organization(cli, "organization");
	const Orgd__V1__ChangeRoleResponse *response =
		ASK(cli, member_service, ChangeRole, change_role, .organization_id = organization,
			.user_id = resolve_member(cli, "user", organization),
			.role = given_enum(cli, "role", &orgd__v1__role__descriptor),
			.etag = given(cli, "etag"));
	char role[ENUM_WORD_BYTES];

	enum_word(&orgd__v1__role__descriptor, (int)response->member->role, role);
	output_sentence(cli, "In %s, %s <%s> is %s now.", given(cli, "organization"),
		response->member->display_name, response->member->email, role);
	output_resource(cli, &response->base, "member", "member.user_id");
	return EXIT_OK;
}

/* Shows whom and what it would affect; returns only when that is wanted. */
static void confirm_removal(struct cli *cli, char *organization, char *user)
{
	const Orgd__V1__RemoveMemberResponse *preview = ASK_PREVIEW(cli, member_service,
		RemoveMember, remove_member, .organization_id = organization, .user_id = user);
	char role[ENUM_WORD_BYTES];

	enum_word(&orgd__v1__role__descriptor, (int)preview->member->role, role);
	confirm(cli, "Remove %s <%s>, %s, from %s: access ends at once%s.",
		preview->member->display_name, preview->member->email, role,
		given(cli, "organization"),
		preview->invitations == 0
			? ""
			: arena_printf(&cli->arena,
				  ", and %s that they sent can no longer be accepted",
				  counted(cli, preview->invitations, "open invitation")));
}

static enum exit_code remove_member(struct cli *cli)
{
	char *organization = resolve_organization(cli, "organization");
	char *user = resolve_member(cli, "user", organization);
	const Orgd__V1__RemoveMemberResponse *response;

	if (!flag(cli, "yes"))
		confirm_removal(cli, organization, user);
	response = ASK(cli, member_service, RemoveMember, remove_member,
		.organization_id = organization, .user_id = user);
	output_done(cli, &response->base, "Removed %s <%s> from %s.",
		response->member->display_name, response->member->email,
		given(cli, "organization"));
	return EXIT_OK;
}

static enum exit_code leave(struct cli *cli)
{
	char *organization = resolve_organization(cli, "organization");
	const Orgd__V1__LeaveOrganizationResponse *response;

	confirm(cli, "Leave %s: your access through it ends at once.", given(cli, "organization"));
	response = ASK(cli, member_service, LeaveOrganization, leave_organization,
		.organization_id = organization);
	output_done(cli, &response->base, "Left %s.", given(cli, "organization"));
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "member list <organization> [--role ROLE] [--name-prefix TEXT] [--limit N]",
		"Show who belongs to an organization.", "orgctl member list acme --role owner",
		list },
	{ "member show <organization> <user>", "Show one member.",
		"orgctl member show acme ada@example.com", show },
	{ "member change-role <organization> <user> <role> [--etag ETAG]",
		"Make someone a member, an admin or an owner.",
		"orgctl member change-role acme bob@example.com admin", change_role },
	{ "member remove <organization> <user> [--yes]", "Take someone out, after a confirmation.",
		"orgctl member remove acme bob@example.com", remove_member },
	{ "member leave <organization> [--yes]", "Take oneself out.", "orgctl member leave acme",
		leave },
};

NOUN(member_noun, "member", "Who belongs to an organization.");
