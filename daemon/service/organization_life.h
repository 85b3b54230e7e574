/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/* An organization's life after its creation. Each changes the row, its indexes and what hangs on
 * it, saves it and appends the event. */

/* How many grants it holds. */
MUST_USE struct status organization_count_grants(
	struct call *call, const struct id *id, uint32_t *count);

/* Deletes it for 30 days: access and invitations end now, its handle stays reserved for 90 days. */
MUST_USE struct status organization_delete_softly(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row);
/* Brings it back, suspended if it was.
 *
 *   ALREADY_EXISTS       ORGANIZATION_NOT_DELETED
 *   NOT_FOUND            ORGANIZATION_NOT_FOUND  the 30 days are over
 *   FAILED_PRECONDITION  NO_ACTIVE_OWNER         every Owner left or was disabled since */
MUST_USE struct status organization_restore(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row);

/* Nothing when it is suspended already, or is not.
 *
 *   FAILED_PRECONDITION  ORGANIZATION_DELETED */
MUST_USE struct status organization_suspend(struct call *call, const struct id *id,
	Orgd__Store__V1__Organization *row, const char *reason);
MUST_USE struct status organization_unsuspend(
	struct call *call, const struct id *id, Orgd__Store__V1__Organization *row);
