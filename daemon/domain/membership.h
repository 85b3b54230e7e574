/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/status.h"
#include "orgd/store/v1/rows.pb-c.h"

/* The caps on belonging, and an organization's list of Owners. Pure. */
enum {
	ORGANIZATIONS_PER_USER_MAX = 100,
	OWNED_PER_USER_MAX = 50,
	OWNERS_MAX = 32, /* of an organization */
};

/* May the user have one organization more, in this role?
 *
 *   RESOURCE_EXHAUSTED ORGANIZATION_LIMIT  100 a user
 *   and what membership_may_own answers, for an Owner */
MUST_USE struct status membership_may_join(const Orgd__Store__V1__User *user,
	const Orgd__Store__V1__Organization *organization, Orgd__V1__Role role);
/* May the user own one more, and the organization have one Owner more?
 *
 *   RESOURCE_EXHAUSTED OWNED_ORGANIZATION_LIMIT  50 a user
 *   RESOURCE_EXHAUSTED OWNER_LIMIT               32 an organization */
MUST_USE struct status membership_may_own(
	const Orgd__Store__V1__User *user, const Orgd__Store__V1__Organization *organization);

bool membership_is_owner(
	const Orgd__Store__V1__Organization *organization, const struct id *user_id);
/* Adds the Owner as the one who became so last; membership_may_own was asked. */
void membership_add_owner(
	struct arena *arena, Orgd__Store__V1__Organization *organization, const struct id *user_id);
/* The same at this place of the list, for whoever restores one; 0 is the longest-standing's. */
void membership_insert_owner(struct arena *arena, Orgd__Store__V1__Organization *organization,
	const struct id *user_id, size_t place);
/* Takes the Owner off the list; the others keep their order. */
void membership_remove_owner(Orgd__Store__V1__Organization *organization, const struct id *user_id);
