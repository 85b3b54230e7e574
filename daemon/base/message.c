/* SPDX-License-Identifier: Apache-2.0 */
#include "base/message.h"

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"

/*
 * Everything here reads at `at`, before `end`, and returns where what it read ends; NULL when it is
 * cut or malformed, or its place in memory is over the budget.
 */

enum { VARINT_BYTES_MAX = 10, REPEATED_MIN = 4, DEPTH_MAX = 16 };

struct target {
	struct arena *arena;
	bool keep_unknown;
	bool check_text;
	unsigned depth;
};

/* How a type is written, and how large it is in a message. */
struct form {
	uint8_t wire_type, size;
};

static const struct form forms[] = {
	[PROTOBUF_C_TYPE_INT32] = { PROTOBUF_C_WIRE_TYPE_VARINT, 4 },
	[PROTOBUF_C_TYPE_SINT32] = { PROTOBUF_C_WIRE_TYPE_VARINT, 4 },
	[PROTOBUF_C_TYPE_SFIXED32] = { PROTOBUF_C_WIRE_TYPE_32BIT, 4 },
	[PROTOBUF_C_TYPE_INT64] = { PROTOBUF_C_WIRE_TYPE_VARINT, 8 },
	[PROTOBUF_C_TYPE_SINT64] = { PROTOBUF_C_WIRE_TYPE_VARINT, 8 },
	[PROTOBUF_C_TYPE_SFIXED64] = { PROTOBUF_C_WIRE_TYPE_64BIT, 8 },
	[PROTOBUF_C_TYPE_UINT32] = { PROTOBUF_C_WIRE_TYPE_VARINT, 4 },
	[PROTOBUF_C_TYPE_FIXED32] = { PROTOBUF_C_WIRE_TYPE_32BIT, 4 },
	[PROTOBUF_C_TYPE_UINT64] = { PROTOBUF_C_WIRE_TYPE_VARINT, 8 },
	[PROTOBUF_C_TYPE_FIXED64] = { PROTOBUF_C_WIRE_TYPE_64BIT, 8 },
	[PROTOBUF_C_TYPE_FLOAT] = { PROTOBUF_C_WIRE_TYPE_32BIT, 4 },
	[PROTOBUF_C_TYPE_DOUBLE] = { PROTOBUF_C_WIRE_TYPE_64BIT, 8 },
	[PROTOBUF_C_TYPE_BOOL] = { PROTOBUF_C_WIRE_TYPE_VARINT, sizeof(protobuf_c_boolean) },
	[PROTOBUF_C_TYPE_ENUM] = { PROTOBUF_C_WIRE_TYPE_VARINT, 4 },
	[PROTOBUF_C_TYPE_STRING] = { PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, sizeof(char *) },
	[PROTOBUF_C_TYPE_BYTES] = { PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
		sizeof(ProtobufCBinaryData) },
	[PROTOBUF_C_TYPE_MESSAGE] = { PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
		sizeof(ProtobufCMessage *) },
};

static_assert(sizeof(protobuf_c_boolean) == 4, "a boolean is stored as other numbers are");

static inline const uint8_t *read_varint(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
	uint64_t sum = 0;

	for (unsigned shift = 0; at < end && shift < 7 * VARINT_BYTES_MAX; shift += 7) {
		uint8_t byte = *at++;

		sum |= (uint64_t)(byte & 0x7F) << shift;
		if (byte < 0x80) {
			*value = sum;
			return at;
		}
	}
	return NULL;
}

/* The end of `size` bytes. */
static inline const uint8_t *pass(const uint8_t *at, const uint8_t *end, uint64_t size)
{
	return size <= (uint64_t)(end - at) ? at + size : NULL;
}

/* Reads a length, and sets *content to where so many bytes begin. */
static inline const uint8_t *read_prefixed(
	const uint8_t *at, const uint8_t *end, const uint8_t **content)
{
	uint64_t size;

	*content = read_varint(at, end, &size);
	return *content ? pass(*content, end, size) : NULL;
}

static uint64_t number_of_varint(ProtobufCType type, uint64_t varint)
{
	switch ((int)type) {
	case PROTOBUF_C_TYPE_BOOL:
		return varint != 0;
	case PROTOBUF_C_TYPE_SINT32:
		return (uint32_t)varint >> 1 ^ -(varint & 1);
	case PROTOBUF_C_TYPE_SINT64:
		return varint >> 1 ^ -(varint & 1);
	default:
		return varint;
	}
}

