/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mail_template.h"

#include <stdio.h>
#include <unistd.h>

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

TestSuite(mail_template, .init = set_up, .fini = tear_down);

static const struct mail_values values = { .of = { [PLACE_NAME] = "Ada",
						   [PLACE_NOTE] = "one <b>\ntwo",
						   [PLACE_BUTTON] = "<a>",
						   [PLACE_REASON] = "" } };

static struct status parse(const char *text, struct mail_template *template)
{
	struct mail_source source = { "x.mail", 7, text, strlen(text) };

	return mail_template_parse(&source,
		PLACE_BIT(PLACE_NAME) | PLACE_BIT(PLACE_NOTE) | PLACE_BIT(PLACE_REASON) |
			PLACE_BIT(PLACE_BUTTON),
		&arena, template);
}

static const char *expand(enum mail_format format, const char *text)
{
	struct mail_template template;
	struct mail_text out;

	expect_ok(parse(text, &template));
	mail_text_init(&out, &arena, 4096);
	mail_template_expand(&template, format, &values, &out);
	return out.data;
}

Test(mail_template, a_placeholder_stands_for_its_value)
{
	cr_expect_str_eq(expand(MAIL_FORMAT_TEXT, "Hello {{name}}, {{name}}!"), "Hello Ada, Ada!");
	cr_expect_str_eq(expand(MAIL_FORMAT_TEXT, "{name}"), "{name}");
}

Test(mail_template, html_escapes_values_but_for_the_button)
{
	cr_expect_str_eq(
		expand(MAIL_FORMAT_HTML, "{{note}} {{button}}"), "one &lt;b&gt;<br>\ntwo <a>");
	cr_expect_str_eq(expand(MAIL_FORMAT_TEXT, "{{note}}"), "one <b>\ntwo");
}

Test(mail_template, a_section_is_there_only_with_its_value)
{
	cr_expect_str_eq(expand(MAIL_FORMAT_TEXT, "a{{#name}}b{{/name}}c"), "abc");
	cr_expect_str_eq(expand(MAIL_FORMAT_TEXT, "a{{#reason}}b {{name}}{{/reason}}c"), "ac");
}

Test(mail_template, the_tags_of_a_section_take_their_lines_along)
{
	cr_expect_str_eq(expand(MAIL_FORMAT_TEXT, "a\n{{#name}}\nb\n{{/name}}\nc\n"), "a\nb\nc\n");
	cr_expect_str_eq(expand(MAIL_FORMAT_TEXT, "a\n{{#reason}}\nb\n{{/reason}}\nc\n"), "a\nc\n");
}

Test(mail_template, a_value_is_never_read_as_a_template)
{
	struct mail_values odd = { .of = { [PLACE_NAME] = "{{note}}", [PLACE_NOTE] = "secret" } };
	struct mail_template template;
	struct mail_text out;

	expect_ok(parse("{{name}}", &template));
	mail_text_init(&out, &arena, 4096);
	mail_template_expand(&template, MAIL_FORMAT_TEXT, &odd, &out);
	cr_expect_str_eq(out.data, "{{note}}");
}

