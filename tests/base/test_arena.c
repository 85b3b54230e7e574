/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "base/arena.h"
#include "google/protobuf/field_mask.pb-c.h"

Test(arena, allocations_are_aligned_and_do_not_overlap)
{
	enum { COUNT = 2000 };
	CLEANUP(arena_clear) struct arena arena;
	uint8_t *parts[COUNT];

	arena_init(&arena);
	for (size_t i = 0; i < COUNT; i++) {
		parts[i] = arena_alloc(&arena, i * 37 % 501);
		cr_assert_eq((uintptr_t)parts[i] % ARENA_ALIGNMENT, 0);
		memset(parts[i], (int)(i % 251), i * 37 % 501);
	}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < i * 37 % 501; j++)
			cr_assert_eq(parts[i][j], i % 251);
}

Test(arena, a_large_allocation_leaves_the_small_ones_intact)
{
	CLEANUP(arena_clear) struct arena arena;
	char *before, *after;

	arena_init(&arena);
	before = arena_strdup(&arena, "before");
	memset(arena_alloc(&arena, 3 * ARENA_CHUNK_BYTES), 0xFF, 3 * ARENA_CHUNK_BYTES);
	after = arena_strdup(&arena, "after");
	cr_expect_str_eq(before, "before");
	cr_expect_str_eq(after, "after");
}

Test(arena, an_empty_allocation_has_an_address_of_its_own)
{
	CLEANUP(arena_clear) struct arena arena;

	arena_init(&arena);
	cr_expect_neq(arena_alloc(&arena, 0), arena_alloc(&arena, 0));
}

Test(arena, zeroed_memory_is_zero_after_a_reset_too)
{
	CLEANUP(arena_clear) struct arena arena;

	arena_init(&arena);
	memset(arena_alloc(&arena, 1000), 0xFF, 1000);
	arena_reset(&arena);
	for (const uint8_t *data = arena_zalloc(&arena, 1000), *end = data + 1000; data < end;
		data++)
		cr_assert_eq(*data, 0);
}

Test(arena, a_reset_forgets_what_was_counted)
{
	CLEANUP(arena_clear) struct arena arena;

	arena_init(&arena);
	arena_alloc(&arena, 100);
	cr_expect_geq(arena.allocated, 100);
	arena_reset(&arena);
	cr_expect_eq(arena.allocated, 0);
}

#ifndef ORGD_SANITIZED
Test(arena, a_reset_keeps_the_first_chunk)
{
	CLEANUP(arena_clear) struct arena arena;
	void *first;

	arena_init(&arena);
	first = arena_alloc(&arena, 10);
	for (int i = 0; i < 10; i++)
		arena_alloc(&arena, ARENA_CHUNK_BYTES);
	arena_reset(&arena);
	cr_expect_eq(arena_alloc(&arena, 10), first);
}
#endif

Test(arena, a_size_that_overflows_aborts, .signal = SIGABRT)
{
	struct arena arena;

	arena_init(&arena);
	arena_zalloc_array(&arena, 16, SIZE_MAX / 16 + 2);
}

Test(arena, a_size_that_cannot_be_rounded_up_aborts, .signal = SIGABRT)
{
	struct arena arena;

	arena_init(&arena);
	arena_alloc(&arena, SIZE_MAX - 3);
}

Test(arena, a_copied_string_ends_at_its_length_or_its_nul)
{
	CLEANUP(arena_clear) struct arena arena;

	arena_init(&arena);
	cr_expect_str_eq(arena_strndup(&arena, "abcdef", 3), "abc");
	cr_expect_str_eq(arena_strndup(&arena, "ab", 100), "ab");
}

Test(arena, a_formatted_string_may_be_longer_than_a_chunk)
{
	CLEANUP(arena_clear) struct arena arena;

	arena_init(&arena);
	cr_expect_str_eq(arena_printf(&arena, "%s-%d", "a", 7), "a-7");
	cr_expect_eq(strlen(arena_printf(&arena, "%*d", 2 * ARENA_CHUNK_BYTES, 7)),
		2 * ARENA_CHUNK_BYTES);
}

Test(arena, a_copy_keeps_absence_apart_from_emptiness)
{
	CLEANUP(arena_clear) struct arena arena;

	arena_init(&arena);
	cr_expect_null(arena_copy(&arena, (struct bytes){ NULL, 0 }).data);
	cr_expect_not_null(arena_copy(&arena, bytes_of("", 0)).data);
	cr_expect_arr_eq(arena_copy(&arena, bytes_of("xyz", 3)).data, "xyz", 3);
}

Test(arena, protobuf_gets_nothing_without_a_budget)
{
	CLEANUP(arena_clear) struct arena arena;

	arena_init(&arena);
	cr_expect_null(arena.allocator.alloc(arena.allocator.allocator_data, 1));
	arena_allow_trusted(&arena);
	arena_reset(&arena);
	cr_expect_null(arena.allocator.alloc(arena.allocator.allocator_data, 1));
}

/* How many blocks of 1 KiB a message of that size may take. */
static size_t blocks_allowed(size_t message_bytes)
{
	CLEANUP(arena_clear) struct arena arena;
	size_t blocks = 0;

	arena_init(&arena);
	arena_allow_decoding(&arena, message_bytes);
	for (void *block; (block = arena.allocator.alloc(&arena, 1024)); blocks++)
		arena.allocator.free(&arena, block);
	return blocks;
}

Test(arena, the_decoding_budget_grows_with_the_message_up_to_a_cap)
{
	cr_expect_eq(blocks_allowed(0), 64);
	cr_expect_eq(blocks_allowed(1024), 64 + 8);
	cr_expect_eq(blocks_allowed(1024 * 1024), 64 + 1024);
	cr_expect_eq(blocks_allowed(SIZE_MAX), 64 + 1024);
}

Test(arena, a_request_that_overflows_the_budget_is_refused_not_wrapped)
{
	CLEANUP(arena_clear) struct arena arena;

	arena_init(&arena);
	arena_allow_trusted(&arena);
	cr_expect_null(arena.allocator.alloc(&arena, SIZE_MAX));
}

Test(arena, our_own_allocations_do_not_draw_on_the_budget)
{
	CLEANUP(arena_clear) struct arena arena;

	arena_init(&arena);
	arena_allow_decoding(&arena, 0);
	arena_alloc(&arena, 128 * 1024);
	cr_expect_not_null(arena.allocator.alloc(&arena, 60 * 1024));
}

Test(arena, unpacking_a_bomb_fails_at_the_budget_and_an_honest_message_does_not)
{
	enum { PATHS = 500 * 1000 };
	CLEANUP(arena_clear) struct arena arena;
	uint8_t *bomb = calloc(PATHS, 2); /* so many empty strings of two bytes each */

	for (size_t i = 0; i < PATHS; i++)
		bomb[2 * i] = 0x0A;
	arena_init(&arena);
	arena_allow_decoding(&arena, (size_t)2 * PATHS);
	cr_expect_null(
		google__protobuf__field_mask__unpack(&arena.allocator, (size_t)2 * PATHS, bomb));
	arena_reset(&arena);
	arena_allow_decoding(&arena, 2 * 1000);
	cr_expect_not_null(google__protobuf__field_mask__unpack(&arena.allocator, 2 * 1000, bomb));
	free(bomb);
}
