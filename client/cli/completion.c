/* SPDX-License-Identifier: Apache-2.0 */
#include "completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meaning.h"

void completion_walk(void (*each)(void *context, const char *noun, const struct command *command,
			     const struct syntax *syntax),
	void *context)
{
	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		for (size_t i = 0; i < (*noun)->count; i++) {
			struct syntax syntax = { 0 };

			if (!syntax_parse((*noun)->commands[i].syntax, &syntax))
				abort();
			each(context, syntax.word_count > 1 ? syntax.words[0] : NULL,
				&(*noun)->commands[i], &syntax);
		}
}

struct options {
	void (*each)(void *context, const struct meaning *meaning);
	void *context;
	const struct meaning *seen[256];
	size_t count;
};

static void walk_options(
	void *context, const char *noun, const struct command *command, const struct syntax *syntax)
{
	struct options *options = context;

	(void)command;
	for (size_t i = 0; i < syntax->parameter_count; i++) {
		const struct meaning *meaning = meaning_of(noun, syntax->parameters[i].name);
		size_t seen = 0;

		while (seen < options->count && options->seen[seen] != meaning)
			seen++;
		if (!meaning || syntax->parameters[i].kind != PARAMETER_OPTION ||
			seen < options->count || seen == COUNT_OF(options->seen))
			continue;
		options->seen[options->count++] = meaning;
		options->each(options->context, meaning);
	}
}

void completion_walk_options(
	void (*each)(void *context, const struct meaning *meaning), void *context)
{
	struct options options = { .each = each, .context = context };
	struct syntax global = { 0 };

	if (!syntax_parse(cli_global_syntax, &global))
		abort();
	walk_options(&options, NULL, NULL, &global);
	completion_walk(walk_options, &options);
}

/* --- bash --- */

static void print_option_pattern(void *context, const struct meaning *meaning)
{
	bool *is_first = context;

	printf("%s--%s", *is_first ? "" : " | ", meaning->name);
	if (meaning->letter)
		printf(" | -%c", meaning->letter);
	*is_first = false;
}

static void print_option_names(const struct syntax *syntax)
{
	for (size_t i = 0; i < syntax->parameter_count; i++)
		if (syntax->parameters[i].kind != PARAMETER_ARGUMENT)
			printf(" --%s", syntax->parameters[i].name);
}

/* What may stand at a place: its words, files, or whatever it likes. */
static void print_choice(struct arena *arena, const struct meaning *meaning)
{
	const char *words = meaning_words(arena, meaning);

	if (words)
		printf("words='%s'", words);
	else
		printf("kind=%s", meaning->is_file ? "file" : "text");
}

static void print_option_case(void *context, const struct meaning *meaning)
{
	printf("\t%s%s%s:--%s", meaning->noun ? "'" : "*", meaning->noun ? meaning->noun : "",
		meaning->noun ? " '*" : "", meaning->name);
	if (meaning->letter)
		printf(" | *:-%c", meaning->letter);
	printf(") ");
	print_choice(context, meaning);
	printf(" ;;\n");
}

static void print_command_case(
	void *context, const char *noun, const struct command *command, const struct syntax *syntax)
{
	size_t place = 0;

	(void)command;
	printf("\t'%s%s%s')\n\t\toptions+='", syntax->words[0], noun ? " " : "", syntax->words[1]);
	print_option_names(syntax);
	printf("'\n\t\tcase $place in\n");
	for (size_t i = 0; i < syntax->parameter_count; i++) {
		const struct parameter *parameter = &syntax->parameters[i];

		if (parameter->kind != PARAMETER_ARGUMENT)
			continue;
		if (parameter->repeats)
			printf("\t\t*) ");
		else
			printf("\t\t%zu) ", place++);
		print_choice(context, meaning_of(noun, parameter->name));
		printf(" ;;\n");
	}
	printf("\t\tesac\n\t\t;;\n");
}

static void print_nouns(const char *separator)
{
	const char *before = "";

	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		if ((*noun)->name) {
			printf("%s%s", before, (*noun)->name);
			before = separator;
		}
}

static void print_plain(
	void *context, const char *noun, const struct command *command, const struct syntax *syntax)
{
	(void)context;
	(void)command;
	if (!noun)
		printf(" %s", syntax->words[0]);
}

/* The first word, and behind a noun its verbs. */
static void print_word_cases(void)
{
	printf("\t'') words='");
	print_nouns(" ");
	completion_walk(print_plain, NULL);
	printf(" help' ;;\n\thelp) words='");
	print_nouns(" ");
	completion_walk(print_plain, NULL);
	printf("' ;;\n");
	for (const struct noun *const *noun = command_nouns; *noun; noun++) {
		if (!(*noun)->name)
			continue;
		printf("\t%s) words='", (*noun)->name);
		for (size_t i = 0; i < (*noun)->count; i++) {
			struct syntax syntax = { 0 };

			if (syntax_parse((*noun)->commands[i].syntax, &syntax) &&
				syntax.word_count > 1)
				printf("%s%s", i ? " " : "", syntax.words[1]);
		}
		printf("' ;;\n");
	}
}

void completion_bash(void)
{
	CLEANUP(arena_clear) struct arena arena;
	struct syntax global = { 0 };
	bool is_first = true;

	arena_init(&arena);
	if (!syntax_parse(cli_global_syntax, &global))
		abort();
	printf("# bash completion of orgctl, made from its table of commands: orgctl completion "
	       "bash\n"
	       "_orgctl() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
	       "\tlocal command='' place=0 words='' options='");
	print_option_names(&global);
	printf("' kind='' word i\n\n"
	       "\t# Bash takes \"--role=owner\" for three words.\n"
	       "\tif [[ $cur == = ]]; then\n\t\tcur=''\n"
	       "\telif [[ $before == = ]]; then\n\t\tbefore=${COMP_WORDS[COMP_CWORD - 2]}\n\tfi\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\tword=${COMP_WORDS[i]}\n\t\tcase $word in\n\t\t");
	completion_walk_options(print_option_pattern, &is_first);
	printf(")\n\t\t\t[[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))\n\t\t\t((i++))\n\t\t\t;;\n"
	       "\t\t-*) ;;\n\t\t*)\n\t\t\tcase $command in\n\t\t\t'') command=$word ;;\n\t\t\t");
	print_nouns(" | ");
	printf(") command+=\" $word\" ;;\n\t\t\t*) ((place++)) ;;\n\t\t\tesac\n\t\t\t;;\n"
	       "\t\tesac\n\tdone\n\n\tcase $command in\n");
	print_word_cases();
	completion_walk(print_command_case, &arena);
	printf("\tesac\n\tcase $command:$before in\n");
	completion_walk_options(print_option_case, &arena);
	printf("\t*) [[ $cur == -* ]] && words=$options kind='' ;;\n\tesac\n\n"
	       "\tCOMPREPLY=()\n"
	       "\tif [[ $kind == file ]]; then\n"
	       "\t\tcompopt -o filenames 2>/dev/null\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	       "\telif [[ -z $kind ]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	       "\tfi\n}\n"
	       "complete -F _orgctl orgctl\n");
}
