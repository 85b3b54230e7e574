/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>

#include "base/arena.h"
#include "syntax.h"

/* What a command line gave for the parameters of a syntax, in the order given. */
struct values {
	struct arena *arena;
	size_t count, room;
	struct value {
		const char *name;
		char *text; /* "" for a flag */
	} * items;
};

/* Where the reading of options ends. */
enum values_extent {
	VALUES_ALL,         /* with the line; options may stand between arguments */
	VALUES_BEFORE_WORD, /* before the first word that is none */
};

/* Reads the options in argv[1] and what follows; argv ends with a NULL. Points *rest at the words
 * that are left, NULL-terminated. NULL when all is well, else a sentence about what is wrong with
 * the line, and `values` is unusable. Values are in the arena. */
char *values_read_options(struct values *values, const struct syntax *syntax,
	enum values_extent extent, char **argv, char ***rest);

/* Gives `words` to the syntax's arguments, in order, and checks that nothing required is missing.
 * NULL, or a sentence. */
char *values_take_arguments(struct values *values, const struct syntax *syntax, char **words);

/* The latest value of that name, NULL when it was not given. */
char *values_find(const struct values *values, const char *name);
/* All of them: *list has the returned number. */
size_t values_all(const struct values *values, const char *name, char ***list);
