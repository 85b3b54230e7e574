/* SPDX-License-Identifier: Apache-2.0 */
#include "base/expect.h"
#include "domain/verification.h"

#define NONE        ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_UNSPECIFIED
#define PENDING     ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_PENDING
#define VERIFIED    ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_VERIFIED
#define REJECTED    ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_REJECTED
#define ASKED       ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_NEEDS_INFORMATION
#define UNVERIFIED  ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_UNVERIFIED
#define REVERIFYING ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_REVERIFYING

/* SPEC section 2, read a second time: what each step leads to from each state, NONE for nowhere. */
static const struct {
	enum verification_step step;
	Orgd__V1__VerificationState
		to[7]; /* from NONE, PENDING, VERIFIED, REJECTED, ASKED, UNVERIFIED,
					      REVERIFYING */
} expected[] = {
	{ VERIFICATION_VERIFY, { NONE, VERIFIED, NONE, NONE, NONE, NONE, VERIFIED } },
	{ VERIFICATION_REJECT, { NONE, REJECTED, REJECTED, NONE, REJECTED, NONE, REJECTED } },
	{ VERIFICATION_ASK, { NONE, ASKED, NONE, NONE, NONE, NONE, REVERIFYING } },
	{ VERIFICATION_ANSWER, { NONE, NONE, NONE, NONE, PENDING, NONE, REVERIFYING } },
	{ VERIFICATION_WITHDRAW, { NONE, UNVERIFIED, NONE, NONE, UNVERIFIED, NONE, UNVERIFIED } },
	{ VERIFICATION_RESUBMIT, { NONE, NONE, NONE, PENDING, NONE, PENDING, NONE } },
	{ VERIFICATION_EDIT, { NONE, NONE, REVERIFYING, NONE, NONE, NONE, NONE } },
};

Test(verification, each_step_leads_from_each_state_where_the_table_says)
{
	cr_assert_eq(COUNT_OF(expected), VERIFICATION_STEPS);
	for (size_t i = 0; i < COUNT_OF(expected); i++)
		for (unsigned from = NONE; from <= REVERIFYING; from++) {
			Orgd__V1__VerificationState to = NONE;
			struct status status = verification_next(from, expected[i].step, &to);

			cr_expect_eq(to, expected[i].to[from], "step %d from %s", expected[i].step,
				verification_state_word(from));
			if (expected[i].to[from] == NONE)
				expect_refused(
					status, STATUS_FAILED_PRECONDITION, "ILLEGAL_TRANSITION");
			else
				expect_ok(status);
		}
}

Test(verification, an_illegal_transition_names_both_states)
{
	Orgd__V1__VerificationState to;
	struct status status = verification_next(REJECTED, VERIFICATION_VERIFY, &to);

	cr_assert(strstr(status.failure->message, "REJECTED"));
	cr_assert(strstr(status.failure->message, "VERIFIED"));
	cr_assert_eq(status.failure->metadata_count, 2);
	cr_expect_str_eq(status.failure->metadata[0].key, "from");
	cr_expect_str_eq(status.failure->metadata[0].value, "REJECTED");
	cr_expect_str_eq(status.failure->metadata[1].key, "to");
	cr_expect_str_eq(status.failure->metadata[1].value, "VERIFIED");
}

Test(verification, an_illegal_transition_says_what_can_follow)
{
	Orgd__V1__VerificationState to;
	struct status status = verification_next(ASKED, VERIFICATION_VERIFY, &to);

	cr_expect(strstr(status.failure->message, "what can: PENDING, REJECTED, UNVERIFIED"), "%s",
		status.failure->message);
	status = verification_next(PENDING, VERIFICATION_RESUBMIT, &to);
	cr_expect(strstr(status.failure->message,
			  "what can: VERIFIED, REJECTED, NEEDS_INFORMATION, UNVERIFIED"),
		"%s", status.failure->message);
	status = verification_next(NONE, VERIFICATION_VERIFY, &to);
	cr_expect_str_eq(strstr(status.failure->message, "what can: "), "what can: ");
}

Test(verification, nothing_leads_out_of_a_state_that_is_none)
{
	Orgd__V1__VerificationState to;

	static const unsigned states[] = { NONE, REVERIFYING + 1, 99 };

	for (size_t i = 0; i < COUNT_OF(states); i++) {
		struct status status = verification_next(states[i], VERIFICATION_VERIFY, &to);

		expect_refused(status, STATUS_FAILED_PRECONDITION, "ILLEGAL_TRANSITION");
		cr_expect(strstr(status.failure->message, "what can: ")[strlen("what can: ")] ==
			  '\0');
	}
	cr_expect_str_eq(verification_state_word(99), "UNKNOWN");
}

Test(verification, reviewers_have_the_turn_in_pending_and_reverifying)
{
	for (unsigned state = NONE; state <= REVERIFYING; state++)
		cr_expect_eq(verification_waits(state), state == PENDING || state == REVERIFYING,
			"%s", verification_state_word(state));
}

Test(verification, a_grant_lasts_while_it_is_verified_again)
{
	for (unsigned state = NONE; state <= REVERIFYING; state++)
		cr_expect_eq(verification_is_granted(state),
			state == VERIFIED || state == REVERIFYING, "%s",
			verification_state_word(state));
}

Test(verification, each_step_has_an_event_of_its_own)
{
	for (unsigned a = 0; a < VERIFICATION_STEPS; a++) {
		cr_expect_eq(strncmp(verification_action(a), "organization.", 13), 0);
		for (unsigned b = 0; b < a; b++)
			cr_expect_str_neq(verification_action(a), verification_action(b));
	}
}

Test(verification, each_reason_but_other_reads_as_a_sentence)
{
	for (unsigned reason = 1; reason <= 6; reason++) {
		cr_expect_eq(!*verification_reason_text(reason),
			reason == ORGD__V1__DECISION_REASON__DECISION_REASON_OTHER);
		for (unsigned other = 1; other < reason; other++)
			cr_expect_str_neq(
				verification_reason_text(reason), verification_reason_text(other));
	}
	cr_expect_str_empty(verification_reason_text(0));
}
