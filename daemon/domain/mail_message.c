/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mail.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "domain/mail_template.h"

/* How a letter becomes a message: values into templates, templates into parts, parts into MIME. */

enum { BOUNDARY_MAX = 48 };

/* An address or what is inside a Message-ID's brackets: visible ASCII, and nothing with a meaning
 * in a header. */
MUST_USE static struct status check_header(const char *what, const char *value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (value[i] <= ' ' || value[i] > '~' || strchr("<>()[],;:\\\"", value[i]))
			return status_fail(STATUS_INVALID_ARGUMENT, "MAIL_HEADER",
				"the mail's %s cannot stand in a header", what);
	if (!size || size > 320)
		return status_fail(STATUS_INVALID_ARGUMENT, "MAIL_HEADER",
			"the mail's %s is empty or too long", what);
	return OK;
}

MUST_USE static struct status check_headers(const struct mail_letter *letter)
{
	const char *id = letter->message_id;
	size_t size = strlen(id);

	if (size < 2 || id[0] != '<' || id[size - 1] != '>')
		return status_fail(STATUS_INVALID_ARGUMENT, "MAIL_HEADER",
			"the mail's Message-ID is not in angle brackets");
	TRY(check_header("Message-ID", id + 1, size - 2));
	TRY(check_header("sender", letter->from, strlen(letter->from)));
	return check_header("recipient", letter->to, strlen(letter->to));
}

/* What the templates may show. Message and note are paragraphs, all else is a line. */
static void collect_values(
	const struct mail_letter *letter, struct arena *arena, struct mail_values *values)
{
	for (size_t i = 0; i < letter->fact_count; i++) {
		const struct mail_fact *fact = &letter->facts[i];
		enum mail_place place = mail_place_find(fact->name, strlen(fact->name));

		if (place < PLACE_FACTS)
			values->of[place] = mail_text_clean(arena,
				place == PLACE_MESSAGE || place == PLACE_NOTE ? MAIL_CLEAN_LINES
									      : MAIL_CLEAN_LINE,
				fact->value);
	}
	values->of[PLACE_PLATFORM] = mail_text_clean(arena, MAIL_CLEAN_LINE, letter->platform);
	values->of[PLACE_SUPPORT] = mail_text_clean(arena, MAIL_CLEAN_LINE, letter->support);
	values->of[PLACE_RECIPIENT] = letter->to;
	values->of[PLACE_LINK] = mail_text_clean(arena, MAIL_CLEAN_LINE, letter->link);
}

MUST_USE static struct status too_large(void)
{
	return status_fail(STATUS_RESOURCE_EXHAUSTED, "MAIL_TOO_LARGE", "a mail is over %d KiB",
		MAIL_BYTES_MAX / 1024);
}

MUST_USE static struct status expand(const struct mail_template *template, enum mail_format format,
	const struct mail_values *values, struct arena *arena, const char **out)
{
	struct mail_text text;

	mail_text_init(&text, arena, MAIL_BYTES_MAX);
	mail_template_expand(template, format, values, &text);
	if (text.full)
		return too_large();
	*out = text.data;
	return OK;
}

/* The mail's html, its button in it, the layout around it. */
MUST_USE static struct status expand_html(const struct mail_templates *templates,
	const struct mail_parts *parts, struct mail_values *values, struct arena *arena,
	const char **html)
{
	TRY(expand(&parts->button, MAIL_FORMAT_TEXT, values, arena, &values->of[PLACE_LABEL]));
	TRY(expand(&templates->button, MAIL_FORMAT_HTML, values, arena, &values->of[PLACE_BUTTON]));
	TRY(expand(&parts->html, MAIL_FORMAT_HTML, values, arena, &values->of[PLACE_CONTENT]));
	return expand(&templates->layout, MAIL_FORMAT_HTML, values, arena, html);
}

/* Base64 never holds "=_", so no part can hold the boundary. */
static void make_boundary(const char *message_id, char boundary[BOUNDARY_MAX])
{
	size_t used = 2;

	memcpy(boundary, "=_", 2);
	for (; *message_id && *message_id != '@' && used < BOUNDARY_MAX - 1; message_id++)
		if (isalnum((unsigned char)*message_id) || *message_id == '_')
			boundary[used++] = *message_id;
	boundary[used] = '\0';
}

