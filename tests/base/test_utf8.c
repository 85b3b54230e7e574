/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <iconv.h>
#include <stdbool.h>

#include "base/text.h"
#include "base/utf8.h"

/* The C library's opinion. */
static bool iconv_accepts(iconv_t converter, char *bytes, size_t size)
{
	char out[32];
	char *to = out;
	size_t room = sizeof(out);

	iconv(converter, NULL, NULL, NULL, NULL);
	return iconv(converter, &bytes, &size, &to, &room) != (size_t)-1;
}

Test(utf8, agrees_with_iconv_on_all_sequences_of_boundary_bytes)
{
	static const uint8_t edges[] = { 0x01, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1,
		0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5,
		0xFF };
	size_t n = sizeof(edges), accepted = 0;
	iconv_t converter = iconv_open("UTF-32LE", "UTF-8");

	cr_assert(converter != (iconv_t)-1);
	for (size_t i = 0; i < n * n * n * n; i++) {
		char bytes[4] = { (char)edges[i % n], (char)edges[i / n % n],
			(char)edges[i / n / n % n], (char)edges[i / n / n / n] };

		for (size_t size = 1; size <= sizeof(bytes); size++) {
			bool expected = iconv_accepts(converter, bytes, size);

			cr_assert_eq(text_is_utf8(bytes, size), expected,
				"%zu of %02x %02x %02x %02x", size, (uint8_t)bytes[0],
				(uint8_t)bytes[1], (uint8_t)bytes[2], (uint8_t)bytes[3]);
			accepted += expected;
		}
	}
	iconv_close(converter);
	cr_expect_gt(accepted, 0);
}

Test(utf8, a_bad_byte_is_found_wherever_it_is)
{
	char text[40];

	for (size_t bad = 0; bad < sizeof(text); bad++) {
		memset(text, 'a', sizeof(text));
		cr_expect(text_is_utf8(text, sizeof(text)));
		text[bad] = (char)0xFF;
		cr_expect_not(text_is_utf8(text, sizeof(text)), "at %zu", bad);
	}
}

Test(utf8, decodes_the_code_point)
{
	uint32_t point = 0;

	cr_expect_eq(utf8_decode("\xF0\x9F\x8E\x89", 4, &point), 4);
	cr_expect_eq(point, 0x1F389);
}

Test(utf8, a_cut_never_splits_a_character)
{
	const char *text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8E\x89"; /* of 1, 2, 3 and 4 bytes */
	static const size_t whole[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10 };

	for (size_t size = 0; size < sizeof(whole) / sizeof(*whole); size++)
		cr_expect_eq(utf8_cut(text, size), whole[size], "at %zu", size);
}
