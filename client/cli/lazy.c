/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that few runs need: each would add a tenth to the time that every run takes to start.
 * The linker takes these functions for theirs, and the first call loads the library.
 */
#include <dlfcn.h>
#include <idn2.h>
#include <libsmartcols.h>

#include "failure.h"

#define TABLES  "libsmartcols.so.1"
#define DOMAINS "libidn2.so.0"

static void *load(const char *library, const char *name)
{
	void *handle = dlopen(library, RTLD_NOW), *function = handle ? dlsym(handle, name) : NULL;

	if (!function)
		fail(EXIT_OTHER, NULL, "%s cannot be used: %s", library, dlerror());
	return function;
}

#define LAZY(library, result, name, parameters, ...)                                               \
	result name parameters                                                                     \
	{                                                                                          \
		static __typeof__(name) *loaded;                                                   \
                                                                                                   \
		if (!loaded)                                                                       \
			loaded = (__typeof__(loaded))load(library, #name);                         \
		return loaded(__VA_ARGS__);                                                        \
	}

LAZY(DOMAINS, int, idn2_lookup_u8, (const uint8_t *name, uint8_t **ascii, int flags), name, ascii,
	flags)
LAZY(DOMAINS, void, idn2_free, (void *ascii), ascii)

LAZY(TABLES, struct libscols_table *, scols_new_table, (void))
LAZY(TABLES, void, scols_unref_table, (struct libscols_table * table), table)
LAZY(TABLES, int, scols_print_table, (struct libscols_table * table), table)
LAZY(TABLES, int, scols_table_enable_minout, (struct libscols_table * table, int enable), table,
	enable)
LAZY(TABLES, int, scols_table_enable_colors, (struct libscols_table * table, int enable), table,
	enable)
LAZY(TABLES, int, scols_table_enable_noheadings, (struct libscols_table * table, int enable), table,
	enable)
LAZY(TABLES, int, scols_table_set_column_separator,
	(struct libscols_table * table, const char *separator), table, separator)
LAZY(TABLES, struct libscols_line *, scols_table_new_line,
	(struct libscols_table * table, struct libscols_line *parent), table, parent)
LAZY(TABLES, struct libscols_line *, scols_table_get_line,
	(struct libscols_table * table, size_t number), table, number)
LAZY(TABLES, struct libscols_column *, scols_table_new_column,
	(struct libscols_table * table, const char *name, double width, int flags), table, name,
	width, flags)
LAZY(TABLES, int, scols_line_set_data,
	(struct libscols_line * line, size_t column, const char *data), line, column, data)
LAZY(TABLES, struct libscols_cell *, scols_column_get_header, (struct libscols_column * column),
	column)
LAZY(TABLES, int, scols_column_set_flags, (struct libscols_column * column, int flags), column,
	flags)
LAZY(TABLES, int, scols_column_set_safechars, (struct libscols_column * column, const char *safe),
	column, safe)
LAZY(TABLES, int, scols_column_set_wrapfunc,
	(struct libscols_column * column,
		size_t (*size)(const struct libscols_column *, const char *, void *),
		char *(*next)(const struct libscols_column *, char *, void *), void *context),
	column, size, next, context)
LAZY(TABLES, size_t, scols_wrapnl_chunksize,
	(const struct libscols_column *column, const char *data, void *context), column, data,
	context)
LAZY(TABLES, char *, scols_wrapnl_nextchunk,
	(const struct libscols_column *column, char *data, void *context), column, data, context)
LAZY(TABLES, int, scols_cell_set_color, (struct libscols_cell * cell, const char *colour), cell,
	colour)
