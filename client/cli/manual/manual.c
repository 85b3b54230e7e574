/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes orgctl's manual pages into a directory: orgctl.1, and orgctl-<noun>.1 for each noun. Runs
 * in the build. What commands there are, and what they take, comes from the table of commands; what
 * is said once for all of them stands here.
 *
 *	orgctl-manual DIRECTORY
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "command.h"
#include "meaning.h"

static FILE *page;
static struct arena arena;

/* --- roff --- */

/* Text as it is: nothing in it is a request, and a hyphen stays one that can be copied. */
static void text(const char *string)
{
	for (size_t size = strlen(string); size > 0;) {
		uint32_t point;
		size_t bytes = utf8_decode(string, size, &point);

		if (bytes == 0)
			errx(1, "a text of the table is no UTF-8: %s", string);
		if (point >= 0x80)
			fprintf(page, "\\[u%04X]", point);
		else if (point == '-')
			fputs("\\-", page);
		else if (point == '\\')
			fputs("\\e", page);
		else if (point == '\'')
			fputs("\\(aq", page);
		else
			fputc((int)point, page);
		string += bytes;
		size -= bytes;
	}
}

/* A line of a paragraph: "\&" keeps a dot in front from being a request. */
static void line(const char *string)
{
	fputs("\\&", page);
	text(string);
	fputc('\n', page);
}

static void in_font(char font, const char *string)
{
	fprintf(page, "\\f%c", font);
	text(string);
	fputs("\\fR", page);
}

static bool is_first; /* of a section */

static void section(const char *name)
{
	fprintf(page, ".SH %s\n", name);
	is_first = true;
}

static void paragraph(const char *string)
{
	if (!is_first)
		fputs(".PP\n", page);
	is_first = false;
	line(string);
}

/* What stands at the margin, and what explains it. */
static void item(const char *tag, const char *explanation)
{
	fputs(".TP\n\\fB", page);
	text(tag);
	fputs("\\fR\n", page);
	line(explanation);
}

/* The length of what stands before the next space that is not within quotes. */
static size_t word_length(const char *command)
{
	char quote = '\0';
	size_t length = 0;

	for (; command[length] && (quote || command[length] != ' '); length++) {
		if (command[length] == quote)
			quote = '\0';
		else if (!quote && strchr("\"'", command[length]))
			quote = command[length];
	}
	return length;
}

/* On as many lines as it takes, as one would type it. */
static void example(const char *command)
{
	enum { WIDTH = 62 };
	size_t at = 0;

	fputs(".PP\n.RS 4\n.EX\n\\&", page);
	while (*command) {
		size_t length = word_length(command);

		if (at > 0 && at + 1 + length > WIDTH) {
			fputs(" \\e\n\\&    ", page);
			at = 4;
		} else if (at > 0) {
			fputc(' ', page);
			at++;
		}
		text(arena_strndup(&arena, command, length));
		at += length;
		command += length;
		command += *command == ' ';
	}
	fputs("\n.EE\n.RE\n", page);
}

/* --- the table --- */

/* "-o, --output FORMAT", "<organization>" */
static void parameter_name(const struct parameter *parameter)
{
	char letter[] = { '-', meaning_letter(parameter->name), '\0' };

	if (parameter->kind == PARAMETER_ARGUMENT) {
		in_font('I', arena_printf(&arena, "<%s>", parameter->name));
		return;
	}
	if (letter[1]) {
		in_font('B', letter);
		fputs(", ", page);
	}
	in_font('B', arena_printf(&arena, "--%s", parameter->name));
	if (parameter->value[0]) {
		fputc(' ', page);
		in_font('I', parameter->value);
	}
}

static void parameters(const char *noun, const struct syntax *syntax)
{
	for (size_t i = 0; i < syntax->parameter_count; i++) {
		const struct parameter *parameter = &syntax->parameters[i];
		const struct meaning *meaning = meaning_of(noun, parameter->name);

		fputs(".TP\n", page);
		parameter_name(parameter);
		fputc('\n', page);
		line(meaning_text(&arena, meaning));
	}
}

