/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/status.h"
#include "google/protobuf/duration.pb-c.h"
#include "orgd/store/v1/rows.pb-c.h"

/* What holds for invitations, without reading or writing any (SPEC rules 3 to 9, 12). Pure. */

enum {
	INVITATION_MESSAGE_MAX = 500, /* characters */
	INVITATION_BATCH_MAX = 100,   /* addresses in one BatchCreateInvitations */
};
#define INVITATION_EXPIRY_MIN_US US_PER_HOUR
#define INVITATION_EXPIRY_MAX_US (30 * US_PER_DAY)
/* How long before its expiry somebody is reminded, and how long a spent link is remembered. */
#define INVITATION_REMINDER_US US_PER_DAY
#define INVITATION_MEMORY_US   (30 * US_PER_DAY)

/* What it is now: a row that says PENDING is REVOKED when its organization has raised the epoch,
 * was deleted or is gone (NULL), and EXPIRED from expire_us on. */
Orgd__V1__InvitationState invitation_state(const Orgd__Store__V1__Invitation *row,
	const Orgd__Store__V1__Organization *organization, int64_t now_us);

/* Is it PENDING?
 *
 *   FAILED_PRECONDITION INVITATION_FINISHED  metadata "state" */
MUST_USE struct status invitation_check_pending(Orgd__V1__InvitationState state);

/* How long one shall live: `after`, or `default_us` when that is NULL.
 *
 *   INVALID_ARGUMENT EXPIRY_OUT_OF_RANGE  not from 1 hour to 30 days */
MUST_USE struct status invitation_check_expiry(
	const Google__Protobuf__Duration *after, int64_t default_us, int64_t *lifetime_us);

/* Has the organization room for one more?
 *
 *   RESOURCE_EXHAUSTED SEAT_LIMIT  members and pending invitations have reached the limit */
MUST_USE struct status invitation_check_seats(const Orgd__V1__Organization *organization);

/* Is it for this account?
 *
 *   FAILED_PRECONDITION EMAIL_MISMATCH      it is for another address
 *   FAILED_PRECONDITION EMAIL_NOT_VERIFIED  nobody has proved the address yet */
MUST_USE struct status invitation_check_invitee(
	const Orgd__Store__V1__Invitation *row, const Orgd__Store__V1__User *user);

/* When to remind of one that is made or resent now; 0 for one too short-lived. */
int64_t invitation_reminder_time(int64_t expire_us, int64_t now_us);
