/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/id.h"
#include "secret/keyring.h"
#include "secret/token.h"

/*
 * Tokens that were verified lately: the next call with one costs a short keyed hash in place of a
 * long one. Only that hash is kept of the text, under a key of the cache's own, so that nothing in
 * it lets anyone in. One thread at a time.
 */
struct token_cache;

struct token_cache *token_cache_new(void);
void token_cache_free(struct token_cache *cache);

struct verified_token {
	enum token_type type;
	struct id id;
	uint8_t hash[KEYED_HASH_BYTES]; /* that it was verified against */
};

/* NULL when it is not there. Stays until the next token_cache_keep. */
const struct verified_token *token_cache_find(const struct token_cache *cache, const char *text);
/* Keeps that the token of this text was verified against `hash`, of KEYED_HASH_BYTES. */
void token_cache_keep(struct token_cache *cache, const char *text, const struct token *token,
	const uint8_t *hash);
