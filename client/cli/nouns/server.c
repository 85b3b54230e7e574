/* SPDX-License-Identifier: Apache-2.0 */
#include <grpc/health/v1/health.pb-c.h>
#include <inttypes.h>

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

	for (const ProtobufCServiceDescriptor *const *service = org_services(); *service; service++)
		for (unsigned i = 0; i < (*service)->n_methods; i++)
			json_array_append_new(names, json_sprintf("%s/%s", (*service)->name,
							     (*service)->methods[i].name));
	output_values(cli, names, "method", "method");
	return EXIT_OK;
}

/* What takes longer than a call may take is asked for again, under the id that it was begun under:
 * the same work answers. */
#define ASK_UNTIL_DONE(cli, Method, method)                                                        \
	__extension__({                                                                            \
		struct org_call_options again_ = { 0 };                                            \
		char id_[ORG_REQUEST_ID_BYTES];                                                    \
		Orgd__V1__##Method##Response *response_;                                           \
                                                                                                   \
		org_request_id_make(id_);                                                          \
		again_.request_id = given(cli, "request-id") ? given(cli, "request-id") : id_;     \
		do                                                                                 \
			response_ = (Orgd__V1__##Method##Response *)ask(cli,                       \
				&orgd__v1__admin_service__descriptor, #Method,                     \
				ASK_REQUEST(Method, method), &again_);                             \
		while (response_->running);                                                        \
		response_;                                                                         \
	})

static enum exit_code backup(struct cli *cli)
{
	const Orgd__V1__BackupResponse *response = ASK_UNTIL_DONE(cli, Backup, backup);

	output_sentence(cli,
		"%s is in backup/ of orgd's state directory. The master key is not in it, and orgd "
		"never deletes it. To restore it, stop orgd and run: orgd --restore FILE",
		response->backup->file_name);
	output_resource(cli, &response->base, "backup", "backup.file_name");
	return EXIT_OK;
}

static enum exit_code check(struct cli *cli)
{
	const Orgd__V1__CheckIntegrityResponse *response =
		ASK_UNTIL_DONE(cli, CheckIntegrity, check_integrity);
	const Orgd__V1__IntegrityReport *report = response->report;

	if (output_is_for_people(cli) && !report->finding_count)
		output_sentence(cli, "All of %" PRIu64 " rows in %u tables fit together.",
			report->rows, report->tables);
	else if (output_format(cli) == OUTPUT_JSON)
		output_json(cli, &response->base);
	else
		output_list(cli, &report->base, "findings", "key", "table key sentence");
	if (report->finding_count > report->n_findings)
		note("and %" PRIu64 " more findings", report->finding_count - report->n_findings);
	return report->finding_count ? EXIT_OTHER : EXIT_OK;
}

static const struct command commands[] = {
	{ "server status",
		"Show the daemon's version, storage and load, and how the latest backup and check "
		"ended.",
		"orgctl server status", status },
	{ "server health", "Say whether the daemon serves; ends with 7 when it does not.",
		"orgctl server health", health },
	{ "server backup",
		"Copy the database, compacted, while it is in use; into the state directory's "
		"backup/.",
		"orgctl server backup", backup },
	{ "server check",
		"Check that all that is stored fits together, while it is in use; ends with 1 when "
		"it does not.",
		"orgctl server check", check },
	{ "server methods", "List what orgctl call reaches.", "orgctl server methods", methods },
};

NOUN(server_noun, "server", "The daemon itself.");
