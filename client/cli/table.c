/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "colour.h"
#include "message.h"
#include "safe.h"

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
	check(scols_table_set_column_separator(table, "  "));
	scols_table_enable_colors(table, colour_wanted(stdout));
	return table;
}

static struct libscols_column *column_add(struct libscols_table *table, const char *heading)
{
	struct libscols_column *column = scols_table_new_column(table, heading, 0, 0);

	if (!column)
		abort();
	check(scols_cell_set_color(scols_column_get_header(column), "bold"));
	return column;
}

/* Is there a row with something to say in this column? */
static bool is_needed(const char *const *texts, size_t width, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (texts[i * width])
			return true;
	return false;
}

void table_print(const struct column *columns, size_t width, const char *const *texts, size_t count)
{
	CLEANUP(arena_clear) struct arena arena;
	CLEANUP(table_unref) struct libscols_table *table = table_new();
	size_t shown = 0;

	arena_init(&arena);
	for (size_t i = 0; i < count; i++)
		if (!scols_table_new_line(table, NULL))
			abort();
	for (size_t i = 0; i < width; i++) {
		if (!is_needed(texts + i, width, count))
			continue;
		column_add(table, columns[i].heading);
		for (size_t j = 0; j < count; j++) {
			const char *text = texts[j * width + i];

			check(scols_line_set_data(scols_table_get_line(table, j), shown,
				text ? safe_line(&arena, text) : "-"));
		}
		shown++;
	}
	check(scols_print_table(table));
}

/* --- one thing, line by line --- */

struct labelled {
	struct arena *arena;
	struct libscols_table *table;
};

static void labelled_add(void *context, const char *label, const char *text)
{
	struct labelled *labelled = context;
	struct libscols_line *line = scols_table_new_line(labelled->table, NULL);

	if (!line)
		abort();
	check(scols_line_set_data(line, 0, label));
	check(scols_line_set_data(line, 1, safe_text(labelled->arena, text)));
}

/* A table of two columns without headings. */
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

void table_print_fields(const ProtobufCMessage *message)
{
	CLEANUP(arena_clear) struct arena arena;
	CLEANUP(table_unref) struct libscols_table *table = labelled_new();
	struct labelled labelled = { &arena, table };

	arena_init(&arena);
	message_walk(&arena, message, labelled_add, &labelled);
	check(scols_print_table(table));
}

void table_print_paths(const ProtobufCMessage *message, const struct column *paths, size_t count)
{
	CLEANUP(arena_clear) struct arena arena;
	CLEANUP(table_unref) struct libscols_table *table = labelled_new();
	struct labelled labelled = { &arena, table };

	arena_init(&arena);
	for (size_t i = 0; i < count; i++) {
		const char *text = message_text_as(&arena, message, paths[i].path, MESSAGE_FULL);
		char *label = arena_strdup(&arena, paths[i].path);

		for (char *c = label; *c; c++)
			*c = strchr("._", *c) ? ' ' : *c;
		if (text)
			labelled_add(&labelled, label, text);
	}
	check(scols_print_table(table));
}
