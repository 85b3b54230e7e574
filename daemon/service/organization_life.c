/* SPDX-License-Identifier: Apache-2.0 */
#include "service/organization_life.h"

#include "domain/organization.h"
#include "service/member.h"
#include "service/organization.h"
#include "store/rows/chore.h"
#include "store/rows/grant.h"
#include "store/rows/organization.h"

#define ACTIVE    ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE
#define SUSPENDED ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_SUSPENDED
#define DELETED   ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED

struct status organization_count_grants(struct call *call, const struct id *id, uint32_t *count)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	*count = 0;
	grant_organization_prefix(&prefix, id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found) {
		++*count;
		TRY(scan_next(&scan));
	}
	return OK;
}

/* What every change of the lifecycle ends with. `detail` may have no key. */
MUST_USE static struct status finish(struct call *call, const struct id *id,
	Orgd__Store__V1__Organization *row, const char *action, struct event_detail detail)
{
	TRY(organization_place_in_queue(call, id, row));
	TRY(organization_save(call, id, row));
	return event_append(call,
		&(struct event){ .action = action, .organization = id, .details = { detail } });
}

struct status organization_delete_softly(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row)
{
	Orgd__V1__Organization *organization = row->organization;

	organization->lifecycle = DELETED;
	row->delete_us = call->now_us;
	TRY(organization_end_invitations(call, id, row));
	TRY(organization_put_handle(
		call->batch, organization->handle, id, call->now_us + ORGANIZATION_RESERVED_US));
	TRY(chore_put(
		call->batch, CHORE_PURGE_ORGANIZATION, call->now_us + ORGANIZATION_PURGE_US, id));
	return finish(call, id, row, "organization.deleted",
		(struct event_detail){ .key = "handle", .value = organization->handle });
}

struct status organization_restore(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row)
{
	Orgd__V1__Organization *organization = row->organization;
	Orgd__Store__V1__User *owner;

	if (organization->lifecycle != DELETED)
		return status_fail(STATUS_ALREADY_EXISTS, "ORGANIZATION_NOT_DELETED",
			"%s is not deleted", organization->display_name);
	if (call->now_us - row->delete_us >= ORGANIZATION_PURGE_US)
		return status_fail(STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND",
			"%s was deleted more than 30 days ago and is gone",
			organization->display_name);
	TRY(member_contact(call, row, &owner));
	if (!owner)
		return status_fail(STATUS_FAILED_PRECONDITION, "NO_ACTIVE_OWNER",
			"no Owner of %s is active any more; enable one of them first",
			organization->display_name);
	TRY(chore_delete(
		call->batch, CHORE_PURGE_ORGANIZATION, row->delete_us + ORGANIZATION_PURGE_US, id));
	TRY(organization_put_handle(call->batch, organization->handle, id, 0));
	organization->lifecycle = *organization->suspension_reason ? SUSPENDED : ACTIVE;
	row->delete_us = 0;
	return finish(call, id, row, "organization.undeleted", (struct event_detail){ 0 });
}

struct status organization_suspend(struct call *call, const struct id *id,
	Orgd__Store__V1__Organization *row, const char *reason)
{
	TRY(organization_check_not_deleted(row));
	if (row->organization->lifecycle == SUSPENDED)
		return OK;
	row->organization->lifecycle = SUSPENDED;
	row->organization->suspension_reason = arena_strdup(call->arena, reason);
	TRY(organization_end_invitations(call, id, row));
	return finish(call, id, row, "organization.suspended",
		(struct event_detail){ .key = "reason", .value = reason });
}

struct status organization_unsuspend(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row)
{
	TRY(organization_check_not_deleted(row));
	if (row->organization->lifecycle == ACTIVE)
		return OK;
	row->organization->lifecycle = ACTIVE;
	row->organization->suspension_reason = arena_strdup(call->arena, "");
	return finish(call, id, row, "organization.unsuspended", (struct event_detail){ 0 });
}
