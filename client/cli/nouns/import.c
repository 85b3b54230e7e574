/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "command.h"
#include "import_file.h"
#include "import_names.h"
#include "output.h"
#include "progress.h"

enum {
	/* More than one connection has under way, so that the daemon never waits for us. */
	FLIGHTS_MAX = 64,
	PROBLEMS_SHOWN_MAX = 100,
};

/* A chunk on its way. */
struct flight {
	struct chunk chunk;
	unsigned kinds;
	ProtobufCMessage *response;
};

struct import {
	struct cli *cli;
	struct import_file file;
	bool dry;
	struct flight flights[FLIGHTS_MAX];
	struct org_call *calls[FLIGHTS_MAX]; /* of the flights; NULL where none is */
	uint64_t done, imported, unchanged;

	/* The first line that is refused. */
	uint64_t failed_line;
	struct org_status failure;

	/* A dry run's. */
	struct import_names names;
	uint64_t problems;
	enum org_code first_problem;
};

static unsigned bit(Orgd__V1__Record__KindCase kind)
{
	return 1U << (unsigned)kind;
}

/* What a record of these kinds may refer to. */
static unsigned referred(unsigned kinds)
{
	const unsigned users = bit(ORGD__V1__RECORD__KIND_USER),
		       organizations = bit(ORGD__V1__RECORD__KIND_ORGANIZATION),
		       collections = bit(ORGD__V1__RECORD__KIND_COLLECTION),
		       documents = bit(ORGD__V1__RECORD__KIND_DOCUMENT);
	unsigned all = 0;

	if (kinds & organizations)
		all |= users;
	if (kinds & bit(ORGD__V1__RECORD__KIND_MEMBER))
		all |= users | organizations;
	if (kinds & documents)
		all |= collections;
	if (kinds & bit(ORGD__V1__RECORD__KIND_GRANT))
		all |= organizations | collections | documents;
	return all;
}

static unsigned kinds_of(const struct chunk *chunk)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < chunk->count; i++)
		kinds |= bit(chunk->records[i]->kind_case);
	return kinds;
}

/* --- answers --- */

static void fails(struct import *import, uint64_t line, const struct org_status *status)
{
	if (import->failed_line && import->failed_line <= line)
		return;
	import->failed_line = line;
	import->failure = *status;
}

static uint64_t metadata_number(const struct org_status *status, const char *key)
{
	for (size_t i = 0; i < status->metadata_count; i++)
		if (strcmp(status->metadata[i].key, key) == 0)
			return strtoull(status->metadata[i].value, NULL, 10);
	return 0;
}

/* The refusal's metadata name the record, and how many before it are in. */
static void refused(
	struct import *import, const struct chunk *chunk, const struct org_status *status)
{
	uint64_t record = metadata_number(status, "record");

	import->imported += metadata_number(status, "imported");
	fails(import, chunk->lines[record < chunk->count ? record : 0], status);
}

/* An answer that changed nothing is one to an earlier run. */
static void count_imported(struct import *import, const Orgd__V1__ImportResponse *response,
	const struct org_status *status)
{
	for (size_t i = 0; i < response->n_outcomes; i++)
		if (status->committed &&
			response->outcomes[i] == ORGD__V1__IMPORT_OUTCOME__IMPORT_OUTCOME_IMPORTED)
			import->imported++;
		else
			import->unchanged++;
}

static void problem(struct import *import, uint64_t line, enum org_code code, const char *sentence)
{
	if (import->problems++ == 0)
		import->first_problem = code;
	if (import->problems <= PROBLEMS_SHOWN_MAX)
		note("%s:%" PRIu64 ": %s", given(import->cli, "records"), line, sentence);
}

static void look_at_result(struct import *import, uint64_t line,
	const Orgd__V1__ValidateImportResponse__Result *result)
{
	struct org_status status;

	if (result->error) {
		org_status_read(result->error, &status);
		problem(import, line, status.code, status.message);
		return;
	}
	for (size_t i = 0; i < result->n_missing; i++)
		if (!import_names_has(&import->names, result->missing[i], line)) {
			char sentence[512];

			snprintf(sentence, sizeof(sentence),
				"there is no %s, neither in orgd nor earlier in the file",
				result->missing[i]);
			problem(import, line, ORG_NOT_FOUND, sentence);
			return;
		}
	if (result->outcome == ORGD__V1__IMPORT_OUTCOME__IMPORT_OUTCOME_UNCHANGED)
		import->unchanged++;
	else
		import->imported++;
}

static void look_at_results(struct import *import, const struct chunk *chunk,
	const Orgd__V1__ValidateImportResponse *response)
{
	for (size_t i = 0; i < chunk->count && i < response->n_results; i++)
		look_at_result(import, chunk->lines[i], response->results[i]);
}

static void finish(struct import *import, size_t place)
{
	struct flight *flight = &import->flights[place];
	struct chunk *chunk = &flight->chunk;
	struct org_status status;
	enum org_code code = org_call_wait(import->calls[place], &status);

	import->calls[place] = NULL;
	if (code != ORG_OK)
		refused(import, chunk, &status);
	else if (import->dry)
		look_at_results(
			import, chunk, (const Orgd__V1__ValidateImportResponse *)flight->response);
	else
		count_imported(import, (const Orgd__V1__ImportResponse *)flight->response, &status);
	import->done += chunk->count;
	progress_show(import->cli, import->dry ? "Checking" : "Importing", import->done,
		import->file.total);
	org_message_free(flight->response);
	chunk_clear(chunk);
	*flight = (struct flight){ 0 };
}

