/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* How many of the bytes at the front are ASCII, in steps of eight. */
static size_t ascii_run(const char *text, size_t bytes)
{
	size_t run = 0;

	for (uint64_t word; bytes - run >= sizeof(word); run += sizeof(word)) {
		memcpy(&word, text + run, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	return run;
}

bool text_is_utf8(const char *text, size_t bytes)
{
	uint32_t point;

	for (size_t i = ascii_run(text, bytes), taken; i < bytes; i += taken) {
		taken = utf8_decode(text + i, bytes - i, &point);
		if (taken == 0)
			return false;
	}
	return true;
}

size_t text_length(const char *text)
{
	size_t length = 0;

	for (; *text; text++)
		length += ((uint8_t)*text & 0xC0) != 0x80;
	return length;
}

static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x2028 ||
	       point == 0x2029;
}

/* Marks, overrides, embeddings and isolates: they make a line read otherwise than it is stored. */
static bool is_bidi_control(uint32_t point)
{
	return point == 0x61C || point == 0x200E || point == 0x200F ||
	       (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

static bool is_noncharacter(uint32_t point)
{
	return (point >= 0xFDD0 && point <= 0xFDEF) || (point & 0xFFFE) == 0xFFFE;
}

/* White space, and characters that take no room, which say nothing at an end. */
static bool is_blank(uint32_t point)
{
	return point == ' ' || point == '\t' || point == '\n' || point == 0xA0 || point == 0x1680 ||
	       (point >= 0x2000 && point <= 0x200D) || point == 0x202F || point == 0x205F ||
	       point == 0x2060 || point == 0x3000 || point == 0xFEFF;
}

/* Characters that show nothing by themselves, though they may mean something behind others: a name
 * of these alone would look empty. */
static bool is_unseen(uint32_t point)
{
	return point == 0xAD || point == 0x34F || point == 0x115F || point == 0x1160 ||
	       point == 0x17B4 || point == 0x17B5 || (point >= 0x180B && point <= 0x180F) ||
	       (point >= 0x2061 && point <= 0x2064) || point == 0x2800 || point == 0x3164 ||
	       (point >= 0xFE00 && point <= 0xFE0F) || point == 0xFFA0 ||
	       (point >= 0xFFF9 && point <= 0xFFFB) || (point >= 0xE0000 && point <= 0xE0FFF);
}

static struct status check_characters(enum text_kind kind, const char *field, const char *value)
{
	size_t size = strlen(value);
	uint32_t point;

	for (size_t i = 0, taken; i < size; i += taken) {
		taken = utf8_decode(value + i, size - i, &point);
		if (taken == 0)
			return status_invalid(
				field, "INVALID_TEXT", "%s is not valid UTF-8.", field);
		if (kind == TEXT_PARAGRAPHS && (point == '\n' || point == '\t'))
			continue;
		if (is_control(point) || is_bidi_control(point) || is_noncharacter(point))
			return status_invalid(field, "INVALID_TEXT",
				"%s holds U+%04X, a control character or one that reorders text; "
				"remove it.",
				field, (unsigned)point);
	}
	return OK;
}

/* `value` with \n for each \r\n. */
static const char *unix_lines(struct arena *arena, const char *value)
{
	char *copy, *end;

	if (!strchr(value, '\r'))
		return value;
	copy = end = arena_strdup(arena, value);
	for (; *value; value++)
		if (value[0] != '\r' || value[1] != '\n')
			*end++ = *value;
	*end = '\0';
	return copy;
}

/* `value`, which is valid UTF-8, without blanks at its ends; "" when there is nothing to see. */
static const char *trim(struct arena *arena, const char *value)
{
	size_t size = strlen(value), first = 0, end = 0;
	bool seen = false;
	uint32_t point;

	for (size_t i = 0, taken; i < size; i += taken) {
		taken = utf8_decode(value + i, size - i, &point);
		if (is_blank(point))
			continue;
		if (end == 0)
			first = i;
		end = i + taken;
		seen = seen || !is_unseen(point);
	}
	if (!seen)
		return "";
	if (first == 0 && end == size)
		return value;
	return arena_strndup(arena, value + first, end - first);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_ascii_alnum(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Does the word look like a host: "evil.com", but not "Dr.", "J.P" or "2.0"? */
static bool is_host(const char *word, size_t size)
{
	const char *dot = memrchr(word, '.', size);
	size_t last = dot ? (size_t)(word + size - dot - 1) : 0;

	return last >= 2 && dot > word && !is_digit(dot[1]);
}

/* Does what follows a host make it an address: a path, a port, a query, a fragment? */
static bool continues_host(const char *rest)
{
	return *rest == '/' || (*rest == ':' && is_digit(rest[1])) ||
	       ((*rest == '?' || *rest == '#') && is_ascii_alnum(rest[1]));
}

/* Would mail readers make a link of something in it? Of "evil.com" alone some would too, but
 * companies are called so. */
static bool is_url(const char *value)
{
	size_t size = strlen(value), word = 0;

	if (strstr(value, "://"))
		return true;
	for (size_t i = 0, taken; i <= size; i += taken) {
		uint32_t point = '\0';

		taken = i < size ? utf8_decode(value + i, size - i, &point) : 1;
		if (point < 0x80 ? point == '-' || point == '.' || is_ascii_alnum((char)point)
				 : !is_blank(point))
			continue;
		if ((i - word > 4 && strncasecmp(value + word, "www.", 4) == 0) ||
			(is_host(value + word, i - word) && continues_host(value + i)))
			return true;
		word = i + taken;
	}
	return false;
}

struct status text_check(struct arena *arena, enum text_kind kind, const char *field,
	const char *value, size_t min, size_t max, const char **result)
{
	size_t length;

	if (kind == TEXT_PARAGRAPHS)
		value = unix_lines(arena, value);
	TRY(check_characters(kind, field, value));
	value = trim(arena, value);
	length = text_length(value);
	if (length == 0 && min > 0)
		return status_invalid(field, "FIELD_REQUIRED", "%s is required.", field);
	if (length < min)
		return status_invalid(field, "FIELD_TOO_SHORT",
			"%s has %zu characters; it needs at least %zu.", field, length, min);
	if (length > max)
		return status_invalid(field, "FIELD_TOO_LONG",
			"%s has %zu characters; at most %zu are allowed.", field, length, max);
	if (kind == TEXT_NAME && is_url(value))
		return status_invalid(field, "NAME_IS_A_URL",
			"%s looks like a web address; give the name alone.", field);
	*result = value;
	return OK;
}
