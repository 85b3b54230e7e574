/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "rpc/exchange.h"
#include "rpc/frame.h"
#include "rpc/pool.h"

struct connection;

/* The server's exchange: a request, and the reply that leaves over the connection it came from. */
struct turn {
	struct pool_item item;
	struct turn *next; /* in its connection's queue, or to be given back together */
	struct exchange exchange;
	struct connection *connection;
	struct frame_hops hops;
	uint8_t *room; /* for a reply's body, with space for its header in front */
	size_t room_size;
	uint8_t *frame; /* header and body, ready to leave */
	size_t frame_size;
};

/* Turns in the order in which their replies came. */
struct turn_queue {
	struct turn *first, **last;
};
void turn_queue_init(struct turn_queue *queue);
void turn_queue_push(struct turn_queue *queue, struct turn *turn);
/* Takes the first; there is one. */
struct turn *turn_queue_pop(struct turn_queue *queue);

/* For the pool. A turn from it is empty, with exchange.reserve set. */
struct pool_item *turn_make(void);
void turn_destroy(struct pool_item *item);
/* Empties all that are linked by `next` from this one on, back to the pool; NULL is fine. */
void turn_give(struct pool *pool, struct turn *turns);

/* Room for a request of `size` bytes, which becomes exchange.body; NULL when memory is out. */
uint8_t *turn_body(struct turn *turn, size_t size);
/* Turns the first `size` bytes of the room into the frame. Cannot fail. */
void turn_frame(struct turn *turn, size_t size);
