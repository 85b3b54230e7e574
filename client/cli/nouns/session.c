/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "command.h"
#include "identity.h"
#include "output.h"
#include "resolve.h"
#include "terminal.h"

/* How the session is called in lists, unless told otherwise. */
static char *client_name(struct cli *cli)
{
	char host[65] = "";

	if (given(cli, "client"))
		return given(cli, "client");
	gethostname(host, sizeof(host) - 1);
	return arena_printf(&cli->arena, "orgctl on %s", host);
}

static enum exit_code sign_in(struct cli *cli)
{
	CLEANUP(secret_wipe) struct secret password = { "" };
	Orgd__V1__SignInResponse *response;

	secret_read(cli, &password, "password-file", "Password");
	response =
		ASK_AS_ANYONE(cli, session_service, SignIn, sign_in, .email = given(cli, "email"),
			.password = password.text, .client = client_name(cli));
	identity_begin(cli, response->session_token, response->user->email, response->user->id);
	/* It is saved, and not for the eyes of whoever reads the output. */
	explicit_bzero(response->session_token, strlen(response->session_token));
	output_done(cli, &response->base, "Signed in as %s <%s> in profile \"%s\".",
		response->user->display_name, response->user->email, cli->profile);
	return EXIT_OK;
}

static enum exit_code sign_out(struct cli *cli)
{
	Orgd__V1__SignOutRequest request = MESSAGE_OF(orgd__v1__sign_out_request);
	Orgd__V1__SignOutResponse nothing = MESSAGE_OF(orgd__v1__sign_out_response);
	struct org_status status;
	bool saved =
		cli->session.state == SESSION_SAVED && cli->authorization == cli->session.token;

	if (!ask_and_see(cli, &orgd__v1__session_service__descriptor, "SignOut", &request.base,
		    NULL, &status) &&
		!(saved && status.code == ORG_UNAUTHENTICATED))
		ask_failed(cli, &status);
	if (saved)
		identity_end(cli);
	output_done(cli, &nothing.base, "Signed out of profile \"%s\".", cli->profile);
	return EXIT_OK;
}

static enum exit_code whoami(struct cli *cli)
{
	Orgd__V1__WhoAmIRequest request = MESSAGE_OF(orgd__v1__who_am_irequest);

	const Orgd__V1__WhoAmIResponse *response = (Orgd__V1__WhoAmIResponse *)ask(
		cli, &orgd__v1__session_service__descriptor, "WhoAmI", &request.base, NULL);
	bool is_user = response->kind == ORGD__V1__WHO_AM_IRESPONSE__KIND__KIND_USER ||
		       response->kind == ORGD__V1__WHO_AM_IRESPONSE__KIND__KIND_SERVICE;

	output_fields(cli, &response->base,
		is_user ? "kind user.display_name user.email user.id user.platform_roles "
			  "session.id "
			  "session.expire_time api_key_id scopes"
			: "kind uid",
		"user.id");
	return EXIT_OK;
}

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListSessionsResponse *response = ASK_LIST(cli, session_service,
		ListSessions, list_sessions, .user_id = resolve_user(cli, "user"));

	output_list(cli, &response->base, "sessions", "id",
		"id client peer create_time=CREATED last_use_time=LAST_USED expire_time=EXPIRES");
	return EXIT_OK;
}

static enum exit_code revoke_session(struct cli *cli)
{
	Orgd__V1__RevokeSessionRequest request = MESSAGE_OF(orgd__v1__revoke_session_request);
	const ProtobufCMessage *response;

	if (flag(cli, "all") == (given(cli, "session") != NULL))
		fail_usage(cli, "give either <session> or --all");
	request.user_id = resolve_user(cli, "user");
	if (flag(cli, "all")) {
		request.which_case = ORGD__V1__REVOKE_SESSION_REQUEST__WHICH_ALL;
		request.all = true;
		confirm(cli, "End every session of %s.",
			request.user_id ? given(cli, "user") : "yours");
	} else {
		request.which_case = ORGD__V1__REVOKE_SESSION_REQUEST__WHICH_SESSION_ID;
		request.session_id = given(cli, "session");
		confirm(cli, "End session %s.", request.session_id);
	}
	response = ask(
		cli, &orgd__v1__session_service__descriptor, "RevokeSession", &request.base, NULL);
	output_done(cli, response, "Ended.");
	return EXIT_OK;
}

static enum exit_code profiles(struct cli *cli)
{
	json_t *all = json_array();

	for (char **names = session_profiles(&cli->arena); *names; names++) {
		struct session session;

		session_load(&cli->arena, *names, &session);
		json_array_append_new(all, json_pack("{s:s, s:b, s:s, s:s}", "profile", *names,
						   "signedIn", session.state == SESSION_SAVED,
						   "email", session.email, "url", session.url));
	}
	output_values(cli, all, "profile", "profile signedIn=SIGNED_IN email url");
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "session sign-in <email> [--password-file FILE] [--client NAME]",
		"Begin a session and keep it in the profile.",
		"orgctl session sign-in ada@example.com --profile ada", sign_in },
	{ "session sign-out", "End the profile's session.", "orgctl session sign-out", sign_out },
	{ "session whoami", "Show who one is to orgd.", "orgctl session whoami", whoami },
	{ "whoami", "Show who one is to orgd.", "orgctl whoami --profile ada", whoami },
	{ "session list [<user>] [--limit N]", "List sessions: one's own without an argument.",
		"orgctl session list", list },
	{ "session revoke [<session>] [--all] [--user USER] [--yes]", "End a session, or all.",
		"orgctl session revoke --all", revoke_session },
	{ "session profiles", "List the profiles of this machine.", "orgctl session profiles",
		profiles },
};

NOUN(session_noun, "session", "Being signed in.");
