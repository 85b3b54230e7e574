/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/id.h"

/*
 * A key: one byte that names the table, then parts of fixed width or with their length in front, so
 * that nothing is ambiguous and a prefix of parts scans exactly the rows that share it. Integers
 * are big-endian, so that byte order is number order.
 */
enum { KEY_MAX = 480 }; /* bytes; LMDB's own limit is 511, etcd has room */

struct key {
	uint16_t size;
	uint8_t bytes[KEY_MAX];
};

static inline void key_begin(struct key *key, uint8_t table)
{
	key->size = 1;
	key->bytes[0] = table;
}

/* Parts past KEY_MAX are our own bug: everything that reaches a key has a checked length. */
static inline void key_add_bytes(struct key *key, const void *data, size_t size)
{
	assert(size <= (size_t)(KEY_MAX - key->size));
	memcpy(key->bytes + key->size, data, size);
	key->size = (uint16_t)(key->size + size);
}

static inline void key_add_id(struct key *key, const struct id *id)
{
	key_add_bytes(key, id->bytes, sizeof(id->bytes));
}

static inline void key_add_u8(struct key *key, uint8_t value)
{
	key_add_bytes(key, &value, 1);
}

static inline void key_add_u16(struct key *key, uint16_t value)
{
	uint16_t big = __builtin_bswap16(value);
	key_add_bytes(key, &big, sizeof(big));
}

static inline void key_add_u64(struct key *key, uint64_t value)
{
	uint64_t big = __builtin_bswap64(value);
	key_add_bytes(key, &big, sizeof(big));
}

/* A string with its length in front: for look-ups by equality. */
static inline void key_add_string(struct key *key, const char *string)
{
	size_t length = strlen(string);
	key_add_u16(key, (uint16_t)length);
	key_add_bytes(key, string, length);
}

static inline struct bytes key_bytes(const struct key *key)
{
	return bytes_of(key->bytes, key->size);
}

/* Reads back what the adders wrote, from `*offset` on, which moves past it. */
static inline uint64_t key_read_u64(struct bytes key, size_t *offset)
{
	uint64_t big;
	assert(*offset + sizeof(big) <= key.size);
	memcpy(&big, key.data + *offset, sizeof(big));
	*offset += sizeof(big);
	return __builtin_bswap64(big);
}

static inline struct id key_read_id(struct bytes key, size_t *offset)
{
	struct id id;
	assert(*offset + sizeof(id.bytes) <= key.size);
	memcpy(id.bytes, key.data + *offset, sizeof(id.bytes));
	*offset += sizeof(id.bytes);
	return id;
}
