/* SPDX-License-Identifier: Apache-2.0 */
#include "columns.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

/* "delivery.state" alone is headed "STATE". */
static struct column column_of(struct arena *arena, char *path)
{
	char *equals = strchr(path, '='), *dot = strrchr(path, '.'), *heading;

	if (equals)
		*equals = '\0';
	heading = arena_strdup(arena, equals ? equals + 1 : dot ? dot + 1 : path);
	for (char *c = heading; *c; c++)
		*c = *c == '_' ? ' ' : (char)toupper((unsigned char)*c);
	return (struct column){ path, heading };
}

size_t columns_parse(struct arena *arena, const char *text, struct column columns[COLUMNS_MAX])
{
	size_t count = 0;
	char *rest = arena_strdup(arena, text), *path;

	while ((path = strsep(&rest, " "))) {
		assert(count < COLUMNS_MAX);
		columns[count++] = column_of(arena, path);
	}
	return count;
}
