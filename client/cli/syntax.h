/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/*
 * The grammar that commands are written down in. The same string is the usage text and what the
 * command line is read by, so that the two never differ:
 *
 *	member list <organization> [--role ROLE] [--limit N]
 *
 * One or two words that name the command, then its parameters: `<argument>`, `--option VALUE` and
 * `--flag`. `[…]` around one makes it optional, `...` behind it lets it come again.
 */
enum parameter_kind { PARAMETER_ARGUMENT, PARAMETER_OPTION, PARAMETER_FLAG };

struct parameter {
	enum parameter_kind kind;
	bool required, repeats;
	char name[32];  /* without brackets and dashes; no two of a command share one */
	char value[16]; /* of an option: what the usage calls its value */
};

enum { SYNTAX_WORDS_MAX = 2, SYNTAX_PARAMETERS_MAX = 32 };
struct syntax {
	size_t word_count;
	char words[SYNTAX_WORDS_MAX][32];
	size_t parameter_count;
	struct parameter parameters[SYNTAX_PARAMETERS_MAX];
};

/* Adds what `text` says to `syntax`, zeroed before the first. False when the text is no grammar: an
 * own bug, which the tests look for in every row of the table. */
bool syntax_parse(const char *text, struct syntax *syntax);

/* NULL when there is none. */
const struct parameter *syntax_find(const struct syntax *syntax, const char *name);
