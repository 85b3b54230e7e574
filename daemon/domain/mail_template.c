/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mail_template.h"

#include <stdbool.h>
#include <string.h>

static const char *const places[PLACES] = {
	[PLACE_ORGANIZATION] = "organization",
	[PLACE_INVITER] = "inviter",
	[PLACE_ROLE] = "role",
	[PLACE_MESSAGE] = "message",
	[PLACE_EXPIRE_TIME] = "expire_time",
	[PLACE_NAME] = "name",
	[PLACE_REASON] = "reason",
	[PLACE_NOTE] = "note",
	[PLACE_WEBHOOK] = "webhook",
	[PLACE_PLATFORM] = "platform",
	[PLACE_SUPPORT] = "support",
	[PLACE_RECIPIENT] = "recipient",
	[PLACE_LINK] = "link",
	[PLACE_SUBJECT] = "subject",
	[PLACE_LABEL] = "label",
	[PLACE_BUTTON] = "button",
	[PLACE_CONTENT] = "content",
};

enum mail_place mail_place_find(const char *name, size_t size)
{
	for (enum mail_place place = 0; place < PLACES; place++)
		if (strlen(places[place]) == size && !memcmp(places[place], name, size))
			return place;
	return PLACES;
}

struct status mail_template_malformed(
	const struct mail_source *source, unsigned line, const char *problem)
{
	return status_fail(STATUS_FAILED_PRECONDITION, "TEMPLATE_MALFORMED", "%s:%u: %s",
		source->path, line, problem);
}

/* A parse on its way. */
struct parser {
	const struct mail_source *source;
	uint32_t allowed;
	struct mail_template *template;
	const char *at, *end;
	unsigned line;
	enum mail_place open; /* the section that is open, PLACES for none */
};

static void add_piece(struct parser *parser, enum mail_piece_type type, enum mail_place place,
	const char *text, size_t size)
{
	if (type == PIECE_TEXT && !size)
		return;
	parser->template->pieces[parser->template->count++] =
		(struct mail_piece){ type, place, text, size };
}

static void add_text(struct parser *parser, const char *end)
{
	add_piece(parser, PIECE_TEXT, PLACES, parser->at, (size_t)(end - parser->at));
	for (; parser->at < end; parser->at++)
		parser->line += *parser->at == '\n';
}

/* Does the tag from `begin` to `end` have its line for itself? */
static bool is_alone(const struct parser *parser, const char *begin, const char *end)
{
	return (begin == parser->source->text || begin[-1] == '\n') &&
	       (end == parser->end || *end == '\n');
}

/* The tag "{{" at parser->at. */
MUST_USE static struct status parse_tag(struct parser *parser)
{
	const char *begin = parser->at, *name = begin + 2;
	const char *line_end = memchr(begin, '\n', (size_t)(parser->end - begin));
	size_t room = (size_t)((line_end ? line_end : parser->end) - name);
	const char *end = memmem(name, room, "}}", 2);
	enum mail_piece_type type = PIECE_VALUE;
	enum mail_place place;

	if (!end)
		return mail_template_malformed(
			parser->source, parser->line, "\"{{\" without \"}}\" on its line");
	if (*name == '#' || *name == '/')
		type = *name++ == '#' ? PIECE_IF : PIECE_END;
	place = mail_place_find(name, (size_t)(end - name));
	if (place == PLACES || !(parser->allowed & PLACE_BIT(place)))
		return status_fail(STATUS_FAILED_PRECONDITION, "TEMPLATE_MALFORMED",
			"%s:%u: \"%.*s\" is no placeholder here", parser->source->path,
			parser->line, (int)(end - name < 40 ? end - name : 40), name);
	if (type == PIECE_IF && parser->open != PLACES)
		return mail_template_malformed(
			parser->source, parser->line, "a section inside a section");
	if (type == PIECE_END && parser->open != place)
		return mail_template_malformed(
			parser->source, parser->line, "the end of a section that is not open");
	if (type != PIECE_VALUE)
		parser->open = type == PIECE_IF ? place : PLACES;
	add_piece(parser, type, place, NULL, 0);
	parser->template->places |= PLACE_BIT(place);
	parser->at = end + 2;
	if (type != PIECE_VALUE && is_alone(parser, begin, parser->at) &&
		parser->at < parser->end) {
		parser->at++;
		parser->line++;
	}
	return OK;
}

struct status mail_template_parse(const struct mail_source *source, uint32_t allowed,
	struct arena *arena, struct mail_template *template)
{
	struct parser parser = { .source = source,
		.allowed = allowed,
		.template = template,
		.at = source->text,
		.end = source->text + source->size,
		.line = source->line,
		.open = PLACES };

	/* Each tag of at least five characters makes at most two pieces. */
	*template = (struct mail_template){ .pieces = ARENA_ARRAY(arena, struct mail_piece,
						    source->size / 2 + 2) };
	while (parser.at < parser.end) {
		const char *tag = memmem(parser.at, (size_t)(parser.end - parser.at), "{{", 2);

		add_text(&parser, tag ? tag : parser.end);
		if (tag)
			TRY(parse_tag(&parser));
	}
	if (parser.open != PLACES)
		return mail_template_malformed(source, parser.line, "a section is not closed");
	return OK;
}

static void add_value(
	enum mail_format format, enum mail_place place, const char *value, struct mail_text *out)
{
	if (format == MAIL_FORMAT_HTML && place != PLACE_BUTTON && place != PLACE_CONTENT)
		mail_text_add_html(out, value);
	else
		mail_text_add_string(out, value);
}

void mail_template_expand(const struct mail_template *template, enum mail_format format,
	const struct mail_values *values, struct mail_text *out)
{
	bool skip = false;

	for (size_t i = 0; i < template->count; i++) {
		const struct mail_piece *piece = &template->pieces[i];
		const char *value = piece->type == PIECE_TEXT ? NULL : values->of[piece->place];

		if (piece->type == PIECE_IF)
			skip = !value || !*value;
		else if (piece->type == PIECE_END)
			skip = false;
		else if (!skip && piece->type == PIECE_TEXT)
			mail_text_add(out, piece->text, piece->size);
		else if (!skip && value)
			add_value(format, piece->place, value, out);
	}
}
