/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/verification.h"

#include <stdio.h>
#include <string.h>

#define PENDING     ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_PENDING
#define VERIFIED    ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_VERIFIED
#define REJECTED    ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_REJECTED
#define ASKED       ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_NEEDS_INFORMATION
#define UNVERIFIED  ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_UNVERIFIED
#define REVERIFYING ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_REVERIFYING

#define STATES 7 /* with UNSPECIFIED, which nothing leads out of */

static const struct {
	const char *action;
	Orgd__V1__VerificationState aim;        /* what a refusal says was asked for */
	Orgd__V1__VerificationState to[STATES]; /* by the state it comes from; absent: illegal */
} steps[VERIFICATION_STEPS] = {
	[VERIFICATION_VERIFY] = { "organization.verified", VERIFIED,
		{ [PENDING] = VERIFIED, [REVERIFYING] = VERIFIED } },
	[VERIFICATION_REJECT] = { "organization.rejected", REJECTED,
		{ [PENDING] = REJECTED,
			[ASKED] = REJECTED,
			[VERIFIED] = REJECTED,
			[REVERIFYING] = REJECTED } },
	[VERIFICATION_ASK] = { "organization.information_requested", ASKED,
		{ [PENDING] = ASKED, [REVERIFYING] = REVERIFYING } },
	[VERIFICATION_ANSWER] = { "organization.reviewer_answered", PENDING,
		{ [ASKED] = PENDING, [REVERIFYING] = REVERIFYING } },
	[VERIFICATION_WITHDRAW] = { "organization.verification_withdrawn", UNVERIFIED,
		{ [PENDING] = UNVERIFIED, [ASKED] = UNVERIFIED, [REVERIFYING] = UNVERIFIED } },
	[VERIFICATION_RESUBMIT] = { "organization.resubmitted", PENDING,
		{ [REJECTED] = PENDING, [UNVERIFIED] = PENDING } },
	[VERIFICATION_EDIT] = { "organization.reverification_started", REVERIFYING,
		{ [VERIFIED] = REVERIFYING } },
};

enum { WORDS_BYTES = 100 /* for all states' words */ };

/* "VERIFIED, REJECTED": where `from` leads. */
static void list_next(Orgd__V1__VerificationState from, char words[WORDS_BYTES])
{
	size_t size = 0;

	*words = '\0';
	for (unsigned to = 1; to < STATES; to++) {
		bool leads = false;

		for (unsigned step = 0; step < VERIFICATION_STEPS; step++)
			leads = leads || ((unsigned)from < STATES && steps[step].to[from] == to);
		if (leads)
			size += (size_t)snprintf(words + size, WORDS_BYTES - size, "%s%s",
				size ? ", " : "",
				verification_state_word((Orgd__V1__VerificationState)to));
	}
}

struct status verification_next(Orgd__V1__VerificationState from, enum verification_step step,
	Orgd__V1__VerificationState *to)
{
	const char *is = verification_state_word(from);
	const char *aim = verification_state_word(steps[step].aim);
	char next[WORDS_BYTES];
	struct status illegal;

	if ((unsigned)from < STATES && steps[step].to[from]) {
		*to = steps[step].to[from];
		return OK;
	}
	list_next(from, next);
	illegal = status_fail(STATUS_FAILED_PRECONDITION, "ILLEGAL_TRANSITION",
		"the organization's verification is %s, and %s cannot follow on that; what can: %s",
		is, aim, next);
	return status_with_metadata(status_with_metadata(illegal, "from", is), "to", aim);
}

bool verification_waits(Orgd__V1__VerificationState state)
{
	return state == PENDING || state == REVERIFYING;
}

bool verification_is_granted(Orgd__V1__VerificationState state)
{
	return state == VERIFIED || state == REVERIFYING;
}

const char *verification_state_word(Orgd__V1__VerificationState state)
{
	static const char prefix[] = "VERIFICATION_STATE_";
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
		&orgd__v1__verification_state__descriptor, (int)state);

	return value ? value->name + strlen(prefix) : "UNKNOWN";
}

const char *verification_action(enum verification_step step)
{
	return steps[step].action;
}

const char *verification_reason_text(Orgd__V1__DecisionReason reason)
{
	switch (reason) {
	case ORGD__V1__DECISION_REASON__DECISION_REASON_INCOMPLETE:
		return "The information is incomplete.";
	case ORGD__V1__DECISION_REASON__DECISION_REASON_NOT_CONFIRMED:
		return "The information could not be confirmed.";
	case ORGD__V1__DECISION_REASON__DECISION_REASON_INELIGIBLE:
		return "The organization does not meet the conditions for access.";
	case ORGD__V1__DECISION_REASON__DECISION_REASON_DUPLICATE:
		return "The organization is registered already.";
	case ORGD__V1__DECISION_REASON__DECISION_REASON_ABUSE:
		return "The terms of use were violated.";
	default:
		return "";
	}
}
