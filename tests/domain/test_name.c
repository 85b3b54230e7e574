/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "domain/name.h"

Test(name, begins_with_its_own_beginning)
{
	cr_expect(name_begins_with("Acme Corporation", "Acme"));
	cr_expect(name_begins_with("Acme", "Acme"));
	cr_expect(name_begins_with("Acme", ""));
	cr_expect(name_begins_with("", ""));
}

Test(name, begins_so_without_regard_to_case)
{
	cr_expect(name_begins_with("Acme", "aCM"));
	cr_expect(name_begins_with("Ökobank", "öKO"));
	cr_expect(name_begins_with("Ελλάδα", "ελλ"));
}

Test(name, does_not_begin_with_more_or_other_than_it_is)
{
	cr_expect_not(name_begins_with("Acme", "Acme Corporation"));
	cr_expect_not(name_begins_with("Acme", "cme"));
	cr_expect_not(name_begins_with("", "a"));
	cr_expect_not(name_begins_with("Okobank", "Öko"));
}
