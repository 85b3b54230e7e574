/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/entropy.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 64, POOL_BYTES = 1024 };

void entropy_start(void)
{
	if (sodium_init() < 0)
		abort();
}

void entropy_seed(struct entropy *entropy)
{
	random_bytes(entropy->seed, sizeof(entropy->seed));
	entropy->drawn = 0;
}

void entropy_rewind(struct entropy *entropy)
{
	entropy->drawn = 0;
}

/* The stream is ChaCha20's under the seed, and each draw starts at a block of its own. */
void entropy_draw(struct entropy *entropy, void *out, size_t size)
{
	static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

	static_assert(
		sizeof(entropy->seed) == crypto_stream_chacha20_KEYBYTES, "the seed is the key");
	if (size == 0)
		return;
	memset(out, 0, size);
	crypto_stream_chacha20_xor_ic(out, out, size, nonce, entropy->drawn, entropy->seed);
	entropy->drawn += (size + BLOCK_BYTES - 1) / BLOCK_BYTES;
}

struct id entropy_draw_id(struct entropy *entropy)
{
	struct id id;

	entropy_draw(entropy, id.bytes, sizeof(id.bytes));
	return id;
}

uint32_t entropy_draw_below(struct entropy *entropy, uint32_t bound)
{
	uint32_t number, uneven;

	assert(bound > 0);
	uneven = -bound % bound; /* 2^32 modulo bound: so many of the lowest numbers would come up
				    once too often */
	do {
		entropy_draw(entropy, &number, sizeof(number));
	} while (number < uneven);
	return number % bound;
}

void random_bytes(void *out, size_t size)
{
	static _Thread_local uint8_t pool[POOL_BYTES];
	static _Thread_local size_t left;

	if (size > sizeof(pool)) {
		randombytes_buf(out, size);
		return;
	}
	if (left < size) {
		randombytes_buf(pool, sizeof(pool));
		left = sizeof(pool);
	}
	left -= size;
	memcpy(out, pool + left, size);
	wipe(pool + left, size);
}

void wipe(void *data, size_t size)
{
	sodium_memzero(data, size);
}

void digest(const struct bytes *parts, size_t count, uint8_t out[32])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, 32);
	for (size_t i = 0; i < count; i++) {
		uint8_t length[8];

		for (size_t j = 0; j < sizeof(length); j++)
			length[j] = (uint8_t)((uint64_t)parts[i].size >> (8 * (7 - j)));
		crypto_generichash_update(&state, length, sizeof(length));
		crypto_generichash_update(&state, parts[i].data, parts[i].size);
	}
	crypto_generichash_final(&state, out, 32);
}
