/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <assert.h>
#include <endian.h>

/* The digits are read and written in words: the first two hold 8 bits, the others 60 each. */
enum { PREFIX_BYTES = 4, DIGITS = 26, DIGIT_BITS = 5, FRONT_DIGITS = 2, REST_DIGITS = 12 };
#define REST_MASK ((UINT64_C(1) << REST_DIGITS * DIGIT_BITS) - 1)

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

/* The value of `count` digits, in at most 60 bits. */
static bool digits_read(const char *text, size_t count, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned digit = (uint8_t)text[i] - '0';

		if (digit >= sizeof(values) || values[digit] < 0)
			return false;
		*value = *value << DIGIT_BITS | (unsigned)values[digit];
	}
	return true;
}

static void digits_write(char *text, size_t count, uint64_t value)
{
	for (size_t i = count; i-- > 0; value >>= DIGIT_BITS)
		text[i] = alphabet[value & 31];
}

static bool decode(enum id_type type, const char *text, struct id *id)
{
	uint64_t front, middle, back, words[2];

	static_assert(sizeof(words) == sizeof(id->bytes), "an id is two words");
	if (strncmp(text, prefixes[type], PREFIX_BYTES) != 0)
		return false;
	text += PREFIX_BYTES;
	if (strnlen(text, DIGITS + 1) != DIGITS || text[0] > '7')
		return false;
	if (!digits_read(text, FRONT_DIGITS, &front) ||
		!digits_read(text + FRONT_DIGITS, REST_DIGITS, &middle) ||
		!digits_read(text + FRONT_DIGITS + REST_DIGITS, REST_DIGITS, &back))
		return false;
	words[0] = htobe64(front << 56 | middle >> 4);
	words[1] = htobe64(middle << 60 | back);
	memcpy(id->bytes, words, sizeof(words));
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
	uint64_t words[2];

	memcpy(words, id->bytes, sizeof(words));
	words[0] = be64toh(words[0]);
	words[1] = be64toh(words[1]);
	memcpy(text, prefixes[type], PREFIX_BYTES);
	digits_write(text + PREFIX_BYTES, FRONT_DIGITS, words[0] >> 56);
	digits_write(text + PREFIX_BYTES + FRONT_DIGITS, REST_DIGITS,
		(words[0] << 4 | words[1] >> 60) & REST_MASK);
	digits_write(text + PREFIX_BYTES + FRONT_DIGITS + REST_DIGITS, REST_DIGITS,
		words[1] & REST_MASK);
	text[PREFIX_BYTES + DIGITS] = '\0';
}
