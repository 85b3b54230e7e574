/* SPDX-License-Identifier: Apache-2.0 */
#include <grpc/health/v1/health.pb-c.h>

#include "ask.h"
#include "command.h"
#include "output.h"

static enum exit_code status(struct cli *cli)
{
	const Orgd__V1__GetStatusResponse *response =
		ASK(cli, admin_service, GetStatus, get_status);

	output_resource(cli, &response->base, NULL, "version");
	return EXIT_OK;
}

static enum exit_code health(struct cli *cli)
{
	const struct org_call_options as_anyone = { .authorization = "" };
	Grpc__Health__V1__HealthCheckRequest request =
		MESSAGE_OF(grpc__health__v1__health_check_request);
	const Grpc__Health__V1__HealthCheckResponse *response =
		(Grpc__Health__V1__HealthCheckResponse *)ask(cli,
			&grpc__health__v1__health__descriptor, "Check", &request.base, &as_anyone);

	output_resource(cli, &response->base, NULL, "status");
	return response->status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
		       ? EXIT_OK
		       : EXIT_UNAVAILABLE;
}

static enum exit_code methods(struct cli *cli)
{
	json_t *names = json_array();
	size_t index;
	json_t *name;

	for (const ProtobufCServiceDescriptor *const *service = org_services(); *service; service++)
		for (unsigned i = 0; i < (*service)->n_methods; i++)
			json_array_append_new(names, json_sprintf("%s/%s", (*service)->name,
							     (*service)->methods[i].name));
	if (output_format(cli) == OUTPUT_JSON) {
		output_json_value(cli, names);
		return EXIT_OK;
	}
	json_array_foreach(names, index, name) output_line(cli, "%s", json_string_value(name));
	json_decref(names);
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "server status", "Show the daemon's version, storage and load.", "orgctl server status",
		status },
	{ "server health", "Say whether the daemon serves; ends with 7 when it does not.",
		"orgctl server health", health },
	{ "server methods", "List what orgctl call reaches.", "orgctl server methods", methods },
};

NOUN(server_noun, "server", "The daemon itself.");
