/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ask.h"
#include "command.h"
#include "identity.h"
#include "output.h"
#include "resolve.h"
#include "terminal.h"

static enum exit_code sign_up(struct cli *cli)
{
	CLEANUP(secret_wipe) struct secret password = { "" }, token = { "" };
	Orgd__V1__SignUpResponse *response;
	bool invited = flag(cli, "invited") || given(cli, "invitation-token-file");

	if (!invited && !given(cli, "email"))
		fail_usage(cli, "<email> is missing; only an invitation brings one along");
	if (invited)
		secret_read_token(cli, &token, "invitation-token-file", "Invitation token or link");
	secret_read_new(cli, &password, "password-file", "Password");
	response = ASK_AS_ANYONE(cli, user_service, SignUp, sign_up, .email = given(cli, "email"),
		.password = password.text, .display_name = given(cli, "display-name"),
		.invitation_token = token.text);
	if (!response->user) {
		output_done(cli, &response->base,
			"A mail is on its way to %s. Its link or token goes to: orgctl user verify",
			given(cli, "email"));
		return EXIT_OK;
	}
	identity_begin(cli, response->session_token, response->user->email, response->user->id);
	explicit_bzero(response->session_token, strlen(response->session_token));
	if (output_is_for_people(cli))
		output_sentence(cli, "Joined %s, and signed in as %s <%s> in profile \"%s\".",
			resolve_joined(cli, response->organization_id, cli->session.token),
			response->user->display_name, response->user->email, cli->profile);
	output_resource(cli, &response->base, "user", "user.id");
	return EXIT_OK;
}

static enum exit_code verify(struct cli *cli)
{
	CLEANUP(secret_wipe) struct secret password = { "" }, token = { "" };
	const Orgd__V1__VerifyEmailResponse *response;

	secret_read_token(cli, &token, "token-file", "Token or link from the mail");
	if (given(cli, "password-file"))
		secret_read_new(cli, &password, "password-file", "Password");
	response = ASK_AS_ANYONE(cli, user_service, VerifyEmail, verify_email, .token = token.text,
		.password = password.text);
	output_sentence(cli, "The address %s is verified. Sign in: %s", response->user->email,
		identity_sign_in(cli, response->user->email));
	output_resource(cli, &response->base, "user", "user.id");
	return EXIT_OK;
}

static enum exit_code resend_verification(struct cli *cli)
{
	const Orgd__V1__ResendVerificationMailResponse *response = ASK_AS_ANYONE(cli, user_service,
		ResendVerificationMail, resend_verification_mail, .email = given(cli, "email"));

	output_done(cli, &response->base,
		"If %s waits to be verified, a new mail is on its way; older links are dead.",
		given(cli, "email"));
	return EXIT_OK;
}

static enum exit_code show(struct cli *cli)
{
	const Orgd__V1__GetUserResponse *response =
		ASK(cli, user_service, GetUser, get_user, .user_id = resolve_user(cli, "user"));

	output_resource(cli, &response->base, "user", "user.id");
	return EXIT_OK;
}

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListUsersResponse *response = ASK_LIST(cli, user_service, ListUsers,
		list_users, .state = given_enum(cli, "state", &orgd__v1__user_state__descriptor),
		.email = given(cli, "email"));

	output_list(cli, &response->base, "users", "id",
		"email display_name state email_verified platform_roles create_time=CREATED");
	return EXIT_OK;
}

static enum exit_code update(struct cli *cli)
{
	static const char *const fields[] = { "display-name", NULL };
	Orgd__V1__User user = MESSAGE_OF(orgd__v1__user);
	const Orgd__V1__UpdateUserResponse *response;

	user.id = resolve_user_or_oneself(cli);
	user.display_name = given(cli, "display-name");
	user.etag = given(cli, "etag");
	response = ASK(cli, user_service, UpdateUser, update_user, .user = &user,
		.update_mask = given_mask(cli, fields));
	output_resource(cli, &response->base, "user", "user.id");
	return EXIT_OK;
}

static enum exit_code disable(struct cli *cli)
{
	char *user = resolve_user(cli, "user");
	const Orgd__V1__DisableUserResponse *response;

	confirm(cli, "Disable %s: every session and all access end at once.", given(cli, "user"));
	response = ASK(cli, user_service, DisableUser, disable_user, .user_id = user,
		.reason = given(cli, "reason"));
	output_resource(cli, &response->base, "user", "user.id");
	return EXIT_OK;
}

static enum exit_code enable(struct cli *cli)
{
	const Orgd__V1__EnableUserResponse *response = ASK(
		cli, user_service, EnableUser, enable_user, .user_id = resolve_user(cli, "user"));

	output_resource(cli, &response->base, "user", "user.id");
	return EXIT_OK;
}

static enum exit_code erase(struct cli *cli)
{
	char *confirmed = given(cli, "confirm-email");
	const Orgd__V1__User *user =
		ASK(cli, user_service, GetUser, get_user, .user_id = resolve_user(cli, "user"))
			->user;
	const Orgd__V1__EraseUserResponse *response;