static const uint8_t *read_number(
	const uint8_t *at, const uint8_t *end, ProtobufCType type, void *out)
{
	struct form form = forms[type];
	const uint8_t *begin = at;
	uint64_t number = 0;
	uint32_t half;

	if (form.wire_type == PROTOBUF_C_WIRE_TYPE_VARINT) {
		at = read_varint(at, end, &number);
		number = number_of_varint(type, number);
	} else {
		at = pass(at, end, form.size);
		if (at)
			memcpy(&number, begin, form.size);
		number = le64toh(number);
	}
	half = (uint32_t)number;
	if (form.size == sizeof(half))
		memcpy(out, &half, sizeof(half));
	else
		memcpy(out, &number, sizeof(number));
	return at;
}

MUST_USE static bool copy_text(
	const struct target *target, const uint8_t *content, size_t size, char **text)
{
	if (target->check_text &&
		(memchr(content, '\0', size) || !text_is_utf8((const char *)content, size)))
		return false;
	*text = arena_alloc_within(target->arena, size + 1);
	if (!*text)
		return false;
	memcpy(*text, content, size);
	(*text)[size] = '\0';
	return true;
}

MUST_USE static bool copy_bytes(const struct target *target, const uint8_t *content, size_t size,
	ProtobufCBinaryData *bytes)
{
	*bytes = (ProtobufCBinaryData){ size, NULL };
	if (!size)
		return true;
	bytes->data = arena_alloc_within(target->arena, size);
	if (bytes->data)
		memcpy(bytes->data, content, size);
	return bytes->data != NULL;
}

static ProtobufCMessage *unpack(
	struct target *target, const ProtobufCMessageDescriptor *descriptor, struct bytes bytes);

static const uint8_t *read_value(const uint8_t *at, const uint8_t *end, struct target *target,
	const ProtobufCFieldDescriptor *field, void *out)
{
	ProtobufCMessage **message = out;
	const uint8_t *content;
	size_t size;

	if (forms[field->type].wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
		return read_number(at, end, field->type, out);
	at = read_prefixed(at, end, &content);
	if (!at)
		return NULL;
	size = (size_t)(at - content);
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return copy_text(target, content, size, out) ? at : NULL;
	if (field->type == PROTOBUF_C_TYPE_BYTES)
		return copy_bytes(target, content, size, out) ? at : NULL;
	if (++target->depth == DEPTH_MAX)
		return NULL;
	*message = unpack(target, field->descriptor, bytes_of(content, size));
	target->depth--;
	return *message ? at : NULL;
}

/* An array with room for one more after `count` elements: the same one or a larger. A full one has
 * a power of two of them. NULL past the budget. */
static void *grow(struct arena *arena, void *array, size_t count, size_t element_bytes)
{
	size_t room = count ? 2 * count : REPEATED_MIN;
	void *larger;

	if (count && (count < REPEATED_MIN || count & (count - 1)))
		return array;
	larger = arena_alloc_within(arena, room * element_bytes);
	if (larger && count)
		memcpy(larger, array, count * element_bytes);
	return larger;
}

static void *member(ProtobufCMessage *message, unsigned offset)
{
	return (uint8_t *)message + offset;
}

/* Reads one more element of a repeated field. */
static const uint8_t *read_element(const uint8_t *at, const uint8_t *end, struct target *target,
	const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
	size_t *count = member(message, field->quantifier_offset);
	uint8_t **array = member(message, field->offset);
	size_t size = forms[field->type].size;
	uint8_t *grown = grow(target->arena, *array, *count, size);

	if (!grown)
		return NULL;
	at = read_value(at, end, target, field, grown + *count * size);
	*array = grown;
	*count += at != NULL;
	return at;
}

/* Repeated numbers come packed or one by one, whatever the .proto says. */
static const uint8_t *read_repeated(const uint8_t *at, const uint8_t *end, struct target *target,
	const ProtobufCFieldDescriptor *field, unsigned wire_type, ProtobufCMessage *message)
{
	const uint8_t *content;

	if (wire_type == forms[field->type].wire_type)
		return read_element(at, end, target, field, message);
	if (wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
		return NULL;
	at = read_prefixed(at, end, &content);
	while (at && content && content < at)
		content = read_element(content, at, target, field, message);
	return content ? at : NULL;
}

static const uint8_t *read_singular(const uint8_t *at, const uint8_t *end, struct target *target,
	const ProtobufCFieldDescriptor *field, unsigned wire_type, ProtobufCMessage *message)
{
	ProtobufCMessage **child = member(message, field->offset);
	uint32_t *chosen = NULL;

	if (wire_type != forms[field->type].wire_type)
		return NULL;
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		chosen = member(message, field->quantifier_offset);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
		(chosen ? *chosen == field->id : *child != NULL))
		return NULL;
	if (chosen)
		*chosen = field->id;
	return read_value(at, end, target, field, child);
}

static const uint8_t *skip(const uint8_t *at, const uint8_t *end, unsigned wire_type)
{
	const uint8_t *content;
	uint64_t number;

	switch (wire_type) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		return read_varint(at, end, &number);
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		return pass(at, end, 8);
	case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
		return read_prefixed(at, end, &content);
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		return pass(at, end, 4);
	default:
		return NULL;
	}
}

