/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>

#include "base/compiler.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "protojson.h"

/* --- where we are: protojson_form.c --- */

/* A place in the message, for the path of a problem. Lives on the stack of whoever is there. */
struct spot {
	const struct spot *up; /* NULL at the top */
	const char *name;      /* of a field, or a map's key; NULL for an element */
	size_t index;          /* of an element */
	unsigned depth;        /* messages around it */
	char *problem;
};

/* `name`, the message type's, stands for an empty path. */
struct spot spot_top(const char *name, char *problem);
struct spot spot_field(const struct spot *up, const char *name);
struct spot spot_element(const struct spot *up, size_t index);
/* The same place, from where the fields of the message there begin. False when that is too deep. */
bool spot_enter(const struct spot *spot, struct spot *inside);

/* Sets the problem. Returns false. */
bool spot_refuse(const struct spot *spot, const char *format, ...) PRINTF_LIKE(2, 3);

/* --- what a descriptor means in JSON: protojson_form.c --- */

enum form {
	FORM_FIELDS, /* an object with the message's fields */
	FORM_TIMESTAMP,
	FORM_DURATION,
	FORM_FIELD_MASK,
	FORM_ANY,
};
enum form form_of(const ProtobufCMessageDescriptor *descriptor);

/* Whether a repeated message is what protoc makes of a map. */
bool field_is_map(const ProtobufCMessageDescriptor *message, const ProtobufCFieldDescriptor *field);
bool field_is_oneof(const ProtobufCFieldDescriptor *field);
/* What one value takes in memory. */
size_t field_value_bytes(const ProtobufCFieldDescriptor *field);

/* The message type that an Any's URL names; NULL for one that is not known here. */
const ProtobufCMessageDescriptor *any_type(const char *url);

/* --- texts: protojson_text.c --- */

enum {
	NAME_BYTES = 128,
	TIME_BYTES = 48,
};

/* "display_name" → "displayName". Cuts at NAME_BYTES. */
void name_to_camel(const char *name, char camel[NAME_BYTES]);

bool timestamp_to_text(const Google__Protobuf__Timestamp *timestamp, char text[TIME_BYTES]);
bool timestamp_from_text(const char *text, Google__Protobuf__Timestamp *timestamp);
bool duration_to_text(const Google__Protobuf__Duration *duration, char text[TIME_BYTES]);
bool duration_from_text(const char *text, Google__Protobuf__Duration *duration);

/* One path of a mask between "a_b.c" and "aB.c". False when it has no such form; `out` has room for
 * 2 * length + 1 bytes. */
bool path_to_camel(const char *path, char *out);
bool path_from_camel(const char *path, size_t length, char *out);

/* New memory, NULL without any. */
char *base64_encode(const uint8_t *bytes, size_t size);
/* Takes the standard and the URL alphabet, padded or not. `out` has room for size * 3 / 4 bytes;
 * returns how many there are, -1 when it is no base64. */
ptrdiff_t base64_decode(const char *text, size_t size, uint8_t *out);

/* --- what is one JSON value, refused with a problem: protojson_scalar.c --- */

/* Each sets *value only when all is well; strings and bytes are new memory. */
bool string_read(const struct spot *spot, const json_t *json, char **value);
bool bytes_read(const struct spot *spot, const json_t *json, ProtobufCBinaryData *value);
bool boolean_read(const struct spot *spot, const json_t *json, protobuf_c_boolean *value);
bool enum_read(const struct spot *spot, const ProtobufCEnumDescriptor *descriptor,
	const json_t *json, int *value);
/* From a number without a fraction, or decimal digits in a string. */
bool integer_read(const struct spot *spot, const ProtobufCFieldDescriptor *field,
	const json_t *json, void *value);
bool floating_read(const struct spot *spot, const ProtobufCFieldDescriptor *field,
	const json_t *json, void *value);
/* Into a fresh message, which can be freed at any time. */
bool timestamp_read(
	const struct spot *spot, const json_t *json, Google__Protobuf__Timestamp *timestamp);
bool duration_read(
	const struct spot *spot, const json_t *json, Google__Protobuf__Duration *duration);
bool mask_read(const struct spot *spot, const json_t *json, Google__Protobuf__FieldMask *mask);
