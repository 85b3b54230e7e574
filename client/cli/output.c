/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "csv.h"
#include "meaning.h"
#include "message.h"
#include "protojson.h"
#include "safe.h"
#include "table.h"

enum output_format output_format(const struct cli *cli)
{
	static const char *const names[] = {
		[OUTPUT_TABLE] = "table",
		[OUTPUT_JSON] = "json",
		[OUTPUT_JSONL] = "jsonl",
		[OUTPUT_CSV] = "csv",
	};
	const char *format = given(cli, "output");

	for (size_t i = 0; format && i < COUNT_OF(names); i++)
		if (strcmp(format, names[i]) == 0)
			return (enum output_format)i;
	if (format)
		fail_usage(cli, "\"%s\" is no --output; it is one of: %s", format,
			"table, json, jsonl, csv");
	return OUTPUT_TABLE;
}

bool output_is_for_people(const struct cli *cli)
{
	return output_format(cli) == OUTPUT_TABLE && !flag(cli, "quiet");
}

static bool is_only_ids(const struct cli *cli)
{
	return output_format(cli) == OUTPUT_TABLE && flag(cli, "quiet");
}

bool output_streams(const struct cli *cli)
{
	enum output_format format = output_format(cli);

	return format == OUTPUT_JSONL || format == OUTPUT_CSV || is_only_ids(cli);
}

void output_finish(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		fail(EXIT_OTHER, NULL, "the output could not be written: %m");
}

/* --- JSON --- */

static void text_free(char **text)
{
	free(*text);
}

static void json_free(json_t **json)
{
	json_decref(*json);
}

static void print_json(const json_t *json, size_t flags)
{
	CLEANUP(arena_clear) struct arena arena;
	CLEANUP(text_free) char *text = json_dumps(json, flags | JSON_ENCODE_ANY);

	if (!text)
		abort();
	arena_init(&arena);
	puts(safe_text(&arena, text));
}

static void print_message(
	const ProtobufCMessage *message, enum protojson_fields fields, size_t flags)
{
	char problem[PROTOJSON_PROBLEM_BYTES];
	CLEANUP(json_free) json_t *json = protojson_write(message, fields, problem);

	if (!json)
		fail(EXIT_OTHER, NULL, "the answer has no JSON form: %s", problem);
	print_json(json, flags);
}

void output_json(struct cli *cli, const ProtobufCMessage *message)
{
	(void)cli;
	print_message(message, PROTOJSON_ALL, JSON_INDENT(2));
}

void output_json_line(struct cli *cli, const ProtobufCMessage *message)
{
	(void)cli;
	print_message(message, PROTOJSON_ALL, JSON_COMPACT);
	output_finish();
}

void output_json_brief(struct cli *cli, const ProtobufCMessage *message)
{
	(void)cli;
	print_message(message, PROTOJSON_POPULATED, JSON_COMPACT);
}

void output_json_value(struct cli *cli, json_t *value)
{
	CLEANUP(json_free) json_t *json = value;

	(void)cli;
	print_json(json, JSON_INDENT(2));
}

/* --- sentences --- */

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

/* --- CSV --- */

/* "delivery.state" is the column "delivery_state". */
static void print_name(void *context, const char *path)
{
	struct arena *arena = context;
	char *name = arena_strdup(arena, path);

	for (char *dot = name; (dot = strchr(dot, '.'));)
		*dot = '_';
	csv_cell(name);
}

static void print_cell(struct arena *arena, const ProtobufCMessage *message, const char *path)
{
	const char *text = message_text_as(arena, message, path, MESSAGE_RAW);

	csv_cell(text ? safe_text(arena, text) : NULL);
}

struct cells {
	struct arena *arena;
	const ProtobufCMessage *message;
};

static void print_path(void *context, const char *path)
{
	struct cells *cells = context;

	print_cell(cells->arena, cells->message, path);
}

/* Every field of the message; nothing when it cannot have any. */
static void print_message_as_csv(const ProtobufCMessage *message)
{
	CLEANUP(arena_clear) struct arena arena;
	struct cells cells = { &arena, message };

	if (message->descriptor->n_fields == 0)
		return;
	arena_init(&arena);
	message_paths(&arena, message->descriptor, print_name, &arena);
	csv_end_line();
	message_paths(&arena, message->descriptor, print_path, &cells);
	csv_end_line();
}

