/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "service/preparing.h"

/* Calls that are no more than what tells one from another. */
static struct method sign_in, sign_up;
static Orgd__Rpc__V1__Request envelopes[PREPARING_MAX + 2];
static struct work works[PREPARING_MAX + 2];
static char request_ids[PREPARING_MAX + 2][24];
static struct work *handed_out;

static struct work *work_of(unsigned n, const struct method *method, unsigned request)
{
	orgd__rpc__v1__request__init(&envelopes[n]);
	snprintf(request_ids[n], sizeof(request_ids[n]), "a-request-id-%03u", request);
	envelopes[n].request_id = request_ids[n];
	works[n] = (struct work){ .call = { .method = method, .envelope = &envelopes[n] } };
	return &works[n];
}

static void take(struct work *work)
{
	handed_out = work;
}

Test(preparing, a_repeat_waits_until_the_first_is_answered)
{
	struct work *first = work_of(0, &sign_in, 0), *repeat = work_of(1, &sign_in, 0);
	struct preparing preparing;

	preparing_init(&preparing);
	cr_assert_eq(preparing_enter(&preparing, first), PREPARING_NOW);
	cr_assert_eq(preparing_enter(&preparing, repeat), PREPARING_LATER);
	preparing_leave(&preparing, first, take);
	cr_assert_eq(handed_out, repeat);
	cr_assert_eq(preparing_enter(&preparing, repeat), PREPARING_NOW);
	preparing_leave(&preparing, repeat, take);
	preparing_clear(&preparing);
}

Test(preparing, another_method_caller_or_request_id_is_no_repeat)
{
	struct work *calls[] = { work_of(0, &sign_in, 0), work_of(1, &sign_up, 0),
		work_of(2, &sign_in, 1), work_of(3, &sign_in, 0) };
	struct preparing preparing;

	envelopes[3].authorization = "Bearer of something";
	preparing_init(&preparing);
	for (size_t i = 0; i < COUNT_OF(calls); i++)
		cr_assert_eq(preparing_enter(&preparing, calls[i]), PREPARING_NOW);
	for (size_t i = 0; i < COUNT_OF(calls); i++)
		preparing_leave(&preparing, calls[i], take);
	cr_assert_null(handed_out);
	preparing_clear(&preparing);
}

Test(preparing, is_full_for_new_calls_and_never_for_repeats)
{
	struct preparing preparing;
	struct work *stranger, *repeat;

	preparing_init(&preparing);
	for (unsigned n = 0; n < PREPARING_MAX; n++)
		cr_assert_eq(preparing_enter(&preparing, work_of(n, &sign_in, n)), PREPARING_NOW);
	stranger = work_of(PREPARING_MAX, &sign_in, PREPARING_MAX);
	repeat = work_of(PREPARING_MAX + 1, &sign_in, 7);
	cr_assert_eq(preparing_enter(&preparing, stranger), PREPARING_FULL);
	cr_assert_eq(preparing_enter(&preparing, repeat), PREPARING_LATER);
	/* Who was not taken in leaves all the same. */
	preparing_leave(&preparing, stranger, take);
	cr_assert_null(handed_out);
	for (unsigned n = 0; n < PREPARING_MAX; n++)
		preparing_leave(&preparing, &works[n], take);
	cr_assert_eq(handed_out, repeat);
	preparing_clear(&preparing);
}
