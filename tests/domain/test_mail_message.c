/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/expect.h"
#include "domain/mail_fixture.h"

static struct arena arena;

static void set_up(void)
{
	arena_init(&arena);
}

static void tear_down(void)
{
	arena_clear(&arena);
}

TestSuite(mail_message, .init = set_up, .fini = tear_down);

static void expect_header(const char *message, const char *name, const char *value)
{
	const char *found = mail_fixture_header(&arena, message, name);

	cr_assert(found, "%s is missing", name);
	cr_expect_str_eq(found, value);
}

static unsigned count(const char *text, const char *what)
{
	unsigned found = 0;

	for (; (text = strstr(text, what)); text++)
		found++;
	return found;
}

Test(rules, rule_14_the_mail_has_the_headers_of_a_transactional_one, .init = set_up,
	.fini = tear_down)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	const char *message = mail_fixture_render(&arena, &letter);

	expect_header(message, "From", "Developer Portal <portal@portal.example>");
	expect_header(message, "To", "<charles@example.com>");
	expect_header(message, "Subject", "Ada Lovelace invites you to join Analytical Engines");
	expect_header(message, "Date", "Tue, 25 Nov 2025 14:05:00 +0000");
	expect_header(message, "Message-ID", "<dlv_00000000000000000000000001@portal.example>");
	expect_header(message, "MIME-Version", "1.0");
	expect_header(message, "Auto-Submitted", "auto-generated");
	cr_expect_null(mail_fixture_header(&arena, message, "List-Unsubscribe"));
	cr_expect_null(mail_fixture_header(&arena, message, "Bcc"));
}

Test(rules, rule_14_the_text_says_who_what_until_when_and_how_to_decline, .init = set_up,
	.fini = tear_down)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	const char *text = mail_fixture_part(&arena, mail_fixture_render(&arena, &letter), "plain");

	cr_expect_str_eq(text,
		"Ada Lovelace invites you to join Analytical Engines on the portal as Admin.\r\n"
		"\r\n"
		"Ada Lovelace writes:\r\n"
		"\r\n"
		"Join us.\r\n"
		"There is tea.\r\n"
		"\r\n"
		"To accept or to decline, open this page. If you have no account yet, you make\r\n"
		"one on the way:\r\n"
		"\r\n"
		"https://portal.example/join?token=abc\r\n"
		"\r\n"
		"The invitation is for charles@example.com. It can be accepted until\r\n"
		"Tuesday, 2 December 2025, 14:05 UTC.\r\n"
		"\r\n"
		"If you would rather not join, choose \"Decline\" on that page, or do nothing:\r\n"
		"without an answer the invitation expires by itself. Opening the page changes\r\n"
		"nothing.\r\n"
		"\r\n"
		"Questions? Ask developer@example.com.\r\n");
}

Test(rules, rule_14_the_html_has_a_real_button_and_says_the_same, .init = set_up, .fini = tear_down)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	const char *html = mail_fixture_part(&arena, mail_fixture_render(&arena, &letter), "html");

	cr_expect_eq(count(html, "<a href="), 1);
	cr_expect(strstr(html, "<a href=\"https://portal.example/join?token=abc\""));
	cr_expect(strstr(html, ">Join Analytical Engines</a>"));
	cr_expect(strstr(html, "Ada Lovelace"));
	cr_expect(strstr(html, "Admin"));
	cr_expect(strstr(html, "Tuesday, 2 December 2025, 14:05 UTC"));
	cr_expect(strstr(html, "Decline"));
	cr_expect(strstr(html, "Join us.<br>\r\nThere is tea."));
	cr_expect_str_eq(strstr(html, "</html>"), "</html>\r\n");
}

