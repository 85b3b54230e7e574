/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

#include "orgd/store/v1/rows.pb-c.h"

/* Accounts. Pure. */

/* May this user do anything? Not while disabled, never again once erased (SPEC rules 17, 31).
 * Whether the address is proved is another question. */
bool user_is_active(const Orgd__Store__V1__User *user);
bool user_state_is_active(Orgd__V1__UserState state);
