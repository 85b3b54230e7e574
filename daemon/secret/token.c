/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/token.h"

#include <assert.h>
#include <sodium.h>

enum {
	PREFIX_BYTES = 7,
	RAW_BYTES = sizeof(struct id) + TOKEN_SECRET_BYTES,
	DIGITS = TOKEN_TEXT_BYTES - 1 - PREFIX_BYTES,
};

static_assert(RAW_BYTES * 4 == DIGITS * 3, "no padding, so each token has one spelling");

static const char prefixes[][PREFIX_BYTES + 1] = {
	[TOKEN_SESSION] = "orgd_s_",
	[TOKEN_API_KEY] = "orgd_k_",
	[TOKEN_INVITATION] = "orgd_i_",
	[TOKEN_VERIFICATION] = "orgd_v_",
	[TOKEN_RESET] = "orgd_r_",
};

struct token token_draw(enum token_type type, const struct id *id, struct entropy *entropy)
{
	struct token token = { .type = type, .id = *id };

	entropy_draw(entropy, token.secret, sizeof(token.secret));
	return token;
}

void token_format(const struct token *token, char text[TOKEN_TEXT_BYTES])
{
	uint8_t raw[RAW_BYTES];

	memcpy(raw, token->id.bytes, sizeof(token->id.bytes));
	memcpy(raw + sizeof(token->id.bytes), token->secret, sizeof(token->secret));
	memcpy(text, prefixes[token->type], PREFIX_BYTES);
	sodium_bin2base64(text + PREFIX_BYTES, DIGITS + 1, raw, sizeof(raw),
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	wipe(raw, sizeof(raw));
}

/* All ones when `c` is between the two, else 0. */
static int16_t within(int16_t c, char first, char last)
{
	return (int16_t)((first - 1 - c) & (c - last - 1)) >> 15;
}

/* The value of a digit of URL-safe base64, -1 for none. Without branches and tables, whose timing
 * would tell of the secret. */
static int16_t digit_value(int16_t c)
{
	int16_t upper = within(c, 'A', 'Z'), lower = within(c, 'a', 'z');
	int16_t number = within(c, '0', '9'), dash = within(c, '-', '-'),
		line = within(c, '_', '_');

	return (int16_t)((upper & (c - 'A')) | (lower & (c - 'a' + 26)) |
			 (number & (c - '0' + 52)) | (dash & 62) | (line & 63) |
			 ~(upper | lower | number | dash | line));
}

/* False when one of them is no digit. In two passes, so that the compiler makes the first one
 * parallel: every call comes through here, and libsodium's general decoder takes ten times as
 * long. */
MUST_USE static bool digits_decode(const char digits[DIGITS], uint8_t raw[RAW_BYTES])
{
	int16_t values[DIGITS], any = 0;

	for (size_t i = 0; i < DIGITS; i++) {
		values[i] = digit_value((uint8_t)digits[i]);
		any |= values[i];
	}
	for (size_t i = 0; i < DIGITS / 4; i++) {
		const int16_t *four = &values[4 * i];
		unsigned group = (unsigned)four[0] << 18 | (unsigned)four[1] << 12 |
				 (unsigned)four[2] << 6 | (unsigned)four[3];

		raw[3 * i] = (uint8_t)(group >> 16);
		raw[3 * i + 1] = (uint8_t)(group >> 8);
		raw[3 * i + 2] = (uint8_t)group;
	}
	wipe(values, sizeof(values));
	return any >= 0;
}

bool token_parse(enum token_type type, const char *text, struct token *token)
{
	uint8_t raw[RAW_BYTES];
	bool parsed = strnlen(text, TOKEN_TEXT_BYTES) == TOKEN_TEXT_BYTES - 1 &&
		      strncmp(text, prefixes[type], PREFIX_BYTES) == 0 &&
		      digits_decode(text + PREFIX_BYTES, raw);

	if (parsed) {
		token->type = type;
		memcpy(token->id.bytes, raw, sizeof(token->id.bytes));
		memcpy(token->secret, raw + sizeof(token->id.bytes), sizeof(token->secret));
	}
	wipe(raw, sizeof(raw));
	return parsed;
}

/* What is hashed: the letter that tells the types apart, the id, the secret. */
enum { HASHED_BYTES = 1 + RAW_BYTES };

static void hashed_bytes(const struct token *token, uint8_t out[HASHED_BYTES])
{
	out[0] = (uint8_t)prefixes[token->type][PREFIX_BYTES - 2];
	memcpy(out + 1, token->id.bytes, sizeof(token->id.bytes));
	memcpy(out + 1 + sizeof(token->id.bytes), token->secret, sizeof(token->secret));
}

void token_hash(
	const struct keyring *keyring, const struct token *token, uint8_t hash[KEYED_HASH_BYTES])
{
	uint8_t hashed[HASHED_BYTES];

	hashed_bytes(token, hashed);
	keyed_hash(keyring, KEY_TOKEN, bytes_of(hashed, sizeof(hashed)), hash);
	wipe(hashed, sizeof(hashed));
}

bool token_verify(const struct keyring *keyring, const struct token *token, struct bytes hash)
{
	uint8_t hashed[HASHED_BYTES];
	bool fits;

	hashed_bytes(token, hashed);
	fits = keyed_hash_verify(keyring, KEY_TOKEN, bytes_of(hashed, sizeof(hashed)), hash);
	wipe(hashed, sizeof(hashed));
	return fits;
}
