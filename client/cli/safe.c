/* SPDX-License-Identifier: Apache-2.0 */
#include "safe.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static bool is_unsafe(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c ||
	       point == 0x200e || point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069);
}

static char *rewrite(struct arena *arena, const char *text, const char *kept)
{
	size_t size = strlen(text);
	char *begin = arena_alloc(arena, 6 * size + 1), *out = begin; /* \u001b for each byte */

	for (size_t i = 0; i < size;) {
		uint32_t point;
		size_t bytes = utf8_decode(text + i, size - i, &point);

		if (bytes == 0) {
			out = stpcpy(out, "\xef\xbf\xbd");
			i++;
			continue;
		}
		if (is_unsafe(point) && !(point < 0x80 && strchr(kept, (int)point)))
			out += sprintf(out, "\\u%04x", point);
		else
			out = mempcpy(out, text + i, bytes);
		i += bytes;
	}
	*out = '\0';
	return begin;
}

char *safe_line(struct arena *arena, const char *text)
{
	return rewrite(arena, text, "");
}

char *safe_text(struct arena *arena, const char *text)
{
	return rewrite(arena, text, "\n\t");
}
