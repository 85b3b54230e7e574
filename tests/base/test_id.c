/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/expect.h"
#include "base/id.h"

static const struct id counting = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };

Test(id, is_written_in_crockford_base32)
{
	struct id zero = { { 0 } }, all;
	char text[ID_TEXT_BYTES];

	memset(all.bytes, 0xFF, sizeof(all.bytes));
	id_format(ID_ORGANIZATION, &zero, text);
	cr_expect_str_eq(text, "org_00000000000000000000000000");
	id_format(ID_USER, &all, text);
	cr_expect_str_eq(text, "usr_7zzzzzzzzzzzzzzzzzzzzzzzzz");
	id_format(ID_CALL, &counting, text);
	cr_expect_str_eq(text, "cal_00041061050r3gg28a1c60t3gf");
}

Test(id, every_type_has_the_prefix_of_the_contract)
{
	static const char *const prefixes[] = { "usr_", "org_", "inv_", "doc_", "col_", "grt_",
		"key_", "ses_", "whk_", "dlv_", "evt_", "dec_", "cal_" };
	char text[ID_TEXT_BYTES];

	for (size_t type = 0; type < COUNT_OF(prefixes); type++) {
		id_format((enum id_type)type, &counting, text);
		cr_expect_eq(strncmp(text, prefixes[type], 4), 0, "%s", text);
		cr_expect_eq(strlen(text), ID_TEXT_BYTES - 1);
	}
}

Test(id, what_is_written_reads_back)
{
	srand(7);
	for (int i = 0; i < 1000; i++) {
		char text[ID_TEXT_BYTES];
		struct id id, read;

		for (size_t j = 0; j < sizeof(id.bytes); j++)
			id.bytes[j] = (uint8_t)rand();
		id_format(ID_EVENT, &id, text);
		expect_ok(id_parse(ID_EVENT, "field", text, &read));
		cr_expect(id_equal(&id, &read));
		cr_expect(id_matches(ID_EVENT, text));
	}
}

Test(id, anything_but_the_one_spelling_is_refused)
{
	static const char *const texts[] = { "", "org", "org_", "org_0000000000000000000000000",
		"org_000000000000000000000000000", "usr_00000000000000000000000000",
		"ORG_00000000000000000000000000", "org_0000000000000000000000000A",
		"org_0000000000000000000000000i", "org_0000000000000000000000000l",
		"org_0000000000000000000000000o", "org_0000000000000000000000000u",
		"org_0000000000000000000000000-", "org_80000000000000000000000000",
		"org_z0000000000000000000000000", " org_00000000000000000000000000",
		"org_0000000000000 000000000000",
		/* Stands for none, and is nobody's. */
		"org_00000000000000000000000000" };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct id id = counting;

		expect_invalid(id_parse(ID_ORGANIZATION, "field", texts[i], &id), "MALFORMED_ID");
		cr_expect(id_equal(&id, &counting), "untouched");
		cr_expect_not(id_matches(ID_ORGANIZATION, texts[i]));
	}
}

Test(id, zero_is_told_apart)
{
	struct id zero = { { 0 } };

	cr_expect(id_is_zero(&zero));
	cr_expect_not(id_is_zero(&counting));
}
