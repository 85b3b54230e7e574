/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Far enough for every test, and near enough that dates keep four digits. */
static const int64_t offset_seconds_max = INT64_C(10000000000);

static int64_t now_us(clockid_t which)
{
	struct timespec time;

	clock_gettime(which, &time);
	return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

static struct status malformed(const char *path)
{
	return status_fail(STATUS_INVALID_ARGUMENT, "CLOCK_OFFSET_FILE",
		"The clock offset file %s does not hold one whole number of seconds.", path);
}

static struct status offset_read(const char *path, int64_t *offset_us)
{
	char text[64];
	char *end;
	ssize_t size;
	long long seconds;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return status_fail(STATUS_INVALID_ARGUMENT, "CLOCK_OFFSET_FILE",
			"The clock offset file %s cannot be opened: %s.", path, strerror(errno));
	size = read(file, text, sizeof(text) - 1);
	close(file);
	if (size < 0 || size == (ssize_t)sizeof(text) - 1)
		return malformed(path);
	text[size] = '\0';
	errno = 0;
	seconds = strtoll(text, &end, 10);
	if (end == text || errno != 0 || llabs(seconds) > offset_seconds_max)
		return malformed(path);
	while (isspace((unsigned char)*end))
		end++;
	if (end != text + size)
		return malformed(path);
	*offset_us = seconds * US_PER_SECOND;
	return OK;
}

int64_t clock_now_us(const struct clock *clock)
{
	int64_t offset_us = 0;

	if (clock->offset_file && offset_read(clock->offset_file, &offset_us).code != STATUS_OK)
		offset_us = 0;
	return now_us(CLOCK_REALTIME) + offset_us;
}

struct status clock_check(const struct clock *clock)
{
	int64_t offset_us;

	return clock->offset_file ? offset_read(clock->offset_file, &offset_us) : OK;
}

int64_t clock_monotonic_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

int clock_left_ms(int64_t deadline_us)
{
	int64_t left_us = deadline_us - clock_monotonic_us();

	return left_us <= 0 ? 0 : (int)((left_us + US_PER_MS - 1) / US_PER_MS);
}
