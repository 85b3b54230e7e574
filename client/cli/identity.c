/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

static const char *choose_profile(const struct cli *cli)
{
	const char *profile = given(cli, "profile");

	if (!profile)
		profile = environment("ORGCTL_PROFILE");
	return profile ? profile : "default";
}

static const char *choose_url(const struct cli *cli)
{
	const char *url = given(cli, "url");

	if (!url)
		url = environment("ORGD_URL");
	if (!url && cli->session.url[0])
		url = cli->session.url;
	return url ? url : ORG_URL_DEFAULT;
}

static const char *read_api_key(struct cli *cli)
{
	CLEANUP(secret_wipe) struct secret key = { "" };

	secret_read(cli, &key, "api-key-file", "API key");
	return arena_strdup(&cli->arena, key.text);
}

static const char *choose_authorization(struct cli *cli)
{
	bool by_key = given(cli, "api-key-file");

	if (flag(cli, "operator") + flag(cli, "anonymous") + by_key > 1)
		fail_usage(cli, "--operator, --anonymous and --api-key-file exclude each other");
	if (given(cli, "on-behalf-of") && !by_key)
		fail_usage(cli,
			"--on-behalf-of needs --api-key-file: only a service speaks for others");
	if (by_key)
		return read_api_key(cli);
	if (flag(cli, "operator"))
		return "Peer";
	if (flag(cli, "anonymous"))
		return "";
	if (cli->session.state == SESSION_NEVER)
		return "Peer";
	return cli->session.token;
}

void identity_choose(struct cli *cli)
{
	cli->profile = choose_profile(cli);
	session_load(&cli->arena, cli->profile, &cli->session);
	cli->url = choose_url(cli);
	cli->authorization = choose_authorization(cli);
}

const char *identity_sign_in(struct cli *cli, const char *email)
{
	if (!email)
		email = cli->session.email[0] ? cli->session.email : "ADDRESS";
	if (strcmp(cli->profile, "default") == 0)
		return arena_printf(&cli->arena, "orgctl session sign-in %s", email);
	return arena_printf(
		&cli->arena, "orgctl --profile %s session sign-in %s", cli->profile, email);
}

bool identity_is_fallback(const struct cli *cli)
{
	return cli->session.state == SESSION_NEVER && !flag(cli, "operator") &&
	       strcmp(cli->authorization, "Peer") == 0;
}

void identity_check(struct cli *cli)
{
	static bool mentioned;

	if (!cli->authorization[0] && !flag(cli, "anonymous"))
		fail(EXIT_UNAUTHENTICATED,
			arena_printf(&cli->arena,
				"sign in again: %s; or speak as the local operator: --operator",
				identity_sign_in(cli, NULL)),
			"profile \"%s\" is signed out", cli->profile);
	if (!identity_is_fallback(cli) || strcmp(cli->profile, "default") == 0 || mentioned ||
		!isatty(STDERR_FILENO))
		return;
	mentioned = true;
	note("profile \"%s\" has no session: speaking as the local operator", cli->profile);
}

void identity_begin(struct cli *cli, const char *token, const char *email, const char *user_id)
{
	cli->session = (struct session){
		.state = SESSION_SAVED,
		.url = arena_strdup(&cli->arena, cli->url),
		.token = arena_strdup(&cli->arena, token),
		.email = arena_strdup(&cli->arena, email),
		.user_id = arena_strdup(&cli->arena, user_id),
	};
	session_save(cli->profile, &cli->session);
}

void identity_end(struct cli *cli)
{
	cli->session.state = SESSION_ENDED;
	session_save(cli->profile, &cli->session);
}
