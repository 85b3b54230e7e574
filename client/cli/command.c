/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <assert.h>
#include <string.h>

extern const struct noun user_noun, session_noun, organization_noun, verification_noun, member_noun,
	invitation_noun, document_noun, collection_noun, grant_noun, access_noun, event_noun,
	api_key_noun, webhook_noun, delivery_noun, server_noun, export_noun, import_noun, call_noun,
	completion_noun;

const struct noun *const command_nouns[] = {
	&user_noun,
	&session_noun,
	&organization_noun,
	&verification_noun,
	&member_noun,
	&invitation_noun,
	&document_noun,
	&collection_noun,
	&grant_noun,
	&access_noun,
	&event_noun,
	&api_key_noun,
	&webhook_noun,
	&delivery_noun,
	&server_noun,
	&export_noun,
	&import_noun,
	&call_noun,
	&completion_noun,
	NULL,
};

static bool names(const struct syntax *syntax, char *const *words)
{
	for (size_t i = 0; i < syntax->word_count; i++)
		if (!words[i] || strcmp(words[i], syntax->words[i]) != 0)
			return false;
	return true;
}

const struct command *command_find(char *const *words, size_t *used)
{
	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		for (size_t i = 0; i < (*noun)->count; i++) {
			struct syntax syntax = { 0 };

			if (!syntax_parse((*noun)->commands[i].syntax, &syntax))
				assert(!"a row of the table is no grammar");
			if (!names(&syntax, words))
				continue;
			*used = syntax.word_count;
			return &(*noun)->commands[i];
		}
	return NULL;
}

const struct noun *command_noun(const char *name)
{
	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		if ((*noun)->name && strcmp((*noun)->name, name) == 0)
			return *noun;
	return NULL;
}

/* How many letters must change, come or go. */
static size_t distance(const char *a, const char *b)
{
	enum { LETTERS = 40 };
	size_t row[LETTERS + 1], length = strnlen(b, LETTERS);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i] && i < LETTERS; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t change = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			row[j + 1] = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
			if (change < row[j + 1])
				row[j + 1] = change;
		}
	}
	return row[length];
}

const char *command_nearest(const char *wanted, const char *const *candidates)
{
	const char *nearest = NULL;
	size_t least = strlen(wanted) / 2 + 1;

	for (; *candidates; candidates++) {
		size_t changes = distance(wanted, *candidates);

		/* A beginning is as near as one letter: "org" for "organization". */
		if (changes > 1 && strncmp(*candidates, wanted, strlen(wanted)) == 0)
			changes = 1;
		if (changes < least) {
			least = changes;
			nearest = *candidates;
		}
	}
	return nearest;
}

enum { NAMES_MAX = 64 };

/* The words at `place` of every command of the noun; of all commands without one. */
static void collect(struct arena *arena, const struct noun *within, size_t place, const char **list)
{
	size_t count = 0;

	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		for (size_t i = 0; (!within || *noun == within) && i < (*noun)->count; i++) {
			struct syntax syntax = { 0 };

			if (!syntax_parse((*noun)->commands[i].syntax, &syntax) ||
				count == NAMES_MAX ||
				(count > 0 && strcmp(list[count - 1], syntax.words[place]) == 0))
				continue;
			list[count++] = arena_strdup(arena, syntax.words[place]);
		}
	list[count] = NULL;
}

void command_unknown(struct arena *arena, char *const *words)
{
	const struct noun *noun = command_noun(words[0]);
	const char *list[NAMES_MAX + 1], *nearest;
	const char *wanted = noun ? words[1] : words[0], *hint;

	collect(arena, noun, noun ? 1 : 0, list);
	nearest = command_nearest(wanted, list);
	if (nearest)
		hint = arena_printf(arena, "did you mean: orgctl %s%s%s", noun ? noun->name : "",
			noun ? " " : "", nearest);
	else
		hint = arena_printf(
			arena, "orgctl help%s%s", noun ? " " : "", noun ? noun->name : "");
	fail(EXIT_USAGE, hint, "there is no command \"%s%s%s\"", noun ? noun->name : "",
		noun ? " " : "", wanted);
}
