/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/arena.h"
#include "secret/base64.h"
#include "support/story.h"

/* What is found in mails, until the test's process ends. */
static struct arena *kept(void)
{
	static struct arena arena;

	if (!arena.allocator.alloc)
		arena_init(&arena);
	return &arena;
}

/* The plain text of a message with CRLF lines, decoded; NULL if it has none. */
static char *plain_text(const char *message)
{
	const char *part = strstr(message, "Content-Type: text/plain"), *end;
	struct bytes decoded;
	size_t size = 0;
	char *digits;

	part = part ? strstr(part, "\r\n\r\n") : NULL;
	end = part ? strstr(part, "\r\n--") : NULL;
	if (!end)
		return NULL;
	/* MIME's alphabet, padding and lines into those of base64_decode. */
	digits = arena_alloc(kept(), (size_t)(end - part) + 1);
	for (; part < end; part++)
		if (!strchr("\r\n=", *part))
			digits[size++] = *part == '+' ? '-' : *part == '/' ? '_' : *part;
	digits[size] = '\0';
	cr_assert(base64_decode(kept(), digits, &decoded), "a mail's text is no base64");
	return arena_strndup(kept(), (const char *)decoded.data, decoded.size);
}

const char *story_mail_token(struct story *story, const char *email)
{
	static const char mark[] = "token=";
	const char *message = story_mail_text(story, email);
	char *text = message ? plain_text(message) : NULL;
	char *link = text ? strstr(text, mark) : NULL;

	return link ? arena_strndup(
			      kept(), link + strlen(mark), strcspn(link + strlen(mark), " \r\n"))
		    : NULL;
}
