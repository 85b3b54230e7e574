/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "service/helper_line.h"

static void expect_printed(struct helper_line line, const char *text)
{
	FILE *file = tmpfile();
	char printed[100];
	size_t size;

	cr_assert(file && dup2(fileno(file), STDOUT_FILENO) == STDOUT_FILENO);
	helper_line_print(&line);
	rewind(file);
	size = fread(printed, 1, sizeof(printed) - 1, file);
	printed[size] = '\0';
	cr_expect_str_eq(printed, text);
	fclose(file);
}

Test(helper_line, tells_empty_words_too)
{
	expect_printed((struct helper_line){ { "finding", "documents", "", "is torn" } },
		"finding\tdocuments\t\tis torn\n");
}

Test(helper_line, says_nothing_that_steers_a_terminal)
{
	expect_printed((struct helper_line){ { "finding", "a\tb", "\033[2J", "\xc3\xa9" } },
		"finding\ta?b\t?[2J\t??\n");
}

Test(helper_line, is_read_as_it_was_told)
{
	struct helper_line line;
	struct arena arena;

	arena_init(&arena);
	line = helper_line_parse(&arena, "finding\tdocuments\t\tis torn\n");
	cr_expect_str_eq(line.words[0], "finding");
	cr_expect_str_eq(line.words[1], "documents");
	cr_expect_str_eq(line.words[2], "");
	cr_expect_str_eq(line.words[3], "is torn");
	cr_expect_str_eq(line.words[4], "");
	arena_clear(&arena);
}
