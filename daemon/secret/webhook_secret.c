/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/webhook_secret.h"

#include <sodium.h>

/* With its padding, as receivers' libraries read it. */
static char *base64(struct arena *arena, const uint8_t *data, size_t size)
{
	size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);

	return sodium_bin2base64(
		arena_alloc(arena, room), room, data, size, sodium_base64_VARIANT_ORIGINAL);
}

char *webhook_secret_text(struct arena *arena, struct bytes secret)
{
	return arena_printf(arena, "whsec_%s", base64(arena, secret.data, secret.size));
}

static void add(crypto_auth_hmacsha256_state *state, const char *text)
{
	crypto_auth_hmacsha256_update(state, (const uint8_t *)text, strlen(text));
}

char *webhook_signature(struct arena *arena, struct bytes secret, const char *id,
	const char *timestamp, struct bytes body)
{
	uint8_t signature[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, secret.data, secret.size);
	add(&state, id);
	add(&state, ".");
	add(&state, timestamp);
	add(&state, ".");
	crypto_auth_hmacsha256_update(&state, body.data, body.size);
	crypto_auth_hmacsha256_final(&state, signature);
	sodium_memzero(&state, sizeof(state));
	return arena_printf(arena, "v1,%s", base64(arena, signature, sizeof(signature)));
}
