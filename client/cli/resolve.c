/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve.h"

#include <string.h>
#include <strings.h>

#include "ask.h"

/* No handle has an underscore and no address lacks an at sign: an id is told by its form. */
static bool is_id(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0 && !strchr(text, '@');
}

char *resolve_organization(struct cli *cli, const char *name)
{
	char *text = given(cli, name);

	if (!text || is_id(text, "org_"))
		return text;
	return ASK(cli, organization_service, GetOrganization, get_organization,
		.which_case = ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_HANDLE, .handle = text)
		->organization->id;
}

char *resolve_user(struct cli *cli, const char *name)
{
	char *text = given(cli, name);
	const Orgd__V1__ListUsersResponse *found;

	if (!text || is_id(text, "usr_"))
		return text;
	if (!strchr(text, '@'))
		fail_usage(
			cli, "\"%s\" is neither a user's id (usr_…) nor an e-mail address", text);
	if (cli->session.state == SESSION_SAVED && strcasecmp(cli->session.email, text) == 0)
		return cli->session.user_id;
	found = ASK(cli, user_service, ListUsers, list_users, .email = text);
	if (found->n_users == 0)
		fail(EXIT_NOT_FOUND, NULL, "there is no account with the address %s", text);
	return found->users[0]->id;
}

char *resolve_user_or_oneself(struct cli *cli)
{
	char *user = resolve_user(cli, "user");

	return user ? user : cli->session.user_id;
}

char *resolve_member(struct cli *cli, const char *name, const char *organization_id)
{
	char *text = given(cli, name), *token = (char *)(uintptr_t) "";

	if (!text || is_id(text, "usr_"))
		return text;
	if (!strchr(text, '@'))
		fail_usage(
			cli, "\"%s\" is neither a user's id (usr_…) nor an e-mail address", text);
	do {
		const Orgd__V1__ListMembersResponse *found = ASK(cli, member_service, ListMembers,
			list_members, .organization_id = (char *)(uintptr_t)organization_id,
			.name_prefix = text, .page_token = token);

		for (size_t i = 0; i < found->n_members; i++)
			if (strcasecmp(found->members[i]->email, text) == 0)
				return found->members[i]->user_id;
		token = found->next_page_token;
	} while (token[0]);
	fail(EXIT_NOT_FOUND, NULL, "nobody in %s has the address %s", given(cli, "organization"),
		text);
}

char *resolve_joined(struct cli *cli, char *organization_id, const char *authorization)
{
	const struct org_call_options options = { .authorization = authorization };
	char role[ENUM_WORD_BYTES];
	struct org_status status;
	const Orgd__V1__GetOrganizationResponse *response =
		(Orgd__V1__GetOrganizationResponse *)ask_and_see(cli,
			&orgd__v1__organization_service__descriptor, "GetOrganization",
			ASK_REQUEST(GetOrganization, get_organization,
				.which_case =
					ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_ORGANIZATION_ID,
				.organization_id = organization_id),
			&options, &status);

	if (!response)
		return organization_id;
	enum_word(&orgd__v1__role__descriptor, (int)response->role, role);
	return arena_printf(&cli->arena, "%s (%s) as %s", response->organization->display_name,
		response->organization->handle, role);
}

char *resolve_invitation(struct cli *cli, const char *name, const char *organization_id)
{
	char *text = given(cli, name), *token = (char *)(uintptr_t) "";

	if (!text || is_id(text, "inv_"))
		return text;
	if (!strchr(text, '@'))
		fail_usage(cli,
			"\"%s\" is neither an invitation's id (inv_…) nor an e-mail address", text);
	do {
		const Orgd__V1__ListInvitationsResponse *found =
			ASK(cli, invitation_service, ListInvitations, list_invitations,
				.organization_id = (char *)(uintptr_t)organization_id,
				.state = ORGD__V1__INVITATION_STATE__INVITATION_STATE_PENDING,
				.page_size = 1000, .page_token = token);

		for (size_t i = 0; i < found->n_invitations; i++)
			if (strcasecmp(found->invitations[i]->email, text) == 0)
				return found->invitations[i]->id;
		token = found->next_page_token;
	} while (token[0]);
	fail(EXIT_NOT_FOUND, NULL,
		"no pending invitation to %s is for %s; name a finished one by its id",
		given(cli, "organization"), text);
}
