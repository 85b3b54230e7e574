/* SPDX-License-Identifier: Apache-2.0 */
#include "service/helper_line.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void helper_line_print(const struct helper_line *line)
{
	for (size_t i = 0; i < HELPER_WORDS_MAX && line->words[i]; i++) {
		if (i)
			putchar('\t');
		for (const char *at = line->words[i]; *at; at++)
			putchar(*at >= ' ' && *at <= '~' ? *at : '?');
	}
	putchar('\n');
	fflush(stdout);
}

struct helper_line helper_line_parse(struct arena *arena, const char *text)
{
	char *rest = arena_strndup(arena, text, strcspn(text, "\n"));
	struct helper_line line;

	for (size_t i = 0; i < HELPER_WORDS_MAX; i++) {
		char *word = rest ? strsep(&rest, "\t") : NULL;

		line.words[i] = word ? word : "";
	}
	return line;
}

uint64_t helper_number(const char *word)
{
	return isdigit((unsigned char)*word) ? strtoull(word, NULL, 10) : 0;
}
