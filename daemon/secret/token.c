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

bool token_parse(enum token_type type, const char *text, struct token *token)
{
	uint8_t raw[RAW_BYTES];
	bool parsed = strnlen(text, TOKEN_TEXT_BYTES) == TOKEN_TEXT_BYTES - 1 &&
		      strncmp(text, prefixes[type], PREFIX_BYTES) == 0 &&
		      sodium_base642bin(raw, sizeof(raw), text + PREFIX_BYTES, DIGITS, NULL, NULL,
			      NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;

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
