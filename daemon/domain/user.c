/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/user.h"

bool user_is_active(const Orgd__Store__V1__User *user)
{
	return user->user->state == ORGD__V1__USER_STATE__USER_STATE_ACTIVE;
}
