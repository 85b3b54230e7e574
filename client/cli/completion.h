/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "command.h"
#include "meaning.h"

/*
 * What a shell completes orgctl's lines by, made from the table of commands and the meanings of
 * their parameters: nouns, verbs, options, the words that a value may be, and files. Each prints a
 * whole script to standard output.
 */
void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);

/* What the three have in common: calls `each` for every command, in the order of the table. `noun`
 * is NULL for one that is a single word. */
void completion_walk(void (*each)(void *context, const char *noun, const struct command *command,
			     const struct syntax *syntax),
	void *context);
/* The same for every option that takes a value, once for each meaning that it has. */
void completion_walk_options(
	void (*each)(void *context, const struct meaning *meaning), void *context);