/* --- calls --- */

static void finish_any(struct import *import)
{
	finish(import, org_call_wait_any(import->calls, FLIGHTS_MAX));
}

/* A place for a flight. What it refers to must have arrived. */
static size_t place_for(struct import *import, unsigned kinds)
{
	size_t place = FLIGHTS_MAX;
	bool waits = false;

	for (size_t i = 0; i < FLIGHTS_MAX; i++) {
		if (!import->calls[i])
			place = i;
		else
			waits |= !import->dry && (import->flights[i].kinds & referred(kinds));
	}
	return waits ? FLIGHTS_MAX : place;
}

static void begin(struct import *import, size_t place, const struct chunk *chunk, unsigned kinds)
{
	struct org_client *client = ask_client(import->cli);
	struct flight *flight = &import->flights[place];
	const struct org_call_options options = {
		.request_id = chunk->request_id,
		.timeout_ms = given(import->cli, "timeout") ? 0 : ORG_TIMEOUT_MS_MAX,
	};
	Orgd__V1__ImportRequest records = MESSAGE_OF(orgd__v1__import_request);
	Orgd__V1__ValidateImportRequest same = MESSAGE_OF(orgd__v1__validate_import_request);

	*flight = (struct flight){ .chunk = *chunk, .kinds = kinds };
	records.n_records = same.n_records = chunk->count;
	records.records = same.records = flight->chunk.records;
	import->calls[place] = org_call_begin(client, &orgd__v1__admin_service__descriptor,
		import->dry ? "ValidateImport" : "Import", import->dry ? &same.base : &records.base,
		&options, &flight->response);
}

static void send(struct import *import, const struct chunk *chunk)
{
	unsigned kinds = kinds_of(chunk);
	size_t place;

	while ((place = place_for(import, kinds)) == FLIGHTS_MAX)
		finish_any(import);
	for (size_t i = 0; import->dry && i < chunk->count; i++)
		import_names_add(&import->names, chunk->records[i], chunk->lines[i]);
	begin(import, place, chunk, kinds);
}

static bool is_any_under_way(const struct import *import)
{
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		if (import->calls[i])
			return true;
	return false;
}

static void send_all(struct import *import)
{
	struct chunk chunk = { 0 };

	do {
		import_file_read(&import->file, &chunk);
		if (chunk.count > 0)
			send(import, &chunk);
	} while (chunk.count > 0 && !import->file.problem[0] && !import->failed_line);
	while (is_any_under_way(import))
		finish_any(import);
	progress_clear();
}

/* --- how it ended --- */

static const char *so_far(struct import *import)
{
	return arena_printf(&import->cli->arena,
		"%" PRIu64 " records were imported%s; the same command goes on from there",
		import->imported, import->unchanged ? ", others had been before" : "");
}

__attribute__((noreturn)) static void fail_of_line(struct import *import)
{
	struct org_status status = import->failure;
	const char *sentence = arena_printf(&import->cli->arena, "%s:%" PRIu64 ": %s",
		given(import->cli, "records"), import->failed_line, import->failure.message);

	memccpy(status.message, sentence, '\0', sizeof(status.message) - 1);
	fail_status(&status, import->dry ? NULL : so_far(import));
}

static void show(struct import *import)
{
	char *imported = arena_printf(&import->cli->arena, "%" PRIu64, import->imported);
	char *unchanged = arena_printf(&import->cli->arena, "%" PRIu64, import->unchanged);

	if (output_is_for_people(import->cli))
		output_sentence(import->cli, "%s %s records; %s were there already.",
			import->dry ? "Would import" : "Imported", imported, unchanged);
	else
		output_values(import->cli,
			json_pack("[{s:s, s:s}]", "imported", imported, "unchanged", unchanged),
			"imported", "imported unchanged");
}

static enum exit_code run(struct cli *cli)
{
	static struct import import;
	const char *name = given(cli, "records");

	import = (struct import){ .cli = cli, .dry = flag(cli, "dry-run") };
	if (!import_file_open(&import.file, name))
		fail(EXIT_USAGE, NULL, "%s cannot be read: %s", name, strerror(errno));
	if (given(cli, "request-id"))
		import.file.run_id = given(cli, "request-id");
	send_all(&import);
	if (import.failed_line)
		fail_of_line(&import);
	if (import.file.problem[0])
		fail(EXIT_USAGE, import.dry ? NULL : so_far(&import), "%s:%" PRIu64 ": %s", name,
			import.file.line, import.file.problem);
	import_file_close(&import.file);
	import_names_clear(&import.names);
	if (import.problems)
		fail(exit_code_of(import.first_problem), NULL,
			"%" PRIu64 " of %" PRIu64 " records would be refused", import.problems,
			import.done);
	show(&import);
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "import <records> [--dry-run]",
		"Take in what orgctl export printed, or another system's people; what is there "
		"already stays as it is, so that an import that was interrupted goes on.",
		"orgctl import portal.jsonl", run },
};

NOUN(import_noun, NULL, "Taking in records.");
