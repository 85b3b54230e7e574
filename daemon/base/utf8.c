/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

/* How many bytes a character takes by its first one; 0 for a byte that cannot be first. */
static size_t sequence_length(uint8_t lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xC2) /* C0 and C1 would be overlong forms of ASCII */
		return 0;
	if (lead < 0xE0)
		return 2;
	if (lead < 0xF0)
		return 3;
	return lead < 0xF5 ? 4 : 0;
}

size_t utf8_decode(const char *text, size_t size, uint32_t *point)
{
	static const uint8_t lead_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *bytes = (const uint8_t *)text;
	size_t length = sequence_length(bytes[0]);
	uint32_t code = bytes[0] & lead_bits[length];

	if (length == 0 || length > size)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3F);
	}
	if (code < smallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
		return 0;
	*point = code;
	return length;
}

size_t utf8_cut(const char *text, size_t size)
{
	for (size_t back = 1; back <= 3 && back <= size; back++) {
		uint8_t byte = (uint8_t)text[size - back];

		if ((byte & 0xC0) == 0x80)
			continue;
		return sequence_length(byte) > back ? size - back : size;
	}
	return size;
}