/* Keeps a field of a newer contract, so that it is there when the message is packed again. */
static const uint8_t *read_unknown(const uint8_t *at, const uint8_t *end,
	const struct target *target, unsigned id, unsigned wire_type, ProtobufCMessage *message)
{
	const uint8_t *after = skip(at, end, wire_type);
	ProtobufCMessageUnknownField *fields = message->unknown_fields, *field;

	if (!after || !target->keep_unknown)
		return after;
	fields = grow(target->arena, fields, message->n_unknown_fields, sizeof(*fields));
	if (!fields)
		return NULL;
	field = &fields[message->n_unknown_fields];
	*field = (ProtobufCMessageUnknownField){ .tag = id,
		.wire_type = wire_type,
		.len = (size_t)(after - at),
		.data = arena_alloc_within(target->arena, (size_t)(after - at)) };
	if (!field->data)
		return NULL;
	memcpy(field->data, at, field->len);
	message->unknown_fields = fields;
	message->n_unknown_fields++;
	return after;
}

/* Fields mostly come in order, so `next`, the one after the last, is asked first. NULL for an id
 * that the message does not know. */
static inline const ProtobufCFieldDescriptor *find(
	const ProtobufCMessageDescriptor *descriptor, unsigned next, unsigned id)
{
	const ProtobufCFieldDescriptor *fields = descriptor->fields;

	if (next < descriptor->n_fields && fields[next].id == id)
		return &fields[next];
	/* Between two neighbours there is none. */
	if ((next == 0 || fields[next - 1].id < id) &&
		(next == descriptor->n_fields || id < fields[next].id))
		return NULL;
	return protobuf_c_message_descriptor_get_field(descriptor, id);
}

static ProtobufCMessage *unpack(
	struct target *target, const ProtobufCMessageDescriptor *descriptor, struct bytes bytes)
{
	const uint8_t *at = bytes.data, *end = at + bytes.size;
	ProtobufCMessage *message = arena_alloc_within(target->arena, descriptor->sizeof_message);
	unsigned next = 0;

	if (!message)
		return NULL;
	descriptor->message_init(message);
	while (at < end) {
		const ProtobufCFieldDescriptor *field;
		unsigned id, wire_type;
		uint64_t tag;

		at = read_varint(at, end, &tag);
		if (!at || tag >> 3 == 0 || tag > UINT32_MAX)
			return NULL;
		id = (unsigned)tag >> 3;
		wire_type = tag & 7;
		field = find(descriptor, next, id);
		if (!field)
			at = read_unknown(at, end, target, id, wire_type, message);
		else if (field->label == PROTOBUF_C_LABEL_REPEATED)
			at = read_repeated(at, end, target, field, wire_type, message);
		else
			at = read_singular(at, end, target, field, wire_type, message);
		if (!at)
			return NULL;
		if (field)
			next = (unsigned)(field - descriptor->fields) + 1;
	}
	return message;
}

ProtobufCMessage *message_unpack(
	struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct bytes bytes)
{
	return unpack(&(struct target){ arena, .keep_unknown = true }, descriptor, bytes);
}

ProtobufCMessage *message_unpack_checked(
	struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct bytes bytes)
{
	return unpack(&(struct target){ arena, .keep_unknown = true, .check_text = true },
		descriptor, bytes);
}

ProtobufCMessage *message_unpack_known(
	struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct bytes bytes)
{
	return unpack(&(struct target){ arena, .keep_unknown = false }, descriptor, bytes);
}
