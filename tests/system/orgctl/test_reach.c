/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the example of every command of the table, in every format, against an orgd that says yes to
 * everything: the client library is the test's own (--wrap). So every example works, every format
 * is what it says it is, and every rpc is known to be reached by a command, or to be meant for
 * machines alone.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "command.h"
#include "identity.h"
#include "meaning.h"
#include "output.h"

enum org_code __wrap_org_call(struct org_client *client, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request, const struct org_call_options *options,
	ProtobufCMessage **response, struct org_status *status);

struct org_call *__wrap_org_call_begin(struct org_client *client,
	const ProtobufCServiceDescriptor *service, const char *method,
	const ProtobufCMessage *request, const struct org_call_options *options,
	ProtobufCMessage **response);
enum org_code __wrap_org_call_wait(struct org_call *call, struct org_status *status);
size_t __wrap_org_call_wait_any(struct org_call *const calls[], size_t count);

/* No sockets: Criterion has nng of its own, which no forked process may go on with. */
enum org_code __wrap_org_client_open(const char *url, const struct org_client_options *options,
	struct org_client **client, struct org_status *status);
enum org_code __wrap_org_client_open(const char *url, const struct org_client_options *options,
	struct org_client **client, struct org_status *status)
{
	static char client_of_ours;

	(void)url;
	(void)options;
	(void)status;
	*client = (struct org_client *)(void *)&client_of_ours;
	return ORG_OK;
}

void __wrap_org_client_close(struct org_client *client);
void __wrap_org_client_close(struct org_client *client)
{
	(void)client;
}

/* Without what Criterion registered for the end of its own process. */
__attribute__((noreturn)) void __wrap_exit(int code);
void __wrap_exit(int code)
{
	fflush(NULL);
	_exit(code);
}

/* --- an orgd that says yes --- */

static int calls_fd = -1;
static const char *address = "ada@example.com"; /* the one that the line is about */

static ProtobufCMessage *filled(const ProtobufCMessageDescriptor *descriptor);

/* What ends a list or a loop stays empty; what says that something failed, too. */
static bool stays_empty(const char *name)
{
	static const char *const names[] = { "next_page_token", "next_revision", "running", "error",
		"finding_count", "findings", "missing" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static const char *text_for(const char *name)
{
	return strcmp(name, "email") == 0 ? address : "=text, \"quoted\"\n\x1b[31m";
}

static void fill_value(const ProtobufCFieldDescriptor *field, void *at)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		*(char **)at = strdup(text_for(field->name));
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)at = filled(field->descriptor);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		*(ProtobufCBinaryData *)at = (ProtobufCBinaryData){ 2, calloc(2, 1) };
		break;
	case PROTOBUF_C_TYPE_ENUM:
		*(int *)at = ((const ProtobufCEnumDescriptor *)field->descriptor)->values[1].value;
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		*(int64_t *)at = 1;
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		*(double *)at = 1;
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_BOOL:
		*(int32_t *)at = 1;
		break;
	}
}

static void fill_field(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	void *at = (char *)message + field->offset;
	uint32_t *quantifier = (void *)((char *)message + field->quantifier_offset);

	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		*(size_t *)(void *)quantifier = 1;
		*(void **)at = calloc(1, sizeof(ProtobufCBinaryData));
		fill_value(field, *(void **)at);
		return;
	}
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		if (*quantifier)
			return;
		*quantifier = field->id;
	}
	fill_value(field, at);
}

static ProtobufCMessage *filled(const ProtobufCMessageDescriptor *descriptor)
{
	ProtobufCMessage *message = malloc(descriptor->sizeof_message);

	descriptor->message_init(message);
	for (unsigned i = 0; i < descriptor->n_fields; i++)
		if (!stays_empty(descriptor->fields[i].name))
			fill_field(message, &descriptor->fields[i]);
	return message;
}

enum org_code __wrap_org_call(struct org_client *client, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request, const struct org_call_options *options,
	ProtobufCMessage **response, struct org_status *status)
{
	(void)client;
	(void)request;
	(void)options;
	dprintf(calls_fd, "%s/%s\n", service->name, method);
	*status = (struct org_status){ .code = ORG_OK, .epoch = 1, .revision = 1 };
	*response =
		filled(protobuf_c_service_descriptor_get_method_by_name(service, method)->output);
	return ORG_OK;
}

/* One that has begun is answered at once. */
struct org_call *__wrap_org_call_begin(struct org_client *client,
	const ProtobufCServiceDescriptor *service, const char *method,
	const ProtobufCMessage *request, const struct org_call_options *options,
	ProtobufCMessage **response)
{
	static char call_of_ours;
	struct org_status status;

	__wrap_org_call(client, service, method, request, options, response, &status);
	return (struct org_call *)(void *)&call_of_ours;
}

