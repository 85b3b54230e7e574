/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>

#include "base/arena.h"

/* What a list shows of each element: "id title delivery.state=DELIVERY", paths within it with
 * spaces between, each with "=HEADING" where its last word is not heading enough ("_" is a space
 * there). */
enum { COLUMNS_MAX = 16 };
struct column {
	const char *path, *heading;
};

size_t columns_parse(struct arena *arena, const char *text, struct column columns[COLUMNS_MAX]);
