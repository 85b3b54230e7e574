/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/turn.h"

#include <assert.h>
#include <stdlib.h>

#include "base/compiler.h"

/* Unlike arena_alloc, which aborts, this may fail: a reply that cannot be reserved refuses its
 * request alone. */
static uint8_t *try_alloc(struct arena *arena, size_t size)
{
	size_t budget = arena->budget;
	uint8_t *data;

	arena_allow_trusted(arena);
	data = arena_alloc_within(arena, size);
	arena->budget = budget;
	return data;
}

static uint8_t *reserve(struct exchange *exchange, size_t size)
{
	struct turn *turn = CONTAINER_OF(exchange, struct turn, exchange);
	uint8_t *room;

	if (size > SIZE_MAX - FRAME_HEADER_BYTES_MAX)
		return NULL;
	room = try_alloc(&exchange->arena, FRAME_HEADER_BYTES_MAX + size);
	if (!room)
		return NULL;
	turn->room = room + FRAME_HEADER_BYTES_MAX;
	turn->room_size = size;
	return turn->room;
}

struct pool_item *turn_make(void)
{
	struct turn *turn = calloc(1, sizeof(*turn));

	if (!turn)
		return NULL;
	arena_init(&turn->exchange.arena);
	turn->exchange.reserve = reserve;
	return &turn->item;
}

void turn_destroy(struct pool_item *item)
{
	struct turn *turn = CONTAINER_OF(item, struct turn, item);

	arena_clear(&turn->exchange.arena);
	free(turn);
}

void turn_give(struct pool *pool, struct turn *turns)
{
	for (struct turn *turn = turns, *next; turn; turn = next) {
		next = turn->next;
		arena_reset(&turn->exchange.arena);
		turn->next = NULL;
		turn->room = NULL;
		turn->room_size = 0;
		turn->item.next = next ? &next->item : NULL;
	}
	pool_give(pool, turns ? &turns->item : NULL);
}

uint8_t *turn_body(struct turn *turn, size_t size)
{
	uint8_t *body = try_alloc(&turn->exchange.arena, size);

	turn->exchange.body = bytes_of(body, size);
	return body;
}

void turn_frame(struct turn *turn, size_t size)
{
	const struct peer *peer = &turn->exchange.peer;

	assert(turn->room && size <= turn->room_size);
	turn->frame = frame_write_header(peer->local, &turn->hops, turn->room, size);
	turn->frame_size = (size_t)(turn->room - turn->frame) + size;
}

void turn_queue_init(struct turn_queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

void turn_queue_push(struct turn_queue *queue, struct turn *turn)
{
	turn->next = NULL;
	*queue->last = turn;
	queue->last = &turn->next;
}

struct turn *turn_queue_pop(struct turn_queue *queue)
{
	struct turn *turn = queue->first;

	queue->first = turn->next;
	if (!queue->first)
		queue->last = &queue->first;
	turn->next = NULL;
	return turn;
}
