/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/connection.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "rpc/frame.h"
#include "rpc/server.h"
#include "rpc/turn.h"

enum {
	IDLE_READ_BYTES = 256,
	/* Larger replies leave from where they were written; smaller ones are copied together. */
	GATHERED_BYTES_MAX = BUFFER_BYTES / 4,
};

/*
 * Two things go on at once. *Reading* is a baton: whoever holds it (an armed read, its callback, or
 * the hub while the connection waits for a place) owns the fields below "reading". It is put down
 * when too many requests are in flight, and picked up by the write that makes room. *Writing*
 * belongs to whoever holds the lock.
 */
struct connection {
	struct hub *hub;
	struct connection_owner *owner;
	struct peer peer;
	bool refused;

	pthread_mutex_t lock;
	struct stream *stream; /* NULL when it is gone */
	bool closed;           /* nothing may be submitted to the stream any more */
	enum { READING, READING_PARKED, READING_OVER } reading;
	unsigned in_flight; /* turns handed over whose replies have not left, and `places` */
	unsigned left;      /* places to give back to the hub on unlocking */

	struct turn_queue queue; /* replies that wait for the write under way, or for the parser */
	bool writing;
	bool parsing;         /* replies are kept together until the input is used up */
	int prepared_ms;      /* the timeout of a write that unlock() is to submit; 0 for none */
	unsigned submitting;  /* unlock()s that do so; the stream stays open and there meanwhile */
	struct turn *sending; /* the turn that is being written from its own memory */
	struct buffer *gathered; /* or the buffer that holds several */
	unsigned leaving;        /* how many turns those are */
	const uint8_t *unsent;
	size_t unsent_size;
	int64_t write_deadline_us;

	/* reading */
	struct frame_parser parser;
	struct bytes input; /* read and not yet parsed */
	struct turn *turn;  /* that the parser fills */
	bool complete;      /* it is filled, and waits to be handed over */
	unsigned places;    /* taken for the turns to come of this input */
	struct waiter waiter;
	struct buffer *buffer; /* a borrowed one, in place of `small` */
	size_t last_read;
	int64_t read_us;          /* when the input came */
	int64_t read_deadline_us; /* for the hello, a frame that has begun, and a refused client; 0
				     for none */
	uint8_t small[IDLE_READ_BYTES];
};

/* --- the end of everything --- */

static void return_buffer(struct connection *connection, struct buffer **buffer)
{
	if (*buffer)
		pool_give(&connection->hub->buffers, &(*buffer)->item);
	*buffer = NULL;
}

static void return_places(struct connection *connection)
{
	connection->in_flight -= connection->places;
	connection->places = 0;
}

static void end_reading(struct connection *connection)
{
	turn_give(&connection->hub->turns, connection->turn);
	connection->turn = NULL;
	return_places(connection);
	return_buffer(connection, &connection->buffer);
	connection->reading = READING_OVER;
}

static void close_stream(struct connection *connection)
{
	if (connection->closed)
		return;
	connection->closed = true;
	if (!connection->submitting)
		stream_close(connection->stream);
}

static void drop_queue(struct connection *connection)
{
	for (const struct turn *turn = connection->queue.first; turn; turn = turn->next) {
		connection->in_flight--;
		connection->left++;
	}
	turn_give(&connection->hub->turns, connection->queue.first);
	turn_queue_init(&connection->queue);
}

static void write_queue(struct connection *connection);
static void note_written(struct connection *connection, size_t size);

/* Writes without the lock, since that is a system call and there are replies to be queued. */
static void submit_write(struct connection *connection)
{
	int timeout_ms = connection->prepared_ms;
	size_t size;

	connection->prepared_ms = 0;
	connection->submitting++;
	pthread_mutex_unlock(&connection->lock);
	size = stream_write(
		connection->stream, connection->unsent, connection->unsent_size, timeout_ms);
	pthread_mutex_lock(&connection->lock);
	connection->submitting--;
	if (connection->closed && !connection->submitting)
		stream_close(connection->stream);
	if (size > 0)
		note_written(connection, size);
}

