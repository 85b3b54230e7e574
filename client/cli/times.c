/* SPDX-License-Identifier: Apache-2.0 */
#include "times.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const struct {
	char letter;
	const char *name;
	int64_t seconds;
} units[] = {
	{ 'd', "day", DAY },
	{ 'h', "hour", HOUR },
	{ 'm', "minute", MINUTE },
	{ 's', "second", 1 },
};

void span_format(int64_t seconds, char *text, size_t room)
{
	size_t length = 0;
	int parts = 0;

	text[0] = '\0';
	for (size_t i = 0; i < COUNT_OF(units) && parts < 2; i++) {
		long long count = (long long)(seconds / units[i].seconds);

		if (count == 0 && !(parts == 0 && i == COUNT_OF(units) - 1))
			continue;
		seconds %= units[i].seconds;
		parts++;
		length += (size_t)snprintf(text + length, room - length, "%s%lld %s%s",
			length ? " " : "", count, units[i].name, count == 1 ? "" : "s");
		if (length >= room)
			return;
	}
}

bool span_parse(const char *text, int64_t *seconds)
{
	int64_t sum = 0;

	for (size_t i = 0; *text; i++) {
		char *end;
		long count;

		if (!isdigit((unsigned char)*text))
			return false;
		count = strtol(text, &end, 10);
		if (count > 1000000)
			return false;
		while (i < COUNT_OF(units) && units[i].letter != *end)
			i++;
		if (i == COUNT_OF(units))
			return false;
		sum += count * units[i].seconds;
		text = end + 1;
	}
	*seconds = sum;
	return sum > 0;
}

char *time_format(struct arena *arena, const Google__Protobuf__Timestamp *timestamp)
{
	time_t seconds = (time_t)timestamp->seconds;
	char text[40], offset[8];
	struct tm local;

	if (!localtime_r(&seconds, &local) ||
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &local) == 0 ||
		strftime(offset, sizeof(offset), "%z", &local) != 5)
		return arena_printf(arena, "@%lld", (long long)timestamp->seconds);
	return arena_printf(arena, "%s%.3s:%s", text, offset, offset + 3);
}

char *time_raw(struct arena *arena, const Google__Protobuf__Timestamp *timestamp)
{
	time_t seconds = (time_t)timestamp->seconds;
	char text[40], fraction[16] = "";
	struct tm utc;
	int digits = timestamp->nanos % 1000 ? 9 : timestamp->nanos % 1000000 ? 6 : 3;

	if (!gmtime_r(&seconds, &utc) ||
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc) == 0)
		return arena_printf(arena, "@%lld", (long long)timestamp->seconds);
	if (timestamp->nanos > 0 && timestamp->nanos < 1000000000) {
		snprintf(fraction, sizeof(fraction), ".%09d", (int)timestamp->nanos);
		fraction[1 + digits] = '\0';
	}
	return arena_printf(arena, "%s%sZ", text, fraction);
}

char *time_exact(struct arena *arena, const Google__Protobuf__Timestamp *timestamp)
{
	char *text =
		arena_strndup(arena, time_format(arena, timestamp), strlen("2027-01-31T19:00:00"));
	char *middle = strchr(text, 'T');

	if (middle)
		*middle = ' ';
	return text;
}

char *time_distance(struct arena *arena, const Google__Protobuf__Timestamp *timestamp)
{
	long long distance = timestamp->seconds - (long long)time(NULL);
	long long seconds = distance < 0 ? -distance : distance, count;

	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (seconds < units[i].seconds)
			continue;
		/* To the nearest: a link that was made just now holds 7 days. */
		count = (seconds + units[i].seconds / 2) / units[i].seconds;
		return arena_printf(arena, "%s%lld %s%s%s", distance > 0 ? "in " : "", count,
			units[i].name, count == 1 ? "" : "s", distance > 0 ? "" : " ago");
	}
	return arena_strdup(arena, "now");
}

char *time_brief(struct arena *arena, const Google__Protobuf__Timestamp *timestamp)
{
	int64_t distance = timestamp->seconds - (int64_t)time(NULL);

	if (distance > -60 * DAY && distance < 60 * DAY)
		return time_distance(arena, timestamp);
	return arena_strndup(arena, time_format(arena, timestamp), strlen("2027-01-31"));
}

/* "Z", "+01:00": what to add to UTC. */
static bool offset_parse(const char *text, int64_t *seconds)
{
	int hours, minutes, length = 0;
	char sign;

	*seconds = 0;
	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	if (sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &length) != 3 || length != 6 ||
		text[6] || !strchr("+-", sign) || hours > 23 || minutes > 59)
		return false;
	*seconds = (sign == '-' ? -1 : 1) * (hours * HOUR + minutes * MINUTE);
	return true;
}

bool time_parse(const char *text, Google__Protobuf__Timestamp *timestamp)
{
	struct tm fields = { .tm_isdst = -1 };
	int64_t offset;
	const char *end;

	if (span_parse(text, &offset)) {
		timestamp->seconds = time(NULL) + offset;
		return true;
	}
	end = strptime(text, "%Y-%m-%d", &fields);
	if (end && *end == '\0') {
		timestamp->seconds = mktime(&fields);
		return true;
	}
	end = end && strchr("Tt ", *end) ? strptime(end + 1, "%H:%M:%S", &fields) : NULL;
	if (!end || !offset_parse(end, &offset))
		return false;
	timestamp->seconds = timegm(&fields) - offset;
	return true;
}