Test(rules, rule_14_names_are_escaped_and_add_no_header, .init = set_up, .fini = tear_down)
{
	static const struct mail_fact facts[] = {
		{ "organization", "<script>alert(1)</script> & \"Co\"" },
		{ "inviter", "Eve\r\nBcc: everyone@example.com\r\n\r\n<h1>Hi</h1>" },
		{ "role", "Member" },
		{ "message", "</p><a href=\"https://evil.example\">click</a>" },
		{ "expire_time", "soon" },
	};
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	const char *message, *html, *text;

	letter.facts = facts;
	letter.fact_count = COUNT_OF(facts);
	letter.from_name = "Portal\r\nBcc: everyone@example.com";
	letter.platform = "<platform>";
	message = mail_fixture_render(&arena, &letter);
	html = mail_fixture_part(&arena, message, "html");
	text = mail_fixture_part(&arena, message, "plain");

	cr_expect_null(mail_fixture_header(&arena, message, "Bcc"));
	cr_expect_str_eq(mail_fixture_header(&arena, message, "From"),
		"\"Portal  Bcc: everyone@example.com\" <portal@portal.example>");
	cr_expect(strstr(html, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Co&quot;"));
	cr_expect_eq(count(html, "<script"), 0);
	cr_expect_eq(count(html, "<h1"), 1, "the layout's own");
	cr_expect_eq(count(html, "<a href="), 1);
	cr_expect_eq(count(html, "<platform>"), 0);
	cr_expect(strstr(text, "Eve  Bcc: everyone@example.com"));
}

Test(mail_message, a_subject_with_other_letters_is_encoded)
{
	static const struct mail_fact facts[] = { { "organization", "Müller & Söhne €" },
		{ "inviter", "Zoë" } };
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	const char *subject;

	letter.facts = facts;
	letter.fact_count = COUNT_OF(facts);
	subject = mail_fixture_header(&arena, mail_fixture_render(&arena, &letter), "Subject");
	for (const char *c = subject; *c; c++)
		cr_assert(*c >= ' ' && *c <= '~');
	cr_expect_str_eq(
		mail_fixture_words(&arena, subject), "Zoë invites you to join Müller & Söhne €");
}

Test(mail_message, no_line_is_longer_than_998_bytes_and_all_end_with_crlf)
{
	for (enum mail_kind kind = 0; kind < MAIL_KINDS; kind++) {
		struct mail_letter letter = mail_fixture_letter(kind);
		const char *line = mail_fixture_render(&arena, &letter);

		while (*line) {
			size_t length = strcspn(line, "\r\n");

			cr_assert_leq(length, 998);
			cr_assert_eq(strncmp(line + length, "\r\n", 2), 0);
			line += length + 2;
		}
	}
}

Test(mail_message, an_empty_fact_takes_its_section_away)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	const char *text;

	letter.fact_count = 3;
	text = mail_fixture_part(&arena, mail_fixture_render(&arena, &letter), "plain");
	cr_expect_null(strstr(text, "writes:"));
}

Test(mail_message, equal_letters_are_rendered_alike)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_ORGANIZATION_REJECTED);

	cr_expect_str_eq(
		mail_fixture_render(&arena, &letter), mail_fixture_render(&arena, &letter));
}

Test(mail_message, every_kind_names_its_reader_and_the_support)
{
	for (enum mail_kind kind = 0; kind < MAIL_KINDS; kind++) {
		struct mail_letter letter = mail_fixture_letter(kind);
		const char *message = mail_fixture_render(&arena, &letter);
		const char *text = mail_fixture_part(&arena, message, "plain");
		const char *html = mail_fixture_part(&arena, message, "html");

		cr_expect(strstr(text, "charles@example.com") || strstr(text, "Charles Babbage"),
			"%s", mail_kind_name(kind));
		cr_expect(strstr(text, "https://portal.example/join?token=abc"));
		cr_expect(strstr(text, "developer@example.com") &&
			  strstr(html, "developer@example.com"));
		cr_expect_null(strstr(text, "{{"));
		cr_expect_null(strstr(html, "{{"));
	}
}