/* Lets replies leave that waited for the parser. With the lock held, and let go meanwhile. */
static void flush(struct connection *connection)
{
	connection->parsing = false;
	write_queue(connection);
	while (connection->prepared_ms)
		submit_write(connection);
}

/* The one way out of the lock: submits the write that was prepared, and carries the connection on
 * towards its end when it is closed. It may be gone afterwards, unless the caller holds the reading
 * baton. */
static void unlock(struct connection *connection)
{
	struct hub *hub = connection->hub;
	unsigned left;
	bool dead;

	while (connection->prepared_ms)
		submit_write(connection);
	if (connection->closed) {
		drop_queue(connection);
		if (connection->reading == READING_PARKED)
			end_reading(connection);
		if (connection->stream && connection->reading == READING_OVER &&
			!connection->writing && !connection->submitting) {
			stream_free(connection->stream);
			connection->stream = NULL;
			connection->owner->gone(connection->owner, connection);
		}
	}
	dead = !connection->stream && connection->in_flight == 0;
	left = connection->left;
	connection->left = 0;
	pthread_mutex_unlock(&connection->lock);

	if (dead) {
		pthread_mutex_destroy(&connection->lock);
		free(connection);
	}
	if (left > 0)
		hub_leave(hub, left);
}

static void stop(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	close_stream(connection);
	end_reading(connection);
	unlock(connection);
}

/* --- writing, with the lock held --- */

static void write_unsent(struct connection *connection)
{
	int timeout_ms = clock_left_ms(connection->write_deadline_us);

	if (timeout_ms == 0)
		close_stream(connection);
	if (connection->closed)
		return;
	connection->writing = true;
	connection->prepared_ms = timeout_ms;
}

/* Copies as many of the queued replies as fit into one buffer. */
static void gather(struct connection *connection, struct buffer *buffer)
{
	struct turn_queue copied;
	size_t size = 0;

	turn_queue_init(&copied);
	while (connection->queue.first &&
		connection->queue.first->frame_size <= BUFFER_BYTES - size) {
		struct turn *turn = turn_queue_pop(&connection->queue);

		memcpy(buffer->data + size, turn->frame, turn->frame_size);
		size += turn->frame_size;
		turn_queue_push(&copied, turn);
		connection->leaving++;
	}
	turn_give(&connection->hub->turns, copied.first);
	connection->gathered = buffer;
	connection->unsent = buffer->data;
	connection->unsent_size = size;
}

static struct buffer *borrow_buffer(struct connection *connection)
{
	struct pool_item *item = pool_take(&connection->hub->buffers);

	return item ? CONTAINER_OF(item, struct buffer, item) : NULL;
}

/* Begins to write what is queued, unless it has to wait. */
static void write_queue(struct connection *connection)
{
	struct turn *first = connection->queue.first;
	struct buffer *buffer = NULL;

	if (!first || connection->writing || connection->parsing || connection->closed)
		return;
	if (first->next && first->frame_size <= GATHERED_BYTES_MAX)
		buffer = borrow_buffer(connection);
	if (buffer) {
		gather(connection, buffer);
	} else {
		connection->sending = turn_queue_pop(&connection->queue);
		connection->leaving++;
		connection->unsent = first->frame;
		connection->unsent_size = first->frame_size;
	}
	connection->write_deadline_us =
		clock_monotonic_us() + connection->hub->io_timeout_ms * (int64_t)US_PER_MS;
	write_unsent(connection);
}

/* What was being written has left, or never will. */
static void finish_writing(struct connection *connection)
{
	turn_give(&connection->hub->turns, connection->sending);
	connection->sending = NULL;
	return_buffer(connection, &connection->gathered);
	connection->in_flight -= connection->leaving;
	connection->left += connection->leaving;
	connection->leaving = 0;
}

