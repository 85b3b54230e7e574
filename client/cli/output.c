/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <assert.h>
#include <ctype.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "protojson.h"
#include "safe.h"

enum output_format output_format(const struct cli *cli)
{
	const char *format = given(cli, "output");

	if (!format || strcmp(format, "table") == 0)
		return OUTPUT_TABLE;
	if (strcmp(format, "json") == 0)
		return OUTPUT_JSON;
	fail_usage(cli, "\"%s\" is no --output; it is one of: table, json", format);
}

bool output_is_for_people(const struct cli *cli)
{
	return output_format(cli) == OUTPUT_TABLE && !flag(cli, "quiet");
}

static void text_free(char **text)
{
	free(*text);
}

void output_json(struct cli *cli, const ProtobufCMessage *message)
{
	char problem[PROTOJSON_PROBLEM_BYTES];
	CLEANUP(text_free) char *text = protojson_format(message, PROTOJSON_ALL, problem);

	if (!text)
		fail(EXIT_OTHER, NULL, "the answer has no JSON form: %s", problem);
	puts(safe_text(&cli->arena, text));
}

static void json_free(json_t **json)
{
	json_decref(*json);
}

static void print_json(struct cli *cli, const json_t *json, size_t flags)
{
	CLEANUP(text_free) char *text = json_dumps(json, flags);

	if (!text)
		abort();
	puts(safe_text(&cli->arena, text));
	fflush(stdout);
}

void output_json_value(struct cli *cli, json_t *value)
{
	CLEANUP(json_free) json_t *json = value;

	print_json(cli, json, JSON_INDENT(2));
}

void output_json_line(struct cli *cli, const ProtobufCMessage *message)
{
	char problem[PROTOJSON_PROBLEM_BYTES];
	CLEANUP(json_free) json_t *json = protojson_write(message, PROTOJSON_ALL, problem);

	if (!json)
		fail(EXIT_OTHER, NULL, "the answer has no JSON form: %s", problem);
	print_json(cli, json, JSON_COMPACT);
}

void output_line(struct cli *cli, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	puts(safe_line(&cli->arena, text));
}

PRINTF_LIKE(2, 0)
static void print_sentence(struct cli *cli, const char *format, va_list args)
{
	char text[2048];

	if (!output_is_for_people(cli))
		return;
	vsnprintf(text, sizeof(text), format, args);
	puts(safe_line(&cli->arena, text));
}

void output_sentence(struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_sentence(cli, format, args);
	va_end(args);
}

void output_done(struct cli *cli, const ProtobufCMessage *response, const char *format, ...)
{
	va_list args;

	if (output_format(cli) == OUTPUT_JSON)
		output_json(cli, response);
	va_start(args, format);
	print_sentence(cli, format, args);
	va_end(args);
}

void output_finish(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		fail(EXIT_OTHER, NULL, "the output could not be written: %m");
}

/* --- tables --- */

static void table_unref(struct libscols_table **table)
{
	scols_unref_table(*table);
}

/* The library fails for want of memory only. */
static void check(int result)
{
	if (result < 0)
		abort();
}

static struct libscols_table *table_new(void)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		abort();
	scols_table_enable_minout(table, 1);
	return table;
}

static struct libscols_column *column_add(struct libscols_table *table, const char *heading)
{
	struct libscols_column *column = scols_table_new_column(table, heading, 0, 0);

	if (!column)
		abort();
	return column;
}

struct labelled {
	struct cli *cli;
	struct libscols_table *table;
};

static void labelled_add(void *context, const char *label, const char *text)
{
	struct labelled *labelled = context;
	struct libscols_line *line = scols_table_new_line(labelled->table, NULL);

	if (!line)
		abort();
	check(scols_line_set_data(line, 0, label));
	check(scols_line_set_data(line, 1, safe_text(&labelled->cli->arena, text)));
}

/* "display name  Ada": a table of two columns without headings. */
static struct libscols_table *labelled_new(void)
{
	struct libscols_table *table = table_new();
	struct libscols_column *value;

	scols_table_enable_noheadings(table, 1);
	column_add(table, "field");
	value = column_add(table, "value");
	check(scols_column_set_flags(value, SCOLS_FL_WRAP));
	check(scols_column_set_safechars(value, "\n\t"));
	check(scols_column_set_wrapfunc(
		value, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL));
	return table;
}

/* JSON and quiet show one thing as they show another. True when that was all. */
static bool print_for_programs(struct cli *cli, const ProtobufCMessage *response, const char *id)
{
	const char *text;

	if (output_format(cli) == OUTPUT_JSON) {
		output_json(cli, response);
		return true;
	}
	if (!flag(cli, "quiet"))
		return false;
	text = message_text(&cli->arena, response, id);
	if (text)
		output_line(cli, "%s", text);
	return true;
}

