/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "secret/entropy.h"
#include "service/throttle.h"

#define NOW_US (1000 * US_PER_DAY)

static struct throttle *throttle;

static void begin(void)
{
	entropy_start();
	throttle = throttle_new();
}

static void end(void)
{
	throttle_free(throttle);
}

TestSuite(throttle, .init = begin, .fini = end);

static bool enter(enum throttle_kind kind, const char *who, uint32_t max, int64_t now_us)
{
	struct status status = throttle_enter(throttle, kind, who, max, now_us);

	cr_assert(!status.code || !strcmp(status.failure->reason, "SIGN_IN_LIMIT"));
	return !status.code;
}

Test(throttle, lets_max_failures_through_and_no_more)
{
	for (int i = 0; i < 3; i++)
		cr_assert(enter(THROTTLE_ACCOUNT, "ada@example.com", 3, NOW_US));

	cr_assert_not(enter(THROTTLE_ACCOUNT, "ada@example.com", 3, NOW_US));
}

Test(throttle, says_when_to_come_back_in_whole_minutes)
{
	struct status status;

	cr_assert(enter(THROTTLE_ACCOUNT, "ada@example.com", 1, NOW_US));
	status = throttle_enter(throttle, THROTTLE_ACCOUNT, "ada@example.com", 1,
		NOW_US + 90 * (int64_t)US_PER_SECOND);

	cr_assert_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
	cr_assert_eq(status.failure->retry_after_ms, 14 * 60 * 1000);
}

Test(throttle, begins_anew_after_fifteen_minutes)
{
	cr_assert(enter(THROTTLE_ACCOUNT, "ada@example.com", 1, NOW_US));

	cr_assert_not(
		enter(THROTTLE_ACCOUNT, "ada@example.com", 1, NOW_US + 15 * US_PER_MINUTE - 1));
	cr_assert(enter(THROTTLE_ACCOUNT, "ada@example.com", 1, NOW_US + 15 * US_PER_MINUTE));
}

Test(throttle, an_attempt_that_did_not_fail_does_not_count)
{
	for (int i = 0; i < 10; i++) {
		cr_assert(enter(THROTTLE_ACCOUNT, "ada@example.com", 1, NOW_US));
		throttle_leave(throttle, THROTTLE_ACCOUNT, "ada@example.com", NOW_US);
	}
}

Test(throttle, accounts_and_peers_of_one_name_are_two)
{
	cr_assert(enter(THROTTLE_ACCOUNT, "same", 1, NOW_US));

	cr_assert(enter(THROTTLE_PEER, "same", 1, NOW_US));
	cr_assert(enter(THROTTLE_ACCOUNT, "other", 1, NOW_US));
}

Test(throttle, leaving_what_was_never_entered_is_harmless)
{
	throttle_leave(throttle, THROTTLE_ACCOUNT, "ada@example.com", NOW_US);

	cr_assert(enter(THROTTLE_ACCOUNT, "ada@example.com", 1, NOW_US));
	cr_assert_not(enter(THROTTLE_ACCOUNT, "ada@example.com", 1, NOW_US));
}

Test(throttle, memory_is_bounded_and_the_newest_are_kept)
{
	char who[32];

	for (int i = 0; i < 100 * 1000; i++) {
		snprintf(who, sizeof(who), "user%d@example.com", i);
		cr_assert(enter(THROTTLE_ACCOUNT, who, 1, NOW_US + i));
	}

	cr_assert_not(enter(THROTTLE_ACCOUNT, who, 1, NOW_US + 100 * 1000));
}

static void *enter_often(void *argument)
{
	unsigned *let_in = argument;

	for (int i = 0; i < 1000; i++)
		*let_in += enter(THROTTLE_PEER, "tcp:127.0.0.1", 1000, NOW_US);
	return NULL;
}

Test(throttle, counts_right_from_many_threads)
{
	unsigned let_in[4] = { 0 }, sum = 0;
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		cr_assert_not(pthread_create(&threads[i], NULL, enter_often, &let_in[i]));
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		sum += let_in[i];
	}

	cr_assert_eq(sum, 1000);
}
