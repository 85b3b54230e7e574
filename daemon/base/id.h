/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/status.h"

/*
 * The name of a resource: 16 random bytes inside, and outside a type prefix and 26 characters of
 * lower-case Crockford base32 ("org_0c6z…", SPEC 2). Not ordered by time. The first character of
 * the 26 carries the top three bits (0 to 7), so that each id has exactly one spelling. All zeros
 * stand for "none" inside and are no id outside.
 */
struct id {
	uint8_t bytes[16];
};

enum id_type {
	ID_USER,         /* usr_ */
	ID_ORGANIZATION, /* org_ */
	ID_INVITATION,   /* inv_ */
	ID_DOCUMENT,     /* doc_ */
	ID_COLLECTION,   /* col_ */
	ID_GRANT,        /* grt_ */
	ID_API_KEY,      /* key_ */
	ID_SESSION,      /* ses_ */
	ID_WEBHOOK,      /* whk_ */
	ID_DELIVERY,     /* dlv_ */
	ID_EVENT,        /* evt_ */
	ID_DECISION,     /* dec_ */
	ID_CALL,         /* cal_: one call, as errors and the log name it */
};

enum { ID_TEXT_BYTES = 4 + 26 + 1 }; /* with the NUL */

/* Reads the id in the request's field `field`.
 *
 *   INVALID_ARGUMENT MALFORMED_ID  anything but the prefix of `type` and 26 canonical characters */
MUST_USE struct status id_parse(
	enum id_type type, const char *field, const char *text, struct id *id);

/* Whether `text` has the form of an id of this type. */
bool id_matches(enum id_type type, const char *text);

/* Writes the text form, with its NUL. */
void id_format(enum id_type type, const struct id *id, char text[ID_TEXT_BYTES]);

static inline bool id_equal(const struct id *a, const struct id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static inline bool id_is_zero(const struct id *id)
{
	static const struct id zero;
	return id_equal(id, &zero);
}
