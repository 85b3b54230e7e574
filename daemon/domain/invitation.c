/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/invitation.h"

#include <string.h>

#define PENDING ORGD__V1__INVITATION_STATE__INVITATION_STATE_PENDING
#define REVOKED ORGD__V1__INVITATION_STATE__INVITATION_STATE_REVOKED
#define EXPIRED ORGD__V1__INVITATION_STATE__INVITATION_STATE_EXPIRED

Orgd__V1__InvitationState invitation_state(const Orgd__Store__V1__Invitation *row,
	const Orgd__Store__V1__Organization *organization, int64_t now_us)
{
	if (row->invitation->state != PENDING)
		return row->invitation->state;
	if (!organization || row->epoch != organization->invitation_epoch ||
		organization->organization->lifecycle ==
			ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED)
		return REVOKED;
	return row->expire_us <= now_us ? EXPIRED : PENDING;
}

struct status invitation_check_pending(Orgd__V1__InvitationState state)
{
	const char *word = "unknown", *name = "UNKNOWN";

	switch (state) {
	case PENDING:
		return OK;
	case ORGD__V1__INVITATION_STATE__INVITATION_STATE_ACCEPTED:
		word = "was accepted";
		name = "ACCEPTED";
		break;
	case ORGD__V1__INVITATION_STATE__INVITATION_STATE_DECLINED:
		word = "was declined";
		name = "DECLINED";
		break;
	case REVOKED:
		word = "was revoked";
		name = "REVOKED";
		break;
	case EXPIRED:
		word = "has expired";
		name = "EXPIRED";
		break;
	default:
		break;
	}
	return status_with_metadata(
		status_fail(STATUS_FAILED_PRECONDITION, "INVITATION_FINISHED",
			"this invitation %s and stays so; invite the address again", word),
		"state", name);
}

struct status invitation_check_expiry(
	const Google__Protobuf__Duration *after, int64_t default_us, int64_t *lifetime_us)
{
	const int64_t max_seconds = INVITATION_EXPIRY_MAX_US / US_PER_SECOND;

	*lifetime_us = default_us;
	if (!after)
		return OK;
	/* Compared before it is multiplied, so that nothing overflows. */
	if (after->seconds >= 0 && after->seconds <= max_seconds && after->nanos >= 0 &&
		after->nanos < 1000 * US_PER_SECOND) {
		*lifetime_us = after->seconds * US_PER_SECOND + after->nanos / 1000;
		if (*lifetime_us >= INVITATION_EXPIRY_MIN_US &&
			*lifetime_us <= INVITATION_EXPIRY_MAX_US)
			return OK;
	}
	return status_invalid("expire_after", "EXPIRY_OUT_OF_RANGE",
		"an invitation lives from 1 hour to 30 days; leave expire_after out for the "
		"default");
}

struct status invitation_check_seats(const Orgd__V1__Organization *organization)
{
	uint64_t taken = (uint64_t)organization->member_count + organization->pending_count;

	if (!organization->seat_limit || taken < organization->seat_limit)
		return OK;
	return status_fail(STATUS_RESOURCE_EXHAUSTED, "SEAT_LIMIT",
		"all %u seats of %.100s are taken by members and pending invitations; revoke one, "
		"remove "
		"a member, or ask the platform for more",
		organization->seat_limit, organization->display_name);
}

struct status invitation_check_invitee(
	const Orgd__Store__V1__Invitation *row, const Orgd__Store__V1__User *user)
{
	if (strcmp(row->canonical_email, user->canonical_email) != 0)
		return status_fail(STATUS_FAILED_PRECONDITION, "EMAIL_MISMATCH",
			"this invitation is for %.254s; sign in with that address, or ask for one "
			"to yours",
			row->invitation->email);
	if (!user->user->email_verified)
		return status_fail(STATUS_FAILED_PRECONDITION, "EMAIL_NOT_VERIFIED",
			"prove your address first: open the link in the mail that you got when you "
			"signed up");
	return OK;
}

int64_t invitation_reminder_time(int64_t expire_us, int64_t now_us)
{
	int64_t remind_us = expire_us - INVITATION_REMINDER_US;

	return remind_us > now_us ? remind_us : 0;
}
