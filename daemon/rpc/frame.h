/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * nng's REQ/REP protocol as bytes, from the replying side; no I/O and no memory of its own.
 *
 * Each side begins with a hello: 00 'S' 'P' 00, its protocol's number, 00 00. Then come frames: on
 * ipc a byte 01, a big-endian 64-bit length, that many bytes. A frame's bytes begin with hops of 4
 * bytes, up to and including the one whose top bit is set (the request's id); the rest is the body.
 * A reply echoes its request's hops.
 *
 * A parser takes whatever bytes arrive, in pieces of any size, and stops at each request. One
 * thread at a time.
 */
enum {
	FRAME_HELLO_BYTES = 8,
	FRAME_HOP_BYTES = 4,
	FRAME_HOPS_MAX = 8,
	FRAME_HOPS_BYTES_MAX = FRAME_HOPS_MAX * FRAME_HOP_BYTES,
	FRAME_LENGTH_BYTES_MAX = 1 + 8,
	/* What a reply's header takes at most. */
	FRAME_HEADER_BYTES_MAX = FRAME_LENGTH_BYTES_MAX + FRAME_HOPS_BYTES_MAX,
};

/* Our side's hello. */
extern const uint8_t frame_hello[FRAME_HELLO_BYTES];

struct frame_hops {
	uint8_t bytes[FRAME_HOPS_BYTES_MAX];
	uint8_t size;
};

struct frame_parser {
	bool ipc;
	size_t body_max;
	enum { FRAME_AT_HELLO, FRAME_AT_LENGTH, FRAME_AT_HOPS, FRAME_AT_BODY } at;
	uint8_t head[FRAME_LENGTH_BYTES_MAX]; /* of a hello or a length, as far as it has come */
	size_t head_size;
	uint64_t left; /* bytes of the frame that are still to come */

	struct frame_hops hops;
	size_t body_size;
	uint8_t *body; /* the caller's room for body_size bytes, set on FRAME_NEEDS_ROOM */
};

enum frame_event {
	FRAME_NEEDS_MORE, /* the input is used up */
	FRAME_NEEDS_ROOM, /* body_size is known: set `body` and go on */
	FRAME_COMPLETE,   /* hops and body are one request; the next call begins the next frame */
	FRAME_MALFORMED,  /* no REQ peer, a body over body_max, or more than FRAME_HOPS_MAX hops:
			     close */
};

void frame_parser_init(struct frame_parser *parser, bool ipc, size_t body_max);

/* Consumes bytes from the front of *input up to the next event. */
enum frame_event frame_parse(struct frame_parser *parser, struct bytes *input);

/* Whether something has begun, the hello included, that is not yet complete. */
bool frame_is_partial(const struct frame_parser *parser);

/* The missing end of the body, to be read into without a detour; its size is 0 outside of a body.
 */
struct frame_rest {
	uint8_t *data;
	size_t size;
} frame_rest(const struct frame_parser *parser);
/* So many bytes at the front of the rest have been filled. */
void frame_rest_filled(struct frame_parser *parser, size_t size);

/* Writes the header of a reply in front of its body, where FRAME_HEADER_BYTES_MAX bytes are free;
 * returns where it begins. */
uint8_t *frame_write_header(
	bool ipc, const struct frame_hops *hops, uint8_t *body, size_t body_size);
