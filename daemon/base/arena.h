/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/status.h"

/*
 * The memory of one request: allocate freely, release all at once. Nothing in it is freed one by
 * one.
 *
 * Two ways in. arena_alloc() and its kin are for our own code, never return NULL and abort the
 * process when memory is out: they are bounded by what our code does. arena_alloc_within() is for
 * decoding, whose appetite a peer controls: it has a budget and answers NULL past it, which makes
 * the decoding fail cleanly. `allocator` is the same for protobuf-c.
 *
 * Under sanitizers each allocation is a malloc of its own, so that they see inside.
 * One thread at a time.
 */
struct arena {
	struct arena_chunk *chunks; /* newest first */
	uint8_t *next, *end;        /* free part of the newest chunk */
	size_t allocated;           /* bytes handed out since the last reset */
	size_t budget;              /* what is left for arena_alloc_within and `allocator` */
	ProtobufCAllocator allocator;
};

enum {
	ARENA_ALIGNMENT = 16,
	ARENA_CHUNK_BYTES = 16 * 1024, /* larger allocations get a chunk of their own */
};

/* Ready for use. The arena must not move afterwards, since `allocator` points at it. The budget is
 * 0. */
void arena_init(struct arena *arena);
/* Frees everything. */
void arena_clear(struct arena *arena);
/* Forgets all allocations, keeps the first chunk for the next request, sets the budget to 0. */
void arena_reset(struct arena *arena);

/* What may be taken from now on to decode `message_bytes` from a peer: 64 KiB + min(8 *
 * message_bytes, 1 MiB). That is enough for a request's envelope around 1 MiB of payload, and bombs
 * of empty or repeated sub-messages fail at it within milliseconds. */
void arena_allow_decoding(struct arena *arena, size_t message_bytes);
/* The same without a limit, for bytes that we wrote ourselves. */
void arena_allow_trusted(struct arena *arena);
/* NULL past the budget, or when memory is out. */
void *arena_alloc_within(struct arena *arena, size_t size) __attribute__((malloc));

void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
void *arena_zalloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
char *arena_strdup(struct arena *arena, const char *string) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *arena, const char *string, size_t length)
	__attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3)
	__attribute__((returns_nonnull));
struct bytes arena_copy(struct arena *arena, struct bytes bytes);
/* The status with its failure in the arena, where it outlives the next ones of this thread. */
MUST_USE struct status arena_keep(struct arena *arena, struct status status);

/* An array of `count` zeroed elements, and one zeroed object. */
#define ARENA_ARRAY(arena, type, count) ((type *)arena_zalloc_array((arena), sizeof(type), (count)))
#define ARENA_NEW(arena, type)          ARENA_ARRAY(arena, type, 1)
void *arena_zalloc_array(struct arena *arena, size_t size, size_t count)
	__attribute__((returns_nonnull));
