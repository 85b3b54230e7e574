/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES_MAX = 16, ROWS_MAX = 32, COLUMNS_MAX = 12, ROUNDS_MAX = 99, TEXT_MAX = 320 };

struct cell {
	double values[ROUNDS_MAX];
	size_t count;
};

struct table_row {
	char label[TEXT_MAX];
	const char *aim;
	struct cell cells[COLUMNS_MAX];
};

struct table {
	const char *name, *title;
	const struct column *columns;
	size_t column_count, row_count;
	struct table_row rows[ROWS_MAX];
	char remark[TEXT_MAX];
};

static struct table *tables[TABLES_MAX];
static size_t table_count;

struct table *table_new(
	const char *name, const char *title, const struct column *columns, size_t column_count)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table || table_count == TABLES_MAX || column_count > COLUMNS_MAX)
		errx(1, "too many tables");
	table->name = name;
	table->title = title;
	table->columns = columns;
	table->column_count = column_count;
	tables[table_count++] = table;
	return table;
}

struct table_row *table_row(struct table *table, const char *format, ...)
{
	struct table_row *row = &table->rows[table->row_count];
	va_list arguments;

	if (table->row_count++ == ROWS_MAX)
		errx(1, "too many rows");
	va_start(arguments, format);
	vsnprintf(row->label, sizeof(row->label), format, arguments);
	va_end(arguments);
	return row;
}

void table_aim(struct table_row *row, const char *aim)
{
	row->aim = aim;
}

void table_remark(struct table *table, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(table->remark, sizeof(table->remark), format, arguments);
	va_end(arguments);
}

void table_note(struct table_row *row, size_t column, double value)
{
	struct cell *cell = &row->cells[column];

	if (cell->count == ROUNDS_MAX)
		errx(1, "too many rounds");
	cell->values[cell->count++] = value;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

struct spread {
	double least, median, greatest;
};

static struct spread spread_of(const struct cell *cell)
{
	double sorted[ROUNDS_MAX];

	if (!cell->count)
		return (struct spread){ 0 };
	memcpy(sorted, cell->values, cell->count * sizeof(*sorted));
	qsort(sorted, cell->count, sizeof(*sorted), compare);
	return (struct spread){ sorted[0], sorted[cell->count / 2], sorted[cell->count - 1] };
}

double table_median(const struct table_row *row, size_t column)
{
	return spread_of(&row->cells[column]).median;
}

/* "median" or "median (least to greatest)" */
static void cell_text(const struct cell *cell, const struct column *column, char text[TEXT_MAX])
{
	struct spread spread = spread_of(cell);
	int decimals = column->decimals;

	if (!cell->count)
		snprintf(text, TEXT_MAX, "-");
	else if (!column->spread || cell->count == 1)
		snprintf(text, TEXT_MAX, "%.*f", decimals, spread.median);
	else
		snprintf(text, TEXT_MAX, "%.*f (%.*f to %.*f)", decimals, spread.median, decimals,
			spread.least, decimals, spread.greatest);
}

static bool has_aims(const struct table *table)
{
	for (size_t i = 0; i < table->row_count; i++)
		if (table->rows[i].aim)
			return true;
	return false;
}

static int widest_label(const struct table *table)
{
	size_t widest = 1;

	for (size_t i = 0; i < table->row_count; i++)
		if (strlen(table->rows[i].label) > widest)
			widest = strlen(table->rows[i].label);
	return (int)widest;
}

static int widest_cell(const struct table *table, size_t column)
{
	size_t widest = strlen(table->columns[column].heading);
	char text[TEXT_MAX];

	for (size_t i = 0; i < table->row_count; i++) {
		cell_text(&table->rows[i].cells[column], &table->columns[column], text);
		if (strlen(text) > widest)
			widest = strlen(text);
	}
	return (int)widest;
}

static void print_rule(const struct table *table, int width, FILE *file)
{
	static const char dashes[] = "----------------------------------------------------------";

	fprintf(file, "|%.*s", width + 2, dashes);
	for (size_t i = 0; i < table->column_count; i++)
		fprintf(file, "|%.*s:", widest_cell(table, i) + 1, dashes);
	fprintf(file, "%s|\n", has_aims(table) ? "|---" : "");
}

static void print_table(const struct table *table, FILE *file)
{
	int width = widest_label(table);
	char text[TEXT_MAX];

	fprintf(file, "\n**%s**\n\n| %-*s", table->title, width, "");
	for (size_t i = 0; i < table->column_count; i++)
		fprintf(file, " | %*s", widest_cell(table, i), table->columns[i].heading);
	fprintf(file, "%s |\n", has_aims(table) ? " | aim" : "");
	print_rule(table, width, file);
	for (size_t r = 0; r < table->row_count; r++) {
		const struct table_row *row = &table->rows[r];

		fprintf(file, "| %-*s", width, row->label);
		for (size_t i = 0; i < table->column_count; i++) {
			cell_text(&row->cells[i], &table->columns[i], text);
			fprintf(file, " | %*s", widest_cell(table, i), text);
		}
		if (has_aims(table))
			fprintf(file, " | %s", row->aim ? row->aim : "");
		fprintf(file, " |\n");
	}
	if (*table->remark)
		fprintf(file, "\n%s\n", table->remark);
}

void tables_print(FILE *file)
{
	for (size_t i = 0; i < table_count; i++)
		print_table(tables[i], file);
}

static json_t *cell_json(const struct cell *cell)
{
	struct spread spread = spread_of(cell);
	json_t *rounds = json_array();

	for (size_t i = 0; i < cell->count; i++)
		json_array_append_new(rounds, json_real(cell->values[i]));
	return json_pack("{s:f, s:f, s:f, s:o}", "median", spread.median, "least", spread.least,
		"greatest", spread.greatest, "rounds", rounds);
}

static json_t *row_json(const struct table *table, const struct table_row *row)
{
	json_t *cells = json_object();

	for (size_t i = 0; i < table->column_count; i++)
		if (row->cells[i].count)
			json_object_set_new(
				cells, table->columns[i].key, cell_json(&row->cells[i]));
	return json_pack("{s:s, s:s*, s:o}", "label", row->label, "aim", row->aim, "cells", cells);
}

json_t *tables_json(void)
{
	json_t *all = json_object();

	for (size_t i = 0; i < table_count; i++) {
		json_t *rows = json_array();

		for (size_t r = 0; r < tables[i]->row_count; r++)
			json_array_append_new(rows, row_json(tables[i], &tables[i]->rows[r]));
		json_object_set_new(all, tables[i]->name,
			json_pack("{s:s, s:s, s:o}", "title", tables[i]->title, "remark",
				tables[i]->remark, "rows", rows));
	}
	return all;
}
