/* SPDX-License-Identifier: Apache-2.0 */
#include "base/expect.h"
#include "domain/webhook.h"

#define REFUSED ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_REFUSED

static struct arena arena;

static void set_up(void)
{
	arena_init(&arena);
}

static void tear_down(void)
{
	arena_clear(&arena);
}

TestSuite(webhook_bounds, .init = set_up, .fini = tear_down);

Test(webhook_bounds, chance_makes_a_wait_longer_by_its_share_of_a_quarter)
{
	struct webhook_attempt attempt = { .outcome = REFUSED, .http_status = 500, .failures = 3 };

	attempt.chance = WEBHOOK_CHANCES / 2;
	/* A quarter of two hours has no whole share; what is left is less than a millisecond. */
	cr_expect_eq(webhook_judge(&attempt).due_us,
		2 * US_PER_HOUR + 2 * US_PER_HOUR / 4 / WEBHOOK_CHANCES * (WEBHOOK_CHANCES / 2));
	cr_expect_gt(webhook_judge(&attempt).due_us, 2 * US_PER_HOUR * 9 / 8 - 1000);
	attempt.chance = WEBHOOK_CHANCES;
	cr_expect_eq(webhook_judge(&attempt).due_us, 2 * US_PER_HOUR, "they wrap around");
	attempt.chance = WEBHOOK_CHANCES - 1;
	cr_expect_gt(webhook_judge(&attempt).due_us, 2 * US_PER_HOUR * 9 / 8);
}

Test(webhook_bounds, the_last_wait_makes_the_day_full)
{
	struct webhook_attempt attempt = {
		.outcome = REFUSED, .http_status = 500, .failures = WEBHOOK_FAILURES_MAX - 2
	};

	cr_expect_eq(webhook_judge(&attempt).due_us, 6 * US_PER_HOUR + 25 * US_PER_MINUTE);
}

Test(webhook_bounds, what_is_given_up_is_due_never)
{
	struct webhook_attempt attempt = { .outcome = REFUSED, .http_status = 410, .now_us = 7 };

	cr_expect_eq(webhook_judge(&attempt).end, WEBHOOK_GIVEN_UP);
	cr_expect_eq(webhook_judge(&attempt).due_us, 0);
}

Test(webhook_bounds, a_url_may_hold_every_printable_character)
{
	const char *url;

	expect_ok(webhook_check_url(&arena, "url", "https://example.com/~a!b", &url));
	cr_expect_str_eq(url, "https://example.com/~a!b");
}

Test(webhook_bounds, a_refused_list_says_how_many_it_may_hold)
{
	struct status status = webhook_check_prefixes("f", NULL, WEBHOOK_PREFIXES_MAX + 1);

	cr_assert_eq(status.code, STATUS_INVALID_ARGUMENT);
	cr_expect(strstr(status.failure->message, "at most 16"));
}

Test(webhook_bounds, every_beginning_in_a_list_is_looked_at)
{
	char good[] = "member.", bad[] = "Member.";
	char *list[] = { good, bad };

	expect_refused(
		webhook_check_prefixes("f", list, 2), STATUS_INVALID_ARGUMENT, "ACTION_PREFIX");
}

Test(webhook_bounds, what_the_courier_calls_accepted_must_be_a_2xx)
{
	struct webhook_attempt attempt = {
		.outcome = ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_ACCEPTED
	};

	attempt.http_status = 199;
	cr_expect_eq(webhook_judge(&attempt).end, WEBHOOK_AGAIN);
	attempt.http_status = 300;
	cr_expect_eq(webhook_judge(&attempt).end, WEBHOOK_AGAIN);
}

/* The body of an event with one detail of that many characters. */
static struct bytes body_with(size_t size)
{
	Orgd__V1__Event event = ORGD__V1__EVENT__INIT;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Orgd__V1__Event__DetailsEntry detail = ORGD__V1__EVENT__DETAILS_ENTRY__INIT;
	Orgd__V1__Event__DetailsEntry *details[] = { &detail };
	char key[] = "note";

	detail.key = key;
	detail.value = arena_zalloc(&arena, size + 1);
	memset(detail.value, 'x', size);
	time.nanos = 999000000;
	event.time = &time;
	event.details = details;
	event.n_details = 1;
	return webhook_body(&arena, &event);
}

Test(webhook_bounds, the_limit_of_a_body_is_a_size_that_is_still_sent)
{
	size_t rest = body_with(1).size - 1;

	cr_expect_eq(body_with(WEBHOOK_BODY_MAX - rest).size, WEBHOOK_BODY_MAX);
	cr_expect_lt(body_with(WEBHOOK_BODY_MAX - rest + 1).size, rest);
}

Test(webhook_bounds, milliseconds_are_told_as_such)
{
	struct bytes body = body_with(1);

	cr_expect(memmem(body.data, body.size, "\"1970-01-01T00:00:00.999Z\"", 26));
}
