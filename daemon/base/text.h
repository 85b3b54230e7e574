/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"

/*
 * Strings from people. Each check names the request's field in its refusal (SPEC rule 38); lengths
 * are in characters (code points). Results are in `arena` or are the argument itself.
 */

enum {
	TEXT_NAME_MAX = 100,  /* display names, titles */
	TEXT_EMAIL_MAX = 254, /* RFC 5321 4.5.3.1.3 less the brackets */
	TEXT_NOTE_MAX = 2000, /* messages, notes, descriptions */
	TEXT_URL_MAX = 2000,
	TEXT_HANDLE_MIN = 2,
	TEXT_HANDLE_MAX = 63, /* a DNS label */
	TEXT_METADATA_KEY_MAX = 64,
	TEXT_METADATA_VALUE_MAX = 500,
	TEXT_METADATA_PAIRS_MAX = 32,
};

/* What a string may hold besides letters. */
enum text_kind {
	TEXT_LINE, /* one line: no control character at all; surrounding white space trimmed */
	TEXT_PARAGRAPHS, /* also \n and \t; \r\n becomes \n */
	TEXT_NAME,       /* a line without a URL: "://", "www.evil", "evil.com/pay" */
};

/* Is `bytes` of them valid UTF-8 (RFC 3629: no overlong forms, no surrogates)? */
bool text_is_utf8(const char *text, size_t bytes);
/* Code points in valid UTF-8. */
size_t text_length(const char *text);

/* Trims and checks `value`, sets *result.
 *
 *   INVALID_ARGUMENT FIELD_REQUIRED     empty after trimming while `min` is above 0
 *   INVALID_ARGUMENT FIELD_TOO_SHORT    fewer than `min` characters
 *   INVALID_ARGUMENT FIELD_TOO_LONG     more than `max` characters
 *   INVALID_ARGUMENT INVALID_TEXT       bad UTF-8, a control or bidirectional-override character,
 *                                       or a character that Unicode never assigns
 *   INVALID_ARGUMENT NAME_IS_A_URL      TEXT_NAME that people's mail readers would turn into a
 *                                       link */
MUST_USE struct status text_check(struct arena *arena, enum text_kind kind, const char *field,
	const char *value, size_t min, size_t max, const char **result);

/* Checks an e-mail address and sets its canonical form, by which addresses are compared (SPEC rule
 * 2): the local part in lower case, the domain as IDNA2008 A-labels in lower case. Strict on
 * purpose: an ASCII dot-atom local part of at most 64 bytes, a domain with at least one dot; no
 * quoting, comments, encoded words, IP literals, spaces or control characters, since the address
 * reaches an SMTP conversation.
 *
 *   INVALID_ARGUMENT FIELD_REQUIRED   empty
 *   INVALID_ARGUMENT INVALID_EMAIL    anything else that is wrong; the sentence says what */
MUST_USE struct status text_check_email(struct arena *arena, const char *field, const char *value,
	const char **typed, const char **canonical);

/* Checks a handle and sets its canonical form (lower case), SPEC rule 27.
 *
 *   INVALID_ARGUMENT FIELD_REQUIRED    empty
 *   INVALID_ARGUMENT INVALID_HANDLE    not 2 to 63 of a-z, 0-9 and inner single hyphens, or all
 *                                      digits
 *   INVALID_ARGUMENT RESERVED_HANDLE   a word that the platform keeps for itself */
MUST_USE struct status text_check_handle(
	struct arena *arena, const char *field, const char *value, const char **canonical);

/* Checks an absolute http or https URL without user info, at most TEXT_URL_MAX characters; empty is
 * fine.
 *
 *   INVALID_ARGUMENT INVALID_URL */
MUST_USE struct status text_check_url(
	struct arena *arena, const char *field, const char *value, const char **result);
