/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

enum { PREFIX_BYTES = 4, DIGITS = 26, DIGIT_BITS = 5 };

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* The value of each digit, by how far it is behind '0' in ASCII; -1 for what is no digit. */
static const int8_t values['z' - '0' + 1] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, [10 ... 48] = -1, 10,
	11, 12, 13, 14, 15, 16, 17, -1, 18, 19, -1, 20, 21, -1, 22, 23, 24, 25, 26, -1, 27, 28, 29,
	30, 31 };

static const char prefixes[][PREFIX_BYTES + 1] = {
	[ID_USER] = "usr_",
	[ID_ORGANIZATION] = "org_",
	[ID_INVITATION] = "inv_",
	[ID_DOCUMENT] = "doc_",
	[ID_COLLECTION] = "col_",
	[ID_GRANT] = "grt_",
	[ID_API_KEY] = "key_",
	[ID_SESSION] = "ses_",
	[ID_WEBHOOK] = "whk_",
	[ID_DELIVERY] = "dlv_",
	[ID_EVENT] = "evt_",
	[ID_DECISION] = "dec_",
	[ID_CALL] = "cal_",
};

static bool decode(enum id_type type, const char *text, struct id *id)
{
	unsigned __int128 value = 0;

	if (strncmp(text, prefixes[type], PREFIX_BYTES) != 0)
		return false;
	text += PREFIX_BYTES;
	if (strnlen(text, DIGITS + 1) != DIGITS || text[0] > '7')
		return false;
	for (size_t i = 0; i < DIGITS; i++) {
		unsigned digit = (uint8_t)text[i] - '0';

		if (digit >= sizeof(values) || values[digit] < 0)
			return false;
		value = value << DIGIT_BITS | (unsigned)values[digit];
	}
	for (size_t i = sizeof(id->bytes); i-- > 0; value >>= 8)
		id->bytes[i] = (uint8_t)value;
	return !id_is_zero(id);
}

struct status id_parse(enum id_type type, const char *field, const char *text, struct id *id)
{
	struct id parsed;

	if (!decode(type, text, &parsed))
		return status_invalid(field, "MALFORMED_ID",
			"%s must be an id that begins with \"%s\", followed by its %d characters.",
			field, prefixes[type], DIGITS);
	*id = parsed;
	return OK;
}

bool id_matches(enum id_type type, const char *text)
{
	struct id id;

	return decode(type, text, &id);
}

void id_format(enum id_type type, const struct id *id, char text[ID_TEXT_BYTES])
{
	unsigned __int128 value = 0;

	for (size_t i = 0; i < sizeof(id->bytes); i++)
		value = value << 8 | id->bytes[i];
	memcpy(text, prefixes[type], PREFIX_BYTES);
	for (size_t i = DIGITS; i-- > 0; value >>= DIGIT_BITS)
		text[PREFIX_BYTES + i] = alphabet[(unsigned)value & 31];
	text[PREFIX_BYTES + DIGITS] = '\0';
}