Test(mail_message, what_cannot_stand_in_a_header_is_refused)
{
	static const char *const addresses[] = { "", "a b@example.com", "a@example.com>\r\nBcc: b",
		"<a@b.example>", "a@b.example, c@d.example", "ä@example.com", " a@b.example" };
	struct mail_templates *templates;
	struct bytes message;

	expect_ok(mail_templates_load(mail_fixture_directory(), &templates));
	for (size_t i = 0; i < COUNT_OF(addresses); i++) {
		struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);

		letter.to = addresses[i];
		expect_refused(mail_render(templates, &letter, &arena, &message),
			STATUS_INVALID_ARGUMENT, "MAIL_HEADER");
		letter = mail_fixture_letter(MAIL_INVITATION);
		letter.from = addresses[i];
		expect_refused(mail_render(templates, &letter, &arena, &message),
			STATUS_INVALID_ARGUMENT, "MAIL_HEADER");
		letter = mail_fixture_letter(MAIL_INVITATION);
		letter.message_id = addresses[i];
		if (i != 3)
			expect_refused(mail_render(templates, &letter, &arena, &message),
				STATUS_INVALID_ARGUMENT, "MAIL_HEADER");
	}
	mail_templates_free(templates);
}

Test(mail_message, a_mail_has_a_limit)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	struct mail_fact facts[] = { { "message", arena_zalloc(&arena, MAIL_BYTES_MAX) } };
	struct mail_templates *templates;
	struct bytes message;
	struct status status;

	memset((char *)(uintptr_t)facts[0].value, 'x', MAIL_BYTES_MAX - 1);
	letter.facts = facts;
	letter.fact_count = 1;
	expect_ok(mail_templates_load(mail_fixture_directory(), &templates));
	status = mail_render(templates, &letter, &arena, &message);
	expect_refused(status, STATUS_RESOURCE_EXHAUSTED, "MAIL_TOO_LARGE");
	cr_expect(strstr(status.failure->message, "128 KiB"));
	mail_templates_free(templates);
}

static struct status render(const struct mail_letter *letter, const char **message)
{
	struct mail_templates *templates;
	struct bytes bytes;
	struct status status;

	expect_ok(mail_templates_load(mail_fixture_directory(), &templates));
	status = mail_render(templates, letter, &arena, &bytes);
	mail_templates_free(templates);
	if (!status.code)
		*message = arena_strndup(&arena, (const char *)bytes.data, bytes.size);
	return status;
}

Test(mail_message, an_address_in_a_header_has_320_characters_at_most)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	char address[322] = "", id[323 + 2];
	const char *message;

	memset(address, '~', 320);
	snprintf(id, sizeof(id), "<%s>", address);
	letter.from = letter.to = address;
	letter.message_id = id;
	expect_ok(render(&letter, &message));
	expect_header(message, "To", arena_printf(&arena, "<%s>", address));
	address[320] = '~';
	expect_refused(render(&letter, &message), STATUS_INVALID_ARGUMENT, "MAIL_HEADER");
	letter.from = letter.to = "a@b.example";
	snprintf(id, sizeof(id), "<%s>", address);
	expect_refused(render(&letter, &message), STATUS_INVALID_ARGUMENT, "MAIL_HEADER");
}

Test(mail_message, an_id_stands_in_brackets)
{
	static const char *const ids[] = { "<>", "<", ">", "a@b.example>", "<a@b.example" };

	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
		const char *message;

		letter.message_id = ids[i];
		expect_refused(render(&letter, &message), STATUS_INVALID_ARGUMENT, "MAIL_HEADER");
	}
}

Test(mail_message, the_parts_stand_between_boundaries_made_of_the_id)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	const char *message = mail_fixture_render(&arena, &letter), *last;
	static const char boundary[] = "--=_dlv_00000000000000000000000001";

	expect_header(message, "Content-Type",
		"multipart/alternative; boundary=\"=_dlv_00000000000000000000000001\"");
	cr_expect_eq(count(message, boundary), 3);
	last = arena_printf(&arena, "\r\n%s--\r\n", boundary);
	cr_expect_str_eq(message + strlen(message) - strlen(last), last);
}

