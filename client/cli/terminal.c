/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "failure.h"
#include "safe.h"
#include "stream.h"

/* NULL when this process has none. */
static FILE *terminal_open(void)
{
	FILE *terminal = fopen("/dev/tty", "r+e");

	if (terminal)
		setvbuf(terminal, NULL, _IONBF, 0);
	return terminal;
}

/* Reads a line without its end; false at the end of input. A longer one is no answer. */
static bool read_line(FILE *stream, char *line, size_t room)
{
	size_t length;

	if (!fgets(line, (int)room, stream))
		return false;
	length = strlen(line);
	if (length > 0 && line[length - 1] == '\n')
		line[--length] = '\0';
	else if (length == room - 1)
		return false;
	if (length > 0 && line[length - 1] == '\r')
		line[--length] = '\0';
	return true;
}

/* Shows the question, reads the answer. */
static void ask(
	struct cli *cli, const char *question, const char *prompt, char *answer, size_t room)
{
	CLEANUP(stream_close) FILE *terminal = terminal_open();

	if (!terminal)
		fail(EXIT_DECLINED, "--yes goes on without asking",
			"declined, since there is no terminal to ask at: %s", question);
	fprintf(terminal, "%s\n%s", safe_text(&cli->arena, question),
		safe_line(&cli->arena, prompt));
	if (!read_line(terminal, answer, room))
		answer[0] = '\0';
}

PRINTF_LIKE(2, 0)
static char *format_text(struct cli *cli, const char *format, va_list args)
{
	char text[2048];

	vsnprintf(text, sizeof(text), format, args);
	return arena_strdup(&cli->arena, text);
}

void confirm(struct cli *cli, const char *format, ...)
{
	char answer[64];
	va_list args;
	char *question;

	if (flag(cli, "yes"))
		return;
	va_start(args, format);
	question = format_text(cli, format, args);
	va_end(args);
	ask(cli, question, "Go on? [y/N] ", answer, sizeof(answer));
	if (strcasecmp(answer, "y") != 0 && strcasecmp(answer, "yes") != 0)
		fail(EXIT_DECLINED, NULL, "declined; nothing was changed");
}

void confirm_by_typing(struct cli *cli, const char *expected, const char *format, ...)
{
	char answer[512];
	va_list args;
	char *question;

	if (flag(cli, "yes"))
		return;
	va_start(args, format);
	question = format_text(cli, format, args);
	va_end(args);
	ask(cli, question, arena_printf(&cli->arena, "Type \"%s\" to go on: ", expected), answer,
		sizeof(answer));
	if (strcasecmp(answer, expected) != 0)
		fail(EXIT_DECLINED, NULL, "declined: that is not \"%s\"; nothing was changed",
			expected);
}

/* --- secrets --- */

void secret_wipe(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

/* What to restore when a signal ends a prompt. */
static int hidden_fd = -1;
static struct termios shown;

static void show_and_die(int number)
{
	tcsetattr(hidden_fd, TCSAFLUSH, &shown);
	signal(number, SIG_DFL);
	raise(number);
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
static struct sigaction before[COUNT_OF(signals)];

/* Turns echo off, and back on however the prompt ends. */
static void hide(int fd)
{
	struct sigaction action = { .sa_handler = show_and_die };
	struct termios hidden;

	if (tcgetattr(fd, &shown) < 0)
		return;
	hidden_fd = fd;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	for (size_t i = 0; i < COUNT_OF(signals); i++) {
		if (signals[i] == SIGTSTP)
			action.sa_handler = SIG_IGN;
		sigaction(signals[i], &action, &before[i]);
	}
	tcsetattr(fd, TCSAFLUSH, &hidden);
}

static void show(int fd)
{
	if (hidden_fd < 0)
		return;
	tcsetattr(fd, TCSAFLUSH, &shown);
	hidden_fd = -1;
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		sigaction(signals[i], &before[i], NULL);
}

static void prompt_for(struct secret *secret, const char *file, const char *prompt)
{
	CLEANUP(stream_close) FILE *terminal = terminal_open();
	bool given;

	if (!terminal)
		fail(EXIT_USAGE, NULL,
			"there is no terminal to ask for the %s at; name a file that holds it with "
			"--%s",
			prompt, file);
	/* Unseen from the first moment: what is typed at the sight of the prompt is part of it. */
	hide(fileno(terminal));
	fprintf(terminal, "%s: ", prompt);
	given = read_line(terminal, secret->text, sizeof(secret->text));
	show(fileno(terminal));
	fputc('\n', terminal);
	if (!given || !secret->text[0])
		fail(EXIT_DECLINED, NULL, "no %s was given", prompt);
}

static void read_file(struct secret *secret, const char *option, const char *path)
{
	CLEANUP(stream_close) FILE *file = NULL;
	bool from_input = strcmp(path, "-") == 0;

	if (!from_input) {
		file = fopen(path, "re");
		if (!file)
			fail(EXIT_OTHER, NULL, "%s, which --%s names, cannot be read: %m", path,
				option);
		setvbuf(file, NULL, _IONBF, 0);
	}
	if (!read_line(from_input ? stdin : file, secret->text, sizeof(secret->text)) ||
		!secret->text[0])
		fail(EXIT_USAGE, NULL, "%s, which --%s names, has no secret on its first line",
			from_input ? "standard input" : path, option);
}

void secret_read(struct cli *cli, struct secret *secret, const char *file, const char *prompt)
{
	const char *path = given(cli, file);

	if (path)
		read_file(secret, file, path);
	else
		prompt_for(secret, file, prompt);
}

void secret_read_new(struct cli *cli, struct secret *secret, const char *file, const char *prompt)
{
	CLEANUP(secret_wipe) struct secret again = { "" };

	secret_read(cli, secret, file, prompt);
	if (given(cli, file))
		return;
	prompt_for(&again, file, "Once more");
	if (strcmp(again.text, secret->text) != 0)
		fail(EXIT_USAGE, NULL, "the two are not the same; nothing was changed");
}

void secret_read_token(struct cli *cli, struct secret *secret, const char *file, const char *prompt)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	char *token;

	secret_read(cli, secret, file, prompt);
	token = strstr(secret->text, "://") ? strstr(secret->text, "orgd_") : NULL;
	if (!token)
		return;
	memmove(secret->text, token, strlen(token) + 1);
	secret->text[strspn(secret->text, alphabet)] = '\0';
}
