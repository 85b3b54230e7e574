/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "completion.h"
#include "meaning.h"

/* Within single quotes, as a part of what _arguments reads. */
static void print_escaped(const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
}

/* ":what it is:what it may be" */
static void print_action(struct arena *arena, const struct meaning *meaning)
{
	const char *words = meaning_words(arena, meaning);

	putchar(':');
	print_escaped(meaning->name);
	if (words)
		printf(":(%s)", words);
	else
		printf(":%s", meaning->is_file ? "_files" : " ");
}

static void print_option(
	struct arena *arena, const struct parameter *parameter, const struct meaning *meaning)
{
	bool has_value = parameter->kind == PARAMETER_OPTION;

	printf("\t\t'");
	if (parameter->repeats)
		putchar('*');
	else if (meaning->letter)
		printf("(-%c --%s)'{-%c%s,--%s%s}'", meaning->letter, meaning->name,
			meaning->letter, has_value ? "+" : "", meaning->name, has_value ? "=" : "");
	if (parameter->repeats || !meaning->letter)
		printf("--%s%s", meaning->name, has_value ? "=" : "");
	putchar('[');
	print_escaped(meaning->text);
	putchar(']');
	if (has_value)
		print_action(arena, meaning);
	printf("'\n");
}

static void print_parameters(struct arena *arena, const char *noun, const struct syntax *syntax)
{
	for (size_t i = 0, place = 1; i < syntax->parameter_count; i++) {
		const struct parameter *parameter = &syntax->parameters[i];
		const struct meaning *meaning = meaning_of(noun, parameter->name);

		if (parameter->kind != PARAMETER_ARGUMENT) {
			print_option(arena, parameter, meaning);
			continue;
		}
		if (parameter->repeats)
			printf("\t\t'*");
		else
			printf("\t\t'%zu%s", place++, parameter->required ? "" : ":");
		print_action(arena, meaning);
		printf("'\n");
	}
}

static void print_command(struct arena *arena, const char *noun, const struct syntax *syntax)
{
	printf("\t%s)\n\t\targuments=(\n", syntax->words[noun ? 1 : 0]);
	print_parameters(arena, noun, syntax);
	printf("\t\t)\n\t\t;;\n");
}

static void print_word(const char *word, const char *summary)
{
	printf("\t\t'%s:", word);
	print_escaped(summary);
	printf("'\n");
}

/* A function for each noun: its verbs, then what they take. */
static void print_noun(struct arena *arena, const struct noun *noun)
{
	printf("_orgctl_%s() {\n\tlocal curcontext=$curcontext state line\n\tlocal -a verbs "
	       "arguments\n\tverbs=(\n",
		noun->name);
	for (size_t i = 0; i < noun->count; i++) {
		struct syntax syntax = { 0 };

		if (syntax_parse(noun->commands[i].syntax, &syntax) && syntax.word_count > 1)
			print_word(syntax.words[1], noun->commands[i].summary);
	}
	printf("\t)\n\t_arguments -C $orgctl_globals '1:verb:->verb' '*::argument:->argument' && "
	       "return\n"
	       "\t[[ $state == verb ]] && { _describe -t verbs verb verbs; return }\n"
	       "\tcase $words[1] in\n");
	for (size_t i = 0; i < noun->count; i++) {
		struct syntax syntax = { 0 };

		if (syntax_parse(noun->commands[i].syntax, &syntax) && syntax.word_count > 1)
			print_command(arena, noun->name, &syntax);
	}
	printf("\tesac\n\t_arguments $orgctl_globals $arguments\n}\n\n");
}

static void print_plain_word(
	void *context, const char *noun, const struct command *command, const struct syntax *syntax)
{
	(void)context;
	if (!noun)
		print_word(syntax->words[0], command->summary);
}

static void print_plain_command(
	void *context, const char *noun, const struct command *command, const struct syntax *syntax)
{
	(void)command;
	if (!noun)
		print_command(context, NULL, syntax);
}

void completion_zsh(void)
{
	CLEANUP(arena_clear) struct arena arena;
	struct syntax global = { 0 };

	arena_init(&arena);
	if (!syntax_parse(cli_global_syntax, &global))
		abort();
	printf("#compdef orgctl\n# zsh completion of orgctl, made from its table of commands: "
	       "orgctl completion zsh\n\n");
	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		if ((*noun)->name)
			print_noun(&arena, *noun);
	printf("_orgctl() {\n\tlocal curcontext=$curcontext state line\n\tlocal -a orgctl_globals "
	       "nouns arguments\n\torgctl_globals=(\n");
	print_parameters(&arena, NULL, &global);
	printf("\t)\n\tnouns=(\n");
	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		if ((*noun)->name)
			print_word((*noun)->name, (*noun)->summary);
	completion_walk(print_plain_word, NULL);
	print_word("help", "Explain a noun or a command.");
	printf("\t)\n\t_arguments -C $orgctl_globals '1:noun:->noun' '*::argument:->argument' && "
	       "return\n"
	       "\t[[ $state == noun ]] && { _describe -t nouns noun nouns; return }\n"
	       "\tif (( $+functions[_orgctl_$words[1]] )); then\n"
	       "\t\t_orgctl_$words[1]\n\t\treturn\n\tfi\n"
	       "\tcase $words[1] in\n"
	       "\thelp) _describe -t nouns noun nouns; return ;;\n");
	completion_walk(print_plain_command, &arena);
	printf("\tesac\n\t_arguments $orgctl_globals $arguments\n}\n\n"
	       "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n\t_orgctl \"$@\"\nelse\n"
	       "\tcompdef _orgctl orgctl\nfi\n");
}
