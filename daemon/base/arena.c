/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct arena_chunk {
	struct arena_chunk *older;
	bool shared; /* by many allocations: of ARENA_CHUNK_BYTES */
	alignas(ARENA_ALIGNMENT) uint8_t data[];
};

enum { DECODING_BASE = 64 * 1024, DECODING_FACTOR = 8, DECODING_MAX = 1024 * 1024 };

#ifdef ORGD_SANITIZED
static const bool one_by_one = true;
#else
static const bool one_by_one = false;
#endif

/* 0 when `size` is too large to round up. An empty allocation takes room too, so that its address
 * is its own. */
static size_t round_up(size_t size)
{
	if (size == 0)
		return ARENA_ALIGNMENT;
	return (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
}

/* Puts a chunk with `size` bytes of data in front. NULL when memory is out. */
static struct arena_chunk *chunk_push(struct arena *arena, size_t size, bool shared)
{
	struct arena_chunk *chunk;
	size_t total;

	if (__builtin_add_overflow(sizeof(*chunk), size, &total))
		return NULL;
	chunk = malloc(total);
	if (!chunk)
		return NULL;
	chunk->older = arena->chunks;
	chunk->shared = shared;
	arena->chunks = chunk;
	return chunk;
}

static void chunk_use(struct arena *arena, struct arena_chunk *chunk)
{
	arena->next = chunk->data;
	arena->end = chunk->data + ARENA_CHUNK_BYTES;
}

/* Takes from the newest chunk, which has the room. */
static inline void *bump(struct arena *arena, size_t rounded)
{
	void *data = arena->next;

	arena->next += rounded;
	arena->allocated += rounded;
	return data;
}

static void *alloc_in_new_chunk(struct arena *arena, size_t size, size_t rounded)
{
	bool shared = !one_by_one && rounded <= ARENA_CHUNK_BYTES;
	struct arena_chunk *chunk = chunk_push(arena,
		shared       ? ARENA_CHUNK_BYTES
		: one_by_one ? size
			     : rounded,
		shared);

	if (!chunk)
		return NULL;
	if (shared) {
		chunk_use(arena, chunk);
		return bump(arena, rounded);
	}
	arena->allocated += rounded;
	return chunk->data;
}

static inline void *try_alloc(struct arena *arena, size_t size)
{
	size_t rounded = round_up(size);

	if (rounded == 0)
		return NULL;
	if (rounded <= (size_t)(arena->end - arena->next))
		return bump(arena, rounded);
	return alloc_in_new_chunk(arena, size, rounded);
}

void *arena_alloc_within(struct arena *arena, size_t size)
{
	size_t rounded = round_up(size);
	void *allocation;

	if (rounded == 0 || rounded > arena->budget)
		return NULL;
	allocation = try_alloc(arena, size);
	if (allocation)
		arena->budget -= rounded;
	return allocation;
}

static void *budget_alloc(void *data, size_t size)
{
	return arena_alloc_within(data, size);
}

static void budget_free(void *data, void *allocation)
{
	(void)data;
	(void)allocation;
}

void arena_init(struct arena *arena)
{
	*arena = (struct arena){
		.allocator = { .alloc = budget_alloc,
			.free = budget_free,
			.allocator_data = arena },
	};
}

/* Frees all chunks but `kept`. */
static void chunks_free(struct arena *arena, struct arena_chunk *kept)
{
	for (struct arena_chunk *chunk = arena->chunks, *older; chunk; chunk = older) {
		older = chunk->older;
		if (chunk != kept)
			free(chunk);
	}
	arena->chunks = kept;
	arena->next = arena->end = NULL;
	arena->allocated = 0;
	arena->budget = 0;
}

void arena_clear(struct arena *arena)
{
	chunks_free(arena, NULL);
}

void arena_reset(struct arena *arena)
{
	struct arena_chunk *kept = NULL;

	for (struct arena_chunk *chunk = arena->chunks; chunk; chunk = chunk->older)
		if (chunk->shared)
			kept = chunk;
	chunks_free(arena, kept);
	if (kept) {
		kept->older = NULL;
		chunk_use(arena, kept);
	}
}

void arena_allow_decoding(struct arena *arena, size_t message_bytes)
{
	size_t wanted;

	if (__builtin_mul_overflow(message_bytes, DECODING_FACTOR, &wanted) ||
		wanted > DECODING_MAX)
		wanted = DECODING_MAX;
	arena->budget = DECODING_BASE + wanted;
}

void arena_allow_trusted(struct arena *arena)
{
	arena->budget = SIZE_MAX;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *data = try_alloc(arena, size);

	if (!data)
		abort();
	return data;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
	return memset(arena_alloc(arena, size), 0, size);
}

void *arena_zalloc_array(struct arena *arena, size_t size, size_t count)
{
	size_t total;

	if (__builtin_mul_overflow(size, count, &total))
		abort();
	return arena_zalloc(arena, total);
}

char *arena_strndup(struct arena *arena, const char *string, size_t length)
{
	size_t used = strnlen(string, length);
	char *copy = arena_alloc(arena, used + 1);

	memcpy(copy, string, used);
	copy[used] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *string)
{
	return arena_strndup(arena, string, strlen(string));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;
	char *text;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		abort();
	text = arena_alloc(arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

struct bytes arena_copy(struct arena *arena, struct bytes bytes)
{
	void *copy;

	if (!bytes.data)
		return bytes;
	copy = arena_alloc(arena, bytes.size);
	memcpy(copy, bytes.data, bytes.size);
	return bytes_of(copy, bytes.size);
}

struct status arena_keep(struct arena *arena, struct status status)
{
	if (status.code) {
		struct failure *failure = ARENA_NEW(arena, struct failure);

		*failure = *status.failure;
		status.failure = failure;
	}
	return status;
}
