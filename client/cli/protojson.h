/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Protocol Buffers messages as JSON and back, as https://protobuf.dev/programming-guides/json says,
 * for any message by its descriptor. Names are lowerCamelCase, 64-bit numbers strings, enums their
 * names, bytes base64; google.protobuf.Timestamp, Duration and FieldMask are strings, maps are
 * objects, and an Any of a google.rpc detail is that detail with its "@type".
 *
 * Each function that fails leaves a sentence in `problem` that begins with the path of what is
 * wrong: "organization.metadata.team: must be a string". No input aborts.
 *
 * Any thread.
 */
enum {
	PROTOJSON_PROBLEM_BYTES = 512, /* with the NUL; longer ones are cut */
	PROTOJSON_DEPTH_MAX = 32,      /* messages within messages */
};

enum protojson_fields {
	PROTOJSON_POPULATED, /* leave out what holds its default */
	PROTOJSON_ALL,       /* only leave out messages and oneof members that are absent */
};

/* A new reference, fields by their numbers; NULL on failure.
 *
 *   text that is no UTF-8; a time, duration or mask that has no JSON form; nesting past the limit;
 *   out of memory */
json_t *protojson_write(const ProtobufCMessage *message, enum protojson_fields fields,
	char problem[PROTOJSON_PROBLEM_BYTES]);
/* The same as text, indented, without a final newline, to be freed; NULL on failure. */
char *protojson_format(const ProtobufCMessage *message, enum protojson_fields fields,
	char problem[PROTOJSON_PROBLEM_BYTES]);

/* A new message, to be freed with protobuf_c_message_free_unpacked(message, NULL); NULL on failure.
 * Names as in the .proto are taken too, null is as if absent.
 *
 *   an unknown field; a field twice, under its two names; two members of a oneof; a wrong type; a
 *   number out of range or with a fraction; an unknown enum name; a malformed time, duration,
 *   mask or base64; a NUL; an Any of an unknown type; nesting past the limit; out of memory */
ProtobufCMessage *protojson_read(const ProtobufCMessageDescriptor *descriptor, const json_t *json,
	char problem[PROTOJSON_PROBLEM_BYTES]);
/* The same from text, which need not end with a NUL. Also refuses, naming line and column: what is
 * no JSON, the same name twice in one object, bad UTF-8. */
ProtobufCMessage *protojson_parse(const ProtobufCMessageDescriptor *descriptor, const char *text,
	size_t bytes, char problem[PROTOJSON_PROBLEM_BYTES]);
