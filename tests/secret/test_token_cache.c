/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "secret/token_cache.h"

static const struct id row = { { 1 } };
static struct entropy entropy;
static struct token_cache *cache;

static void begin(void)
{
	entropy_start();
	entropy_seed(&entropy);
	cache = token_cache_new();
}

static void end(void)
{
	token_cache_free(cache);
}

TestSuite(token_cache, .init = begin, .fini = end);

static struct token keep(enum token_type type, const char *hash, char text[TOKEN_TEXT_BYTES])
{
	struct token token = token_draw(type, &row, &entropy);
	uint8_t padded[KEYED_HASH_BYTES] = { 0 };

	memcpy(padded, hash, strlen(hash));
	token_format(&token, text);
	token_cache_keep(cache, text, &token, padded);
	return token;
}

Test(token_cache, what_is_kept_is_found_with_what_it_was_verified_against)
{
	char text[TOKEN_TEXT_BYTES];
	const struct verified_token *found;

	keep(TOKEN_API_KEY, "hash", text);
	found = token_cache_find(cache, text);
	cr_assert(found);
	cr_expect_eq(found->type, TOKEN_API_KEY);
	cr_expect(id_equal(&found->id, &row));
	cr_expect_str_eq((const char *)found->hash, "hash");
}

Test(token_cache, a_text_that_differs_anywhere_is_not_found)
{
	char text[TOKEN_TEXT_BYTES + 1];

	keep(TOKEN_SESSION, "hash", text);
	for (size_t i = 0; i < TOKEN_TEXT_BYTES - 1; i++) {
		text[i] ^= 1;
		cr_expect_null(token_cache_find(cache, text), "%zu", i);
		text[i] ^= 1;
	}
	strcpy(text + TOKEN_TEXT_BYTES - 1, "A");
	cr_expect_null(token_cache_find(cache, text), "a longer one");
	text[TOKEN_TEXT_BYTES - 2] = '\0';
	cr_expect_null(token_cache_find(cache, text), "a shorter one");
	cr_expect_null(token_cache_find(cache, ""));
}

Test(token_cache, an_empty_one_finds_nothing)
{
	struct token_cache *other = token_cache_new();
	char text[TOKEN_TEXT_BYTES];

	keep(TOKEN_SESSION, "hash", text);
	cr_expect_null(token_cache_find(other, text));
	token_cache_free(other);
	token_cache_free(NULL);
}

Test(token_cache, the_newest_verification_counts)
{
	char text[TOKEN_TEXT_BYTES];
	struct token token = keep(TOKEN_SESSION, "old", text);
	const uint8_t hash[KEYED_HASH_BYTES] = "new";

	token_cache_keep(cache, text, &token, hash);
	cr_expect_str_eq((const char *)token_cache_find(cache, text)->hash, "new");
}

Test(token_cache, many_push_old_ones_out_and_are_found_themselves)
{
	char text[TOKEN_TEXT_BYTES];

	for (int i = 0; i < 5000; i++) {
		keep(TOKEN_SESSION, "hash", text);
		cr_assert(token_cache_find(cache, text));
	}
}

Test(token_cache, nothing_of_the_secret_is_in_it)
{
	char text[TOKEN_TEXT_BYTES];
	struct token token = keep(TOKEN_SESSION, "hash", text);

	/* Larger than it is kept for, so that all of it is looked through. */
	cr_expect_null(memmem(cache, 16 * 1024, token.secret, 8));
	cr_expect_null(memmem(cache, 16 * 1024, text + 7 + 22, 8));
}
