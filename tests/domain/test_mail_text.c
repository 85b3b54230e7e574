/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/expect.h"
#include "domain/mail_fixture.h"
#include "domain/mail_text.h"

static struct arena arena;
static struct mail_text text;

static void set_up(void)
{
	arena_init(&arena);
	mail_text_init(&text, &arena, 4096);
}

static void tear_down(void)
{
	arena_clear(&arena);
}

TestSuite(mail_text, .init = set_up, .fini = tear_down);

Test(mail_text, grows_and_stays_terminated)
{
	for (int i = 0; i < 100; i++)
		mail_text_add_string(&text, "0123456789");
	cr_expect_eq(text.size, 1000);
	cr_expect_eq(strlen(text.data), 1000);
	cr_expect_not(text.full);
}

Test(mail_text, past_its_limit_it_is_full_and_nothing_is_added_any_more)
{
	mail_text_init(&text, &arena, 10);
	mail_text_add_string(&text, "12345678");
	mail_text_add_string(&text, "90123");
	cr_expect(text.full);
	mail_text_add_string(&text, "4");
	cr_expect_str_eq(text.data, "12345678");
}

Test(mail_text, markup_in_a_value_is_escaped)
{
	mail_text_add_html(&text, "<a href='x' title=\"y\">R&D</a>\nnext");
	cr_expect_str_eq(text.data,
		"&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;R&amp;D&lt;/a&gt;<br>\nnext");
}

Test(mail_text, base64_comes_in_lines_of_76)
{
	char zeros[58] = "";

	mail_text_add_base64_lines(&text, zeros, sizeof(zeros));
	cr_expect_eq(strcspn(text.data, "\r"), 76);
	cr_expect_str_eq(text.data + 76, "\r\nAA==\r\n");
}

Test(mail_text, base64_pads_as_rfc_4648_does)
{
	mail_text_add_base64_lines(&text, "f", 1);
	mail_text_add_base64_lines(&text, "fo", 2);
	mail_text_add_base64_lines(&text, "foobar", 6);
	cr_expect_str_eq(text.data, "Zg==\r\nZm8=\r\nZm9vYmFy\r\n");
}

Test(mail_text, a_short_ascii_header_stays_as_it_is)
{
	mail_text_add_words(&text, "Ada invites you", 9);
	cr_expect_str_eq(text.data, "Ada invites you");
}

Test(mail_text, what_looks_like_an_encoded_word_is_encoded)
{
	mail_text_add_words(&text, "=?UTF-8?B?QWRh?=", 9);
	cr_expect_str_eq(mail_fixture_words(&arena, text.data), "=?UTF-8?B?QWRh?=");
	cr_expect_str_neq(text.data, "=?UTF-8?B?QWRh?=");
}

Test(mail_text, other_text_becomes_encoded_words_that_split_no_character)
{
	char value[3 * 40 + 1] = "", *line, *save;

	for (int i = 0; i < 40; i++)
		strcat(value, "€");
	mail_text_add_words(&text, value, 9);
	for (line = strtok_r(arena_strdup(&arena, text.data), "\r\n", &save); line;
		line = strtok_r(NULL, "\r\n", &save)) {
		const char *word = mail_fixture_words(&arena, line);

		cr_expect_leq(strlen(line), 76);
		cr_expect_eq(strspn(word + (*word == ' '), "\xe2\x82\xac") % 3, 0, "%s", line);
	}
	for (char *c = text.data; (c = strstr(c, "\r\n ")); c++)
		memmove(c, c + 3, strlen(c + 3) + 1);
	cr_expect_str_eq(mail_fixture_words(&arena, text.data), value);
}

Test(mail_text, a_long_ascii_header_is_folded_too)
{
	const char *value = "An organization with a name that goes on and on until no line of a "
			    "mail can hold it";

	mail_text_add_words(&text, value, 9);
	cr_expect(strstr(text.data, "\r\n ="));
}

Test(mail_text, a_phrase_is_quoted_only_where_it_must_be)
{
	mail_text_add_phrase(&text, "Developer Portal", 6);
	cr_expect_str_eq(text.data, "Developer Portal");
	mail_text_init(&text, &arena, 4096);
	mail_text_add_phrase(&text, "Portal, \"the\" \\ <one>", 6);
	cr_expect_str_eq(text.data, "\"Portal, \\\"the\\\" \\\\ <one>\"");
	mail_text_init(&text, &arena, 4096);
	mail_text_add_phrase(&text, "Bücher, <b>", 6);
	cr_expect_str_eq(mail_fixture_words(&arena, text.data), "Bücher, <b>");
}

Test(mail_text, a_line_keeps_no_control_character)
{
	cr_expect_str_eq(mail_text_clean(&arena, MAIL_CLEAN_LINE,
				 "a\r\nBcc: b\tc\x7f\xc2\x85\xe2\x80\xa8"
				 "d"),
		"a  Bcc: b c   d");
}

