/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"
#include "command.h"
#include "output.h"
#include "secret_file.h"
#include "stream.h"
#include "terminal.h"

static enum exit_code create(struct cli *cli)
{
	CLEANUP(stream_close) FILE *file = NULL;
	Orgd__V1__ApiKey key = MESSAGE_OF(orgd__v1__api_key);
	Orgd__V1__CreateApiKeyResponse *response;
	struct org_status status;

	key.display_name = given(cli, "display-name");
	key.n_scopes = given_all(cli, "scope", &key.scopes);
	key.expire_time = given_time(cli, "expires");
	file = secret_file_open(cli);
	response = (Orgd__V1__CreateApiKeyResponse *)ask_and_see(cli,
		&orgd__v1__api_key_service__descriptor, "CreateApiKey",
		ASK_REQUEST(CreateApiKey, create_api_key, .api_key = &key), NULL, &status);
	if (!response) {
		secret_file_drop(cli, file);
		ask_failed(cli, &status);
	}
	secret_file_write(cli, file, response->secret, "revoke the key and make another");
	output_resource(cli, &response->base, NULL, "api_key.id");
	return EXIT_OK;
}

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListApiKeysResponse *response =
		ASK_LIST(cli, api_key_service, ListApiKeys, list_api_keys);

	output_list(cli, &response->base, "api_keys", "id",
		"id display_name scopes revoked expire_time=EXPIRES last_use_time=LAST_USED "
		"create_time=CREATED");
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
