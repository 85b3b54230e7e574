/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/compiler.h"

/* A text that grows in an arena, up to a limit: past it nothing is added any more and `full` is
 * set. */
struct mail_text {
	struct arena *arena;
	char *data; /* always followed by a NUL */
	size_t size, capacity, max;
	bool full;
};

void mail_text_init(struct mail_text *text, struct arena *arena, size_t max);
void mail_text_add(struct mail_text *text, const char *data, size_t size);
void mail_text_add_string(struct mail_text *text, const char *string);
/* The value between HTML tags or inside a quoted attribute. A line's end becomes a <br>. */
void mail_text_add_html(struct mail_text *text, const char *value);
/* Standard base64 with padding, in lines of 76 with CRLF. */
void mail_text_add_base64_lines(struct mail_text *text, const char *data, size_t size);
/* A header's value after `column` characters of its first line: as it is when short and plain
 * ASCII, else in RFC 2047 encoded words, one a line. */
void mail_text_add_words(struct mail_text *text, const char *value, size_t column);
/* The same for the name in front of an address, quoted where RFC 5322 3.2.5 wants it. */
void mail_text_add_phrase(struct mail_text *text, const char *value, size_t column);

/* `value` without what would do harm in a mail: what is no UTF-8 becomes U+FFFD; control characters
 * and line separators become spaces, but for \n and \t with MAIL_CLEAN_LINES. */
enum mail_clean { MAIL_CLEAN_LINE, MAIL_CLEAN_LINES };
char *mail_text_clean(struct arena *arena, enum mail_clean how, const char *value);