Test(mail_text, lines_keep_their_ends_alone)
{
	cr_expect_str_eq(mail_text_clean(&arena, MAIL_CLEAN_LINES, "a\r\nb\tc\x01"), "a \nb\tc ");
}

Test(mail_text, broken_utf8_becomes_the_replacement_character)
{
	cr_expect_str_eq(
		mail_text_clean(&arena, MAIL_CLEAN_LINE, "a\xff\xc3"), "a\xef\xbf\xbd\xef\xbf\xbd");
}

Test(mail_text, grows_by_single_characters_and_by_none)
{
	mail_text_add(&text, "", 0);
	cr_expect_str_eq(text.data, "");
	for (size_t i = 0; i < 200; i++) {
		mail_text_add(&text, "x", 1);
		cr_expect_eq(strlen(text.data), i + 1);
	}
}

Test(mail_text, at_its_limit_it_is_not_full)
{
	mail_text_init(&text, &arena, 10);
	mail_text_add_string(&text, "1234567890");
	cr_expect_not(text.full);
	mail_text_add_string(&text, "");
	cr_expect_not(text.full);
	mail_text_add_string(&text, "1");
	cr_expect(text.full);
}

/* RFC 2047 2: a line with an encoded word has 76 characters at most. */
Test(mail_text, a_header_stays_as_it_is_up_to_column_76)
{
	char value[69] = "";

	memset(value, '~', 67);
	mail_text_add_words(&text, value, 9);
	cr_expect_str_eq(text.data, value);
	value[67] = '~';
	mail_text_add_words(&text, value, 9);
	cr_expect(strstr(text.data, "=?UTF-8?B?"));
}

Test(mail_text, a_phrase_stays_as_it_is_up_to_column_76_with_all_its_quotes)
{
	char value[35] = "";

	memset(value, 'x', 34);
	mail_text_add_phrase(&text, value, 6);
	cr_expect_str_eq(text.data, value);
	mail_text_init(&text, &arena, 4096);
	mail_text_add_phrase(&text, value, 7);
	cr_expect(strstr(text.data, "=?UTF-8?B?"));
}

Test(mail_text, encoded_words_are_as_long_as_a_line_allows)
{
	char value[2 * 60 + 1] = "", ascii[79] = "";

	for (int i = 0; i < 60; i++)
		strcat(value, "ö");
	mail_text_add_words(&text, value, 9);
	for (const char *line = text.data; line; line = strstr(line + 1, "\r\n"))
		cr_expect_leq(9 + strcspn(line + 1, "\r"), 76);
	mail_text_init(&text, &arena, 4096);
	memset(ascii, 'x', 78);
	mail_text_add_words(&text, ascii, 9);
	cr_expect_null(strstr(strstr(text.data, "\r\n ") + 1, "\r\n "), "two words hold 78 bytes");
}

Test(mail_text, what_is_harmful_begins_and_ends_where_unicode_says)
{
	cr_expect_str_eq(mail_text_clean(&arena, MAIL_CLEAN_LINES,
				 "\x1f!~\x7f\xc2\x80\xc2\x9f\xc2\xa0\xe2\x80\xa7\xe2\x80\xa8"
				 "\xe2\x80\xa9\xe2\x80\xaa"),
		" !~   \xc2\xa0\xe2\x80\xa7  \xe2\x80\xaa");
}

Test(mail_text, a_value_of_broken_bytes_alone_has_its_room)
{
	cr_expect_str_eq(
		mail_text_clean(&arena, MAIL_CLEAN_LINE, "\xff\xff"), "\xef\xbf\xbd\xef\xbf\xbd");
	cr_expect_str_eq(mail_text_clean(&arena, MAIL_CLEAN_LINE, ""), "");
}

Test(mail_text, a_full_line_of_base64_is_followed_by_no_empty_one)
{
	char zeros[57] = "";

	mail_text_add_base64_lines(&text, zeros, sizeof(zeros));
	cr_expect_eq(text.size, 76 + strlen("\r\n"));
	mail_text_init(&text, &arena, 4096);
	mail_text_add_base64_lines(&text, zeros, sizeof(zeros) - 1);
	cr_expect_str_eq(text.data + 72, "AAA=\r\n");
	mail_text_init(&text, &arena, 4096);
	mail_text_add_base64_lines(&text, "", 0);
	cr_expect_str_empty(text.data);
}

Test(mail_text, an_encoded_word_ends_with_its_value)
{
	char value[38 + 1] = "";

	for (int i = 0; i < 19; i++)
		strcat(value, "ö");
	mail_text_add_words(&text, value, 9);
	cr_expect(strstr(text.data, "=?="), "38 bytes need a pad: %s", text.data);
}
