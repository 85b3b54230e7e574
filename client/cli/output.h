/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <jansson.h>

#include "cli.h"

/*
 * What a command answered, as --output and --quiet want it: for people as tables and sentences, for
 * programs as ProtoJSON or CSV, or only the ids, one a line. Text from orgd is safe for a terminal
 * in each.
 */
enum output_format {
	OUTPUT_TABLE,
	OUTPUT_JSON,  /* the whole answer */
	OUTPUT_JSONL, /* each element of a list on a line of its own; any other answer on one */
	OUTPUT_CSV, /* a line of names, and one for each element: what the table shows, as it is */
};
enum output_format output_format(const struct cli *cli);
/* Neither for a program nor only ids. */
bool output_is_for_people(const struct cli *cli);
/* Elements leave as they come: nothing in the format needs the last before the first. */
bool output_streams(const struct cli *cli);

/* One thing: the response's field `field` line by line, NULL for the whole response. Quiet: its
 * field `id`, at `path` within the response. */
void output_resource(
	struct cli *cli, const ProtobufCMessage *response, const char *field, const char *id);
/* The same, but only these fields, paths within the response with spaces between; quiet: `id`. */
void output_fields(
	struct cli *cli, const ProtobufCMessage *response, const char *fields, const char *id);
/* Many: the elements of the response's field `field` in a table of these columns (columns.h). A
 * column that would be empty is left out. What people name by a handle or an address has no column
 * for its id. Quiet: `id`, a path within an element.
 *
 * Of ASK_LIST's, all pages. */
void output_list(struct cli *cli, const ProtobufCMessage *response, const char *field,
	const char *id, const char *columns);
/* One of many that come one by one, for programs alone: as output_list would show it in the formats
 * that stream, on a line of its own in any. */
void output_item(
	struct cli *cli, const ProtobufCMessage *item, const char *id, const char *columns);
/* A sentence before the thing, for people alone: what happened, and what comes next. */
void output_sentence(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* Nothing to show but that it was done, said in a sentence. Quiet: nothing. */
void output_done(struct cli *cli, const ProtobufCMessage *response, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* What is no message: an array of strings, or of objects with strings and booleans in them. The
 * array is taken over; paths are keys. */
void output_values(struct cli *cli, json_t *array, const char *id, const char *columns);
/* As JSON, with --output json. The value is taken over. */
void output_json_value(struct cli *cli, json_t *value);
/* A message as one line of JSON, and as many lines. */
void output_json_line(struct cli *cli, const ProtobufCMessage *message);
void output_json(struct cli *cli, const ProtobufCMessage *message);
/* The same as one short line: without the fields that say nothing. Of many, so it leaves when there
 * is enough of it, or in output_finish. */
void output_json_brief(struct cli *cli, const ProtobufCMessage *message);
/* Text lines, each safe. */
void output_line(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);

/* Ends the process when what was printed did not get out: a full disk, a closed pipe. */
void output_finish(void);
