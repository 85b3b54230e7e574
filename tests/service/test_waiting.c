/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <poll.h>

#include "service/waiting.h"
#include "service/work.h"
#include "support/story.h"

/* What wakes a call that waits, and what does not. */

enum { PARKED_MAX = 8 };

static struct story *s;
static struct waiting *waiting;
static struct platform platform;
static struct work works[PARKED_MAX];
static struct exchange exchanges[PARKED_MAX];
static unsigned work_count;
static struct work *woken[PARKED_MAX];
static unsigned woken_count;

static const struct id acme = { .bytes = { 1, 1 } }, other = { .bytes = { 2, 2 } },
		       ada = { .bytes = { 3, 3 } }, key = { .bytes = { 4, 4 } };

static void begin(void)
{
	s = story_begin();
	waiting = waiting_new();
	platform.store = story_store(s);
}

static void wake(struct work *work)
{
	woken[woken_count++] = work;
}

static void leave_all(void)
{
	for (unsigned i = 0; i < work_count; i++)
		waiting_leave(waiting, &works[i]);
}

static void fini(void)
{
	leave_all();
	waiting_free(waiting);
	story_end(s);
}

TestSuite(waiting, .init = begin, .fini = fini);

static uint64_t now(void)
{
	return store_revision(platform.store);
}

/* Parks a call that has seen all up to now. */
static struct work *park(const struct id *wait_for, int64_t deadline_us)
{
	struct work *work = &works[work_count];

	work->exchange = &exchanges[work_count];
	work->exchange->peer.connection = work_count++;
	work->call.platform = &platform;
	work->call.caller.user_id = ada;
	work->call.caller.key_id = key;
	if (wait_for)
		work->call.wait_for = *wait_for;
	work->wait_revision = now();
	work->deadline_us = deadline_us;
	cr_assert_eq(waiting_park(waiting, work), WAITING_PARKED);
	return work;
}

static void commit_about(const struct id *id)
{
	if (id)
		waiting_tell(waiting, id);
	waiting_committed(waiting, now() + 1, wake);
}

Test(waiting, a_commit_about_its_organization_wakes_a_call)
{
	struct work *work = park(&acme, INT64_MAX);

	commit_about(&acme);
	cr_assert_eq(woken_count, 1);
	cr_assert_eq(woken[0], work);
}

Test(waiting, a_commit_about_another_organization_or_none_wakes_nobody)
{
	park(&acme, INT64_MAX);
	commit_about(&other);
	commit_about(NULL);
	cr_assert_eq(woken_count, 0);
}

Test(waiting, news_count_for_their_own_commit_alone)
{
	commit_about(&acme);
	park(&acme, INT64_MAX);
	commit_about(&other);
	cr_assert_eq(woken_count, 0);
}

/* Their session may have ended: what they may see is found out anew. */
Test(waiting, a_commit_about_who_calls_wakes_a_call)
{
	park(&acme, INT64_MAX);
	commit_about(&ada);
	cr_assert_eq(woken_count, 1);
	cr_assert_eq(waiting_park(waiting, woken[0]), WAITING_PARKED);
	commit_about(&key);
	cr_assert_eq(woken_count, 2);
}

Test(waiting, any_commit_wakes_a_call_that_waits_for_any)
{
	park(NULL, INT64_MAX);
	commit_about(NULL);
	cr_assert_eq(woken_count, 1);
}

Test(waiting, a_revision_further_on_is_waited_for)
{
	struct work *work = park(NULL, INT64_MAX);

	work->wait_revision = now() + 1;
	commit_about(NULL);
	cr_assert_eq(woken_count, 0);
	waiting_committed(waiting, now() + 2, wake);
	cr_assert_eq(woken_count, 1);
}

static bool timer_is_readable(int timeout_ms)
{
	struct pollfd timer = { .fd = waiting_timer(waiting), .events = POLLIN };

	return poll(&timer, 1, timeout_ms) == 1;
}

Test(waiting, the_timer_tells_when_the_earliest_time_is_over)
{
	int64_t now_us = clock_monotonic_us();
	struct work *soon;

	park(&acme, now_us + US_PER_HOUR);
	cr_assert_not(timer_is_readable(0));
	soon = park(&acme, now_us + 1);
	cr_assert(timer_is_readable(-1));
	waiting_expire(waiting, clock_monotonic_us(), wake);
	cr_assert_eq(woken_count, 1);
	cr_assert_eq(woken[0], soon);
	cr_assert_not(timer_is_readable(0));
	waiting_expire(waiting, now_us + US_PER_HOUR, wake);
	cr_assert_eq(woken_count, 2);
}

Test(waiting, nothing_waits_once_it_is_closed)
{
	struct work *work = park(&acme, INT64_MAX);

	waiting_close(waiting, wake);
	cr_assert_eq(woken_count, 1);
	cr_assert_eq(waiting_park(waiting, work), WAITING_OVER);
	cr_assert(waiting_is_over(waiting, work));
}