void output_resource(
	struct cli *cli, const ProtobufCMessage *response, const char *field, const char *id)
{
	CLEANUP(table_unref) struct libscols_table *table = NULL;
	struct labelled labelled = { cli, NULL };
	const ProtobufCMessage *shown = response;

	if (print_for_programs(cli, response, id))
		return;
	if (field)
		shown = *(ProtobufCMessage *const *)message_at(
			(ProtobufCMessage *)(uintptr_t)response, field);
	if (!shown)
		return;
	labelled.table = table = labelled_new();
	message_walk(&cli->arena, shown, labelled_add, &labelled);
	check(scols_print_table(table));
}

enum { COLUMNS_MAX = 12 };

static size_t split(struct arena *arena, const char *text, char *parts[COLUMNS_MAX])
{
	size_t count = 0;
	char *rest = arena_strdup(arena, text), *part;

	while ((part = strsep(&rest, " "))) {
		assert(count < COLUMNS_MAX);
		parts[count++] = part;
	}
	return count;
}

void output_fields(
	struct cli *cli, const ProtobufCMessage *response, const char *fields, const char *id)
{
	CLEANUP(table_unref) struct libscols_table *table = NULL;
	struct labelled labelled = { cli, NULL };
	char *paths[COLUMNS_MAX];
	size_t count = split(&cli->arena, fields, paths);

	if (print_for_programs(cli, response, id))
		return;
	labelled.table = table = labelled_new();
	for (size_t i = 0; i < count; i++) {
		const char *text = message_text(&cli->arena, response, paths[i]);

		for (char *c = paths[i]; *c; c++)
			*c = strchr("._", *c) ? ' ' : *c;
		if (text)
			labelled_add(&labelled, paths[i], text);
	}
	check(scols_print_table(table));
}

/* Cuts a heading off its column's path: "delivery.state=DELIVERY" has one, and that of
 * "organization.display_name" is "DISPLAY NAME". */
static char *cut_heading(struct arena *arena, char *path)
{
	char *equals = strchr(path, '='), *dot = strrchr(path, '.'), *heading;

	if (equals) {
		*equals = '\0';
		return equals + 1;
	}
	heading = arena_strdup(arena, dot ? dot + 1 : path);
	for (char *c = heading; *c; c++)
		*c = *c == '_' ? ' ' : (char)toupper((unsigned char)*c);
	return heading;
}

/* Fills in a column; false when no row has anything to say there. */
static bool read_column(struct cli *cli, ProtobufCMessage *const *rows, size_t count,
	const char *path, const char **texts)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		const char *text = message_text(&cli->arena, rows[i], path);

		texts[i] = text ? safe_line(&cli->arena, text) : "-";
		any = any || text;
	}
	return any;
}

static void print_table(
	struct cli *cli, ProtobufCMessage *const *rows, size_t count, const char *columns)
{
	CLEANUP(table_unref) struct libscols_table *table = table_new();
	const char **texts = ARENA_ARRAY(&cli->arena, const char *, count);
	char *paths[COLUMNS_MAX];
	size_t width = split(&cli->arena, columns, paths), shown = 0;

	for (size_t i = 0; i < count; i++)
		if (!scols_table_new_line(table, NULL))
			abort();
	for (size_t i = 0; i < width; i++) {
		char *heading = cut_heading(&cli->arena, paths[i]);

		if (!read_column(cli, rows, count, paths[i], texts))
			continue;
		column_add(table, heading);
		for (size_t j = 0; j < count; j++)
			check(scols_line_set_data(scols_table_get_line(table, j), shown, texts[j]));
		shown++;
	}
	check(scols_print_table(table));
}

void output_list(struct cli *cli, const ProtobufCMessage *response, const char *field,
	const char *id, const char *columns)
{
	ProtobufCMessage *message = (ProtobufCMessage *)(uintptr_t)response;
	ProtobufCMessage **rows = *(ProtobufCMessage ***)message_at(message, field);
	size_t count = *message_count_at(message, field);

	if (output_format(cli) == OUTPUT_JSON) {
		output_json(cli, response);
		return;
	}
	if (!flag(cli, "quiet")) {
		if (count > 0)
			print_table(cli, rows, count, columns);
		else
			note("none found");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *text = message_text(&cli->arena, rows[i], id);

		output_line(cli, "%s", text ? text : "-");
	}
}