Test(mail_template, mistakes_are_refused_with_file_and_line)
{
	static const struct {
		const char *text, *complaint;
	} mistakes[] = {
		{ "a\n{{name", "x.mail:8: \"{{\" without \"}}\" on its line" },
		{ "{{name\n}}", "x.mail:7: \"{{\" without \"}}\" on its line" },
		{ "{{name}x", "x.mail:7: \"{{\" without \"}}\" on its line" },
		{ "{name}}{{", "x.mail:7: \"{{\" without \"}}\" on its line" },
		{ "{{nobody}}", "x.mail:7: \"nobody\" is no placeholder here" },
		{ "{{link}}", "x.mail:7: \"link\" is no placeholder here" },
		{ "{{}}", "x.mail:7: \"\" is no placeholder here" },
		{ "{{ name }}", "x.mail:7: \" name \" is no placeholder here" },
		{ "{{an_unknown_placeholder_of_39_characters}}",
			"x.mail:7: \"an_unknown_placeholder_of_39_characters\" is no placeholder "
			"here" },
		{ "{{an_unknown_placeholder_of_46_characters_in_all}}",
			"x.mail:7: \"an_unknown_placeholder_of_46_characters_\" is no placeholder "
			"here" },
		{ "{{#name}}\n{{#note}}{{/note}}{{/name}}",
			"x.mail:8: a section inside a section" },
		{ "{{/name}}", "x.mail:7: the end of a section that is not open" },
		{ "{{#name}}{{/note}}", "x.mail:7: the end of a section that is not open" },
		{ "{{#name}}\nx\n", "x.mail:9: a section is not closed" },
		{ "{{#name}}", "x.mail:7: a section is not closed" },
	};

	for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
		struct mail_template template;
		struct status status = parse(mistakes[i].text, &template);

		cr_assert_eq(status.code, STATUS_FAILED_PRECONDITION, "%s", mistakes[i].text);
		cr_expect_str_eq(status.failure->reason, "TEMPLATE_MALFORMED");
		cr_expect_str_eq(status.failure->message, mistakes[i].complaint);
	}
}

/* --- the files of a directory --- */

#define GOOD_SECTIONS                                                                              \
	"=== subject\nA subject\n=== button\nGo\n=== text\n{{link}}\n=== html\n{{button}}\n"

static char complaint[512];

/* Loads the directory with one file replaced: NULL, or the complaint less the directory's name. */
static const char *load_with(const char *name, const char *content)
{
	const char *directory = mail_fixture_copy();
	struct mail_templates *templates;
	struct status status;

	if (content)
		mail_fixture_write(directory, name, content);
	else
		cr_assert_eq(remove(arena_printf(&arena, "%s/%s", directory, name)), 0);
	status = mail_templates_load(directory, &templates);
	mail_fixture_remove(directory);
	if (!status.code) {
		mail_templates_free(templates);
		return NULL;
	}
	cr_expect_eq(status.code, STATUS_FAILED_PRECONDITION);
	cr_expect_str_eq(
		status.failure->reason, content ? "TEMPLATE_MALFORMED" : "TEMPLATE_MISSING");
	cr_expect_eq(strncmp(status.failure->message, directory, strlen(directory)), 0);
	snprintf(complaint, sizeof(complaint), "%s",
		status.failure->message + strlen(directory) + 1);
	return complaint;
}

Test(mail_template, a_directory_that_was_changed_with_care_loads)
{
	cr_expect_null(load_with("invitation.mail", "For people.\n\n" GOOD_SECTIONS));
	cr_expect_null(load_with("account_exists.mail",
			       "=== subject\nx\n=== button\ny\n=== text\nz\n=== html\nz\n"),
		"a mail without a token needs no link");
	cr_expect_null(
		load_with("invitation.mail", "=== subject\r\nA subject\r\n=== button\r\nGo\r\n=== "
					     "text\r\n{{link}}\r\n=== html\r\n{{button}}\r\n"));
}

Test(mail_template, a_missing_file_is_named)
{
	cr_expect_str_eq(load_with("layout.html", NULL),
		"layout.html: No such file or directory; mail needs this template");
	cr_expect_str_eq(load_with("password_reset.mail", NULL),
		"password_reset.mail: No such file or directory; mail needs this template");
}

