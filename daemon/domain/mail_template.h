/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "domain/mail.h"
#include "domain/mail_text.h"

/*
 * The templates' small language: "{{name}}" stands for a value, and what is between "{{#name}}" and
 * "{{/name}}" is there only when that value is not empty. The latter two may have a line of their
 * own, which vanishes. Nothing nests.
 */

/* What can stand for a value. The first ones are the facts of mails. */
enum mail_place {
	PLACE_ORGANIZATION,
	PLACE_INVITER,
	PLACE_ROLE,
	PLACE_MESSAGE,
	PLACE_EXPIRE_TIME,
	PLACE_NAME,
	PLACE_REASON,
	PLACE_NOTE,
	PLACE_WEBHOOK,
	PLACE_PLATFORM,
	PLACE_SUPPORT,
	PLACE_RECIPIENT,
	PLACE_LINK,
	PLACE_SUBJECT, /* in layout.html */
	PLACE_LABEL,   /* in button.html */
	PLACE_BUTTON,  /* in a mail's html: button.html, filled in */
	PLACE_CONTENT, /* in layout.html: a mail's html, filled in */
	PLACES,
	PLACE_FACTS = PLACE_PLATFORM,
};

#define PLACE_BIT(place) (1u << (place))
#define PLACES_EVERYWHERE                                                                          \
	(PLACE_BIT(PLACE_PLATFORM) | PLACE_BIT(PLACE_SUPPORT) | PLACE_BIT(PLACE_RECIPIENT))

/* The fact of that name, PLACES for none. */
enum mail_place mail_place_find(const char *name, size_t size);
/* Which facts a kind has, as PLACE_BITs. */
uint32_t mail_kind_facts(enum mail_kind kind);

struct mail_piece {
	enum mail_piece_type {
		PIECE_TEXT,
		PIECE_VALUE,
		PIECE_IF, /* a non-empty value: else skip to the next PIECE_END */
		PIECE_END,
	} type;
	enum mail_place place;
	const char *text; /* borrowed from the file's content */
	size_t size;
};

struct mail_template {
	struct mail_piece *pieces;
	size_t count;
	uint32_t places; /* that it uses, as PLACE_BITs */
};

/* A part of a template file. */
struct mail_source {
	const char *path; /* for messages */
	unsigned line;    /* of its first line in the file */
	const char *text;
	size_t size;
};

/* Reads a template that may use the places in `allowed`. What it keeps is in `arena`, the source
 * stays borrowed.
 *
 *   FAILED_PRECONDITION TEMPLATE_MALFORMED */
MUST_USE struct status mail_template_parse(const struct mail_source *source, uint32_t allowed,
	struct arena *arena, struct mail_template *template);
/* TEMPLATE_MALFORMED at a line of the source. */
MUST_USE struct status mail_template_malformed(
	const struct mail_source *source, unsigned line, const char *problem);

/* Values by place; NULL or empty for none. */
struct mail_values {
	const char *of[PLACES];
};

enum mail_format {
	MAIL_FORMAT_TEXT,
	MAIL_FORMAT_HTML /* values are escaped, but for button and content */
};
void mail_template_expand(const struct mail_template *template, enum mail_format format,
	const struct mail_values *values, struct mail_text *out);

/* The files of a directory, parsed. */
struct mail_templates {
	struct arena arena;
	struct mail_parts {
		struct mail_template subject, button, text, html;
	} kinds[MAIL_KINDS];
	struct mail_template layout, button;
};
