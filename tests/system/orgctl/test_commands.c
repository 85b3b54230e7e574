/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <popt.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "meaning.h"

/* Every row of the table, one after the other; NULL at its end. */
static const struct command *row(size_t number)
{
	for (const struct noun *const *noun = command_nouns; *noun; noun++) {
		if (number < (*noun)->count)
			return &(*noun)->commands[number];
		number -= (*noun)->count;
	}
	return NULL;
}

/* What the row takes, with what every command takes. */
static struct syntax whole_syntax(const struct command *command)
{
	struct syntax syntax = { 0 };

	cr_assert(syntax_parse(command->syntax, &syntax), "%s", command->syntax);
	cr_assert(syntax_parse(cli_global_syntax, &syntax), "%s", command->syntax);
	return syntax;
}

Test(commands, every_row_is_written_in_the_grammar_and_names_one_command)
{
	size_t rows = 0;

	for (const struct command *command; (command = row(rows)); rows++) {
		struct syntax syntax = whole_syntax(command);
		char *words[] = { syntax.words[0], syntax.word_count > 1 ? syntax.words[1] : NULL,
			NULL };
		size_t used = 0;

		cr_expect_eq(command_find(words, &used), command, "%s", command->syntax);
		cr_expect_eq(used, syntax.word_count);
	}
	cr_expect_gt(rows, 70);
}

Test(commands, every_parameter_means_something)
{
	const struct command *command;

	for (size_t i = 0; (command = row(i)); i++) {
		struct syntax syntax = whole_syntax(command);

		for (size_t j = 0; j < syntax.parameter_count; j++)
			cr_expect(meaning_of(syntax.words[0], syntax.parameters[j].name),
				"%s in: %s", syntax.parameters[j].name, command->syntax);
	}
}

Test(commands, no_two_options_of_a_command_share_a_letter)
{
	const struct command *command;

	for (size_t i = 0; (command = row(i)); i++) {
		struct syntax syntax = whole_syntax(command);
		char seen[SYNTAX_PARAMETERS_MAX + 1] = "";

		for (size_t j = 0; j < syntax.parameter_count; j++) {
			char letter = meaning_letter(syntax.parameters[j].name);

			if (!letter)
				continue;
			cr_expect(!strchr(seen, letter), "-%c in: %s", letter, command->syntax);
			seen[strlen(seen)] = letter;
		}
	}
}

/* Reads a line as main() does: NULL, or what is wrong with it. */
static char *read_example(struct arena *arena, const struct command *command)
{
	struct syntax syntax = whole_syntax(command);
	struct values values = { .arena = arena };
	const char **words;
	char **rest, *wrong;
	int count;

	cr_assert_eq(poptParseArgvString(command->example, &count, &words), 0);
	cr_assert_str_eq(words[0], "orgctl");
	for (size_t i = 0; i < syntax.word_count; i++)
		cr_expect_str_eq(words[i + 1], syntax.words[i], "%s", command->example);
	wrong = values_read_options(
		&values, &syntax, VALUES_ALL, (char **)(uintptr_t)words + syntax.word_count, &rest);
	if (!wrong)
		wrong = values_take_arguments(&values, &syntax, rest);
	free(words);
	return wrong;
}

Test(commands, every_example_is_taken_by_its_row)
{
	const struct command *command;
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; (command = row(i)); i++) {
		const char *wrong = read_example(&arena, command);

		cr_expect_null(wrong, "%s: %s", command->example, wrong);
	}
	arena_clear(&arena);
}

Test(commands, every_summary_is_a_sentence)
{
	const struct command *command;

	for (size_t i = 0; (command = row(i)); i++)
		cr_expect_eq(
			command->summary[strlen(command->summary) - 1], '.', "%s", command->syntax);
}

Test(commands, a_typing_mistake_is_near_what_was_meant)
{
	const char *const names[] = { "organization", "member", "invitation", NULL };

	cr_expect_str_eq(command_nearest("membr", names), "member");
	cr_expect_str_eq(command_nearest("org", names), "organization");
	cr_expect_str_eq(command_nearest("invitatoin", names), "invitation");
	cr_expect_null(command_nearest("xyzzy", names));
}
