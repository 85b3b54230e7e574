/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/frame.h"

/*
 * The input's first byte chooses the link (its lowest bit) and the size of the pieces (the rest);
 * then come the bytes of a client. Whatever they are, the parser keeps its limits, and reads the
 * same requests from pieces of any size.
 */

enum { BODY_MAX = 4096 };

static void require(int condition)
{
	if (!condition)
		abort();
}

static uint64_t hash_add(uint64_t hash, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 1099511628211U;
	return hash;
}

/* What a parser made of the input. */
struct outcome {
	uint64_t hash; /* of all requests */
	unsigned requests;
	int malformed;
};

static void check_request(const struct frame_parser *parser, struct outcome *outcome)
{
	const struct frame_hops *hops = &parser->hops;
	uint8_t reply[FRAME_HEADER_BYTES_MAX];

	require(hops->size >= FRAME_HOP_BYTES && hops->size <= FRAME_HOPS_BYTES_MAX);
	require(hops->size % FRAME_HOP_BYTES == 0);
	require(hops->bytes[hops->size - FRAME_HOP_BYTES] & 0x80);
	require(parser->body_size <= BODY_MAX);
	require(frame_write_header(parser->ipc, hops, reply + sizeof(reply), 0) >= reply);
	outcome->hash = hash_add(outcome->hash, hops->bytes, hops->size);
	outcome->hash = hash_add(outcome->hash, parser->body, parser->body_size);
	outcome->requests++;
}

/* Half of the time, the missing end of a body is filled directly, as a connection does for large
 * ones. */
static void fill_directly(struct frame_parser *parser, struct bytes *input)
{
	struct frame_rest rest = frame_rest(parser);
	size_t size = rest.size < input->size ? rest.size : input->size;

	if (size == 0)
		return;
	memcpy(rest.data, input->data, size);
	frame_rest_filled(parser, size);
	input->data += size;
	input->size -= size;
}

static void parse_piece(
	struct frame_parser *parser, struct bytes input, int direct, struct outcome *outcome)
{
	for (;;) {
		if (direct)
			fill_directly(parser, &input);
		switch (frame_parse(parser, &input)) {
		case FRAME_NEEDS_MORE:
			require(input.size == 0);
			return;
		case FRAME_NEEDS_ROOM:
			require(parser->body_size <= BODY_MAX);
			/* At least a byte, as an arena gives. */
			parser->body = malloc(parser->body_size + (parser->body_size == 0));
			break;
		case FRAME_COMPLETE:
			check_request(parser, outcome);
			free(parser->body);
			parser->body = NULL;
			break;
		case FRAME_MALFORMED:
			outcome->malformed = 1;
			return;
		}
	}
}

static struct outcome parse_in_pieces(int ipc, struct bytes input, size_t piece, int direct)
{
	struct outcome outcome = { .hash = 14695981039346656037U };
	struct frame_parser parser;

	frame_parser_init(&parser, ipc, BODY_MAX);
	while (input.size > 0 && !outcome.malformed) {
		size_t size = piece < input.size ? piece : input.size;

		parse_piece(&parser, bytes_of(input.data, size), direct, &outcome);
		input.data += size;
		input.size -= size;
	}
	free(parser.body);
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;
	struct bytes input;
	int ipc;

	if (size == 0)
		return 0;
	ipc = data[0] & 1;
	input = bytes_of(data + 1, size - 1);
	whole = parse_in_pieces(ipc, input, SIZE_MAX, 0);
	pieces = parse_in_pieces(ipc, input, (size_t)(data[0] >> 1) + 1, 1);
	require(whole.hash == pieces.hash);
	require(whole.requests == pieces.requests);
	require(whole.malformed == pieces.malformed);
	return 0;
}