Test(mail_message, a_boundary_is_no_longer_than_a_line_may_be_and_of_plain_characters)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	const char *message, *value;

	letter.message_id = "<a.b-c$0123456789012345678901234567890123456789012345678901234567890"
			    "1234567890123456789@portal.example>";
	expect_ok(render(&letter, &message));
	value = mail_fixture_header(&arena, message, "Content-Type");
	cr_expect(strstr(value, "boundary=\"=_abc0123456789"));
	cr_expect_leq(strlen(strchr(value, '"')), 72, "RFC 2046 5.1.1: 70 and two quotes");
}

Test(mail_message, a_mail_may_be_too_large_as_a_whole_alone)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	char *text = arena_zalloc(&arena, MAIL_BYTES_MAX);
	struct mail_fact facts[] = { { "message", text } };
	const char *message;

	letter.facts = facts;
	letter.fact_count = 1;
	memset(text, 'x', MAIL_BYTES_MAX / 4);
	expect_ok(render(&letter, &message));
	memset(text, 'x', MAIL_BYTES_MAX / 2);
	expect_refused(render(&letter, &message), STATUS_RESOURCE_EXHAUSTED, "MAIL_TOO_LARGE");
}

Test(mail_message, a_sender_without_a_name_is_an_address)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	const char *message;

	letter.from_name = "";
	expect_ok(render(&letter, &message));
	expect_header(message, "From", "<portal@portal.example>");
}

Test(mail_message, a_date_has_two_digits_for_each_part)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	const char *message;

	letter.date_us = INT64_C(1735693445) * 1000000 + 999999;
	expect_ok(render(&letter, &message));
	expect_header(message, "Date", "Wed, 01 Jan 2025 01:04:05 +0000");
}

Test(mail_message, a_message_and_a_note_keep_their_lines_and_all_else_is_one)
{
	static const struct mail_fact facts[] = { { "organization", "A\nB" },
		{ "note", "one\ntwo" }, { "reason", "three\nfour" }, { "unheard", "of" } };
	struct mail_letter letter = mail_fixture_letter(MAIL_ORGANIZATION_REJECTED);
	const char *message, *text;

	letter.facts = facts;
	letter.fact_count = COUNT_OF(facts);
	letter.support = "x\ny@example.com";
	expect_ok(render(&letter, &message));
	text = mail_fixture_part(&arena, message, "plain");
	cr_expect(strstr(text, "A B"));
	cr_expect(strstr(text, "one\r\ntwo"));
	cr_expect(strstr(text, "three four"));
	cr_expect(strstr(text, "x y@example.com"));
}

Test(mail_message, the_limit_is_a_size_that_is_still_sent)
{
	struct mail_letter letter = mail_fixture_letter(MAIL_INVITATION);
	char *text = arena_zalloc(&arena, MAIL_BYTES_MAX), from[320] = "";
	struct mail_fact facts[] = { { "message", text } };
	size_t left = MAIL_BYTES_MAX;
	const char *message;

	letter.facts = facts;
	letter.fact_count = 1;
	letter.from = from;
	*from = 'x';
	/* What the text makes in steps, the sender's address makes up for byte by byte. */
	for (size_t size = 0; left > 300; size += (left - 150) * 3 / 9) {
		memset(text, 'x', size);
		expect_ok(render(&letter, &message));
		left = MAIL_BYTES_MAX - strlen(message);
	}
	memset(from, 'x', left + 1);
	expect_ok(render(&letter, &message));
	cr_expect_eq(strlen(message), MAIL_BYTES_MAX);
	from[left + 1] = 'x';
	expect_refused(render(&letter, &message), STATUS_RESOURCE_EXHAUSTED, "MAIL_TOO_LARGE");
}
