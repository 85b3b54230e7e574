/* SPDX-License-Identifier: Apache-2.0 */
#include "service/organization.h"

#include "domain/organization.h"
#include "domain/verification.h"
#include "store/rows/chore.h"
#include "store/rows/organization.h"

#define ACTIVE    ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE
#define SUSPENDED ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_SUSPENDED
#define DELETED   ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED
#define VERIFIED  ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_VERIFIED

Orgd__V1__Organization *organization_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__Organization *row)
{
	Orgd__V1__Organization *message = ARENA_NEW(call->arena, Orgd__V1__Organization);

	*message = *row->organization;
	message->id = id_text(call->arena, ID_ORGANIZATION, id);
	message->etag = etag_of(call->arena, message->update_time);
	message->owners = ARENA_ARRAY(call->arena, char *, row->n_owner_ids + 1);
	message->n_owners = row->n_owner_ids;
	for (size_t i = 0; i < row->n_owner_ids; i++) {
		struct id owner = id_of_bytes(row->owner_ids[i]);

		message->owners[i] = id_text(call->arena, ID_USER, &owner);
	}
	message->verification_time = timestamp_new(call->arena, row->verification_us);
	if (row->delete_us) {
		message->delete_time = timestamp_new(call->arena, row->delete_us);
		message->purge_time =
			timestamp_new(call->arena, row->delete_us + ORGANIZATION_PURGE_US);
	}
	return message;
}

struct status organization_check_visible(const struct standing *standing)
{
	bool restricted = standing->role && standing->role < ORGD__V1__ROLE__ROLE_OWNER &&
			  !(standing->hats & (HAT_REVIEWER | HAT_PLATFORM_ADMIN));

	if (standing->organization->organization->lifecycle == DELETED && restricted)
		return policy_denied();
	return OK;
}

struct status organization_check_not_deleted(const Orgd__Store__V1__Organization *row)
{
	if (row->organization->lifecycle != DELETED)
		return OK;
	return status_fail(STATUS_FAILED_PRECONDITION, "ORGANIZATION_DELETED",
		"%s is deleted; an Owner can restore it within 30 days",
		row->organization->display_name);
}

struct status organization_check_writable(const Orgd__Store__V1__Organization *row)
{
	TRY(organization_check_not_deleted(row));
	if (row->organization->lifecycle != SUSPENDED)
		return OK;
	return status_fail(STATUS_FAILED_PRECONDITION, "ORGANIZATION_SUSPENDED",
		"%s is suspended: nothing about it can be changed until the platform lifts that",
		row->organization->display_name);
}

struct status organization_check_verified(
	struct call *call, const Orgd__Store__V1__Organization *row)
{
	const char *support = call->platform->settings->support_contact;

	TRY(organization_check_writable(row));
	if (row->organization->verification == VERIFIED)
		return OK;
	return status_with_help(
		status_fail(STATUS_FAILED_PRECONDITION, "ORGANIZATION_NOT_VERIFIED",
			"%s is not verified (it is %s), and only a verified organization can add "
			"users; ask %s",
			row->organization->display_name,
			verification_state_word(row->organization->verification), support),
		support);
}

struct status organization_save(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row)
{
	row->organization->update_time = call_now(call);
	return organization_put(call->batch, id, row);
}

struct status organization_place_in_queue(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row)
{
	bool waits = row->organization->lifecycle == ACTIVE &&
		     verification_waits(row->organization->verification);

	return organization_move_in_queue(call->batch, id, row, waits ? row->verification_us : 0);
}

struct status organization_end_invitations(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row)
{
	row->invitation_epoch++;
	row->organization->pending_count = 0;
	return chore_put(call->batch, CHORE_REVOKE_INVITATIONS, call->now_us, id);
}
