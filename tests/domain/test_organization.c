/* SPDX-License-Identifier: Apache-2.0 */
#include "base/expect.h"
#include "domain/organization.h"

Test(organization, knows_the_assigned_country_codes)
{
	static const char *const known[] = { "AD", "DE", "GB", "UG", "US", "ZW" };

	for (size_t i = 0; i < COUNT_OF(known); i++)
		cr_expect(organization_country_is_known(known[i]), "%s", known[i]);
}

Test(organization, refuses_what_is_no_country_code)
{
	static const char *const unknown[] = { "", "D", "DEU", "de", "De", "UK", "XX", "D ", " D",
		"E ", "ZZ", "Ü" };

	for (size_t i = 0; i < COUNT_OF(unknown); i++)
		cr_expect_not(organization_country_is_known(unknown[i]), "\"%s\"", unknown[i]);
}

Test(organization, there_are_249_countries)
{
	unsigned known = 0;

	for (char first = 'A'; first <= 'Z'; first++)
		for (char second = 'A'; second <= 'Z'; second++)
			known += organization_country_is_known((char[]){ first, second, '\0' });
	cr_expect_eq(known, 249);
}