/* "member list <organization> [--role ROLE]" */
static void usage(const struct syntax *syntax)
{
	in_font('B', arena_printf(&arena, "orgctl %s%s%s", syntax->words[0],
			     syntax->word_count > 1 ? " " : "", syntax->words[1]));
	for (size_t i = 0; i < syntax->parameter_count; i++) {
		struct parameter parameter = syntax->parameters[i];

		fputs(parameter.required ? " " : " [", page);
		if (parameter.kind == PARAMETER_ARGUMENT) {
			in_font('I', arena_printf(&arena, "<%s>", parameter.name));
		} else {
			in_font('B', arena_printf(&arena, "--%s", parameter.name));
			if (parameter.value[0]) {
				fputc(' ', page);
				in_font('I', parameter.value);
			}
		}
		fputs(parameter.required ? "" : "]", page);
		fputs(parameter.repeats ? "..." : "", page);
	}
	fputc('\n', page);
}

static struct syntax parse(const char *grammar)
{
	struct syntax syntax = { 0 };

	if (!syntax_parse(grammar, &syntax))
		errx(1, "no grammar: %s", grammar);
	return syntax;
}

static void command(const char *noun, const struct command *command)
{
	struct syntax syntax = parse(command->syntax);

	fprintf(page, ".SS ");
	text(syntax.words[noun ? 1 : 0]);
	fprintf(page, "\n");
	usage(&syntax);
	is_first = false;
	paragraph(command->summary);
	parameters(noun, &syntax);
	example(command->example);
}

/* --- pages --- */

static void begin(const char *directory, const char *name, const char *summary)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t now = epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
	char date[32];
	size_t length = strlen(summary);

	strftime(date, sizeof(date), "%Y-%m-%d", gmtime(&now));
	page = fopen(arena_printf(&arena, "%s/%s.1", directory, name), "w");
	if (!page)
		err(1, "%s/%s.1", directory, name);
	fprintf(page,
		".\\\" Made from orgctl's table of commands.\n.TH \"%s\" 1 \"%s\" \"orgd %s\"\n",
		name, date, ORGD_VERSION);
	fprintf(page, ".nh\n.ad l\n");
	section("NAME");
	text(name);
	fputs(" \\- ", page);
	text(arena_strndup(&arena, summary, length - (summary[length - 1] == '.')));
	fputc('\n', page);
	section("SYNOPSIS");
}

static void end(void)
{
	if (ferror(page) || fclose(page) != 0)
		err(1, "a page cannot be written");
}

static void noun_page(const char *directory, const struct noun *noun)
{
	begin(directory, arena_printf(&arena, "orgctl-%s", noun->name), noun->summary);
	in_font('B', arena_printf(&arena, "orgctl %s", noun->name));
	fputs(" \\fIverb\\fR [\\fIarguments and options\\fR]\n", page);
	section("COMMANDS");
	for (size_t i = 0; i < noun->count; i++)
		if (parse(noun->commands[i].syntax).word_count > 1)
			command(noun->name, &noun->commands[i]);
	section("SEE ALSO");
	fputs("\\fBorgctl\\fR(1): the options of every command, formats, sessions and exit "
	      "codes.\n",
		page);
	end();
}

static void nouns(void)
{
	section("NOUNS");
	paragraph("Each has a page of its own.");
	for (const struct noun *const *noun = command_nouns; *noun; noun++) {
		if (!(*noun)->name)
			continue;
		fputs(".TP\n", page);
		in_font('B', arena_printf(&arena, "orgctl-%s", (*noun)->name));
		fputs("(1)\n", page);
		line((*noun)->summary);
	}
}

static void plain_commands(void)
{
	section("COMMANDS OF THEIR OWN");
	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		for (size_t i = 0; i < (*noun)->count; i++)
			if (parse((*noun)->commands[i].syntax).word_count == 1)
				command(NULL, &(*noun)->commands[i]);
	fputs(".SS help\n\\fBorgctl help\\fR [\\fInoun\\fR [\\fIverb\\fR]]\n", page);
	paragraph("Explain a noun or a command, as does --help behind it.");
}

