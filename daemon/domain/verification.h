/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

#include "base/status.h"
#include "orgd/v1/verification_service.pb-c.h"

/* The dialogue between reviewers and an organization as a state machine (SPEC 2). Pure. */
enum verification_step {
	VERIFICATION_VERIFY,
	VERIFICATION_REJECT,
	VERIFICATION_ASK,      /* a reviewer wants to know more */
	VERIFICATION_ANSWER,   /* an Owner answers */
	VERIFICATION_WITHDRAW, /* an Owner does not want to be verified any more */
	VERIFICATION_RESUBMIT,
	VERIFICATION_EDIT, /* a verified field was changed */
	VERIFICATION_STEPS,
};

/* Sets *to to the state that the step leads to.
 *
 *   FAILED_PRECONDITION ILLEGAL_TRANSITION  names both states, also in the metadata "from", "to" */
MUST_USE struct status verification_next(Orgd__V1__VerificationState from,
	enum verification_step step, Orgd__V1__VerificationState *to);

/* Is it the reviewers' turn? */
bool verification_waits(Orgd__V1__VerificationState state);
/* Was it verified, and is it not refused since? */
bool verification_is_granted(Orgd__V1__VerificationState state);

/* "PENDING" */
const char *verification_state_word(Orgd__V1__VerificationState state);
/* The step's event: "organization.verified". */
const char *verification_action(enum verification_step step);
/* A reviewer's reason for people to read; empty when the code says nothing. */
const char *verification_reason_text(Orgd__V1__DecisionReason reason);
