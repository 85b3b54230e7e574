/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/user.h"

bool user_is_active(const Orgd__Store__V1__User *user)
{
	return user_state_is_active(user->user->state);
}

bool user_state_is_active(Orgd__V1__UserState state)
{
	return state == ORGD__V1__USER_STATE__USER_STATE_ACTIVE;
}
