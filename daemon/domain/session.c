/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/session.h"

#include "domain/user.h"

static int64_t us_of(const Google__Protobuf__Timestamp *time)
{
	return time ? time->seconds * US_PER_SECOND + time->nanos / 1000 : 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* When it ends if nothing happens to it any more, or when it did. */
static int64_t end_of(const Orgd__Store__V1__Session *session, const Orgd__Store__V1__User *user)
{
	int64_t begin_us = us_of(session->session->create_time);
	/* Last use is the hour's beginning, which may be before the session's. */
	int64_t use_us = later(begin_us, us_of(session->session->last_use_time));
	int64_t end_us = earlier(begin_us + SESSION_LIFE_US, use_us + SESSION_IDLE_US);

	if (session->end_us)
		end_us = earlier(end_us, session->end_us);
	if (later(begin_us, session->kept_us) < user->sessions_end_us)
		end_us = earlier(end_us, user->sessions_end_us);
	return end_us;
}

enum session_state session_judge(
	const Orgd__Store__V1__Session *session, const Orgd__Store__V1__User *user, int64_t now_us)
{
	int64_t end_us = end_of(session, user);

	if (now_us < end_us)
		return user_is_active(user) ? SESSION_LIVE : SESSION_OVER;
	return now_us < end_us + SESSION_REPLAY_US ? SESSION_ENDED_LESS_THAN_A_DAY_AGO
						   : SESSION_OVER;
}
