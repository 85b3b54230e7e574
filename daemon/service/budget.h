/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/* Daily budgets, counted in rows of the same batch that uses them up (SPEC rule 12). */
enum budget {
	BUDGET_ORGANIZATION_INVITATIONS = 1, /* of an organization id */
	BUDGET_RECIPIENT_INVITATIONS = 2,    /* of an address, over all organizations */
	BUDGET_ACCOUNT_MAILS = 3, /* verification, reset and "you have an account", of an address */
};

/* Takes one from today's budget of the organization; of the address, which is kept as a keyed hash.
 *
 *   RESOURCE_EXHAUSTED `reason`  with RetryInfo until the next day, rounded up to the hour */
MUST_USE struct status budget_take_organization(struct call *call, enum budget budget,
	const struct id *organization_id, uint32_t max, const char *reason);
MUST_USE struct status budget_take_address(struct call *call, enum budget budget,
	const char *canonical_email, uint32_t max, const char *reason);

/* Deletes rows of days gone by. */
MUST_USE struct status budget_sweep(struct call *call, bool *more);