	if (!confirmed)
		confirm_by_typing(cli, user->email,
			"Erase %s <%s> (%s) for good: access, sign-in data, memberships and open "
			"invitations go; only the id remains.",
			user->display_name, user->email, user->id);
	response = ASK(cli, user_service, EraseUser, erase_user, .user_id = user->id,
		.confirm_email = confirmed ? confirmed : user->email);
	if (cli->session.state == SESSION_SAVED && strcmp(cli->session.user_id, user->id) == 0)
		identity_end(cli);
	output_done(cli, &response->base, "Erased. %s", response->notice);
	return EXIT_OK;
}

static enum exit_code set_roles(struct cli *cli)
{
	int *roles;
	size_t count = given_enums(cli, "roles", &orgd__v1__platform_role__descriptor, &roles);
	const Orgd__V1__SetPlatformRolesResponse *response;

	if (flag(cli, "none") == (count > 0))
		fail_usage(cli, "give either <roles>, which replace those of now, or --none");
	response = ASK(cli, user_service, SetPlatformRoles, set_platform_roles,
		.user_id = resolve_user(cli, "user"), .n_platform_roles = count,
		.platform_roles = (Orgd__V1__PlatformRole *)roles);
	output_sentence(cli, "%s <%s> has %s now.", response->user->display_name,
		response->user->email, count > 0 ? "these platform roles" : "no platform role");
	output_resource(cli, &response->base, "user", "user.id");
	return EXIT_OK;
}

static enum exit_code change_password(struct cli *cli)
{
	CLEANUP(secret_wipe) struct secret current = { "" }, fresh = { "" };
	const Orgd__V1__ChangePasswordResponse *response;

	secret_read(cli, &current, "current-password-file", "Current password");
	secret_read_new(cli, &fresh, "new-password-file", "New password");
	response = ASK(cli, user_service, ChangePassword, change_password,
		.current_password = current.text, .new_password = fresh.text);
	output_done(cli, &response->base, "Changed. Every other session of yours has ended.");
	return EXIT_OK;
}

static enum exit_code request_reset(struct cli *cli)
{
	const Orgd__V1__RequestPasswordResetResponse *response = ASK_AS_ANYONE(cli, user_service,
		RequestPasswordReset, request_password_reset, .email = given(cli, "email"));

	output_done(cli, &response->base,
		"If %s has an account, a mail is on its way. Its link or token goes to: orgctl "
		"user reset-password",
		given(cli, "email"));
	return EXIT_OK;
}

static enum exit_code reset_password(struct cli *cli)
{
	CLEANUP(secret_wipe) struct secret token = { "" }, fresh = { "" };
	const Orgd__V1__ResetPasswordResponse *response;

	secret_read_token(cli, &token, "token-file", "Token or link from the mail");
	secret_read_new(cli, &fresh, "new-password-file", "New password");
	response = ASK_AS_ANYONE(cli, user_service, ResetPassword, reset_password,
		.token = token.text, .new_password = fresh.text);
	output_done(cli, &response->base,
		"Set. Every session has ended; sign in with the new password.");
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "user sign-up [<email>] --display-name NAME [--invited] [--invitation-token-file FILE] "
	  "[--password-file FILE]",
		"Make an account; through an invitation, also sign in and join.",
		"orgctl user sign-up ada@example.com --display-name \"Ada Lovelace\"", sign_up },
	{ "user verify [--token-file FILE] [--password-file FILE]",
		"Prove an address with the token from the mail; with a new password if one is "
		"given.",
		"orgctl user verify", verify },
	{ "user resend-verification <email>", "Send the verification mail again.",
		"orgctl user resend-verification ada@example.com", resend_verification },
	{ "user show [<user>]", "Show an account: one's own without an argument.",
		"orgctl user show ada@example.com", show },
	{ "user list [--state STATE] [--email EMAIL] [--limit N]", "List the platform's accounts.",
		"orgctl user list --state disabled", list },
	{ "user update [<user>] [--display-name NAME] [--etag ETAG]", "Change a display name.",
		"orgctl user update --display-name \"Ada King\"", update },
	{ "user disable <user> [--reason TEXT] [--yes]",
		"End an account's sessions and access until it is enabled again.",
		"orgctl user disable eve@example.com --reason \"left the company\"", disable },
	{ "user enable <user>", "Give a disabled account its access back.",
		"orgctl user enable eve@example.com", enable },
	{ "user erase [<user>] [--confirm-email EMAIL] [--yes]",
		"Erase a person for good: one's own account without an argument.",
		"orgctl user erase eve@example.com --confirm-email eve@example.com", erase },
	{ "user set-roles <user> [<roles>]... [--none]",
		"Replace a user's platform roles, or take all away.",
		"orgctl user set-roles rita@example.com reviewer", set_roles },
	{ "user change-password [--current-password-file FILE] [--new-password-file FILE]",
		"Change one's own password.", "orgctl user change-password", change_password },
	{ "user request-reset <email>", "Have a link mailed that sets a new password.",
		"orgctl user request-reset ada@example.com", request_reset },
	{ "user reset-password [--token-file FILE] [--new-password-file FILE]",
		"Set a new password with the token from the mail.", "orgctl user reset-password",
		reset_password },
};

NOUN(user_noun, "user", "Accounts: signing up, passwords, platform roles.");
