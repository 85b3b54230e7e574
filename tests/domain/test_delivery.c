/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/delivery.h"

#include <criterion/criterion.h>

#include "base/compiler.h"

#define STATE(name)   ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_##name
#define OUTCOME(name) ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_##name
#define NOW_US        INT64_C(1764000000000000)

static struct delivery_fate judge(
	Orgd__V1__ReportDeliveryRequest__Outcome outcome, uint32_t code, uint32_t attempts)
{
	return delivery_judge(&(struct delivery_attempt){
		.outcome = outcome, .smtp_code = code, .attempts = attempts, .now_us = NOW_US });
}

Test(rules, rule_15_an_accepted_mail_is_sent)
{
	struct delivery_fate fate = judge(OUTCOME(ACCEPTED), 250, DELIVERY_ATTEMPTS_MAX);

	cr_expect_eq(fate.state, STATE(SENT));
	cr_expect_eq(fate.due_us, 0);
}

Test(rules, rule_15_a_permanent_refusal_is_failed)
{
	static const uint32_t codes[] = { 500, 521, 550, 552, 553, 554, 599 };

	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		struct delivery_fate fate = judge(OUTCOME(REFUSED), codes[i], 1);

		cr_expect_eq(fate.state, STATE(FAILED), "%u", codes[i]);
		cr_expect_eq(fate.due_us, 0);
	}
}

Test(rules, rule_15_other_refusals_and_silence_are_tried_again)
{
	static const uint32_t codes[] = { 0, 199, 250, 354, 421, 450, 451, 452, 499, 600, 999 };

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		cr_expect_eq(
			judge(OUTCOME(REFUSED), codes[i], 1).state, STATE(QUEUED), "%u", codes[i]);
	cr_expect_eq(judge(OUTCOME(UNREACHABLE), 0, 1).state, STATE(QUEUED));
	cr_expect_eq(judge(OUTCOME(UNREACHABLE), 550, 1).state, STATE(QUEUED),
		"the code is the server's only with REFUSED");
}

Test(delivery, what_the_operator_can_mend_fails_no_mail)
{
	static const uint32_t codes[] = { 530, 534, 535, 538 };

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		cr_expect_eq(
			judge(OUTCOME(REFUSED), codes[i], 1).state, STATE(QUEUED), "%u", codes[i]);
}

Test(rules, rule_15_the_waits_double_up_to_four_hours)
{
	static const int64_t minutes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240 };

	for (uint32_t i = 0; i < COUNT_OF(minutes); i++)
		cr_expect_eq(judge(OUTCOME(UNREACHABLE), 0, i + 1).due_us,
			NOW_US + minutes[i] * US_PER_MINUTE);
	cr_expect_eq(judge(OUTCOME(UNREACHABLE), 0, DELIVERY_ATTEMPTS_MAX - 1).due_us,
		NOW_US + DELIVERY_WAIT_MAX_US);
}

Test(rules, rule_15_chance_makes_a_wait_longer_by_up_to_a_quarter)
{
	int64_t previous_us = 0;

	for (uint32_t chance = 0; chance < DELIVERY_CHANCES; chance += 31) {
		struct delivery_fate fate =
			delivery_judge(&(struct delivery_attempt){ .outcome = OUTCOME(UNREACHABLE),
				.attempts = 9,
				.now_us = NOW_US,
				.chance = chance });
		int64_t wait_us = fate.due_us - NOW_US;

		cr_expect(
			wait_us >= DELIVERY_WAIT_MAX_US && wait_us <= DELIVERY_WAIT_MAX_US * 5 / 4);
		cr_expect_gt(fate.due_us, previous_us);
		previous_us = fate.due_us;
	}
	cr_expect_gt(previous_us, NOW_US + DELIVERY_WAIT_MAX_US * 6 / 5);
}

Test(delivery, the_last_attempt_ends_it)
{
	cr_expect_eq(
		judge(OUTCOME(UNREACHABLE), 0, DELIVERY_ATTEMPTS_MAX - 1).state, STATE(QUEUED));
	cr_expect_eq(judge(OUTCOME(UNREACHABLE), 0, DELIVERY_ATTEMPTS_MAX).state, STATE(DEAD));
	cr_expect_eq(judge(OUTCOME(REFUSED), 451, DELIVERY_ATTEMPTS_MAX).due_us, 0);
}

Test(delivery, a_dead_link_ends_it)
{
	struct delivery_attempt attempt = {
		.outcome = OUTCOME(UNREACHABLE), .attempts = 1, .obsolete = true
	};

	cr_expect_eq(delivery_judge(&attempt).state, STATE(DEAD));
	attempt.outcome = OUTCOME(ACCEPTED);
	cr_expect_eq(delivery_judge(&attempt).state, STATE(SENT), "it was sent all the same");
}

Test(delivery, the_whole_schedule_takes_about_two_days)
{
	int64_t us = 0;

	for (uint32_t attempt = 1; attempt < DELIVERY_ATTEMPTS_MAX; attempt++)
		us += judge(OUTCOME(UNREACHABLE), 0, attempt).due_us - NOW_US;
	cr_expect(us > 40 * US_PER_HOUR && us < 60 * US_PER_HOUR);
}

Test(delivery, half_of_the_chances_make_a_wait_longer_by_an_eighth)
{
	struct delivery_attempt attempt = { .outcome = OUTCOME(UNREACHABLE), .attempts = 9 };

	attempt.chance = DELIVERY_CHANCES / 2;
	cr_expect_eq(delivery_judge(&attempt).due_us, DELIVERY_WAIT_MAX_US * 9 / 8);
	attempt.chance = DELIVERY_CHANCES;
	cr_expect_eq(delivery_judge(&attempt).due_us, DELIVERY_WAIT_MAX_US, "they wrap around");
}
