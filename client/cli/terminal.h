/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/compiler.h"
#include "cli.h"

/*
 * What is asked of the person at the terminal: /dev/tty, whatever standard input and output are.
 * What is shown is made safe.
 */

/* Asks whether to go on, and returns only when the answer is yes or --yes was given. Without a
 * terminal, or for any other answer, the process ends with EXIT_DECLINED. */
void confirm(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same where `expected` must be typed back: a handle, an address. */
void confirm_by_typing(struct cli *cli, const char *expected, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* A password, a token, a key: never in the arguments, where every process can read it. Wiped when
 * it leaves its scope: CLEANUP(secret_wipe). */
enum { SECRET_BYTES = 1024 };
struct secret {
	char text[SECRET_BYTES];
};
void secret_wipe(struct secret *secret);

/* The first line of the file that the option `file` names ("-": the next line of standard input),
 * else what is typed at `prompt`, unseen. An empty one ends the process. */
void secret_read(struct cli *cli, struct secret *secret, const char *file, const char *prompt);
/* The same for a new one: a person types it twice. */
void secret_read_new(struct cli *cli, struct secret *secret, const char *file, const char *prompt);
/* The same for a token that came in a mail: the link that holds it is as good. */
void secret_read_token(
	struct cli *cli, struct secret *secret, const char *file, const char *prompt);