enum org_code __wrap_org_call_wait(struct org_call *call, struct org_status *status)
{
	(void)call;
	*status = (struct org_status){ .code = ORG_OK, .epoch = 1, .revision = 1 };
	return ORG_OK;
}

size_t __wrap_org_call_wait_any(struct org_call *const calls[], size_t count)
{
	size_t place = 0;

	while (place < count && !calls[place])
		place++;
	return place;
}

/* --- a run --- */

static char directory[] = "/tmp/orgctl-reach-XXXXXX";

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
	(void)stat;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	cr_assert(file);
	fputs(text, file);
	fclose(file);
}

static void begin(void)
{
	cr_assert(mkdtemp(directory));
	cr_assert_eq(chdir(directory), 0);
	setenv("XDG_STATE_HOME", directory, 1);
	setenv("ORGD_URL", "ipc:///nowhere", 1);
	unsetenv("ORGCTL_PROFILE");
	write_file("token.txt", "a-token\n");
	write_file("portal.jsonl", "{\"user\": {\"email\": \"ada@example.com\"}}\n");
	write_file("input", "secret\nsecret\nsecret\nsecret\n");
	calls_fd = open("calls", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void end(void)
{
	cr_expect_eq(nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

TestSuite(reach, .init = begin, .fini = end, .timeout = 120);

/* In the child: Criterion's own assertions work in its own processes alone. */
static void check(bool is_so)
{
	if (!is_so)
		abort();
}

enum { WORDS_MAX = 64 };

/* The example's words, and what it takes to run it without a person: no question, secrets from
 * standard input, an end to what goes on for ever. */
static void complete(char **words, int count, const struct syntax *syntax, const char *format)
{
	words[count++] = strdup("--output");
	words[count++] = strdup(format);
	for (size_t i = 0; i < syntax->parameter_count; i++) {
		const char *name = syntax->parameters[i].name;
		const struct meaning *meaning = meaning_of(syntax->words[0], name);
		char *option = NULL;
		bool is_secret = meaning && meaning->is_file && strstr(name, "-file") &&
				 strcmp(name, "secret-file") != 0 &&
				 strcmp(name, "api-key-file") != 0;

		check(asprintf(&option, "--%s", name) > 0);
		for (int j = 0; option && j < count; j++)
			if (strcmp(words[j], option) == 0)
				option = NULL;
		if (!option || strcmp(name, "invitation-token-file") == 0)
			continue;
		if (strcmp(name, "yes") == 0 || is_secret)
			words[count++] = option;
		if (is_secret)
			words[count++] = strdup("-");
		if (strcmp(name, "limit") == 0) {
			words[count++] = option;
			words[count++] = strdup("1");
		}
	}
	words[count] = NULL;
}

/* The row's, but for one that compares with what a real orgd signed. */
static const char *example_of(const struct command *command)
{
	return strstr(command->example, " --against ") ? "orgctl event verify" : command->example;
}

__attribute__((noreturn)) static void run(const struct command *command, const char *format)
{
	static struct cli cli;
	char *words[WORDS_MAX], **rest, *wrong;
	const char **example;
	int count;

	setsid();
	check(freopen("input", "r", stdin) && freopen("output", "w", stdout) &&
		freopen("errors", "w", stderr));
	arena_init(&cli.arena);
	cli.values.arena = &cli.arena;
	cli.command = command;
	if (!syntax_parse(command->syntax, &cli.syntax) ||
		!syntax_parse(cli_global_syntax, &cli.syntax) ||
		poptParseArgvString(example_of(command), &count, &example) != 0)
		exit(99);
	for (int i = 0; i < count; i++) {
		words[i] = (char *)(uintptr_t)example[i];
		if (strchr(words[i], '@'))
			address = words[i];
	}
	complete(words, count, &cli.syntax, format);
	wrong = values_read_options(
		&cli.values, &cli.syntax, VALUES_ALL, words + cli.syntax.word_count, &rest);
	if (!wrong)
		wrong = values_take_arguments(&cli.values, &cli.syntax, rest);
	if (wrong)
		fail_usage(&cli, "%s", wrong);
	identity_choose(&cli);
	count = (int)command->run(&cli);
	ask_end(&cli);
	output_finish();
	exit(count);
}

static char *read_file(const char *name)
{
	FILE *file = fopen(name, "r");
	char *text = calloc(1, 1 << 20);

	cr_assert(file && text);
	cr_assert_lt(fread(text, 1, (1 << 20) - 1, file), (1 << 20) - 1);
	fclose(file);
	return text;
}

/* The exit code of the example; its output and errors are in files. */
static int run_example(const struct command *command, const char *format)
{
	pid_t child;
	int status;

	/* What an example before this one left. */
	unlink("portal.key");
	unlink("crm.secret");
	nftw("orgctl", remove_one, 8, FTW_DEPTH | FTW_PHYS);
	fflush(NULL);
	child = fork();
	if (child == 0)
		run(command, format);
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* --- formats --- */

static bool is_json(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

	json_decref(json);
	return json != NULL;
}

static bool is_jsonl(char *text)
{
	for (char *line; (line = strsep(&text, "\n")) && (*line || text);)
		if (!is_json(line))
			return false;
	return true;
}

/* How many cells the record has that begins at `text`, which is moved behind its end; 0 for what is
 * no record. */
static size_t record(const char **text)
{
	size_t cells = 1;
	bool quoted = false;

	for (const char *c = *text; *c; c++) {
		if (*c == '"')
			quoted = !quoted;
		else if (!quoted && *c == ',')
			cells++;
		else if (!quoted && c[0] == '\r' && c[1] == '\n')
			return *text = c + 2, cells;
		else if (!quoted && (*c == '\r' || *c == '\n'))
			return 0;
	}
	return 0;
}

static bool is_csv(const char *text)
{
	size_t cells = *text ? record(&text) : 0;

	while (*text)
		if (record(&text) != cells || cells == 0)
			return false;
	return true;
}

static bool is_in_format(char *text, const char *format)
{
	if (strchr(text, '\x1b'))
		return false;
	if (!*text || strcmp(format, "table") == 0)
		return true;
	if (strcmp(format, "csv") == 0)
		return is_csv(text) && !strstr(text, ",=") && !strstr(text, ",\"=");
	return strcmp(format, "jsonl") == 0 ? is_jsonl(text) : is_json(text);
}

/* Prints what is no answer of orgd's, is made to be kept, or is an answer of any method. */
static bool is_formless(const struct command *command, const char *format)
{
	return strncmp(command->syntax, "completion ", 11) == 0 ||
	       strcmp(command->syntax, "event checkpoint") == 0 ||
	       strcmp(command->syntax, "export") == 0 ||
	       (strncmp(command->syntax, "call ", 5) == 0 && strcmp(format, "csv") == 0);
}

static void check_example(const struct command *command)
{
	static const char *const formats[] = { "table", "json", "jsonl", "csv" };

	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		int code = run_example(command, formats[i]);
		char *output = read_file("output"), *errors = read_file("errors");

		if (is_formless(command, formats[i]))
			cr_expect(code == EXIT_OK || code == EXIT_USAGE);
		else
			cr_expect(code == EXIT_OK && is_in_format(output, formats[i]),
				"%s --output %s: %d %s%s", command->example, formats[i], code,
				errors, output);
		free(output);
		free(errors);
	}
}

/* What no person calls: services and the courier do, over the client library. */
static const char *const machines_alone[] = {
	"orgd.v1.AccessService/BatchCheck",
	"orgd.v1.DeliveryService/LeaseDeliveries",
	"orgd.v1.DeliveryService/ReportDelivery",
	"grpc.health.v1.Health/List",
	"grpc.health.v1.Health/Watch",
};

static bool is_for_machines(const char *method)
{
	for (size_t i = 0; i < COUNT_OF(machines_alone); i++)
		if (strcmp(machines_alone[i], method) == 0)
			return true;
	return false;
}

Test(reach, every_example_works_and_every_rpc_has_a_command)
{
	char import[] = "import", *calls, *words[] = { import, NULL };
	size_t used;
	struct command rehearsal = *command_find(words, &used);

	rehearsal.example = "orgctl import portal.jsonl --dry-run";

	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		for (size_t i = 0; i < (*noun)->count; i++)
			if (strncmp((*noun)->commands[i].syntax, "call ", 5) != 0)
				check_example(&(*noun)->commands[i]);
	check_example(&rehearsal);
	calls = read_file("calls");
	for (const ProtobufCServiceDescriptor *const *service = org_services(); *service; service++)
		for (unsigned i = 0; i < (*service)->n_methods; i++) {
			char *method, *line;

			cr_assert_gt(asprintf(&method, "%s/%s", (*service)->name,
					     (*service)->methods[i].name),
				0);
			cr_assert_gt(asprintf(&line, "%s\n", method), 0);
			cr_expect(!strstr(calls, line) == is_for_machines(method), "%s", method);
			free(method);
			free(line);
		}
	free(calls);
}

Test(reach, any_method_is_called_in_json_alone)
{
	char *errors;

	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		if (strncmp((*noun)->commands[0].syntax, "call ", 5) == 0)
			check_example(&(*noun)->commands[0]);
	errors = read_file("errors");
	cr_expect_str_eq(errors,
		"orgctl: error: the answer of any method is JSON; --output is json or jsonl here\n"
		"hint: orgctl help call\n");
	free(errors);
}
