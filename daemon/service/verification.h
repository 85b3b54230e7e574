/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "domain/verification.h"
#include "service/call.h"

/* One step of the dialogue, as it is asked for. */
struct verification {
	enum verification_step step;
	Orgd__V1__DecisionReason reason;
	const char *note, *private_note; /* checked; NULL for none */
};

/* Takes the step: moves the organization's state and its place in the reviewers' queue, keeps a
 * Decision, appends the event and saves the organization. *decision may be NULL.
 *
 *   FAILED_PRECONDITION ORGANIZATION_SUSPENDED, ORGANIZATION_DELETED
 *   FAILED_PRECONDITION ILLEGAL_TRANSITION */
MUST_USE struct status verification_take(struct call *call, const struct standing *standing,
	const struct verification *verification, Orgd__V1__Decision **decision);