/* `size` bytes have left; 0 when no more will. */
static void note_written(struct connection *connection, size_t size)
{
	connection->writing = false;
	connection->unsent += size;
	connection->unsent_size -= size;
	if (size == 0)
		close_stream(connection);
	if (connection->unsent_size > 0)
		write_unsent(connection);
	if (connection->writing)
		return;
	if (!connection->closed)
		atomic_fetch_add_explicit(
			&connection->hub->replies, connection->leaving, memory_order_relaxed);
	finish_writing(connection);
	write_queue(connection);
	if (connection->reading == READING_PARKED && !connection->closed &&
		connection->in_flight < SERVER_IN_FLIGHT_PER_CONNECTION) {
		connection->reading = READING;
		hub_resume(connection->hub, &connection->waiter);
	}
}

static void on_written(void *context, size_t size)
{
	struct connection *connection = context;

	pthread_mutex_lock(&connection->lock);
	note_written(connection, size);
	unlock(connection);
}

/* exchange->send */
static void send_reply(struct exchange *exchange, size_t size)
{
	struct turn *turn = CONTAINER_OF(exchange, struct turn, exchange);
	struct connection *connection = turn->connection;

	turn_frame(turn, size);
	pthread_mutex_lock(&connection->lock);
	turn_queue_push(&connection->queue, turn);
	write_queue(connection);
	unlock(connection);
}

/* --- reading, with the baton --- */

/* A client that sends no hello, or half a frame, is not waited for longer than for a reply to
 * leave. */
static void set_read_deadline(struct connection *connection)
{
	if (!frame_is_partial(&connection->parser) && !connection->refused)
		connection->read_deadline_us = 0;
	else if (connection->read_deadline_us == 0)
		connection->read_deadline_us =
			clock_monotonic_us() + connection->hub->io_timeout_ms * (int64_t)US_PER_MS;
}

/* An idle connection waits with the little room of its own; a busy one borrows, and a large body is
 * read to where it belongs. */
static struct frame_rest choose_room(struct connection *connection)
{
	struct frame_rest rest = frame_rest(&connection->parser);

	if (rest.size >= BUFFER_BYTES || connection->last_read < IDLE_READ_BYTES)
		return_buffer(connection, &connection->buffer);
	else if (!connection->buffer)
		connection->buffer = borrow_buffer(connection);
	if (rest.size >= BUFFER_BYTES)
		return rest;
	if (connection->buffer)
		return (struct frame_rest){ connection->buffer->data, BUFFER_BYTES };
	return (struct frame_rest){ connection->small, sizeof(connection->small) };
}

static void read_more(struct connection *connection)
{
	struct frame_rest room = choose_room(connection);
	int timeout_ms = 0;
	bool closed;

	set_read_deadline(connection);
	if (connection->read_deadline_us != 0) {
		timeout_ms = clock_left_ms(connection->read_deadline_us);
		if (timeout_ms == 0) {
			stop(connection);
			return;
		}
	}
	connection->input.data = room.data;
	pthread_mutex_lock(&connection->lock);
	return_places(connection);
	flush(connection);
	closed = connection->closed;
	if (closed)
		end_reading(connection);
	unlock(connection);
	/* With the baton, and the stream with it, until now. */
	if (!closed)
		stream_read(connection->stream, room.data, room.size, timeout_ms);
}

/* Takes all places that are left among this connection's requests in flight, for as long as there
 * is input; without any it puts the baton down. */
static bool take_places(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	if (connection->in_flight == SERVER_IN_FLIGHT_PER_CONNECTION)
		flush(connection);
	if (connection->closed) {
		end_reading(connection);
	} else if (connection->in_flight == SERVER_IN_FLIGHT_PER_CONNECTION) {
		connection->reading = READING_PARKED;
	} else {
		connection->places = SERVER_IN_FLIGHT_PER_CONNECTION - connection->in_flight;
		connection->in_flight = SERVER_IN_FLIGHT_PER_CONNECTION;
		connection->parsing = true;
		pthread_mutex_unlock(&connection->lock);
		return true;
	}
	unlock(connection);
	return false;
}

