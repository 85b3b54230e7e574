/* SPDX-License-Identifier: Apache-2.0 */
#include "base/expect.h"
#include "base/text.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena);
}

static void teardown(void)
{
	arena_clear(&arena);
}

TestSuite(text, .init = setup, .fini = teardown);

static struct status line(const char *value, const char **result)
{
	return text_check(&arena, TEXT_LINE, "field", value, 1, TEXT_NAME_MAX, result);
}

static struct status paragraphs(const char *value, const char **result)
{
	return text_check(&arena, TEXT_PARAGRAPHS, "field", value, 0, TEXT_NOTE_MAX, result);
}

static struct status name(const char *value, const char **result)
{
	return text_check(&arena, TEXT_NAME, "field", value, 1, TEXT_NAME_MAX, result);
}

Test(text, length_counts_characters)
{
	cr_expect_eq(text_length(""), 0);
	cr_expect_eq(text_length("Zo\xC3\xAB \xE5\xB1\xB1 \xF0\x9F\x8E\x89"), 7);
}

Test(text, a_good_line_is_the_argument_itself)
{
	const char *value = "Zo\xC3\xAB & Sons";
	const char *result;

	expect_ok(line(value, &result));
	cr_expect_eq(result, value);
}

Test(text, blanks_at_the_ends_are_trimmed_and_inner_ones_stay)
{
	const char *result;

	expect_ok(line("  Ada \xC2\xA0 Lovelace\xE3\x80\x80 ", &result));
	cr_expect_str_eq(result, "Ada \xC2\xA0 Lovelace");
}

Test(text, a_required_field_of_blanks_is_missing)
{
	static const char *const values[] = { "", "   ", "\xC2\xA0", "\xE2\x80\x8B", "\xEF\xBB\xBF",
		"\xE2\x80\x8D \xE2\x81\xA0" };
	const char *result = "untouched";

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_invalid(line(values[i], &result), "FIELD_REQUIRED");
	cr_expect_str_eq(result, "untouched");
}

Test(text, an_optional_field_may_be_empty)
{
	const char *result;

	expect_ok(paragraphs(" \n ", &result));
	cr_expect_str_eq(result, "");
}

Test(text, lengths_are_in_characters_and_after_trimming)
{
	const char *four = "  \xE5\xB1\xB1\xE5\xB1\xB1\xE5\xB1\xB1\xE5\xB1\xB1  ";
	const char *result;

	expect_ok(text_check(&arena, TEXT_LINE, "field", four, 4, 4, &result));
	expect_invalid(
		text_check(&arena, TEXT_LINE, "field", four, 5, 9, &result), "FIELD_TOO_SHORT");
	expect_invalid(
		text_check(&arena, TEXT_LINE, "field", four, 1, 3, &result), "FIELD_TOO_LONG");
}

Test(text, broken_utf8_is_refused)
{
	static const char *const values[] = { "\xFF", "a\xC3", "\xC0\xAF", "\xED\xA0\x80",
		"\xF4\x90\x80\x80", "\x80" };
	const char *result;

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_invalid(line(values[i], &result), "INVALID_TEXT");
}

Test(text, control_characters_are_refused)
{
	static const char *const values[] = { "a\nb", "a\rb", "a\tb", "a\x01z", "a\x1B[1m", "a\x7F",
		"a\xC2\x80", "a\xC2\x85z", "a\xC2\x9F", "a\xE2\x80\xA8z", "a\xE2\x80\xA9z",
		"Ada\r\n" };
	const char *result;

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_invalid(line(values[i], &result), "INVALID_TEXT");
}

Test(text, characters_that_reorder_text_are_refused)
{
	static const uint16_t points[] = { 0x61C, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D,
		0x202E, 0x2066, 0x2067, 0x2068, 0x2069 };
	const char *result;

	for (size_t i = 0; i < COUNT_OF(points); i++) {
		unsigned point = points[i];
		char value[] = { 'a', (char)(0xE0 | point >> 12),
			(char)(0x80 | (point >> 6 & 0x3F)), (char)(0x80 | (point & 0x3F)), 'z',
			'\0' };
		char value_of_two[] = { 'a', (char)(0xC0 | (point >> 6 & 0x1F)),
			(char)(0x80 | (point & 0x3F)), 'z', '\0' };

		expect_invalid(line(point < 0x800 ? value_of_two : value, &result), "INVALID_TEXT");
		expect_invalid(
			paragraphs(point < 0x800 ? value_of_two : value, &result), "INVALID_TEXT");
	}
}

Test(text, noncharacters_are_refused_in_every_plane)
{
	static const char *const values[] = { "\xEF\xBF\xBE", "\xEF\xBF\xBF", "\xEF\xB7\x90",
		"\xEF\xB7\xAF", "\xF0\x9F\xBF\xBE", "\xF4\x8F\xBF\xBF" };
	const char *result;

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_invalid(line(values[i], &result), "INVALID_TEXT");
}

Test(text, the_neighbours_of_what_is_refused_are_fine)
{
	static const char *const values[] = { "\xC2\xA1", "\xEF\xB7\x8F", "\xEF\xB7\xB0",
		"\xEF\xBF\xBD", "\xE2\x80\xA7", "\xE2\x81\xAA", "\xF4\x8F\xBF\xBD", "\xD8\x9B",
		"~" };
	const char *result;

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_ok(line(values[i], &result));
}

Test(text, paragraphs_keep_lines_and_tabs_with_one_kind_of_line_end)
{
	const char *result;

	expect_ok(paragraphs("\r\n one\r\n\ttwo\nthree \n", &result));
	cr_expect_str_eq(result, "one\n\ttwo\nthree");
}

Test(text, a_lone_carriage_return_is_refused_in_paragraphs_too)
{
	const char *result;

	expect_invalid(paragraphs("one\rtwo", &result), "INVALID_TEXT");
	expect_invalid(paragraphs("one\r\r\ntwo", &result), "INVALID_TEXT");
}

Test(text, a_name_is_no_url)
{
	static const char *const values[] = { "https://evil.example",
		"Click HTTP://evil.example now", "www.evil.example", "WWW.evil.example",
		" www.evil.example", "Acme (www.evil.example)", "Hi\xC2\xA0www.evil.example",
		"evil.com/pay", "Claim it: EVIL.COM/", "evil.com:8080", "evil.com?a=b",
		"evil.com#a", "b\u00fccher.example/x" };
	const char *result;

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_invalid(name(values[i], &result), "NAME_IS_A_URL");
	expect_ok(name("Booking.com: the awww. company", &result));
	expect_ok(line("see https://example.com", &result));
}

Test(text, a_name_may_have_dots_slashes_and_colons)
{
	static const char *const values[] = { "evil.com", "Dr. Ada", "Dr./Prof. Ada", "J.P. Morgan",
		"Node.js", "Node.js: the friends", "Who.is?", "Jensen A/S", "1.5/2", "www.", "./x",
		"/", "e.V./x" };
	const char *result;

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_ok(name(values[i], &result));
}

Test(text, a_name_of_characters_that_show_nothing_is_missing)
{
	static const char *const values[] = { "\xE3\x85\xA4", "\xC2\xAD",
		"\xE2\xA0\x80 \xEF\xB8\x8F", "\xF3\xA0\x81\x81" };
	static const char heart[] = "\xE2\x9D\xA4\xEF\xB8\x8F";
	const char *result;

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_invalid(name(values[i], &result), "FIELD_REQUIRED");
	expect_ok(name(heart, &result));
	cr_expect_str_eq(result, heart, "what belongs to an emoji stays");
}
