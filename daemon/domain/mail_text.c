/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mail_text.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

enum {
	HEADER_LINE_MAX = 76, /* RFC 2047 2, of a line with an encoded word */
	WORD_BYTES = 39, /* "=?UTF-8?B?", 52 characters and "?=": fits behind any header's name */
	BASE64_LINE_BYTES = 57,
};

void mail_text_init(struct mail_text *text, struct arena *arena, size_t max)
{
	*text = (struct mail_text){ .arena = arena, .max = max };
	text->data = arena_strdup(arena, "");
}

void mail_text_add(struct mail_text *text, const char *data, size_t size)
{
	if (text->full || size > text->max - text->size) {
		text->full = true;
		return;
	}
	if (text->size + size + 1 > text->capacity) {
		size_t capacity = (text->size + size + 1) * 2;
		char *grown = arena_alloc(text->arena, capacity);

		memcpy(grown, text->data, text->size);
		text->data = grown;
		text->capacity = capacity;
	}
	memcpy(text->data + text->size, data, size);
	text->size += size;
	text->data[text->size] = '\0';
}

void mail_text_add_string(struct mail_text *text, const char *string)
{
	mail_text_add(text, string, strlen(string));
}

void mail_text_add_html(struct mail_text *text, const char *value)
{
	while (*value) {
		size_t plain = strcspn(value, "&<>\"'\n");

		mail_text_add(text, value, plain);
		value += plain;
		switch (*value) {
		case '&':
			mail_text_add_string(text, "&amp;");
			break;
		case '<':
			mail_text_add_string(text, "&lt;");
			break;
		case '>':
			mail_text_add_string(text, "&gt;");
			break;
		case '"':
			mail_text_add_string(text, "&quot;");
			break;
		case '\'':
			mail_text_add_string(text, "&#39;");
			break;
		case '\n':
			mail_text_add_string(text, "<br>\n");
			break;
		default:
			return;
		}
		value++;
	}
}

static void add_base64(struct mail_text *text, const char *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		uint32_t group = 0;
		char four[4];

		for (size_t j = 0; j < 3; j++)
			group = group << 8 | (i + j < size ? (uint8_t)data[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			four[j] = i + j > size ? '=' : digits[group >> (18 - 6 * j) & 63];
		mail_text_add(text, four, sizeof(four));
	}
}

void mail_text_add_base64_lines(struct mail_text *text, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i += BASE64_LINE_BYTES) {
		add_base64(text, data + i,
			size - i < BASE64_LINE_BYTES ? size - i : BASE64_LINE_BYTES);
		mail_text_add_string(text, "\r\n");
	}
}

static bool is_plain(const char *value)
{
	for (const char *c = value; *c; c++)
		if (*c < ' ' || *c > '~')
			return false;
	return !strstr(value, "=?");
}

static void add_encoded_words(struct mail_text *text, const char *value)
{
	size_t size = strlen(value);

	for (size_t i = 0; i < size;) {
		size_t word = size - i < WORD_BYTES ? size - i : utf8_cut(value + i, WORD_BYTES);

		mail_text_add_string(text, i ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
		add_base64(text, value + i, word);
		mail_text_add_string(text, "?=");
		i += word;
	}
}

void mail_text_add_words(struct mail_text *text, const char *value, size_t column)
{
	if (is_plain(value) && column + strlen(value) <= HEADER_LINE_MAX)
		mail_text_add_string(text, value);
	else
		add_encoded_words(text, value);
}

static void add_quoted(struct mail_text *text, const char *value)
{
	mail_text_add_string(text, "\"");
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			mail_text_add_string(text, "\\");
		mail_text_add(text, value, 1);
	}
	mail_text_add_string(text, "\"");
}

void mail_text_add_phrase(struct mail_text *text, const char *value, size_t column)
{
	/* Quoting makes at most two of each character. */
	if (!is_plain(value) || column + 2 * strlen(value) + 2 > HEADER_LINE_MAX)
		add_encoded_words(text, value);
	else if (value[strcspn(value, "()<>[]:;@\\,.\"")])
		add_quoted(text, value);
	else
		mail_text_add_string(text, value);
}

static bool is_harmful(uint32_t point, enum mail_clean how)
{
	if (point == '\n' || point == '\t')
		return how == MAIL_CLEAN_LINE;
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 ||
	       point == 0x2029;
}

char *mail_text_clean(struct arena *arena, enum mail_clean how, const char *value)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t size = strlen(value), used = 0;
	char *clean = arena_alloc(arena, size * strlen(replacement) + 1);

	for (size_t i = 0; i < size;) {
		uint32_t point;
		size_t length = utf8_decode(value + i, size - i, &point);
		const char *from = !length ? replacement : is_harmful(point, how) ? " " : value + i;
		size_t count = !length ? strlen(replacement) : from == value + i ? length : 1;

		memcpy(clean + used, from, count);
		used += count;
		i += length ? length : 1;
	}
	clean[used] = '\0';
	return clean;
}