Test(mail_template, files_that_are_not_whole_are_refused)
{
	static const struct {
		const char *name, *content, *complaint;
	} mistakes[] = {
		{ "invitation.mail", "",
			"invitation.mail:1: the section subject is missing or empty" },
		{ "invitation.mail", "=== subject\nx\n=== button\ny\n=== text\n{{link}}\n",
			"invitation.mail:7: the section html is missing or empty" },
		{ "invitation.mail", "=== subject\n\n=== button\ny\n",
			"invitation.mail:5: the section subject is missing or empty" },
		{ "invitation.mail", GOOD_SECTIONS "=== text\nagain\n",
			"invitation.mail:9: sections are subject, button, text and html, each "
			"once" },
		{ "invitation.mail", "=== subject\nx\n=== button\ny\n=== text\n{{link}}\n=== html",
			"invitation.mail:7: the section html is missing or empty" },
		{ "invitation.mail", "=== subject\r\nx\r\n=== html",
			"invitation.mail:3: the section button is missing or empty" },
		{ "invitation.mail", "=== footer\nx\n",
			"invitation.mail:1: sections are subject, button, text and html, each "
			"once" },
		{ "invitation.mail",
			"=== subject\nx\ny\n=== button\ny\n=== text\n{{link}}\n=== "
			"html\n{{button}}\n",
			"invitation.mail:2: subject and button have one line" },
		{ "invitation.mail",
			"=== subject\nx\n=== button\ny\nz\n=== text\n{{link}}\n=== "
			"html\n{{button}}\n",
			"invitation.mail:4: subject and button have one line" },
		{ "button.html", "{{link}} {{label}} {{organization}}",
			"button.html:1: \"organization\" is no placeholder here" },
		{ "button.html", "{{link}} {{label}} {{inviter}}",
			"button.html:1: \"inviter\" is no placeholder here" },
		{ "invitation.mail",
			"=== subject\n\nx {{note}}\n=== button\ny\n=== text\n{{link}}\n=== "
			"html\n{{button}}\n",
			"invitation.mail:3: \"note\" is no placeholder here" },
		{ "invitation.mail",
			"=== subject\nx {{link}}\n=== button\ny\n=== text\n{{link}}\n=== "
			"html\n{{button}}\n",
			"invitation.mail:2: \"link\" is no placeholder here" },
		{ "invitation.mail",
			"=== subject\nx\n=== button\ny\n=== text\nno link\n=== html\n{{button}}\n",
			"invitation.mail:6: the text does not say {{link}}" },
		{ "invitation.mail",
			"=== subject\nx\n=== button\ny\n=== text\n{{link}}\n=== html\n{{link}}\n",
			"invitation.mail:8: the html has no {{button}}" },
		{ "layout.html", "<html></html>",
			"layout.html:1: it must use {{content}} (layout) or {{link}} and {{label}} "
			"(button)" },
		{ "button.html", "<a href=\"{{link}}\">go</a>",
			"button.html:1: it must use {{content}} (layout) or {{link}} and {{label}} "
			"(button)" },
		{ "layout.html", "{{content}}\n{{inviter}}",
			"layout.html:2: \"inviter\" is no placeholder here" },
		{ "layout.html", "\xff{{content}}", "layout.html:1: not UTF-8" },
	};

	for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
		const char *said = load_with(mistakes[i].name, mistakes[i].content);

		cr_assert(said, "%s", mistakes[i].complaint);
		cr_expect_str_eq(said, mistakes[i].complaint);
	}
}

Test(mail_template, a_file_has_a_limit)
{
	char *content = arena_zalloc(&arena, 64 * 1024 + 2);

	memset(content, 'x', 64 * 1024 - 1);
	memcpy(content, "{{content}}", strlen("{{content}}"));
	cr_expect_null(load_with("layout.html", content));
	for (size_t size = 64 * 1024; size < 64 * 1024 + 2; size++) {
		memset(content, 'x', size);
		cr_expect_str_eq(
			load_with("layout.html", content), "layout.html:1: longer than 64 KiB");
	}
}

Test(mail_template, loading_keeps_no_file_open)
{
	struct mail_templates *templates;
	int before = dup(STDIN_FILENO), after;

	close(before);
	expect_ok(mail_templates_load(mail_fixture_directory(), &templates));
	mail_templates_free(templates);
	mail_templates_free(NULL);
	after = dup(STDIN_FILENO);
	close(after);
	cr_expect_eq(before, after);
}
