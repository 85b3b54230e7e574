/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "command.h"
#include "output.h"
#include "stream.h"
#include "terminal.h"

/* Before the call: a secret that is shown once must not be lost to a file that cannot be made. */
static FILE *secret_file_open(struct cli *cli)
{
	const char *path = given(cli, "secret-file");
	int fd;

	if (!path)
		return NULL;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		fail(EXIT_OTHER, "name a file that is not there yet", "%s cannot be made: %m",
			path);
	return fdopen(fd, "w");
}

static enum exit_code create(struct cli *cli)
{
	CLEANUP(stream_close) FILE *file = NULL;
	Orgd__V1__ApiKey key = MESSAGE_OF(orgd__v1__api_key);
	Orgd__V1__CreateApiKeyResponse *response;
	struct org_status status;

	if (flag(cli, "quiet") && !given(cli, "secret-file"))
		fail_usage(
			cli, "--quiet would lose the secret; say where it goes with --secret-file");
	key.display_name = given(cli, "display-name");
	key.n_scopes = given_all(cli, "scope", &key.scopes);
	key.expire_time = given_time(cli, "expires");
	file = secret_file_open(cli);
	response = (Orgd__V1__CreateApiKeyResponse *)ask_and_see(cli,
		&orgd__v1__api_key_service__descriptor, "CreateApiKey",
		ASK_REQUEST(CreateApiKey, create_api_key, .api_key = &key), NULL, &status);
	if (!response) {
		if (file)
			unlink(given(cli, "secret-file"));
		ask_failed(cli, &status);
	}
	if (file) {
		fprintf(file, "%s\n", response->secret);
		if (fflush(file) != 0 || fsync(fileno(file)) != 0)
			fail(EXIT_OTHER, "revoke the key and make another",
				"the secret of %s could not be written: %m", response->api_key->id);
		explicit_bzero(response->secret, strlen(response->secret));
	}
	if (file)
		output_sentence(cli, "The secret is in %s.", given(cli, "secret-file"));
	else
		output_sentence(cli, "Keep the secret: it is shown this once.");
	output_resource(cli, &response->base, NULL, "api_key.id");
	return EXIT_OK;
}

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListApiKeysResponse *response =
		ASK_LIST(cli, api_key_service, ListApiKeys, list_api_keys);

	output_list(cli, &response->base, "api_keys", "id",
		"id display_name scopes revoked expire_time last_use_time create_time");
	return EXIT_OK;
}

static enum exit_code revoke_key(struct cli *cli)
{
	const Orgd__V1__RevokeApiKeyResponse *response;

	confirm(cli, "Revoke the key %s: the service that uses it is locked out at once.",
		given(cli, "api-key"));
	response = ASK(cli, api_key_service, RevokeApiKey, revoke_api_key,
		.api_key_id = given(cli, "api-key"));
	output_resource(cli, &response->base, "api_key", "api_key.id");
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "api-key create --display-name NAME --scope SCOPE... [--expires TIME] [--secret-file "
	  "FILE]",
		"Make a service's credential. Its secret is shown this once.",
		"orgctl api-key create --display-name portal --scope check --scope act "
		"--secret-file portal.key",
		create },
	{ "api-key list [--limit N]", "List the credentials of services.", "orgctl api-key list",
		list },
	{ "api-key revoke <api-key> [--yes]", "End a credential at once.",
		"orgctl api-key revoke key_30yxn4zv6nvas6z42w4k65dfth", revoke_key },
};

NOUN(api_key_noun, "api-key", "Credentials of services.");
