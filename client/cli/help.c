/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* One name has one meaning in all commands. */
static const struct {
	const char *name;
	char letter;
	const char *meaning;
} meanings[] = {
	/* of every command */
	{ "output", 'o', "table (the default) or json: the answer in ProtoJSON" },
	{ "quiet", 'q', "print only ids, one a line" },
	{ "profile", 'p', "whose session to use; also ORGCTL_PROFILE" },
	{ "url", 'u', "where orgd listens: ipc:///path or tcp://127.0.0.1:port; also ORGD_URL" },
	{ "operator", 0, "speak as the local operator, whoever is signed in" },
	{ "anonymous", 0, "speak as nobody, whoever is signed in" },
	{ "api-key-file", 0, "speak as a service: the file holds its key (\"-\": standard input)" },
	{ "on-behalf-of", 0, "for a service: the id of the user it acts for" },
	{ "timeout", 0, "how many seconds a call may take (10)" },
	{ "request-id", 0,
		"repeat a change whose answer never came under its id: it happens once" },
	{ "help", 'h', "show this" },
	{ "yes", 'y', "do not ask, go on" },
	{ "limit", 0, "at most so many; without it, all" },

	/* arguments */
	{ "organization", 0, "its handle or its id (org_…)" },
	{ "user", 0, "an id (usr_…), or an e-mail address where you may look it up" },
	{ "email", 0, "an e-mail address" },
	{ "emails", 0, "e-mail addresses" },
	{ "invitation", 0, "an id (inv_…), or the invited address" },
	{ "document", 0, "an id (doc_…)" },
	{ "documents", 0, "ids (doc_…), at most 50" },
	{ "collection", 0, "an id (col_…)" },
	{ "grant", 0, "an id (grt_…)" },
	{ "session", 0, "an id (ses_…)" },
	{ "api-key", 0, "an id (key_…)" },
	{ "delivery", 0, "an id (dlv_…)" },
	{ "roles", 0, "reviewer, platform-admin; none takes all away" },
	{ "handle", 0, "a short name for links and commands: 2 to 63 of a-z, 0-9 and hyphens" },
	{ "method", 0,
		"SERVICE/METHOD, such as MemberService/GetMember; see orgctl server methods" },
	{ "json", 0,
		"the request in ProtoJSON; \"-\" reads it from standard input, {} without it" },

	/* options */
	{ "invited", 0, "sign up through an invitation: its token is asked for" },
	{ "invitation-token-file", 0,
		"the same, with the token or its link in a file (\"-\": standard input)" },
	{ "token-file", 0,
		"the token or the link from the mail, in a file (\"-\": standard input); asked for "
		"without" },
	{ "password-file", 0, "the password in a file (\"-\": standard input); asked for without" },
	{ "current-password-file", 0,
		"the password until now in a file (\"-\": standard input); asked for without" },
	{ "new-password-file", 0,
		"the new password in a file (\"-\": standard input); asked for without" },
	{ "secret-file", 0, "write the secret to a new file of mode 0600 instead of showing it" },
	{ "confirm-email", 0, "the account's address, in place of typing it back" },
	{ "confirm-handle", 0, "the handle, in place of typing it back" },
	{ "client", 0, "how the session is called in lists" },
	{ "all", 0, "all of them" },
	{ "state", 0, "only those in this state" },
	{ "verification", 0, "only those in this state of verification" },
	{ "role", 0, "member, admin or owner" },
	{ "minimum-role", 0, "the least role that it serves: member, admin or owner" },
	{ "name-prefix", 0, "only those whose name, handle or address begins so" },
	{ "owner", 0, "for the operator: the user who becomes its Owner" },
	{ "display-name", 0, "1 to 100 characters" },
	{ "legal-name", 0, "as it is registered" },
	{ "website", 0, "an http or https URL" },
	{ "country", 0, "two letters, ISO 3166" },
	{ "description", 0, "at most 2,000 characters" },
	{ "intended-use", 0, "what it wants the documents for" },
	{ "metadata", 0, "KEY=VALUE, also more than once; KEY= takes it out" },
	{ "labels", 0, "KEY=VALUE, also more than once; KEY= takes it out" },
	{ "seat-limit", 0, "members and pending invitations together; 0 for no limit" },
	{ "title", 0, "1 to 100 characters" },
	{ "locator", 0, "where the portal finds it" },
	{ "reason", 0, "why, for those concerned to read" },
	{ "code", 0, "incomplete, not-confirmed, ineligible, duplicate, abuse or other" },
	{ "note", 0, "for the organization to read" },
	{ "private-note", 0, "for reviewers alone" },
	{ "without-mail", 0, "send no mail about it" },
	{ "etag", 0, "only if it is still as it was when this etag was read" },
	{ "message", 0, "a line to the invited person: at most 500 characters" },
	{ "expires-in", 0, "how long the link holds: 12h, 7d (the default), 30d at most" },
	{ "expires", 0, "when it ends: 2027-01-31, 2027-01-31T18:00:00Z or, from now, 30d" },
	{ "file", 0, "one address a line (\"-\": standard input)" },
	{ "scope", 0, "act, check, documents, events or organizations.read; also more than once" },
	{ "permission", 0, "read, comment or write" },
	{ "exit-code", 0, "end with 5 when the answer is no" },
	{ "allow-missing", 0, "what is not there is no failure" },
	{ "action", 0, "only actions that begin so: member. or invitation.accepted" },
	{ "from", 0, "the first revision of interest" },
};

char help_letter(const char *option)
{
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (strcmp(meanings[i].name, option) == 0)
			return meanings[i].letter;
	return 0;
}

const char *help_meaning(const char *parameter)
{
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (strcmp(meanings[i].name, parameter) == 0)
			return meanings[i].meaning;
	return NULL;
}

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
	char letter = help_letter(parameter->name);

	if (parameter->kind == PARAMETER_ARGUMENT)
		snprintf(text, 64, "<%s>", parameter->name);
	else
		snprintf(text, 64, "%c%c%s--%s%s%s", letter ? '-' : ' ', letter ? letter : ' ',
			letter ? ", " : "  ", parameter->name, parameter->value[0] ? " " : "",
			parameter->value);
}

static void print_parameters(const char *heading, const struct syntax *syntax, bool arguments)
{
	bool first = true;
	char text[64];

	for (size_t i = 0; i < syntax->parameter_count; i++) {
		const struct parameter *parameter = &syntax->parameters[i];

		if ((parameter->kind == PARAMETER_ARGUMENT) != arguments)
			continue;
		if (first)
			printf("\n%s:\n", heading);
		first = false;
		spell(parameter, text);
		printf("  %-32s  ", text);
		print_folded(help_meaning(parameter->name), 36, 36);
	}
}

static void print_command(const struct command *command)
{
	printf("  orgctl ");
	print_folded(command->syntax, 9, 13);
	printf("      %s\n", command->summary);
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
	printf("\nExit codes: 0 done, 1 other, 2 usage, 3 not found, 4 not signed in, 5 denied,\n"
	       "  6 conflict, 7 unavailable, 8 done in part, 9 declined, 10 limit.\n\n"
	       "orgctl help <noun> lists its commands, orgctl <noun> <verb> --help explains "
	       "one.\n\n"
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
	printf("\n%s\n", command->summary);
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
