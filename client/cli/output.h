/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <jansson.h>

#include "cli.h"

/*
 * What a command answered, as --output and --quiet want it: for people as text, for programs the
 * whole response in ProtoJSON, or only the ids, one a line. Text from orgd is safe for a terminal.
 */
enum output_format { OUTPUT_TABLE, OUTPUT_JSON };
enum output_format output_format(const struct cli *cli);
/* Neither JSON nor only ids. */
bool output_is_for_people(const struct cli *cli);

/* One thing: the response's field `field` line by line, NULL for the whole response. Quiet: its
 * field `id`, at `path` within the response. */
void output_resource(
	struct cli *cli, const ProtobufCMessage *response, const char *field, const char *id);
/* The same, but only these fields, paths within the response with spaces between; quiet: `id`. */
void output_fields(
	struct cli *cli, const ProtobufCMessage *response, const char *fields, const char *id);
/* Many: the elements of the response's field `field` in a table of these columns, paths within an
 * element with spaces between, each with "=HEADING" where its last word is not heading enough. A
 * column that would be empty is left out. What people name by a handle or an address has no column
 * for its id. Quiet: `id`, a path within an element. */
void output_list(struct cli *cli, const ProtobufCMessage *response, const char *field,
	const char *id, const char *columns);
/* A sentence before the thing, for people alone: what happened, and what comes next. */
void output_sentence(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* Nothing to show but that it was done, said in a sentence. Quiet: nothing. */
void output_done(struct cli *cli, const ProtobufCMessage *response, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* What is no message: as JSON, with --output json. The value is taken over. */
void output_json_value(struct cli *cli, json_t *value);
/* A message as one line of JSON, and as many lines. */
void output_json_line(struct cli *cli, const ProtobufCMessage *message);
void output_json(struct cli *cli, const ProtobufCMessage *message);
/* Text lines, each safe. */
void output_line(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);

/* Ends the process when what was printed did not get out: a full disk, a closed pipe. */
void output_finish(void);
