/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>

#include "base/arena.h"

/*
 * What a helper process tells the daemon: lines of words with tabs between, on its standard output.
 * The first word says what a line is about.
 *
 *	backup    file, bytes, epoch, revision: it is made
 *	table     name: the check has come so far
 *	finding   table, key, sentence
 *	checked   rows, tables, findings: all of it
 *	failed    code, reason, sentence: it ends here
 */
enum { HELPER_WORDS_MAX = 5, HELPER_LINE_BYTES = 2048 };

struct helper_line {
	const char *words[HELPER_WORDS_MAX]; /* "" past the last one */
};

/* Prints the words up to the first NULL, and flushes. What is not printable ASCII is a "?",
 * since a damaged row may say anything. */
void helper_line_print(const struct helper_line *line);
/* The words of `text`, which may end with a line feed, in the arena. */
struct helper_line helper_line_parse(struct arena *arena, const char *text);
/* A decimal; 0 for anything else. */
uint64_t helper_number(const char *word);
