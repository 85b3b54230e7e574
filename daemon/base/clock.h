/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>

#include "base/status.h"

/*
 * The one clock that expiry, purge, reminders and rate windows follow (SPEC rule 44), in
 * microseconds since 1970 UTC. With an offset file, the seconds in that file (a decimal, maybe
 * negative) are added; the file is read again on every call, so that a black-box test crosses a
 * week in a second.
 *
 * Threads: clock_now_us from any, once initialised.
 */
struct clock {
	const char *offset_file; /* NULL for none; borrowed */
};

enum { US_PER_MS = 1000, US_PER_SECOND = 1000 * 1000 };
#define US_PER_MINUTE (INT64_C(60) * US_PER_SECOND)
#define US_PER_HOUR   (60 * US_PER_MINUTE)
#define US_PER_DAY    (24 * US_PER_HOUR)

/* An unreadable or malformed offset file counts as 0 here; clock_check says what is wrong with it.
 */
int64_t clock_now_us(const struct clock *clock);

/*   INVALID_ARGUMENT CLOCK_OFFSET_FILE  the file is missing or not a number of seconds */
MUST_USE struct status clock_check(const struct clock *clock);

/* Microseconds that only ever grow, for deadlines and timeouts; unrelated to the date. */
int64_t clock_monotonic_us(void);
/* How long it is until then, rounded up; 0 when it is over. */
int clock_left_ms(int64_t deadline_us);
