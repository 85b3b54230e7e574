/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>

#include "base/clock.h"
#include "orgd/store/v1/rows.pb-c.h"

/* How long a signed-in user stays so (SPEC 2). Pure. */

#define SESSION_LIFE_US   (30 * US_PER_DAY) /* at most */
#define SESSION_IDLE_US   (14 * US_PER_DAY) /* without use; last use is known to the hour */
#define SESSION_REPLAY_US US_PER_DAY        /* how long an ended one may have a reply again */

enum session_state {
	SESSION_LIVE,
	SESSION_ENDED_LESS_THAN_A_DAY_AGO, /* may replay, nothing else (SPEC 3) */
	SESSION_OVER,
};

/* What the session of `user` is worth at `now_us`: it ends by sign-out or revocation, by its
 * age, for want of use, and with all of the user's that began before user->sessions_end_us. */
enum session_state session_judge(
	const Orgd__Store__V1__Session *session, const Orgd__Store__V1__User *user, int64_t now_us);
