/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "meaning.h"

/* As wide as the terminal; elsewhere nothing is folded. */
static size_t width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 60)
		return size.ws_col;
	return SIZE_MAX;
}

/* Up to the next space, but "[--role ROLE]" is one word. */
static size_t word_length(const char *text)
{
	size_t length = 0;

	for (bool inside = false; text[length] && (text[length] != ' ' || inside); length++)
		inside = text[length] == '[' || (inside && text[length] != ']');
	return length;
}

/* Prints a text that begins in column `at`; what the line has no room for begins in column
 * `indent`. */
static void print_folded(const char *text, size_t at, size_t indent)
{
	size_t room = width();

	for (bool first = true; *text; first = false) {
		size_t length = word_length(text);

		if (!first && at + 1 + length > room) {
			printf("\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)length, text);
		at += length;
		text += length;
		text += *text == ' ';
	}
	putchar('\n');
}

/* "-o, --output FORMAT" or "<organization>" */
static void spell(const struct parameter *parameter, char text[64])
{
	char letter = meaning_letter(parameter->name);

	if (parameter->kind == PARAMETER_ARGUMENT)
		snprintf(text, 64, "<%s>", parameter->name);
	else
		snprintf(text, 64, "%c%c%s--%s%s%s", letter ? '-' : ' ', letter ? letter : ' ',
			letter ? ", " : "  ", parameter->name, parameter->value[0] ? " " : "",
			parameter->value);
}

static void print_parameters(const char *heading, const struct syntax *syntax, bool arguments)
{
	CLEANUP(arena_clear) struct arena arena;
	const char *noun = syntax->word_count > 1 ? syntax->words[0] : NULL;
	bool first = true;
	char text[64];

	arena_init(&arena);
	for (size_t i = 0; i < syntax->parameter_count; i++) {
		const struct parameter *parameter = &syntax->parameters[i];

		if ((parameter->kind == PARAMETER_ARGUMENT) != arguments)
			continue;
		if (first)
			printf("\n%s:\n", heading);
		first = false;
		spell(parameter, text);
		printf("  %-32s  ", text);
		print_folded(meaning_text(&arena, meaning_of(noun, parameter->name)), 36, 36);
	}
}

static void print_command(const struct command *command)
{
	printf("  orgctl ");
	print_folded(command->syntax, 9, 13);
	printf("      ");
	print_folded(command->summary, 6, 6);
}

/* Those that are one word. */
static void print_plain_commands(void)
{
	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		for (size_t i = 0; i < (*noun)->count; i++) {
			struct syntax syntax = { 0 };

			if (syntax_parse((*noun)->commands[i].syntax, &syntax) &&
				syntax.word_count == 1)
				print_command(&(*noun)->commands[i]);
		}
}

void help_overview(void)
{
	struct syntax global = { 0 };

	printf("orgctl: organizations, their members, and what they may read.\n\n"
	       "usage: orgctl [options] <noun> <verb> [arguments and options]\n\nNouns:\n");
	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		if ((*noun)->name)
			printf("  %-14s  %s\n", (*noun)->name, (*noun)->summary);
	printf("\nCommands of their own:\n");
	print_plain_commands();
	if (syntax_parse(cli_global_syntax, &global))
		print_parameters("Options of every command", &global, false);
	printf("\nExit codes:\n");
	for (int code = 0; exit_code_meaning(code); code++)
		printf("  %2d  %s\n", code, exit_code_meaning(code));
	printf("\norgctl help <noun> lists its commands, orgctl <noun> <verb> --help explains "
	       "one,\nman orgctl all of it.\n\n"
	       "Example:\n  orgctl session sign-in ada@example.com\n");
}

void help_noun(const struct noun *noun)
{
	printf("orgctl %s: %s\n\n", noun->name, noun->summary);
	for (size_t i = 0; i < noun->count; i++)
		print_command(&noun->commands[i]);
	printf("\nExample:\n  %s\n", noun->commands[0].example);
}

void help_command(const struct command *command)
{
	struct syntax syntax = { 0 };

	if (!syntax_parse(command->syntax, &syntax))
		return;
	printf("usage: orgctl ");
	print_folded(command->syntax, 14, 14);
	putchar('\n');
	print_folded(command->summary, 0, 0);
	print_parameters("Arguments", &syntax, true);
	print_parameters("Options", &syntax, false);
	printf("\nExample:\n  %s\n", command->example);
	printf("\nOptions of every command, such as --output json and --profile: orgctl help\n");
}

void help_about(struct arena *arena, char *const *words)
{
	size_t used;
	const struct command *command = words[0] ? command_find(words, &used) : NULL;

	if (!words[0])
		help_overview();
	else if (command)
		help_command(command);
	else if (command_noun(words[0]) && !words[1])
		help_noun(command_noun(words[0]));
	else
		command_unknown(arena, words);
}