/* Takes a place among all requests in flight; without one the baton is the hub's. */
static bool enter_hub(struct connection *connection)
{
	if (hub_try_enter(connection->hub))
		return true;
	/* Replies that are kept back hold places. */
	pthread_mutex_lock(&connection->lock);
	flush(connection);
	unlock(connection);
	return hub_enter(connection->hub, &connection->waiter);
}

/* False when the baton is no longer ours. */
static bool begin_turn(struct connection *connection)
{
	struct pool_item *item = pool_take(&connection->hub->turns);

	if (item) {
		connection->turn = CONTAINER_OF(item, struct turn, item);
		connection->parser.body = turn_body(connection->turn, connection->parser.body_size);
		if (connection->parser.body)
			return true;
	}
	stop(connection);
	return false;
}

static void refuse(struct connection *connection, struct exchange *exchange)
{
	struct bytes refusal = connection->hub->refusal(connection->hub->context);
	uint8_t *room = exchange->reserve(exchange, refusal.size);

	assert(room); /* memory that is out for so few bytes is out for everything */
	memcpy(room, refusal.data, refusal.size);
	exchange->send(exchange, refusal.size);
}

static void hand_over(struct connection *connection)
{
	struct turn *turn = connection->turn;

	turn->connection = connection;
	turn->hops = connection->parser.hops;
	turn->exchange.peer = connection->peer;
	turn->exchange.received_us = connection->read_us;
	turn->exchange.send = send_reply;
	connection->turn = NULL;
	connection->complete = false;
	connection->places--;
	if (connection->refused)
		refuse(connection, &turn->exchange);
	else
		connection->hub->handle(connection->hub->context, &turn->exchange);
}

/* Goes on with the input until it is used up or the baton is put down. */
static void parse(struct connection *connection)
{
	for (;;) {
		if (connection->complete) {
			if (!connection->places && !take_places(connection))
				return;
			if (!enter_hub(connection))
				return;
			hand_over(connection);
		}
		switch (frame_parse(&connection->parser, &connection->input)) {
		case FRAME_NEEDS_MORE:
			read_more(connection);
			return;
		case FRAME_NEEDS_ROOM:
			if (!begin_turn(connection))
				return;
			break;
		case FRAME_COMPLETE:
			connection->complete = true;
			if (!connection->refused)
				connection->read_deadline_us = 0;
			break;
		case FRAME_MALFORMED:
			stop(connection);
			return;
		}
	}
}

static void resume_waiter(struct waiter *waiter)
{
	parse(CONTAINER_OF(waiter, struct connection, waiter));
}

static void on_read(void *context, size_t size)
{
	struct connection *connection = context;
	struct frame_rest rest = frame_rest(&connection->parser);

	if (size == 0) {
		stop(connection);
		return;
	}
	connection->last_read = size;
	connection->read_us = clock_monotonic_us();
	connection->input.size = size;
	if (connection->input.data == rest.data) {
		frame_rest_filled(&connection->parser, size);
		connection->input.size = 0;
	}
	parse(connection);
}

/* --- life --- */

struct connection *connection_new(struct hub *hub, struct connection_owner *owner,
	struct stream *stream, const struct peer *peer, bool refused)
{
	static const struct stream_handler handler = { .read = on_read, .written = on_written };
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->hub = hub;
	connection->owner = owner;
	connection->peer = *peer;
	connection->refused = refused;
	connection->stream = stream;
	turn_queue_init(&connection->queue);
	connection->waiter.resume = resume_waiter;
	connection->lock = (pthread_mutex_t)PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
	frame_parser_init(&connection->parser, peer->local, REQUEST_BYTES_MAX);
	stream_attach(stream, &handler, connection);
	return connection;
}

void connection_start(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	connection->unsent = frame_hello;
	connection->unsent_size = sizeof(frame_hello);
	connection->write_deadline_us =
		clock_monotonic_us() + connection->hub->io_timeout_ms * (int64_t)US_PER_MS;
	write_unsent(connection);
	unlock(connection);
	read_more(connection);
}

const struct peer *connection_peer(const struct connection *connection)
{
	return &connection->peer;
}

bool connection_refused(const struct connection *connection)
{
	return connection->refused;
}
