/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

#include "base/arena.h"
#include "base/id.h"
#include "secret/entropy.h"
#include "secret/keyring.h"

/*
 * A token that is handed out once: a prefix that secret scanners know, then 64 characters of
 * URL-safe base64 over the 16-byte id of the row it opens and a 32-byte secret. The row keeps the
 * keyed hash of the secret only, so a look-up is one point read and no copy of the database opens
 * anything (SPEC rule 40).
 */
enum token_type {
	TOKEN_SESSION,      /* orgd_s_ */
	TOKEN_API_KEY,      /* orgd_k_ */
	TOKEN_INVITATION,   /* orgd_i_ */
	TOKEN_VERIFICATION, /* orgd_v_: proves an e-mail address */
	TOKEN_RESET,        /* orgd_r_: sets a new password */
};

enum { TOKEN_SECRET_BYTES = 32, TOKEN_TEXT_BYTES = 7 + 64 + 1 };

struct token {
	enum token_type type;
	struct id id;
	uint8_t secret[TOKEN_SECRET_BYTES];
};

/* A fresh token for the row `id`. */
struct token token_draw(enum token_type type, const struct id *id, struct entropy *entropy);
void token_format(const struct token *token, char text[TOKEN_TEXT_BYTES]);
/* False for anything that token_format of that type does not write. */
bool token_parse(enum token_type type, const char *text, struct token *token);
/* What the row keeps, and whether a token fits it. The hash covers type, id and secret. */
void token_hash(
	const struct keyring *keyring, const struct token *token, uint8_t hash[KEYED_HASH_BYTES]);
bool token_verify(const struct keyring *keyring, const struct token *token, struct bytes hash);