static void print_names(struct arena *arena, const struct column *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		print_name(arena, columns[i].path);
	csv_end_line();
}

/* The table's columns, behind the id where they have none. */
static size_t csv_columns(struct arena *arena, const char *id, const char *text,
	struct column columns[COLUMNS_MAX + 1])
{
	size_t count = columns_parse(arena, text, columns + 1);

	for (size_t i = 1; i <= count; i++)
		if (strcmp(columns[i].path, id) == 0) {
			memmove(columns, columns + 1, count * sizeof(*columns));
			return count;
		}
	columns[0] = (struct column){ id, id };
	return count + 1;
}

/* --- one thing --- */

/* Programs are shown one thing as they are shown another. True when that was all. */
static bool print_for_programs(struct cli *cli, const ProtobufCMessage *response,
	const ProtobufCMessage *shown, const char *id)
{
	const char *text;

	switch (output_format(cli)) {
	case OUTPUT_JSON:
		output_json(cli, response);
		return true;
	case OUTPUT_JSONL:
		output_json_line(cli, response);
		return true;
	case OUTPUT_CSV:
		if (shown)
			print_message_as_csv(shown);
		return true;
	case OUTPUT_TABLE:
		break;
	}
	if (!flag(cli, "quiet"))
		return false;
	text = id ? message_text_as(&cli->arena, response, id, MESSAGE_PLAIN) : NULL;
	if (text)
		output_line(cli, "%s", text);
	return true;
}

void output_resource(
	struct cli *cli, const ProtobufCMessage *response, const char *field, const char *id)
{
	const ProtobufCMessage *shown = response;

	if (field)
		shown = *(ProtobufCMessage *const *)message_at(
			(ProtobufCMessage *)(uintptr_t)response, field);
	if (!print_for_programs(cli, response, shown, id) && shown)
		table_print_fields(shown);
}

void output_fields(
	struct cli *cli, const ProtobufCMessage *response, const char *fields, const char *id)
{
	struct column columns[COLUMNS_MAX];
	size_t count = columns_parse(&cli->arena, fields, columns);

	if (output_format(cli) == OUTPUT_CSV) {
		print_names(&cli->arena, columns, count);
		for (size_t i = 0; i < count; i++)
			print_cell(&cli->arena, response, columns[i].path);
		csv_end_line();
	} else if (!print_for_programs(cli, response, response, id)) {
		table_print_paths(response, columns, count);
	}
}

void output_done(struct cli *cli, const ProtobufCMessage *response, const char *format, ...)
{
	va_list args;

	if (print_for_programs(cli, response, response, NULL))
		return;
	va_start(args, format);
	print_sentence(cli, format, args);
	va_end(args);
}

/* --- many --- */

static void print_row(struct arena *arena, const ProtobufCMessage *item, const char *id,
	const char *columns, bool *is_headed)
{
	struct column cells[COLUMNS_MAX + 1];
	size_t count = csv_columns(arena, id, columns, cells);

	if (!*is_headed)
		print_names(arena, cells, count);
	*is_headed = true;
	for (size_t i = 0; i < count; i++)
		print_cell(arena, item, cells[i].path);
	csv_end_line();
}

static void print_item(
	struct cli *cli, const ProtobufCMessage *item, const char *id, const char *columns)
{
	CLEANUP(arena_clear) struct arena arena;
	const char *text;

	arena_init(&arena);
	switch (output_format(cli)) {
	case OUTPUT_JSON:
	case OUTPUT_JSONL:
		print_message(item, PROTOJSON_ALL, JSON_COMPACT);
		break;
	case OUTPUT_CSV:
		print_row(&arena, item, id, columns, &cli->is_headed);
		break;
	case OUTPUT_TABLE:
		text = message_text(&arena, item, id);
		puts(safe_line(&arena, text ? text : "-"));
		break;
	}
}

void output_item(struct cli *cli, const ProtobufCMessage *item, const char *id, const char *columns)
{
	print_item(cli, item, id, columns);
	output_finish();
}

/* The rows of a response. */
static ProtobufCMessage **rows_of(
	const ProtobufCMessage *response, const char *field, size_t *count)
{
	ProtobufCMessage *message = (ProtobufCMessage *)(uintptr_t)response;

	*count = *message_count_at(message, field);
	return *(ProtobufCMessage ***)message_at(message, field);
}