static void output(void)
{
	section("OUTPUT");
	paragraph("Every command takes --output:");
	item("table",
		"For people: tables and sentences. Times are local; in tables they say how far "
		"away they are. This is what comes without the option.");
	item("json", "The whole answer in ProtoJSON, one document.");
	item("jsonl",
		"Each element of a list in ProtoJSON on a line of its own, as they arrive; any "
		"other answer on one line.");
	item("csv",
		"RFC 4180, with a line of names: the columns of the table with the id in front, "
		"times in UTC as RFC 3339, enums as people type them. A cell that begins with =, "
		"+, -, @, a tab or a carriage return gets an apostrophe in front, since names and "
		"notes are typed by strangers and a spreadsheet would take it for a formula; "
		"who needs every byte takes jsonl.");
	paragraph(
		"--quiet prints only ids, one a line. Control characters and the like, which could "
		"steer a terminal, are written out as \\u001b in every format. Colours need a "
		"terminal, and stay away with NO_COLOR. Lists are complete unless --limit ends "
		"them. On a terminal, long work shows how far it is.");
}

static void sessions(void)
{
	section("SESSIONS");
	paragraph(
		"orgctl session sign-in begins a session and keeps it in a profile, a file for its "
		"owner alone; --profile has several side by side. Only where nobody ever signed "
		"in, "
		"orgctl speaks as the local operator: root, or the user that orgd runs as, over "
		"the "
		"local socket. --operator does so always, --anonymous speaks as nobody, and "
		"--api-key-file as a service.");
	paragraph("Passwords, tokens and keys are asked for, or read from files; they are never "
		  "arguments, where every process could read them. Commands that destroy something "
		  "ask first; without a terminal they are declined unless --yes is given.");
	paragraph(
		"A change whose answer never came may have happened. Its error says under which id "
		"to repeat it: with --request-id it happens once.");
}

static void main_page(const char *directory)
{
	struct syntax global = parse(cli_global_syntax);

	begin(directory, "orgctl", "organizations, their members, and what they may read");
	fputs("\\fBorgctl\\fR [\\fIoptions\\fR] \\fInoun verb\\fR [\\fIarguments and "
	      "options\\fR]\n",
		page);
	section("DESCRIPTION");
	paragraph("orgctl is the command line of orgd(8), the organization and membership daemon. "
		  "Commands are a noun and a verb, such as orgctl member list. Options may stand "
		  "anywhere; what follows -- is none.");
	example("orgctl session sign-in ada@example.com");
	nouns();
	plain_commands();
	section("OPTIONS OF EVERY COMMAND");
	parameters(NULL, &global);
	item("--version", "print the version");
	output();
	sessions();
	section("EXIT STATUS");
	for (int code = 0; exit_code_meaning(code); code++)
		item(arena_printf(&arena, "%d", code), exit_code_meaning(code));
	section("ENVIRONMENT");
	item("ORGD_URL", "where orgd listens, without --url");
	item("ORGCTL_PROFILE", "the profile, without --profile; \"default\" without either");
	item("NO_COLOR", "no colours, if it is not empty");
	section("FILES");
	item("$XDG_STATE_HOME/orgctl/PROFILE.session",
		"the session of a profile; in ~/.local/state without that variable");
	section("SEE ALSO");
	fputs("\\fBorgd\\fR(8), \\fBorgd.conf\\fR(5), \\fBorgd\\-courier\\fR(8)\n", page);
	end();
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: orgctl-manual DIRECTORY");
	arena_init(&arena);
	main_page(argv[1]);
	for (const struct noun *const *noun = command_nouns; *noun; noun++)
		if ((*noun)->name)
			noun_page(argv[1], *noun);
	arena_clear(&arena);
	return 0;
}
