/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/mail_template.h"

/*
 * The files of a template directory: layout.html and button.html, which every mail shares, and for
 * each kind of mail one "<kind>.mail" of four sections:
 *
 *	What is before the first section is for people.
 *	=== subject
 *	One line.
 *	=== button
 *	The label of its button, one line.
 *	=== text
 *	...
 *	=== html
 *	What layout.html wraps.
 */
enum { FILE_BYTES_MAX = 64 * 1024 };

enum section { SECTION_SUBJECT, SECTION_BUTTON, SECTION_TEXT, SECTION_HTML, SECTIONS };

static const char *const section_names[SECTIONS] = { "subject", "button", "text", "html" };

static void file_close(FILE **file)
{
	if (*file)
		fclose(*file);
}

static unsigned line_of(const char *text, const char *at)
{
	unsigned line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

/* Takes the CRs out, so that files edited elsewhere are fine. */
static size_t drop_carriage_returns(char *text, size_t size)
{
	size_t kept = 0;

	for (size_t i = 0; i < size; i++)
		if (text[i] != '\r')
			text[kept++] = text[i];
	text[kept] = '\0';
	return kept;
}

MUST_USE static struct status read_file(
	struct arena *arena, const char *directory, const char *name, struct mail_source *source)
{
	char *path = arena_printf(arena, "%s/%s", directory, name);
	CLEANUP(file_close) FILE *file = fopen(path, "re");
	char *text = arena_alloc(arena, FILE_BYTES_MAX + 1);
	size_t size;

	*source = (struct mail_source){ .path = path, .line = 1, .text = text };
	size = file ? fread(text, 1, FILE_BYTES_MAX, file) : 0;
	if (!file || ferror(file))
		return status_fail(STATUS_FAILED_PRECONDITION, "TEMPLATE_MISSING",
			"%s: %s; mail needs this template", path, strerror(errno));
	if (size == FILE_BYTES_MAX)
		return mail_template_malformed(source, 1, "longer than 64 KiB");
	if (memchr(text, '\0', size) || !text_is_utf8(text, size))
		return mail_template_malformed(source, 1, "not UTF-8");
	source->size = drop_carriage_returns(text, size);
	return OK;
}

static void trim_newlines(struct mail_source *part)
{
	while (part->size && *part->text == '\n') {
		part->text++;
		part->size--;
		part->line++;
	}
	while (part->size && part->text[part->size - 1] == '\n')
		part->size--;
}

/* Ends the section that began at part->text, where the next marker or the file's end is. */
static void close_section(struct mail_source *part, const char *end)
{
	part->size = (size_t)(end - part->text);
	trim_newlines(part);
}

MUST_USE static struct status find_sections(
	const struct mail_source *file, struct mail_source parts[SECTIONS])
{
	static const char marker[] = "=== ";
	const char *end = file->text + file->size, *next;
	struct mail_source *open = NULL;

	for (const char *line = file->text; line < end; line = next) {
		const char *name = line + strlen(marker), *line_end = strchrnul(line, '\n');
		enum section section = 0;

		next = line_end < end ? line_end + 1 : end;
		if (strncmp(line, marker, strlen(marker)) != 0)
			continue;
		while (section < SECTIONS &&
			(strlen(section_names[section]) != (size_t)(line_end - name) ||
				memcmp(section_names[section], name, (size_t)(line_end - name))))
			section++;
		if (section == SECTIONS || parts[section].text)
			return mail_template_malformed(file, line_of(file->text, line),
				"sections are subject, button, text and html, each once");
		if (open)
			close_section(open, line);
		open = &parts[section];
		*open = (struct mail_source){ file->path, line_of(file->text, next), next, 0 };
	}
	if (open)
		close_section(open, end);
	for (enum section section = 0; section < SECTIONS; section++)
		if (!parts[section].size)
			return status_fail(STATUS_FAILED_PRECONDITION, "TEMPLATE_MALFORMED",
				"%s:%u: the section %s is missing or empty", file->path,
				line_of(file->text, end), section_names[section]);
	return OK;
}

MUST_USE static struct status one_line(const struct mail_source *part)
{
	if (memchr(part->text, '\n', part->size))
		return mail_template_malformed(
			part, part->line, "subject and button have one line");
	return OK;
}

/* A mail whose link is its purpose must show it, in both forms. */
MUST_USE static struct status check_link(enum mail_kind kind,
	const struct mail_source parts[SECTIONS], const struct mail_parts *parsed)
{
	if (!mail_kind_has_token(kind))
		return OK;
	if (!(parsed->text.places & PLACE_BIT(PLACE_LINK)))
		return mail_template_malformed(&parts[SECTION_TEXT], parts[SECTION_TEXT].line,
			"the text does not say {{link}}");
	if (!(parsed->html.places & PLACE_BIT(PLACE_BUTTON)))
		return mail_template_malformed(&parts[SECTION_HTML], parts[SECTION_HTML].line,
			"the html has no {{button}}");
	return OK;
}

MUST_USE static struct status load_kind(
	struct mail_templates *templates, const char *directory, enum mail_kind kind)
{
	struct mail_parts *parsed = &templates->kinds[kind];
	const char *name = arena_printf(&templates->arena, "%s.mail", mail_kind_name(kind));
	uint32_t facts = mail_kind_facts(kind) | PLACES_EVERYWHERE, link = PLACE_BIT(PLACE_LINK);
	struct mail_source file, parts[SECTIONS] = { { 0 } };

	TRY(read_file(&templates->arena, directory, name, &file));
	TRY(find_sections(&file, parts));
	TRY(one_line(&parts[SECTION_SUBJECT]));
	TRY(one_line(&parts[SECTION_BUTTON]));
	TRY(mail_template_parse(
		&parts[SECTION_SUBJECT], facts, &templates->arena, &parsed->subject));
	TRY(mail_template_parse(&parts[SECTION_BUTTON], facts, &templates->arena, &parsed->button));
	TRY(mail_template_parse(
		&parts[SECTION_TEXT], facts | link, &templates->arena, &parsed->text));
	TRY(mail_template_parse(&parts[SECTION_HTML], facts | link | PLACE_BIT(PLACE_BUTTON),
		&templates->arena, &parsed->html));
	return check_link(kind, parts, parsed);
}

MUST_USE static struct status load_shared(struct mail_templates *templates, const char *directory,
	const char *name, uint32_t allowed, uint32_t needed, struct mail_template *parsed)
{
	struct mail_source file;

	TRY(read_file(&templates->arena, directory, name, &file));
	TRY(mail_template_parse(&file, allowed | needed, &templates->arena, parsed));
	if ((parsed->places & needed) != needed)
		return mail_template_malformed(&file, 1,
			"it must use {{content}} (layout) or {{link}} and {{label}} (button)");
	return OK;
}

MUST_USE static struct status load(struct mail_templates *templates, const char *directory)
{
	TRY(load_shared(templates, directory, "layout.html",
		PLACES_EVERYWHERE | PLACE_BIT(PLACE_SUBJECT), PLACE_BIT(PLACE_CONTENT),
		&templates->layout));
	TRY(load_shared(templates, directory, "button.html", 0,
		PLACE_BIT(PLACE_LINK) | PLACE_BIT(PLACE_LABEL), &templates->button));
	for (enum mail_kind kind = 0; kind < MAIL_KINDS; kind++)
		TRY(load_kind(templates, directory, kind));
	return OK;
}

struct status mail_templates_load(const char *directory, struct mail_templates **out)
{
	struct mail_templates *templates = calloc(1, sizeof(*templates));
	struct status status;

	if (!templates)
		abort();
	arena_init(&templates->arena);
	status = load(templates, directory);
	if (status.code) {
		mail_templates_free(templates);
		return status;
	}
	*out = templates;
	return OK;
}

void mail_templates_free(struct mail_templates *templates)
{
	if (!templates)
		return;
	arena_clear(&templates->arena);
	free(templates);
}
