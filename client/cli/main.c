/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orgctl: the command line of orgd, the organization and membership daemon.
 *
 *~ Read on here: a run goes through main() from top to bottom. What the command line says is found
 *~ out by the table of commands (command.h), written in the grammar of syntax.h; as whom to speak,
 *~ by identity.h. Then the command's handler, in nouns/, calls orgd (ask.h) and shows what it
 *~ answered (output.h).
 */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "command.h"
#include "help.h"
#include "identity.h"
#include "output.h"

/* Names are UTF-8, also where no locale is set. Of a locale that is all that counts, and each
 * category takes its time. */
static void choose_locale(void)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static void check(const struct cli *cli, const char *wrong)
{
	if (wrong)
		fail_usage(cli, "%s", wrong);
}

/* The words that are left after the options before them: "--profile ada member list" is read
 * too. */
static char **read_leading_options(struct cli *cli, char **argv)
{
	static struct syntax leading;
	char **words;

	if (!syntax_parse(cli_global_syntax, &leading) || !syntax_parse("[--version]", &leading))
		return argv;
	cli->syntax = leading;
	check(cli,
		values_read_options(&cli->values, &cli->syntax, VALUES_BEFORE_WORD, argv, &words));
	return words;
}

/* Does a person ask rather than command? Then it is answered, and the run is over. */
static bool answer_question(struct cli *cli, char **words)
{
	bool alone = !words[0] || !words[1] || strcmp(words[1], "--help") == 0 ||
		     strcmp(words[1], "-h") == 0;

	if (values_find(&cli->values, "version"))
		puts("orgctl " ORGD_VERSION);
	else if (!words[0] || values_find(&cli->values, "help"))
		help_about(&cli->arena, words);
	else if (strcmp(words[0], "help") == 0)
		help_about(&cli->arena, words + 1);
	else if (alone && command_noun(words[0]))
		help_noun(command_noun(words[0]));
	else
		return false;
	return true;
}

/* Finds the command, and binds the rest of the line to its parameters. */
static void read_command(struct cli *cli, char **words)
{
	size_t used;
	char **arguments;

	cli->command = command_find(words, &used);
	if (!cli->command)
		command_unknown(&cli->arena, words);
	cli->syntax = (struct syntax){ 0 };
	if (!syntax_parse(cli->command->syntax, &cli->syntax) ||
		!syntax_parse(cli_global_syntax, &cli->syntax))
		return;
	check(cli, values_read_options(
			   &cli->values, &cli->syntax, VALUES_ALL, words + used - 1, &arguments));
	if (flag(cli, "help"))
		return;
	check(cli, values_take_arguments(&cli->values, &cli->syntax, arguments));
	output_format(cli);
}

int main(int argc, char **argv)
{
	static struct cli cli;
	enum exit_code code = EXIT_OK;
	char **words;

	(void)argc;
	choose_locale();
	arena_init(&cli.arena);
	cli.values.arena = &cli.arena;

	words = read_leading_options(&cli, argv);
	if (!answer_question(&cli, words)) {
		read_command(&cli, words);
		if (flag(&cli, "help")) {
			help_command(cli.command);
		} else {
			identity_choose(&cli);
			code = cli.command->run(&cli);
		}
	}

	ask_end(&cli);
	output_finish();
	arena_clear(&cli.arena);
	return (int)code;
}
