/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/membership.h"

#include <assert.h>
#include <string.h>

struct status membership_may_own(
	const Orgd__Store__V1__User *user, const Orgd__Store__V1__Organization *organization)
{
	if (user->owned_count >= OWNED_PER_USER_MAX)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "OWNED_ORGANIZATION_LIMIT",
			"a user owns at most %d organizations; give one of them up first",
			OWNED_PER_USER_MAX);
	if (organization->n_owner_ids >= OWNERS_MAX)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "OWNER_LIMIT",
			"an organization has at most %d Owners; make one of them an Admin first",
			OWNERS_MAX);
	return OK;
}

struct status membership_may_join(const Orgd__Store__V1__User *user,
	const Orgd__Store__V1__Organization *organization, Orgd__V1__Role role)
{
	if (user->organization_count >= ORGANIZATIONS_PER_USER_MAX)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "ORGANIZATION_LIMIT",
			"a user belongs to at most %d organizations; leave one of them first",
			ORGANIZATIONS_PER_USER_MAX);
	return role == ORGD__V1__ROLE__ROLE_OWNER ? membership_may_own(user, organization) : OK;
}

static bool is(const ProtobufCBinaryData *owner, const struct id *user_id)
{
	return owner->len == sizeof(user_id->bytes) &&
	       !memcmp(owner->data, user_id->bytes, sizeof(user_id->bytes));
}

bool membership_is_owner(
	const Orgd__Store__V1__Organization *organization, const struct id *user_id)
{
	for (size_t i = 0; i < organization->n_owner_ids; i++)
		if (is(&organization->owner_ids[i], user_id))
			return true;
	return false;
}

void membership_insert_owner(struct arena *arena, Orgd__Store__V1__Organization *organization,
	const struct id *user_id, size_t place)
{
	size_t count = organization->n_owner_ids;
	ProtobufCBinaryData *owners = ARENA_ARRAY(arena, ProtobufCBinaryData, count + 1);
	struct bytes copy = arena_copy(arena, bytes_of(user_id->bytes, sizeof(user_id->bytes)));

	assert(place <= count && !membership_is_owner(organization, user_id));
	for (size_t i = 0; i < count; i++)
		owners[i < place ? i : i + 1] = organization->owner_ids[i];
	owners[place] = (ProtobufCBinaryData){ copy.size, (uint8_t *)(uintptr_t)copy.data };
	organization->owner_ids = owners;
	organization->n_owner_ids = count + 1;
}

void membership_add_owner(
	struct arena *arena, Orgd__Store__V1__Organization *organization, const struct id *user_id)
{
	membership_insert_owner(arena, organization, user_id, organization->n_owner_ids);
}

void membership_remove_owner(Orgd__Store__V1__Organization *organization, const struct id *user_id)
{
	size_t kept = 0;

	for (size_t i = 0; i < organization->n_owner_ids; i++)
		if (!is(&organization->owner_ids[i], user_id))
			organization->owner_ids[kept++] = organization->owner_ids[i];
	organization->n_owner_ids = kept;
}