static void stream(struct cli *cli, const ProtobufCMessage *page, const char *field, const char *id,
	const char *columns)
{
	struct column names[COLUMNS_MAX + 1];

	/* Also where no row follows. */
	if (output_format(cli) == OUTPUT_CSV)
		print_names(&cli->arena, names, csv_columns(&cli->arena, id, columns, names));
	cli->is_headed = true;
	for (; page; page = ask_next_page(cli)) {
		size_t count;
		ProtobufCMessage **rows = rows_of(page, field, &count);

		for (size_t i = 0; i < count; i++)
			print_item(cli, rows[i], id, columns);
		output_finish();
	}
}

/* How long ago something was made is read at a glance; when something happened must be exact. */
static enum message_style style_of(const char *path)
{
	return strcmp(path, "time") == 0 ? MESSAGE_EXACT : MESSAGE_BRIEF;
}

static void print_table(
	struct cli *cli, ProtobufCMessage *const *rows, size_t count, const char *text)
{
	struct column columns[COLUMNS_MAX];
	size_t width = columns_parse(&cli->arena, text, columns);
	const char **texts = ARENA_ARRAY(&cli->arena, const char *, width *count);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < width; j++)
			texts[i * width + j] = message_text_as(
				&cli->arena, rows[i], columns[j].path, style_of(columns[j].path));
	table_print(columns, width, texts, count);
}

void output_list(struct cli *cli, const ProtobufCMessage *response, const char *field,
	const char *id, const char *columns)
{
	size_t count;
	ProtobufCMessage **rows = rows_of(response, field, &count);

	if (output_format(cli) == OUTPUT_JSON)
		output_json(cli, response);
	else if (output_streams(cli))
		stream(cli, response, field, id, columns);
	else if (count > 0)
		print_table(cli, rows, count, columns);
	else
		note("none found");
	if (cli->ended_at > 0) {
		output_finish();
		note("there is more; --limit %" PRIu64 " ended the list", cli->ended_at);
	}
}

/* --- what is no message --- */

static const char *value_text(const struct cli *cli, const json_t *row, const char *key)
{
	const json_t *value = json_is_object(row) ? json_object_get(row, key) : row;

	if (json_is_boolean(value) && output_is_for_people(cli))
		return json_is_true(value) ? "yes" : "no";
	if (json_is_boolean(value))
		return json_is_true(value) ? "true" : "false";
	return json_string_length(value) > 0 ? json_string_value(value) : NULL;
}

static void print_value(struct cli *cli, const json_t *row, const char *id,
	const struct column *columns, size_t width)
{
	switch (output_format(cli)) {
	case OUTPUT_JSON:
	case OUTPUT_JSONL:
		print_json(row, JSON_COMPACT);
		break;
	case OUTPUT_CSV:
		for (size_t i = 0; i < width; i++) {
			const char *text = value_text(cli, row, columns[i].path);

			csv_cell(text ? safe_text(&cli->arena, text) : NULL);
		}
		csv_end_line();
		break;
	case OUTPUT_TABLE:
		output_line(cli, "%s", value_text(cli, row, id));
		break;
	}
}

static void print_value_table(
	struct cli *cli, const json_t *rows, const struct column *columns, size_t width)
{
	size_t count = json_array_size(rows);
	const char **texts = ARENA_ARRAY(&cli->arena, const char *, width *count);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < width; j++)
			texts[i * width + j] =
				value_text(cli, json_array_get(rows, i), columns[j].path);
	if (count > 0)
		table_print(columns, width, texts, count);
	else
		note("none found");
}

void output_values(struct cli *cli, json_t *array, const char *id, const char *text)
{
	CLEANUP(json_free) json_t *rows = array;
	struct column columns[COLUMNS_MAX];
	size_t width = columns_parse(&cli->arena, text, columns);

	if (output_format(cli) == OUTPUT_JSON) {
		print_json(rows, JSON_INDENT(2));
		return;
	}
	if (output_is_for_people(cli)) {
		print_value_table(cli, rows, columns, width);
		return;
	}
	if (output_format(cli) == OUTPUT_CSV)
		print_names(&cli->arena, columns, width);
	for (size_t i = 0; i < json_array_size(rows); i++)
		print_value(cli, json_array_get(rows, i), id, columns, width);
}
