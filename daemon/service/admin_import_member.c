/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "domain/invitation.h"
#include "domain/membership.h"
#include "domain/user.h"
#include "service/admin_import.h"
#include "service/organization.h"
#include "service/record.h"
#include "store/rows/membership.h"

struct status belonging_read(
	struct importing *importing, const Orgd__V1__Member *given, struct belonging *belonging)
{
	char path[FAILURE_FIELD_MAX];

	belonging->given = given;
	belonging->invited_by = (struct id){ 0 };
	snprintf(path, sizeof(path), "%s.join_time", belonging->field);
	TRY(import_time(importing, path, given->join_time, importing->call->now_us,
		&belonging->joined.join_us));
	snprintf(path, sizeof(path), "%s.update_time", belonging->field);
	TRY(import_time(importing, path, given->update_time, belonging->joined.join_us,
		&belonging->joined.update_us));
	snprintf(path, sizeof(path), "%s.invited_by", belonging->field);
	if (*given->invited_by)
		TRY(id_parse(ID_USER, path, given->invited_by, &belonging->invited_by));
	return import_find_user(importing, belonging->field, given->user_id, given->email,
		&belonging->user_id, &belonging->user);
}

struct status belonging_compare(struct importing *importing, const struct id *organization_id,
	const struct belonging *belonging, Orgd__V1__Role role,
	const Orgd__Store__V1__Membership *present)
{
	struct call *call = importing->call;
	Orgd__V1__Member *there =
		record_member(call, organization_id, &belonging->user_id, present);
	Orgd__V1__Member wanted = *there;

	wanted.role = role;
	if (belonging->given->join_time) {
		wanted.join_time = timestamp_new(call->arena, belonging->joined.join_us);
		wanted.invited_by = id_text(call->arena, ID_USER, &belonging->invited_by);
	}
	if (belonging->given->update_time)
		wanted.update_time = timestamp_new(call->arena, belonging->joined.update_us);
	return import_compare(importing, &there->base, &wanted.base, "the membership of",
		belonging->user->canonical_email);
}

/* What begins now must pass the rules of today (SPEC rules 1 and 12); what was is restored. */
MUST_USE static struct status check_begins(struct call *call,
	const Orgd__Store__V1__Organization *organization, const struct belonging *belonging)
{
	TRY(organization_check_verified(call, organization));
	if (!user_is_active(belonging->user))
		return status_fail(STATUS_FAILED_PRECONDITION, "USER_NOT_ACTIVE",
			"user %s is not active and cannot join", belonging->user->canonical_email);
	return invitation_check_seats(organization->organization);
}

struct status belonging_check(struct call *call, const Orgd__Store__V1__Organization *organization,
	const struct belonging *belonging, Orgd__V1__Role role)
{
	if (!belonging->user->user->email_verified)
		return status_fail(STATUS_FAILED_PRECONDITION, "EMAIL_NOT_VERIFIED",
			"the address of %s is not verified: only who has proved an address belongs "
			"to an organization",
			belonging->user->canonical_email);
	/* The first Owners come with their organization. */
	if (organization->n_owner_ids && !belonging->given->join_time)
		TRY(check_begins(call, organization, belonging));
	return membership_may_join(belonging->user, organization, role);
}

struct status belonging_begin(struct importing *importing, const struct id *organization_id,
	Orgd__Store__V1__Organization *organization, struct belonging *belonging,
	Orgd__V1__Role role)
{
	if (import_validates(importing))
		return OK;
	return member_join(importing->call,
		&(struct joining){ .organization_id = organization_id,
			.user_id = &belonging->user_id,
			.organization = organization,
			.user = belonging->user,
			.role = role,
			.invited_by =
				id_is_zero(&belonging->invited_by) ? NULL : &belonging->invited_by,
			.joined = &belonging->joined },
		NULL);
}

struct status belonging_take_in(struct importing *importing, const struct id *organization_id,
	Orgd__Store__V1__Organization *organization, struct belonging *belonging,
	Orgd__V1__Role role)
{
	struct call *call = importing->call;
	Orgd__Store__V1__Membership *present;

	TRY(membership_get(call->snapshot, organization_id, &belonging->user_id, &present));
	if (present)
		return belonging_compare(importing, organization_id, belonging, role, present);
	TRY(organization_check_not_deleted(organization));
	TRY(belonging_check(call, organization, belonging, role));
	return belonging_begin(importing, organization_id, organization, belonging, role);
}

struct status import_member(struct importing *importing)
{
	const Orgd__V1__Member *given = importing->record->member;
	struct belonging belonging = { .field = "member" };
	Orgd__Store__V1__Organization *organization;
	struct id id;

	TRY(enum_check("member.role", &orgd__v1__role__descriptor, (int)given->role));
	TRY(belonging_read(importing, given, &belonging));
	TRY(import_find_organization(
		importing, "member.organization_id", given->organization_id, &id, &organization));
	if (!belonging.user || !organization)
		return OK;
	belonging.joined.owner_place = organization->n_owner_ids;
	return belonging_take_in(importing, &id, organization, &belonging, given->role);
}
