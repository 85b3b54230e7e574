/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "cli.h"

/*
 * The one table of commands: what is parsed, run and helped by. It is kept in pieces, a noun each,
 * next to the handlers: a new command is one row and one function.
 */
struct noun {
	const char *name;    /* the first word of its commands; NULL where each stands for itself */
	const char *summary; /* a sentence */
	const struct command *commands;
	size_t count;
};

#define NOUN(symbol, name_, summary_)                                                              \
	const struct noun symbol = { name_, summary_, commands, COUNT_OF(commands) }

/* Every noun in the order of the help; ends with NULL. */
extern const struct noun *const command_nouns[];

/* The command that `words` begin with, and how many of them name it; NULL when there is none. */
const struct command *command_find(char *const *words, size_t *used);
/* NULL when there is none. */
const struct noun *command_noun(const char *name);

/* Ends the process: `words` name no command. Says what was probably meant. */
__attribute__((noreturn)) void command_unknown(struct arena *arena, char *const *words);

/* What `wanted` was probably meant to be, of `names` (ends with NULL); NULL when nothing is
 * near. */
const char *command_nearest(const char *wanted, const char *const *names);
