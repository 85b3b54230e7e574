/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "secret/token.h"

static const enum token_type types[] = { TOKEN_SESSION, TOKEN_API_KEY, TOKEN_INVITATION,
	TOKEN_VERIFICATION, TOKEN_RESET };
static const struct id row = { { 0xFB, 0xEF, 0xFF } };
static struct entropy entropy;

static void setup(void)
{
	entropy_start();
	entropy_seed(&entropy);
}

TestSuite(token, .init = setup);

Test(token, what_is_written_reads_back)
{
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct token token = token_draw(types[i], &row, &entropy), read;
		char text[TOKEN_TEXT_BYTES];

		token_format(&token, text);
		cr_expect_eq(strlen(text), TOKEN_TEXT_BYTES - 1);
		cr_assert(token_parse(types[i], text, &read));
		cr_expect_eq(read.type, types[i]);
		cr_expect(id_equal(&read.id, &row));
		cr_expect_arr_eq(read.secret, token.secret, sizeof(token.secret));
	}
}

Test(token, each_type_has_a_prefix_that_scanners_know)
{
	static const char *const prefixes[] = { "orgd_s_", "orgd_k_", "orgd_i_", "orgd_v_",
		"orgd_r_" };

	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct token token = token_draw(types[i], &row, &entropy);
		char text[TOKEN_TEXT_BYTES];

		token_format(&token, text);
		cr_expect_eq(strncmp(text, prefixes[i], strlen(prefixes[i])), 0, "%s", text);
	}
}

Test(token, is_safe_in_a_url)
{
	struct token token = { .type = TOKEN_INVITATION };
	char text[TOKEN_TEXT_BYTES];

	memset(&token.id, 0xFF, sizeof(token.id));
	memset(token.secret, 0xFB, sizeof(token.secret));
	token_format(&token, text);
	cr_expect_eq(
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
		strlen(text));
}

Test(token, one_type_does_not_read_as_another)
{
	struct token token = token_draw(TOKEN_INVITATION, &row, &entropy), read;
	char text[TOKEN_TEXT_BYTES];

	token_format(&token, text);
	for (size_t i = 0; i < COUNT_OF(types); i++)
		cr_expect_eq(token_parse(types[i], text, &read), types[i] == TOKEN_INVITATION);
}

Test(token, no_other_text_reads_as_a_token)
{
	struct token token = token_draw(TOKEN_SESSION, &row, &entropy), read;
	char text[TOKEN_TEXT_BYTES + 1];

	cr_expect_not(token_parse(TOKEN_SESSION, "", &read));
	cr_expect_not(token_parse(TOKEN_SESSION, "orgd_s_", &read));
	token_format(&token, text);
	for (size_t i = 0; i < TOKEN_TEXT_BYTES - 1; i++) {
		char kept = text[i];

		text[i] = '+';
		cr_expect_not(token_parse(TOKEN_SESSION, text, &read), "+ at %zu", i);
		text[i] = '=';
		cr_expect_not(token_parse(TOKEN_SESSION, text, &read), "= at %zu", i);
		text[i] = '\0';
		cr_expect_not(token_parse(TOKEN_SESSION, text, &read), "cut at %zu", i);
		text[i] = kept;
	}
	text[TOKEN_TEXT_BYTES - 1] = 'A';
	text[TOKEN_TEXT_BYTES] = '\0';
	cr_expect_not(token_parse(TOKEN_SESSION, text, &read), "too long");
}

Test(token, the_hash_fits_that_type_id_and_secret_only)
{
	static const uint8_t key[MASTER_KEY_BYTES] = { 1 };
	struct token token = token_draw(TOKEN_SESSION, &row, &entropy), other;
	uint8_t hash[KEYED_HASH_BYTES];
	struct bytes stored = { hash, sizeof(hash) };
	struct keyring *keyring = NULL;

	cr_assert_eq(keyring_of(key, 1, &keyring).code, STATUS_OK);
	token_hash(keyring, &token, hash);
	cr_expect(token_verify(keyring, &token, stored));
	other = token;
	other.type = TOKEN_RESET;
	cr_expect_not(token_verify(keyring, &other, stored));
	other = token;
	other.id.bytes[15] ^= 1;
	cr_expect_not(token_verify(keyring, &other, stored));
	other = token;
	other.secret[31] ^= 1;
	cr_expect_not(token_verify(keyring, &other, stored));
	keyring_close(keyring);
}
