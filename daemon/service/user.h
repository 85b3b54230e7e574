/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/* What others use of accounts. */

/* The contract's message of the row: id and etag filled in. In the call's arena. */
Orgd__V1__User *user_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__User *row);

/* Writes the row back with update_time now. */
MUST_USE struct status user_save(
	struct call *call, const struct id *id, Orgd__Store__V1__User *row);

/* Gives the user these platform roles, each once. Not saved. `field` is the request's.
 *
 *   INVALID_ARGUMENT UNKNOWN_ENUM_VALUE */
MUST_USE struct status user_set_roles(struct call *call, const char *field, size_t count,
	const Orgd__V1__PlatformRole *roles, Orgd__V1__User *user);
/* "REVIEWER,PLATFORM_ADMIN" */
char *user_roles_text(struct arena *arena, const Orgd__V1__User *user);

/* Prepare steps: they hash the password that the request brings. */
MUST_USE struct status user_prepare_sign_up(struct call *call);
MUST_USE struct status user_prepare_verify_email(struct call *call);
MUST_USE struct status user_prepare_change_password(struct call *call);
MUST_USE struct status user_prepare_reset_password(struct call *call);

/* Takes what is left of erased people: sign-in data, memberships, open invitations. */
MUST_USE struct status user_sweep_erased(struct call *call, bool *more);
