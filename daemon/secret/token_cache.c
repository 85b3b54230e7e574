/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/token_cache.h"

#include <sodium.h>
#include <stdlib.h>

#include "secret/entropy.h"

enum { ENTRIES = 1024 /* a power of two */, MARK_BYTES = crypto_shorthash_siphashx24_BYTES };

/* A mark of zeros is no token's: what is empty is never found. */
struct entry {
	uint8_t mark[MARK_BYTES];
	struct verified_token verified;
};

struct token_cache {
	uint8_t key[crypto_shorthash_siphashx24_KEYBYTES];
	struct entry entries[ENTRIES];
};

struct token_cache *token_cache_new(void)
{
	struct token_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		abort();
	random_bytes(cache->key, sizeof(cache->key));
	return cache;
}

void token_cache_free(struct token_cache *cache)
{
	if (cache)
		wipe(cache, sizeof(*cache));
	free(cache);
}

/* Marks cannot be aimed at without the key, so neither can places. */
static size_t place_of(const uint8_t mark[MARK_BYTES])
{
	return (size_t)(mark[0] << 8 | mark[1]) % ENTRIES;
}

static void mark_of(const struct token_cache *cache, const char *text, uint8_t mark[MARK_BYTES])
{
	crypto_shorthash_siphashx24(
		mark, (const uint8_t *)text, strnlen(text, TOKEN_TEXT_BYTES), cache->key);
}

const struct verified_token *token_cache_find(const struct token_cache *cache, const char *text)
{
	const struct entry *entry;
	uint8_t mark[MARK_BYTES];

	mark_of(cache, text, mark);
	entry = &cache->entries[place_of(mark)];
	return memcmp(entry->mark, mark, sizeof(mark)) ? NULL : &entry->verified;
}

void token_cache_keep(
	struct token_cache *cache, const char *text, const struct token *token, const uint8_t *hash)
{
	struct entry *entry;
	uint8_t mark[MARK_BYTES];

	mark_of(cache, text, mark);
	entry = &cache->entries[place_of(mark)];
	memcpy(entry->mark, mark, sizeof(mark));
	entry->verified.type = token->type;
	entry->verified.id = token->id;
	memcpy(entry->verified.hash, hash, sizeof(entry->verified.hash));
}
