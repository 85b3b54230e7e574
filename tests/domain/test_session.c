/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "domain/session.h"

#define BEGIN_US (1000 * US_PER_DAY)

/* A session that began at BEGIN_US, and its user. */
struct fixture {
	Google__Protobuf__Timestamp create, last_use;
	Orgd__V1__Session message;
	Orgd__V1__User person;
	Orgd__Store__V1__Session session;
	Orgd__Store__V1__User user;
};

static struct fixture f;

static void set(Google__Protobuf__Timestamp *time, int64_t us)
{
	google__protobuf__timestamp__init(time);
	time->seconds = us / US_PER_SECOND;
	time->nanos = (int32_t)(us % US_PER_SECOND) * 1000;
}

static void begin(void)
{
	orgd__v1__session__init(&f.message);
	orgd__v1__user__init(&f.person);
	orgd__store__v1__session__init(&f.session);
	orgd__store__v1__user__init(&f.user);
	set(&f.create, BEGIN_US);
	set(&f.last_use, BEGIN_US);
	f.message.create_time = &f.create;
	f.message.last_use_time = &f.last_use;
	f.session.session = &f.message;
	f.person.state = ORGD__V1__USER_STATE__USER_STATE_ACTIVE;
	f.user.user = &f.person;
}

TestSuite(session, .init = begin);

static enum session_state at(int64_t us)
{
	return session_judge(&f.session, &f.user, us);
}

Test(session, a_fresh_one_lives)
{
	cr_assert_eq(at(BEGIN_US), SESSION_LIVE);
}

Test(session, fourteen_days_without_use_end_it)
{
	cr_assert_eq(at(BEGIN_US + 14 * US_PER_DAY - 1), SESSION_LIVE);
	cr_assert_eq(at(BEGIN_US + 14 * US_PER_DAY), SESSION_ENDED_LESS_THAN_A_DAY_AGO);
	cr_assert_eq(at(BEGIN_US + 15 * US_PER_DAY - 1), SESSION_ENDED_LESS_THAN_A_DAY_AGO);
	cr_assert_eq(at(BEGIN_US + 15 * US_PER_DAY), SESSION_OVER);
}

Test(session, the_hour_in_which_it_began_does_not_shorten_it)
{
	set(&f.last_use, BEGIN_US - 59 * US_PER_MINUTE);

	cr_assert_eq(at(BEGIN_US + 14 * US_PER_DAY - 1), SESSION_LIVE);
}

Test(session, use_keeps_it)
{
	set(&f.last_use, BEGIN_US + 13 * US_PER_DAY);

	cr_assert_eq(at(BEGIN_US + 20 * US_PER_DAY), SESSION_LIVE);
}

Test(session, thirty_days_end_it_whatever_its_use)
{
	set(&f.last_use, BEGIN_US + 29 * US_PER_DAY);

	cr_assert_eq(at(BEGIN_US + 30 * US_PER_DAY - 1), SESSION_LIVE);
	cr_assert_eq(at(BEGIN_US + 30 * US_PER_DAY), SESSION_ENDED_LESS_THAN_A_DAY_AGO);
	cr_assert_eq(at(BEGIN_US + 31 * US_PER_DAY), SESSION_OVER);
}

Test(session, signing_out_ends_it)
{
	f.session.end_us = BEGIN_US + US_PER_HOUR;

	cr_assert_eq(at(BEGIN_US + US_PER_HOUR - 1), SESSION_LIVE);
	cr_assert_eq(at(BEGIN_US + US_PER_HOUR), SESSION_ENDED_LESS_THAN_A_DAY_AGO);
	cr_assert_eq(at(BEGIN_US + US_PER_HOUR + US_PER_DAY), SESSION_OVER);
}

Test(session, all_that_began_before_the_users_mark_end_with_it)
{
	f.user.sessions_end_us = BEGIN_US + US_PER_HOUR;

	cr_assert_eq(at(BEGIN_US + US_PER_HOUR), SESSION_ENDED_LESS_THAN_A_DAY_AGO);
	cr_assert_eq(at(BEGIN_US + US_PER_HOUR + US_PER_DAY), SESSION_OVER);
}

Test(session, one_that_began_at_the_mark_or_later_lives)
{
	f.user.sessions_end_us = BEGIN_US;

	cr_assert_eq(at(BEGIN_US + US_PER_HOUR), SESSION_LIVE);
}

Test(session, the_one_in_which_the_password_was_changed_lives)
{
	f.user.sessions_end_us = BEGIN_US + US_PER_HOUR;
	f.session.kept_us = BEGIN_US + US_PER_HOUR;

	cr_assert_eq(at(BEGIN_US + 2 * US_PER_HOUR), SESSION_LIVE);
}

Test(session, of_two_ends_the_earlier_counts)
{
	f.session.end_us = BEGIN_US + US_PER_HOUR;
	f.user.sessions_end_us = BEGIN_US + 20 * US_PER_HOUR;

	cr_assert_eq(at(BEGIN_US + 25 * US_PER_HOUR), SESSION_OVER);
}

Test(session, nobody_but_an_active_user_has_a_live_one)
{
	f.person.state = ORGD__V1__USER_STATE__USER_STATE_DISABLED;

	cr_assert_eq(at(BEGIN_US), SESSION_OVER);
}

Test(session, a_fraction_of_a_second_counts)
{
	int64_t begin_us = BEGIN_US + 999999;

	set(&f.create, begin_us);
	set(&f.last_use, begin_us);
	cr_assert_eq(at(begin_us + 14 * US_PER_DAY - 1), SESSION_LIVE);
	cr_assert_eq(at(begin_us + 14 * US_PER_DAY), SESSION_ENDED_LESS_THAN_A_DAY_AGO);
}

Test(session, an_absent_time_is_the_first_of_all)
{
	f.message.create_time = f.message.last_use_time = NULL;

	cr_assert_eq(at(14 * US_PER_DAY - 1), SESSION_LIVE);
	cr_assert_eq(at(14 * US_PER_DAY), SESSION_ENDED_LESS_THAN_A_DAY_AGO);
}
