/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <endian.h>
#include <string.h>

#include "rpc/frame.h"

enum { BODY_MAX = 1000 };

/* The bytes of a client, put together by hand. */
struct wire {
	uint8_t bytes[4096];
	size_t size;
};

static void add(struct wire *wire, const void *bytes, size_t size)
{
	memcpy(wire->bytes + wire->size, bytes, size);
	wire->size += size;
}

#define ADD(wire, literal) add((wire), (literal), sizeof(literal) - 1)

static void add_length(struct wire *wire, bool ipc, uint64_t length)
{
	uint64_t big = htobe64(length);

	if (ipc)
		ADD(wire, "\1");
	add(wire, &big, sizeof(big));
}

static void add_hello(struct wire *wire)
{
	ADD(wire, "\0SP\0\0\x30\0\0");
}

/* A parser behind its hello. */
static struct frame_parser parser_ready(bool ipc)
{
	struct wire wire = { 0 };
	struct frame_parser parser;
	struct bytes input;

	frame_parser_init(&parser, ipc, BODY_MAX);
	add_hello(&wire);
	input = bytes_of(wire.bytes, wire.size);
	cr_assert_eq(frame_parse(&parser, &input), FRAME_NEEDS_MORE);
	return parser;
}

static enum frame_event parse_all(struct frame_parser *parser, const struct wire *wire)
{
	struct bytes input = bytes_of(wire->bytes, wire->size);

	return frame_parse(parser, &input);
}

Test(frame, our_hello_is_the_replying_sides)
{
	cr_assert_arr_eq(frame_hello, "\0SP\0\0\x31\0\0", sizeof(frame_hello));
}

Test(frame, a_hello_of_another_protocol_is_malformed)
{
	struct frame_parser parser;
	struct wire wire = { 0 };

	ADD(&wire, "\0SP\0\0\x50\0\0");
	frame_parser_init(&parser, true, BODY_MAX);
	cr_assert_eq(parse_all(&parser, &wire), FRAME_MALFORMED);
}

Test(frame, a_stranger_is_malformed_at_its_first_byte)
{
	struct frame_parser parser;
	struct wire wire = { 0 };

	ADD(&wire, "G");
	frame_parser_init(&parser, false, BODY_MAX);
	cr_assert_eq(parse_all(&parser, &wire), FRAME_MALFORMED);
}

Test(frame, a_parser_is_partial_until_the_hello_is_whole)
{
	struct frame_parser parser;
	struct wire wire = { 0 };

	ADD(&wire, "\0SP\0");
	frame_parser_init(&parser, false, BODY_MAX);
	cr_assert(frame_is_partial(&parser));
	cr_assert_eq(parse_all(&parser, &wire), FRAME_NEEDS_MORE);
	cr_assert(frame_is_partial(&parser));
	wire.size = 0;
	ADD(&wire, "\0\x30\0\0");
	cr_assert_eq(parse_all(&parser, &wire), FRAME_NEEDS_MORE);
	cr_assert_not(frame_is_partial(&parser));
}

static void add_request(struct wire *wire, bool ipc)
{
	add_length(wire, ipc, 8 + 5);
	ADD(wire, "\0\0\0\x07\x80\0\0\x09hello");
}

static void expect_request(struct frame_parser *parser, const uint8_t *body)
{
	cr_assert_eq(parser->hops.size, 8);
	cr_assert_arr_eq(parser->hops.bytes, "\0\0\0\x07\x80\0\0\x09", 8);
	cr_assert_eq(parser->body_size, 5);
	cr_assert_arr_eq(body, "hello", 5);
}

/* Two requests, delivered `piece` bytes at a time. */
static void expect_two_requests(bool ipc, size_t piece)
{
	struct frame_parser parser;
	struct wire wire = { 0 };
	uint8_t body[BODY_MAX];
	unsigned requests = 0;

	frame_parser_init(&parser, ipc, BODY_MAX);
	add_hello(&wire);
	add_request(&wire, ipc);
	add_request(&wire, ipc);
	for (size_t at = 0; at < wire.size; at += piece) {
		size_t size = piece < wire.size - at ? piece : wire.size - at;
		struct bytes input = bytes_of(wire.bytes + at, size);
		enum frame_event event;

		while ((event = frame_parse(&parser, &input)) != FRAME_NEEDS_MORE) {
			cr_assert_neq(event, FRAME_MALFORMED);
			if (event == FRAME_NEEDS_ROOM)
				parser.body = body;
			if (event != FRAME_COMPLETE)
				continue;
			expect_request(&parser, body);
			memset(body, 0, sizeof(body));
			requests++;
		}
		cr_assert_eq(input.size, 0);
	}
	cr_assert_eq(requests, 2);
	cr_assert_not(frame_is_partial(&parser));
}

Test(frame, requests_arrive_in_pieces_of_any_size_over_ipc)
{
	for (size_t piece = 1; piece < 64; piece++)
		expect_two_requests(true, piece);
}

Test(frame, requests_arrive_in_pieces_of_any_size_over_tcp)
{
	for (size_t piece = 1; piece < 64; piece++)
		expect_two_requests(false, piece);
}

