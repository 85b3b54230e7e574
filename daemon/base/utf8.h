/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Reads the code point at the front of `size` bytes (at least one). Returns the bytes that it
 * takes, or 0 when they are not valid UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing
 * above U+10FFFF). */
size_t utf8_decode(const char *text, size_t size, uint32_t *point);

/* The length of the longest prefix of `size` bytes that does not end inside a character. */
size_t utf8_cut(const char *text, size_t size);
