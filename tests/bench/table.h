/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * What was measured, as tables of medians over the rounds: for people in Markdown, for programs in
 * JSON with every round's value. They live as long as the process.
 */
struct column {
	const char *key, *heading;
	int decimals;
	bool spread; /* print the least and the greatest too */
};

struct table;
struct table_row;

/* `columns` stay with the caller. The name is its key in JSON. */
struct table *table_new(
	const char *name, const char *title, const struct column *columns, size_t column_count);
struct table_row *table_row(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What the row is to reach, in words. */
void table_aim(struct table_row *row, const char *aim);
/* A sentence below the table; the latest stays. */
void table_remark(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One round's value. */
void table_note(struct table_row *row, size_t column, double value);
/* The median so far; 0 when there is none. */
double table_median(const struct table_row *row, size_t column);

void tables_print(FILE *file);
json_t *tables_json(void);
