/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include "service/helper_line.h"

Test(helper_line, tells_empty_words_too)
{
	cr_redirect_stdout();
	helper_line_print(&(struct helper_line){ { "finding", "documents", "", "is torn" } });
	cr_assert_stdout_eq_str("finding\tdocuments\t\tis torn\n");
}

Test(helper_line, says_nothing_that_steers_a_terminal)
{
	cr_redirect_stdout();
	helper_line_print(&(struct helper_line){ { "finding", "a\tb", "\033[2J", "\xc3\xa9" } });
	cr_assert_stdout_eq_str("finding\ta?b\t?[2J\t??\n");
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
