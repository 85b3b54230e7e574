/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/frame.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

enum { IPC_MESSAGE = 1, LAST_HOP = 0x80 };

static const uint8_t peer_hello[FRAME_HELLO_BYTES] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
const uint8_t frame_hello[FRAME_HELLO_BYTES] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0 };

void frame_parser_init(struct frame_parser *parser, bool ipc, size_t body_max)
{
	*parser = (struct frame_parser){ .ipc = ipc, .body_max = body_max, .at = FRAME_AT_HELLO };
}

static size_t take(struct bytes *input, uint8_t *target, size_t size)
{
	if (size > input->size)
		size = input->size;
	if (size == 0)
		return 0;
	memcpy(target, input->data, size);
	input->data += size;
	input->size -= size;
	return size;
}

/* True when the head is `size` bytes long. */
static bool take_head(struct frame_parser *parser, struct bytes *input, size_t size)
{
	parser->head_size +=
		take(input, parser->head + parser->head_size, size - parser->head_size);
	return parser->head_size == size;
}

static void begin_frame(struct frame_parser *parser)
{
	parser->at = FRAME_AT_LENGTH;
	parser->head_size = 0;
	parser->hops.size = 0;
	parser->body = NULL;
}

static enum frame_event parse_hello(struct frame_parser *parser, struct bytes *input)
{
	bool whole = take_head(parser, input, FRAME_HELLO_BYTES);

	/* A stranger is told apart at its first wrong byte. */
	if (memcmp(parser->head, peer_hello, parser->head_size) != 0)
		return FRAME_MALFORMED;
	if (whole)
		begin_frame(parser);
	return FRAME_NEEDS_MORE;
}

static enum frame_event parse_length(struct frame_parser *parser, struct bytes *input)
{
	size_t prefix = parser->ipc ? 1 : 0;
	bool whole = take_head(parser, input, prefix + sizeof(uint64_t));
	uint64_t length;

	if (parser->ipc && parser->head_size > 0 && parser->head[0] != IPC_MESSAGE)
		return FRAME_MALFORMED;
	if (!whole)
		return FRAME_NEEDS_MORE;
	memcpy(&length, parser->head + prefix, sizeof(length));
	parser->left = be64toh(length);
	if (parser->left > parser->body_max + FRAME_HOPS_BYTES_MAX)
		return FRAME_MALFORMED;
	parser->at = FRAME_AT_HOPS;
	return FRAME_NEEDS_MORE;
}

static enum frame_event parse_hops(struct frame_parser *parser, struct bytes *input)
{
	struct frame_hops *hops = &parser->hops;

	while (input->size > 0 || parser->left == 0) {
		size_t missing = FRAME_HOP_BYTES - hops->size % FRAME_HOP_BYTES;
		size_t taken;

		if (parser->left < missing || hops->size == FRAME_HOPS_BYTES_MAX)
			return FRAME_MALFORMED;
		taken = take(input, hops->bytes + hops->size, missing);
		hops->size += (uint8_t)taken;
		parser->left -= taken;
		if (taken < missing)
			break;
		if (!(hops->bytes[hops->size - FRAME_HOP_BYTES] & LAST_HOP))
			continue;
		if (parser->left > parser->body_max)
			return FRAME_MALFORMED;
		parser->at = FRAME_AT_BODY;
		parser->body_size = (size_t)parser->left;
		return FRAME_NEEDS_ROOM;
	}
	return FRAME_NEEDS_MORE;
}

static enum frame_event parse_body(struct frame_parser *parser, struct bytes *input)
{
	struct frame_rest rest = frame_rest(parser);

	assert(parser->body);
	parser->left -= take(input, rest.data, rest.size);
	if (parser->left > 0)
		return FRAME_NEEDS_MORE;
	parser->at = FRAME_AT_LENGTH;
	parser->head_size = 0;
	return FRAME_COMPLETE;
}

enum frame_event frame_parse(struct frame_parser *parser, struct bytes *input)
{
	enum frame_event event = FRAME_NEEDS_MORE;
	int before;

	/* A step that ends asks for more; whether there is more to do shows in the place and the
	 * input. */
	do {
		before = (int)parser->at;
		switch (parser->at) {
		case FRAME_AT_HELLO:
			event = parse_hello(parser, input);
			break;
		case FRAME_AT_LENGTH:
			if (parser->head_size == 0)
				begin_frame(parser);
			event = parse_length(parser, input);
			break;
		case FRAME_AT_HOPS:
			event = parse_hops(parser, input);
			break;
		case FRAME_AT_BODY:
			event = parse_body(parser, input);
			break;
		}
	} while (event == FRAME_NEEDS_MORE && before != (int)parser->at);
	return event;
}

bool frame_is_partial(const struct frame_parser *parser)
{
	return parser->at != FRAME_AT_LENGTH || parser->head_size > 0;
}

struct frame_rest frame_rest(const struct frame_parser *parser)
{
	if (parser->at != FRAME_AT_BODY || !parser->body)
		return (struct frame_rest){ NULL, 0 };
	return (struct frame_rest){ parser->body + (parser->body_size - parser->left),
		(size_t)parser->left };
}

void frame_rest_filled(struct frame_parser *parser, size_t size)
{
	assert(size <= parser->left);
	parser->left -= size;
}

uint8_t *frame_write_header(
	bool ipc, const struct frame_hops *hops, uint8_t *body, size_t body_size)
{
	uint64_t length = htobe64(hops->size + body_size);
	uint8_t *start = body - hops->size;

	memcpy(start, hops->bytes, hops->size);
	start -= sizeof(length);
	memcpy(start, &length, sizeof(length));
	if (ipc)
		*--start = IPC_MESSAGE;
	return start;
}
