/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/wire.h"

#include <assert.h>

#include "base/text.h"

enum { FIELDS_MAX = 128, VARINT_BYTES_MAX = 10 };

static struct status malformed(const ProtobufCMessageDescriptor *descriptor, const char *problem)
{
	return status_fail(STATUS_INVALID_ARGUMENT, "MALFORMED_REQUEST",
		"The bytes are not a %s message: %s.", descriptor->name, problem);
}

static struct status malformed_field(const ProtobufCMessageDescriptor *descriptor,
	const ProtobufCFieldDescriptor *field, const char *problem)
{
	return status_fail(STATUS_INVALID_ARGUMENT, "MALFORMED_REQUEST", "%s.%s %s.",
		descriptor->name, field->name, problem);
}

/* Takes `size` bytes from the front of `bytes`. False when there are fewer. */
static bool take(struct bytes *bytes, uint64_t size, struct bytes *taken)
{
	if (size > bytes->size)
		return false;
	*taken = bytes_of(bytes->data, (size_t)size);
	if (size > 0)
		*bytes = bytes_of(bytes->data + size, bytes->size - (size_t)size);
	return true;
}

static bool take_varint(struct bytes *bytes, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < bytes->size && i < VARINT_BYTES_MAX; i++) {
		*value |= (uint64_t)(bytes->data[i] & 0x7F) << (7 * i);
		if (bytes->data[i] < 0x80) {
			*bytes = bytes_of(bytes->data + i + 1, bytes->size - i - 1);
			return true;
		}
	}
	return false;
}

/* Takes a field's value; only a length-prefixed one's content is set. False when it is cut, a
 * group, or of no wire type. */
static bool take_value(struct bytes *bytes, unsigned wire_type, struct bytes *content)
{
	struct bytes skipped;
	uint64_t number;

	switch (wire_type) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		return take_varint(bytes, &number);
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		return take(bytes, 8, &skipped);
	case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
		return take_varint(bytes, &number) && take(bytes, number, content);
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		return take(bytes, 4, &skipped);
	default:
		return false;
	}
}

static unsigned natural_wire_type(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return PROTOBUF_C_WIRE_TYPE_32BIT;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return PROTOBUF_C_WIRE_TYPE_64BIT;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
	default:
		return PROTOBUF_C_WIRE_TYPE_VARINT;
	}
}

/* Repeated numbers may come packed or one by one, whatever the .proto says. */
static bool fits(const ProtobufCFieldDescriptor *field, unsigned wire_type)
{
	return wire_type == natural_wire_type(field->type) ||
	       (field->label == PROTOBUF_C_LABEL_REPEATED &&
		       wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
}

static struct status check_message(
	const ProtobufCMessageDescriptor *descriptor, struct bytes bytes, unsigned depth);

static struct status check_content(const ProtobufCMessageDescriptor *descriptor,
	const ProtobufCFieldDescriptor *field, struct bytes content, unsigned depth)
{
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return check_message(field->descriptor, content, depth + 1);
	if (field->type != PROTOBUF_C_TYPE_STRING || content.size == 0)
		return OK;
	if (memchr(content.data, '\0', content.size))
		return malformed_field(descriptor, field, "holds a NUL character");
	if (!text_is_utf8((const char *)content.data, content.size))
		return malformed_field(descriptor, field, "is not valid UTF-8");
	return OK;
}

/* `seen` has a flag for each field: notes this one, and refuses a singular message's second coming.
 */
static struct status check_single(const ProtobufCMessageDescriptor *descriptor,
	const ProtobufCFieldDescriptor *field, bool seen[FIELDS_MAX])
{
	size_t n = (size_t)(field - descriptor->fields);

	if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED)
		return OK;
	if (seen[n])
		return malformed_field(descriptor, field, "is there twice");
	seen[n] = true;
	return OK;
}

static struct status check_message(
	const ProtobufCMessageDescriptor *descriptor, struct bytes bytes, unsigned depth)
{
	bool seen[FIELDS_MAX] = { false };

	assert(descriptor->n_fields <= FIELDS_MAX);
	if (depth > WIRE_DEPTH_MAX)
		return malformed(descriptor, "it is nested too deeply");
	while (bytes.size > 0) {
		const ProtobufCFieldDescriptor *field;
		struct bytes content = { NULL, 0 };
		unsigned wire_type;
		uint64_t tag;

		if (!take_varint(&bytes, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
			return malformed(descriptor, "a field's number is malformed");
		wire_type = tag & 7;
		if (!take_value(&bytes, wire_type, &content))
			return malformed(descriptor, "a field is cut short, or a group");
		field = protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(tag >> 3));
		if (!field)
			continue;
		if (!fits(field, wire_type))
			return malformed_field(descriptor, field, "has the wrong wire type");
		TRY(check_single(descriptor, field, seen));
		TRY(check_content(descriptor, field, content, depth));
	}
	return OK;
}

struct status wire_check(const ProtobufCMessageDescriptor *descriptor, struct bytes bytes)
{
	return check_message(descriptor, bytes, 1);
}
