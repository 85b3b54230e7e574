/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/* What others use of organizations. */

enum {
	/* How many rows a list with a filter looks at for one page, which then may be short. */
	LIST_LOOKED_AT_MAX = 1000,
};

/* The contract's message of the row: id, owners, times and etag filled in. In the call's arena. */
Orgd__V1__Organization *organization_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__Organization *row);

/* May anything about it be changed?
 *
 *   FAILED_PRECONDITION ORGANIZATION_SUSPENDED, ORGANIZATION_DELETED */
MUST_USE struct status organization_check_writable(const Orgd__Store__V1__Organization *row);
/* May it take in people (SPEC rule 1)?
 *
 *   FAILED_PRECONDITION ORGANIZATION_SUSPENDED, ORGANIZATION_DELETED
 *   FAILED_PRECONDITION ORGANIZATION_NOT_VERIFIED  with Help: the support contact */
MUST_USE struct status organization_check_verified(
	struct call *call, const Orgd__Store__V1__Organization *row);

/* Writes the row back with update_time now: for whoever changed its own fields or a set that
 * belongs to it. */
MUST_USE struct status organization_save(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row);

/* Purges organizations that were deleted 30 days ago, in chunks. */
MUST_USE struct status organization_sweep_purge(struct call *call, bool *more);

/* May this caller see it? A deleted one is gone for its Members and Admins.
 *
 *   PERMISSION_DENIED */
MUST_USE struct status organization_check_visible(const struct standing *standing);
/*   FAILED_PRECONDITION ORGANIZATION_DELETED */
MUST_USE struct status organization_check_not_deleted(const Orgd__Store__V1__Organization *row);

/* Puts it into the reviewers' queue, or takes it out, as its states want it; changed, not saved. */
MUST_USE struct status organization_place_in_queue(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row);
/* Ends every pending invitation at once (SPEC rule 7); changed, not saved. */
MUST_USE struct status organization_end_invitations(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row);
