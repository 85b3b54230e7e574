/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/base64.h"

#include <sodium.h>
#include <string.h>

enum { VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

char *base64_encode(struct arena *arena, struct bytes bytes)
{
	size_t size = sodium_base64_encoded_len(bytes.size, VARIANT);

	return sodium_bin2base64(arena_alloc(arena, size), size, bytes.data, bytes.size, VARIANT);
}

bool base64_decode(struct arena *arena, const char *text, struct bytes *bytes)
{
	size_t length = strlen(text), size;
	uint8_t *out = arena_alloc(arena, length + 1);

	if (sodium_base642bin(out, length + 1, text, length, NULL, &size, NULL, VARIANT))
		return false;
	*bytes = bytes_of(out, size);
	return true;
}
