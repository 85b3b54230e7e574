/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "command.h"
#include "output.h"
#include "protojson.h"

/* "orgd.v1.MemberService" is also "MemberService". */
static bool is_called(const ProtobufCServiceDescriptor *service, const char *name)
{
	const char *dot = strrchr(service->name, '.');

	return strcmp(service->name, name) == 0 || (dot && strcmp(dot + 1, name) == 0);
}

__attribute__((noreturn)) static void unknown_method(struct cli *cli, const char *wanted)
{
	enum { METHODS_MAX = 256 };
	const char *names[METHODS_MAX + 1], *nearest;
	size_t count = 0;

	for (const ProtobufCServiceDescriptor *const *service = org_services(); *service; service++)
		for (unsigned i = 0; i < (*service)->n_methods && count < METHODS_MAX; i++)
			names[count++] = arena_printf(&cli->arena, "%s/%s",
				strrchr((*service)->name, '.') + 1, (*service)->methods[i].name);
	names[count] = NULL;
	nearest = command_nearest(wanted, names);
	fail(EXIT_USAGE,
		nearest ? arena_printf(&cli->arena, "did you mean: orgctl call %s", nearest)
			: "orgctl server methods lists them all",
		"there is no method \"%s\"", wanted);
}

static const ProtobufCServiceDescriptor *find_service(struct cli *cli, const char **method)
{
	char *wanted = given(cli, "method");
	const char *name = wanted[0] == '/' ? wanted + 1 : wanted;
	const char *slash = strchr(name, '/');

	for (const ProtobufCServiceDescriptor *const *service = org_services(); slash && *service;
		service++) {
		*method = slash + 1;
		if (is_called(*service, arena_strndup(&cli->arena, name, (size_t)(slash - name))) &&
			protobuf_c_service_descriptor_get_method_by_name(*service, *method))
			return *service;
	}
	unknown_method(cli, name);
}

static const char *read_input(struct cli *cli)
{
	enum { INPUT_MAX = 4 * ORG_REQUEST_BYTES_MAX };
	char *text = arena_alloc(&cli->arena, INPUT_MAX + 1);
	size_t size = fread(text, 1, INPUT_MAX, stdin);

	if (ferror(stdin) || !feof(stdin))
		fail(EXIT_OTHER, NULL,
			"standard input cannot be read, or holds more than a request");
	text[size] = '\0';
	if (strlen(text) != size)
		fail_usage(cli, "standard input is no JSON: it holds a NUL");
	return text;
}

static void message_free(ProtobufCMessage **message)
{
	org_message_free(*message);
}

static enum exit_code call(struct cli *cli)
{
	const char *method = NULL, *json = given(cli, "json");
	const ProtobufCMessage *response;
	const ProtobufCServiceDescriptor *service = find_service(cli, &method);
	char problem[PROTOJSON_PROBLEM_BYTES];
	CLEANUP(message_free) ProtobufCMessage *request = NULL;

	if (output_format(cli) == OUTPUT_CSV)
		fail_usage(cli, "the answer of any method is JSON; --output is json or jsonl here");
	if (!json)
		json = "{}";
	else if (strcmp(json, "-") == 0)
		json = read_input(cli);
	request = protojson_parse(
		protobuf_c_service_descriptor_get_method_by_name(service, method)->input, json,
		strlen(json), problem);
	if (!request)
		fail_usage(cli, "the request is not right: %s", problem);
	response = ask(cli, service, method, request, NULL);
	if (output_format(cli) == OUTPUT_JSONL)
		output_json_line(cli, response);
	else
		output_json(cli, response);
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "call <method> [<json>]", "Call any method in ProtoJSON.",
		"orgctl call OrganizationService/GetOrganization '{\"handle\": \"acme\"}'", call },
};

NOUN(call_noun, NULL, "Any method.");
