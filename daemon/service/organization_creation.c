/* SPDX-License-Identifier: Apache-2.0 */
#include "service/organization_creation.h"

#include "base/text.h"
#include "domain/organization.h"
#include "domain/user.h"
#include "domain/verification.h"
#include "service/member.h"
#include "service/organization_profile.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"

#define DELETED ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED

/* The platform's administrators wear this hat whatever organization is at hand. */
static bool is_platform_admin(struct call *call)
{
	return policy_hats(&call->caller.credentials, ORGD__V1__ROLE__ROLE_UNSPECIFIED, false) &
	       HAT_PLATFORM_ADMIN;
}

/* Whose it will be: the caller, or whom a platform administrator names. */
MUST_USE static struct status read_owner_id(
	struct call *call, const Orgd__V1__CreateOrganizationRequest *request, struct id *owner_id)
{
	const char *named = request->owner_user_id;
	bool platform = is_platform_admin(call);

	if (*named)
		TRY(id_parse(ID_USER, "owner_user_id", named, owner_id));
	TRY(authorize(call));
	if (!platform && (*named || (request->organization && request->organization->seat_limit)))
		return policy_denied();
	if (!*named && !call->caller.credentials.user)
		return status_invalid("owner_user_id", "FIELD_REQUIRED",
			"owner_user_id is needed: you are no user who could own it");
	if (!*named)
		*owner_id = call->caller.user_id;
	return OK;
}

MUST_USE static struct status find_owner(
	struct call *call, const struct id *owner_id, Orgd__Store__V1__User **owner)
{
	char text[ID_TEXT_BYTES];

	id_format(ID_USER, owner_id, text);
	TRY(user_get(call->snapshot, owner_id, owner));
	if (!*owner)
		return status_fail(STATUS_NOT_FOUND, "USER_NOT_FOUND", "there is no user %s", text);
	if (!user_is_active(*owner))
		return status_fail(STATUS_FAILED_PRECONDITION, "USER_NOT_ACTIVE",
			"user %s is not active and cannot own an organization", text);
	if (!(*owner)->user->email_verified)
		return status_fail(STATUS_FAILED_PRECONDITION, "EMAIL_NOT_VERIFIED",
			"the e-mail address of user %s is not verified; open the link in the "
			"verification mail first",
			text);
	return OK;
}

/* At most 5 of the user's creations wait for verification at a time. */
MUST_USE static struct status check_unverified_limit(struct call *call, const struct id *owner_id)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;
	unsigned unverified = 0;

	membership_user_prefix(&prefix, owner_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found) {
		struct id id = membership_of_key(scan.key), creator_id;
		Orgd__Store__V1__Organization *row;

		/* The user's row guards the set: who creates for this user rewrites it. */
		TRY(organization_peek(call->snapshot, &id, &row));
		TRY(scan_next(&scan));
		if (!row)
			continue;
		creator_id = id_of_bytes(row->creator_id);
		unverified += id_equal(&creator_id, owner_id) &&
			      !verification_is_granted(row->organization->verification) &&
			      row->organization->lifecycle != DELETED;
	}
	if (unverified < UNVERIFIED_PER_CREATOR_MAX)
		return OK;
	return status_fail(STATUS_RESOURCE_EXHAUSTED, "UNVERIFIED_ORGANIZATION_LIMIT",
		"%d organizations of this creator are not verified yet; wait for the reviewers, or "
		"delete one of them",
		UNVERIFIED_PER_CREATOR_MAX);
}

/* The row of a new organization, without an Owner yet. */
MUST_USE static struct status new_row(struct call *call, const Orgd__V1__Organization *given,
	const struct id *creator_id, Orgd__Store__V1__Organization **row)
{
	Orgd__V1__Organization *organization = ARENA_NEW(call->arena, Orgd__V1__Organization);
	Orgd__Store__V1__Organization *made = ARENA_NEW(call->arena, Orgd__Store__V1__Organization);
	const char *handle;
	uint64_t changed;

	if (!given)
		return status_invalid(
			"organization", "FIELD_REQUIRED", "organization is needed: tell about it");
	orgd__v1__organization__init(organization);
	orgd__store__v1__organization__init(made);
	TRY(text_check_handle(call->arena, "organization.handle", given->handle, &handle));
	TRY(organization_profile_set(call, given, PROFILE_ALL, organization, &changed));
	organization->handle = arena_strdup(call->arena, handle);
	organization->verification = ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_PENDING;
	organization->lifecycle = ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE;
	organization->create_time = call_now(call);
	made->organization = organization;
	made->creator_id = bytes_of_id(call->arena, creator_id);
	made->verification_us = made->queued_us = call->now_us;
	*row = made;
	return OK;
}

MUST_USE static struct status check_handle_free(struct call *call, const char *handle)
{
	Orgd__Store__V1__Handle *taken;
	struct id id;

	TRY(organization_find(call->snapshot, handle, &id, &taken));
	if (!taken || (taken->reserved_until_us && taken->reserved_until_us <= call->now_us))
		return OK;
	return status_fail(STATUS_ALREADY_EXISTS, "HANDLE_TAKEN",
		"the handle \"%s\" is taken; choose another one", handle);
}

struct status organization_create(struct call *call,
	const Orgd__V1__CreateOrganizationRequest *request, struct id *id,
	Orgd__Store__V1__Organization **row)
{
	struct id owner_id;
	Orgd__Store__V1__Organization *made = NULL;
	Orgd__Store__V1__User *owner;

	TRY(read_owner_id(call, request, &owner_id));
	TRY(new_row(call, request->organization, &owner_id, &made));
	TRY(find_owner(call, &owner_id, &owner));
	TRY(check_handle_free(call, made->organization->handle));
	TRY(check_unverified_limit(call, &owner_id));
	*id = entropy_draw_id(&call->entropy);
	*row = made;
	TRY(organization_insert(call->batch, id, made));
	TRY(event_append(
		call, &(struct event){ .action = "organization.created",
			      .organization = id,
			      .details = { { .key = "handle", .value = made->organization->handle },
				      { .key = "display_name",
					      .value = made->organization->display_name } } }));
	return member_join(call,
		&(struct joining){ .organization_id = id,
			.user_id = &owner_id,
			.organization = made,
			.user = owner,
			.role = ORGD__V1__ROLE__ROLE_OWNER },
		NULL);
}
