/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/expect.h"

/* A clock whose offset file the test writes. */
struct story {
	char path[32];
	struct clock clock;
};

static void story_begin(struct story *s)
{
	int file;

	strcpy(s->path, "/tmp/orgd-clock-XXXXXX");
	file = mkstemp(s->path);
	cr_assert_geq(file, 0);
	close(file);
	s->clock.offset_file = s->path;
}

static void story_end(struct story *s)
{
	unlink(s->path);
}

static void offset_write(struct story *s, const char *text)
{
	FILE *file = fopen(s->path, "w");

	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
}

/* Is the clock that far from the system's? */
static void expect_offset(const struct clock *clock, int64_t offset_us)
{
	static const struct clock plain;
	int64_t before = clock_now_us(&plain), now = clock_now_us(clock),
		after = clock_now_us(&plain);

	cr_expect(before + offset_us <= now && now <= after + offset_us, "off by %lld us",
		(long long)(now - before - offset_us));
}

Test(clock, moves_by_the_seconds_in_its_file_and_follows_each_change)
{
	CLEANUP(story_end) struct story s;

	story_begin(&s);
	offset_write(&s, "604800");
	expect_offset(&s.clock, 7 * US_PER_DAY);
	offset_write(&s, "-60");
	expect_offset(&s.clock, -US_PER_MINUTE);
	expect_ok(clock_check(&s.clock));
}

Test(clock, white_space_around_the_number_is_fine)
{
	CLEANUP(story_end) struct story s;

	story_begin(&s);
	offset_write(&s, " \n 3600 \r\n");
	expect_ok(clock_check(&s.clock));
	expect_offset(&s.clock, US_PER_HOUR);
}

Test(clock, needs_no_file)
{
	struct clock clock = { NULL };

	expect_ok(clock_check(&clock));
	expect_offset(&clock, 0);
}

Test(clock, a_missing_file_is_reported_and_counts_as_zero)
{
	struct clock clock = { "/nonexistent/offset" };

	expect_refused(clock_check(&clock), STATUS_INVALID_ARGUMENT, "CLOCK_OFFSET_FILE");
	expect_offset(&clock, 0);
}

Test(clock, a_directory_is_no_offset_file)
{
	struct clock clock = { "/" };

	expect_refused(clock_check(&clock), STATUS_INVALID_ARGUMENT, "CLOCK_OFFSET_FILE");
	expect_offset(&clock, 0);
}

Test(clock, what_is_no_number_is_reported_and_counts_as_zero)
{
	static const char *const texts[] = { "", "  ", "a week", "12 13", "7d", "1.5",
		"99999999999", "-99999999999", "9223372036854775808",
		"1                                                                  " };
	CLEANUP(story_end) struct story s;

	story_begin(&s);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		offset_write(&s, texts[i]);
		expect_refused(clock_check(&s.clock), STATUS_INVALID_ARGUMENT, "CLOCK_OFFSET_FILE");
		expect_offset(&s.clock, 0);
	}
}

Test(clock, monotonic_time_never_goes_back)
{
	int64_t last = clock_monotonic_us();

	for (int i = 0; i < 10000; i++) {
		int64_t now = clock_monotonic_us();

		cr_assert_geq(now, last);
		last = now;
	}
}