Test(frame, an_empty_body_is_a_request)
{
	struct frame_parser parser = parser_ready(false);
	struct wire wire = { 0 };
	struct bytes input;
	uint8_t room;

	add_length(&wire, false, 4);
	ADD(&wire, "\x80\0\0\x01");
	input = bytes_of(wire.bytes, wire.size);
	cr_assert_eq(frame_parse(&parser, &input), FRAME_NEEDS_ROOM);
	cr_assert_eq(parser.body_size, 0);
	parser.body = &room;
	cr_assert_eq(frame_parse(&parser, &input), FRAME_COMPLETE);
}

Test(frame, eight_hops_pass)
{
	struct frame_parser parser = parser_ready(false);
	struct wire wire = { 0 };

	add_length(&wire, false, FRAME_HOPS_BYTES_MAX);
	for (int i = 1; i < FRAME_HOPS_MAX; i++)
		ADD(&wire, "\0\0\0\1");
	ADD(&wire, "\x80\0\0\1");
	cr_assert_eq(parse_all(&parser, &wire), FRAME_NEEDS_ROOM);
	cr_assert_eq(parser.hops.size, FRAME_HOPS_BYTES_MAX);
}

Test(frame, nine_hops_are_malformed)
{
	struct frame_parser parser = parser_ready(false);
	struct wire wire = { 0 };

	add_length(&wire, false, 9 * FRAME_HOP_BYTES);
	for (int i = 1; i < 9; i++)
		ADD(&wire, "\0\0\0\1");
	ADD(&wire, "\x80\0\0\1");
	cr_assert_eq(parse_all(&parser, &wire), FRAME_MALFORMED);
}

Test(frame, a_frame_that_ends_within_its_hops_is_malformed)
{
	struct frame_parser parser = parser_ready(false);
	struct wire wire = { 0 };

	add_length(&wire, false, 6);
	ADD(&wire, "\0\0\0\1\x80\0");
	cr_assert_eq(parse_all(&parser, &wire), FRAME_MALFORMED);
}

Test(frame, an_empty_frame_is_malformed)
{
	struct frame_parser parser = parser_ready(true);
	struct wire wire = { 0 };

	add_length(&wire, true, 0);
	cr_assert_eq(parse_all(&parser, &wire), FRAME_MALFORMED);
}

Test(frame, the_largest_body_passes)
{
	struct frame_parser parser = parser_ready(true);
	struct wire wire = { 0 };

	add_length(&wire, true, FRAME_HOP_BYTES + BODY_MAX);
	ADD(&wire, "\x80\0\0\1");
	cr_assert_eq(parse_all(&parser, &wire), FRAME_NEEDS_ROOM);
	cr_assert_eq(parser.body_size, BODY_MAX);
}

Test(frame, a_body_one_byte_too_large_is_malformed)
{
	struct frame_parser parser = parser_ready(true);
	struct wire wire = { 0 };

	add_length(&wire, true, FRAME_HOP_BYTES + BODY_MAX + 1);
	ADD(&wire, "\x80\0\0\1");
	cr_assert_eq(parse_all(&parser, &wire), FRAME_MALFORMED);
}

Test(frame, an_absurd_length_is_malformed_before_its_hops)
{
	struct frame_parser parser = parser_ready(false);
	struct wire wire = { 0 };

	add_length(&wire, false, UINT64_MAX);
	cr_assert_eq(parse_all(&parser, &wire), FRAME_MALFORMED);
}

Test(frame, another_message_type_over_ipc_is_malformed)
{
	struct frame_parser parser = parser_ready(true);
	struct wire wire = { 0 };

	ADD(&wire, "\2");
	cr_assert_eq(parse_all(&parser, &wire), FRAME_MALFORMED);
}

Test(frame, a_body_can_be_read_to_where_it_belongs)
{
	struct frame_parser parser = parser_ready(false);
	struct wire wire = { 0 };
	struct bytes input, nothing = { 0 };
	struct frame_rest rest;
	uint8_t body[5];

	cr_assert_eq(frame_rest(&parser).size, 0);
	add_length(&wire, false, 4 + 5);
	ADD(&wire, "\x80\0\0\1he");
	input = bytes_of(wire.bytes, wire.size);
	cr_assert_eq(frame_parse(&parser, &input), FRAME_NEEDS_ROOM);
	parser.body = body;
	cr_assert_eq(frame_parse(&parser, &input), FRAME_NEEDS_MORE);
	rest = frame_rest(&parser);
	cr_assert_eq(rest.data, body + 2);
	cr_assert_eq(rest.size, 3);
	memcpy(rest.data, "llo", 3);
	frame_rest_filled(&parser, 3);
	cr_assert_eq(frame_parse(&parser, &nothing), FRAME_COMPLETE);
	cr_assert_arr_eq(body, "hello", 5);
}

Test(frame, a_reply_echoes_the_hops_before_its_body)
{
	static const uint8_t expected[] = "\1\0\0\0\0\0\0\0\x0a\0\0\0\x07\x80\0\0\x09ok";
	struct frame_hops hops = { .bytes = { 0, 0, 0, 7, 0x80, 0, 0, 9 }, .size = 8 };
	uint8_t room[FRAME_HEADER_BYTES_MAX + 2], *body = room + FRAME_HEADER_BYTES_MAX;

	memcpy(body, "ok", 2);
	cr_assert_eq(frame_write_header(true, &hops, body, 2), body - 17);
	cr_assert_arr_eq(body - 17, expected, 19);
	cr_assert_eq(frame_write_header(false, &hops, body, 2), body - 16);
	cr_assert_arr_eq(body - 16, expected + 1, 18);
}
