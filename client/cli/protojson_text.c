/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protojson_internal.h"

enum { NANOS_PER_SECOND = 1000000000, FRACTION_DIGITS = 9 };
#define TIMESTAMP_SECONDS_MIN INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define TIMESTAMP_SECONDS_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define DURATION_SECONDS_MAX  INT64_C(315576000000)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static char to_upper(char c)
{
	return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

void name_to_camel(const char *name, char camel[NAME_BYTES])
{
	size_t length = 0;
	bool raise = false;

	for (; *name && length < NAME_BYTES - 1; name++) {
		if (*name == '_') {
			raise = true;
			continue;
		}
		camel[length++] = raise ? to_upper(*name) : *name;
		raise = false;
	}
	camel[length] = '\0';
}

bool path_to_camel(const char *path, char *out)
{
	for (; *path; path++) {
		if (is_upper(*path))
			return false;
		if (*path != '_') {
			*out++ = *path;
			continue;
		}
		if (!is_lower(*++path))
			return false;
		*out++ = to_upper(*path);
	}
	*out = '\0';
	return true;
}

bool path_from_camel(const char *path, size_t length, char *out)
{
	bool begins = true; /* a name */

	for (size_t i = 0; i < length; i++) {
		if (path[i] == '_' || (begins && (path[i] == '.' || is_upper(path[i]))))
			return false;
		begins = path[i] == '.';
		if (is_upper(path[i])) {
			*out++ = '_';
			*out++ = (char)(path[i] - 'A' + 'a');
		} else {
			*out++ = path[i];
		}
	}
	*out = '\0';
	return !begins;
}

/* --- times --- */

/* Appends ".5" with 3, 6 or 9 digits, as few as keep the value; nothing for 0. */
static void fraction_append(char *text, size_t room, int32_t nanos)
{
	size_t length = strlen(text);
	int digits = FRACTION_DIGITS;

	if (nanos == 0)
		return;
	while (nanos % 1000 == 0) {
		nanos /= 1000;
		digits -= 3;
	}
	snprintf(text + length, room - length, ".%0*d", digits, nanos);
}

/* Reads an optional fraction of a second and moves *text behind it. */
static bool fraction_parse(const char **text, int32_t *nanos)
{
	int digits = 0;

	*nanos = 0;
	if (**text != '.')
		return true;
	for (++*text; is_digit(**text); ++*text) {
		if (++digits > FRACTION_DIGITS)
			return false;
		*nanos = *nanos * 10 + (**text - '0');
	}
	if (digits == 0)
		return false;
	for (; digits < FRACTION_DIGITS; digits++)
		*nanos *= 10;
	return true;
}

bool timestamp_to_text(const Google__Protobuf__Timestamp *timestamp, char text[TIME_BYTES])
{
	time_t seconds = (time_t)timestamp->seconds;
	struct tm date;

	if (timestamp->seconds < TIMESTAMP_SECONDS_MIN ||
		timestamp->seconds > TIMESTAMP_SECONDS_MAX || timestamp->nanos < 0 ||
		timestamp->nanos >= NANOS_PER_SECOND)
		return false;
	gmtime_r(&seconds, &date);
	snprintf(text, TIME_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d", date.tm_year + 1900,
		date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec);
	fraction_append(text, TIME_BYTES - 1, timestamp->nanos);
	strcat(text, "Z");
	return true;
}

/* Exactly `digits` digits, then `after`; moves *text behind both. */
static bool number_parse(const char **text, int digits, const char *after, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++, ++*text) {
		if (!is_digit(**text))
			return false;
		*number = *number * 10 + (**text - '0');
	}
	if (strncmp(*text, after, strlen(after)) != 0)
		return false;
	*text += strlen(after);
	return true;
}

