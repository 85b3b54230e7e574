/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "completion.h"
#include "meaning.h"

static void print_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('\'');
}

/* What a value may be: its words, files, or whatever it likes. */
static void print_values(struct arena *arena, const struct meaning *meaning)
{
	const char *words = meaning_words(arena, meaning);

	if (words)
		printf(" -x -a '%s'", words);
	else
		printf(" %s", meaning->is_file ? "-r -F" : "-x");
}

static void print_option(struct arena *arena, const char *condition,
	const struct parameter *parameter, const struct meaning *meaning)
{
	printf("complete -c orgctl%s -l %s", condition, parameter->name);
	if (meaning->letter)
		printf(" -s %c", meaning->letter);
	if (parameter->kind == PARAMETER_OPTION)
		print_values(arena, meaning);
	printf(" -d ");
	print_quoted(meaning->text);
	putchar('\n');
}

static void print_parameters(
	void *context, const char *noun, const struct command *command, const struct syntax *syntax)
{
	struct arena *arena = context;
	size_t place = 0;
	char words[80], condition[128];

	(void)command;
	snprintf(words, sizeof(words), "%s%s%s", syntax->words[0], noun ? " " : "",
		noun ? syntax->words[1] : "");
	for (size_t i = 0; i < syntax->parameter_count; i++) {
		const struct parameter *parameter = &syntax->parameters[i];
		const struct meaning *meaning = meaning_of(noun, parameter->name);

		if (parameter->kind != PARAMETER_ARGUMENT) {
			snprintf(condition, sizeof(condition), " -n '__orgctl_in %s'", words);
			print_option(arena, condition, parameter, meaning);
			continue;
		}
		snprintf(condition, sizeof(condition), "'__orgctl_%s %zu %s'",
			parameter->repeats ? "past" : "at", place++, words);
		if (meaning_words(arena, meaning))
			printf("complete -c orgctl -n %s -a '%s'\n", condition,
				meaning_words(arena, meaning));
	}
}

static void print_word(
	void *context, const char *noun, const struct command *command, const struct syntax *syntax)
{
	(void)context;
	printf("complete -c orgctl -n '__orgctl_at 0%s%s' -a %s -d ", noun ? " " : "",
		noun ? noun : "", syntax->words[noun ? 1 : 0]);
	print_quoted(command->summary);
	putchar('\n');
}

static void print_pattern(void *context, const struct meaning *meaning)
{
	(void)context;
	printf(" --%s", meaning->name);
	if (meaning->letter)
		printf(" -%c", meaning->letter);
}

static void print_nouns(const char *condition)
{
	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		if ((*noun)->name) {
			printf("complete -c orgctl -n '%s' -a %s -d ", condition, (*noun)->name);
			print_quoted((*noun)->summary);
			putchar('\n');
		}
}

void completion_fish(void)
{
	CLEANUP(arena_clear) struct arena arena;
	struct syntax global = { 0 };

	arena_init(&arena);
	if (!syntax_parse(cli_global_syntax, &global))
		abort();
	printf("# fish completion of orgctl, made from its table of commands: orgctl completion "
	       "fish\n\n"
	       "# The words so far that are neither options nor their values.\n"
	       "function __orgctl_words\n\tset -l skip 0\n"
	       "\tfor word in (commandline -opc)[2..-1]\n"
	       "\t\tif test $skip = 1\n\t\t\tset skip 0\n\t\t\tcontinue\n\t\tend\n"
	       "\t\tswitch $word\n\t\t\tcase");
	completion_walk_options(print_pattern, NULL);
	printf("\n\t\t\t\tset skip 1\n\t\t\tcase '-*'\n\t\t\tcase '*'\n\t\t\t\techo $word\n"
	       "\t\tend\n\tend\nend\n\n"
	       "# Do they begin with these?\n"
	       "function __orgctl_in\n\tset -l words (__orgctl_words)\n"
	       "\tset -l many (count $argv)\n"
	       "\ttest $many -eq 0; and return\n"
	       "\ttest (count $words) -ge $many\n"
	       "\tand test \"$words[1..$many]\" = \"$argv\"\nend\n\n"
	       "# Do so many follow behind these, or at least so many?\n"
	       "function __orgctl_at\n"
	       "\t__orgctl_in $argv[2..-1]\n"
	       "\tand test (count (__orgctl_words)) -eq (math (count $argv) - 1 + $argv[1])\n"
	       "end\n"
	       "function __orgctl_past\n"
	       "\t__orgctl_in $argv[2..-1]\n"
	       "\tand test (count (__orgctl_words)) -ge (math (count $argv) - 1 + $argv[1])\n"
	       "end\n\n"
	       "complete -c orgctl -f\n");
	for (size_t i = 0; i < global.parameter_count; i++)
		print_option(&arena, "", &global.parameters[i],
			meaning_of(NULL, global.parameters[i].name));
	print_nouns("__orgctl_at 0");
	print_nouns("__orgctl_at 0 help");
	printf("complete -c orgctl -n '__orgctl_at 0' -a help -d 'Explain a noun or a command.'\n");
	completion_walk(print_word, NULL);
	completion_walk(print_parameters, &arena);
}
