/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A run of bytes owned by somebody else: an arena, a buffer or a mapped page. */
struct bytes {
	const uint8_t *data; /* NULL only where a header says what absence means */
	size_t size;
};

static inline struct bytes bytes_of(const void *data, size_t size)
{
	return (struct bytes){ data, size };
}

static inline struct bytes bytes_of_string(const char *string)
{
	return (struct bytes){ (const uint8_t *)string, strlen(string) };
}