/* "Z" or "+01:00", up to the end. */
static bool offset_parse(const char *text, int64_t *seconds)
{
	int sign = *text == '-' ? -1 : 1, hours, minutes;

	*seconds = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	if (*text != '+' && *text != '-')
		return false;
	text++;
	if (!number_parse(&text, 2, ":", &hours) || !number_parse(&text, 2, "", &minutes) ||
		*text != '\0' || hours > 23 || minutes > 59)
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool date_parse(const char **text, struct tm *date)
{
	*date = (struct tm){ 0 };
	return number_parse(text, 4, "-", &date->tm_year) &&
	       number_parse(text, 2, "-", &date->tm_mon) &&
	       number_parse(text, 2, "T", &date->tm_mday) &&
	       number_parse(text, 2, ":", &date->tm_hour) &&
	       number_parse(text, 2, ":", &date->tm_min) &&
	       number_parse(text, 2, "", &date->tm_sec);
}

/* timegm() turns February 30 into March 2: a date that changes is none. */
static bool date_to_seconds(const struct tm *given, int64_t *seconds)
{
	struct tm date = *given, normal;

	date.tm_year -= 1900;
	date.tm_mon -= 1;
	normal = date;
	*seconds = timegm(&normal);
	return normal.tm_year == date.tm_year && normal.tm_mon == date.tm_mon &&
	       normal.tm_mday == date.tm_mday && normal.tm_hour == date.tm_hour &&
	       normal.tm_min == date.tm_min && normal.tm_sec == date.tm_sec;
}

bool timestamp_from_text(const char *text, Google__Protobuf__Timestamp *timestamp)
{
	int64_t seconds, offset;
	struct tm date;
	int32_t nanos;

	if (!date_parse(&text, &date) || !fraction_parse(&text, &nanos) ||
		!offset_parse(text, &offset) || !date_to_seconds(&date, &seconds))
		return false;
	seconds -= offset;
	if (seconds < TIMESTAMP_SECONDS_MIN || seconds > TIMESTAMP_SECONDS_MAX)
		return false;
	timestamp->seconds = seconds;
	timestamp->nanos = nanos;
	return true;
}

bool duration_to_text(const Google__Protobuf__Duration *duration, char text[TIME_BYTES])
{
	int64_t seconds = duration->seconds;
	int32_t nanos = duration->nanos;
	bool negative = seconds < 0 || nanos < 0;

	if (seconds < -DURATION_SECONDS_MAX || seconds > DURATION_SECONDS_MAX ||
		nanos <= -NANOS_PER_SECOND || nanos >= NANOS_PER_SECOND ||
		(negative && (seconds > 0 || nanos > 0)))
		return false;
	snprintf(text, TIME_BYTES, "%s%lld", negative ? "-" : "",
		(long long)(negative ? -seconds : seconds));
	fraction_append(text, TIME_BYTES - 1, negative ? -nanos : nanos);
	strcat(text, "s");
	return true;
}

bool duration_from_text(const char *text, Google__Protobuf__Duration *duration)
{
	bool negative = *text == '-';
	int64_t seconds = 0;
	int32_t nanos;

	text += negative;
	if (!is_digit(*text))
		return false;
	for (; is_digit(*text); text++) {
		seconds = seconds * 10 + (*text - '0');
		if (seconds > DURATION_SECONDS_MAX)
			return false;
	}
	if (!fraction_parse(&text, &nanos) || strcmp(text, "s") != 0)
		return false;
	if (seconds == DURATION_SECONDS_MAX && nanos > 0)
		return false;
	duration->seconds = negative ? -seconds : seconds;
	duration->nanos = negative ? -nanos : nanos;
	return true;
}

/* --- base64 --- */

static const char base64_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size / 3 * 4 + 5), *out = text;

	if (!text)
		return NULL;
	for (; size > 0; bytes += size < 3 ? size : 3, size -= size < 3 ? size : 3) {
		uint32_t bits = (uint32_t)bytes[0] << 16 |
				(size > 1 ? (uint32_t)bytes[1] << 8 : 0) |
				(size > 2 ? (uint32_t)bytes[2] : 0);

		*out++ = base64_alphabet[bits >> 18];
		*out++ = base64_alphabet[bits >> 12 & 63];
		*out++ = size > 1 ? base64_alphabet[bits >> 6 & 63] : '=';
		*out++ = size > 2 ? base64_alphabet[bits & 63] : '=';
	}
	*out = '\0';
	return text;
}

static int base64_value(char c)
{
	if (is_upper(c))
		return c - 'A';
	if (is_lower(c))
		return c - 'a' + 26;
	if (is_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

ptrdiff_t base64_decode(const char *text, size_t size, uint8_t *out)
{
	const uint8_t *begin = out;
	uint32_t bits = 0;
	size_t count = size;

	while (count > 0 && size - count < 2 && text[count - 1] == '=')
		count--;
	if (count % 4 == 1 || (size != count && size % 4 != 0))
		return -1;
	for (size_t i = 0; i < count; i++) {
		int value = base64_value(text[i]);

		if (value < 0)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 0)
			*out++ = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	/* What is left over in the last character is zero in what an encoder writes. */
	if (count % 4 != 0 && (bits & ((1u << (8 - 2 * (count % 4))) - 1)) != 0)
		return -1;
	return out - begin;
}