static void add_part(
	struct mail_text *out, const char *boundary, const char *type, const char *content)
{
	struct mail_text lines;

	/* Lines end with CRLF in a text part whatever its encoding (RFC 2046 4.1.1). */
	mail_text_init(&lines, out->arena, MAIL_BYTES_MAX);
	while (*content) {
		size_t length = strcspn(content, "\n");

		mail_text_add(&lines, content, length);
		mail_text_add_string(&lines, "\r\n");
		content += length + (content[length] == '\n');
	}
	out->full |= lines.full;
	mail_text_add_string(out, arena_printf(out->arena,
					  "--%s\r\n"
					  "Content-Type: text/%s; charset=utf-8\r\n"
					  "Content-Transfer-Encoding: base64\r\n"
					  "\r\n",
					  boundary, type));
	mail_text_add_base64_lines(out, lines.data, lines.size);
}

static void add_from(struct mail_text *out, const char *name, const char *address)
{
	static const char header[] = "From: ";

	mail_text_add_string(out, header);
	if (*name) {
		mail_text_add_phrase(out, name, strlen(header));
		mail_text_add_string(out, "\r\n ");
	}
	mail_text_add_string(out, arena_printf(out->arena, "<%s>\r\n", address));
}

static void add_subject(struct mail_text *out, const char *subject)
{
	static const char header[] = "Subject: ";

	mail_text_add_string(out, header);
	mail_text_add_words(out, subject, strlen(header));
	mail_text_add_string(out, "\r\n");
}

/* RFC 5322 3.3, whatever the locale. */
static void add_date(struct mail_text *out, int64_t us)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = us / US_PER_SECOND;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	mail_text_add_string(
		out, arena_printf(out->arena, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n",
			     days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
			     tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec));
}

static void add_headers(struct mail_text *out, const struct mail_letter *letter,
	const char *from_name, const char *subject, const char *boundary)
{
	add_from(out, from_name, letter->from);
	mail_text_add_string(out, arena_printf(out->arena, "To: <%s>\r\n", letter->to));
	add_subject(out, subject);
	add_date(out, letter->date_us);
	mail_text_add_string(out, arena_printf(out->arena,
					  "Message-ID: %s\r\n"
					  "MIME-Version: 1.0\r\n"
					  "Auto-Submitted: auto-generated\r\n"
					  "Content-Type: multipart/alternative; boundary=\"%s\"\r\n"
					  "\r\n",
					  letter->message_id, boundary));
}

struct status mail_render(const struct mail_templates *templates, const struct mail_letter *letter,
	struct arena *arena, struct bytes *message)
{
	const struct mail_parts *parts = &templates->kinds[letter->kind];
	struct mail_values values = { { 0 } };
	const char *text, *html, *subject;
	char boundary[BOUNDARY_MAX];
	struct mail_text out;

	TRY(check_headers(letter));
	collect_values(letter, arena, &values);
	TRY(expand(&parts->subject, MAIL_FORMAT_TEXT, &values, arena, &subject));
	/* A subject may show a fact of several lines. */
	values.of[PLACE_SUBJECT] = mail_text_clean(arena, MAIL_CLEAN_LINE, subject);
	TRY(expand(&parts->text, MAIL_FORMAT_TEXT, &values, arena, &text));
	TRY(expand_html(templates, parts, &values, arena, &html));

	make_boundary(letter->message_id, boundary);
	mail_text_init(&out, arena, MAIL_BYTES_MAX);
	add_headers(&out, letter, mail_text_clean(arena, MAIL_CLEAN_LINE, letter->from_name),
		values.of[PLACE_SUBJECT], boundary);
	add_part(&out, boundary, "plain", text);
	add_part(&out, boundary, "html", html);
	mail_text_add_string(&out, arena_printf(arena, "--%s--\r\n", boundary));
	if (out.full)
		return too_large();
	*message = bytes_of(out.data, out.size);
	return OK;
}
