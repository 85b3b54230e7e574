/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "domain/user.h"

static bool is_active_in(Orgd__V1__UserState state)
{
	Orgd__V1__User message = ORGD__V1__USER__INIT;
	Orgd__Store__V1__User user = ORGD__STORE__V1__USER__INIT;

	message.state = state;
	user.user = &message;
	return user_is_active(&user);
}

Test(user, an_active_user_is_active_whether_verified_or_not)
{
	cr_assert(is_active_in(ORGD__V1__USER_STATE__USER_STATE_ACTIVE));
}

Test(user, a_disabled_or_erased_user_is_not)
{
	cr_assert_not(is_active_in(ORGD__V1__USER_STATE__USER_STATE_DISABLED));
	cr_assert_not(is_active_in(ORGD__V1__USER_STATE__USER_STATE_ERASED));
	cr_assert_not(is_active_in(ORGD__V1__USER_STATE__USER_STATE_UNSPECIFIED));
}
