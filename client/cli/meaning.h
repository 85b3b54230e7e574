/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/arena.h"

/*
 * What the parameters of commands mean, and what they take: one name has one meaning in all
 * commands. Help, completion and the manual are made from this table and that of the commands.
 */
struct meaning {
	const char *name;
	char letter;      /* an option's one-letter name, 0 for none */
	const char *text; /* for people */

	/* What a value may be, at most one of them; without any, anything. */
	const char *words;                     /* with spaces between */
	const ProtobufCEnumDescriptor *values; /* the words of an enum */
	bool is_file;

	const char *noun; /* NULL, or the noun in whose commands alone it means this */
};

/* What it means in the commands of `noun` (NULL for none); NULL when nobody has said. */
const struct meaning *meaning_of(const char *noun, const char *parameter);
/* An option's one-letter name, 0 for none. */
char meaning_letter(const char *option);

/* The words that it takes, with spaces between; NULL when it takes anything. */
char *meaning_words(struct arena *arena, const struct meaning *meaning);
/* The text for people, with those words unless there are too many to read. */
const char *meaning_text(struct arena *arena, const struct meaning *meaning);
