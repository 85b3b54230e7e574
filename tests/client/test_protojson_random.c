/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <google/rpc/error_details.pb-c.h>
#include <org_client.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protojson.h"
#include "types.pb-c.h"

/*
 * Random messages of every type there is, there and back. They are written as bytes of the wire,
 * which protobuf-c then unpacks, so that nothing of the codec is needed to make them.
 */

enum { ROUNDS = 40, DEPTH_MAX = 4 };

static uint64_t random_state = UINT64_C(0x9E3779B97F4A7C15);

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint64_t random_below(uint64_t bound)
{
	return random_number() % bound;
}

/* Often at an edge, often small. */
static uint64_t random_value(void)
{
	static const uint64_t edges[] = { 0, 1, UINT64_MAX, INT64_MAX, UINT64_C(1) << 63,
		UINT32_MAX, INT32_MAX, UINT64_C(1) << 31, UINT64_C(1) << 53 };

	switch (random_below(3)) {
	case 0:
		return edges[random_below(sizeof(edges) / sizeof(*edges))];
	case 1:
		return random_below(100);
	default:
		return random_number();
	}
}

/* --- bytes of the wire --- */

struct wire {
	uint8_t *bytes;
	size_t size, room;
};

static struct wire packed(const ProtobufCMessage *message)
{
	struct wire wire = { .size = protobuf_c_message_get_packed_size(message) };

	wire.bytes = malloc(wire.size + 1);
	protobuf_c_message_pack(message, wire.bytes);
	return wire;
}

static void put(struct wire *wire, const void *bytes, size_t size)
{
	if (wire->size + size > wire->room) {
		wire->room = 2 * (wire->size + size);
		wire->bytes = realloc(wire->bytes, wire->room);
	}
	if (size > 0)
		memcpy(wire->bytes + wire->size, bytes, size);
	wire->size += size;
}

static void put_varint(struct wire *wire, uint64_t number)
{
	do {
		uint8_t byte = (uint8_t)((number & 0x7F) | (number > 0x7F ? 0x80 : 0));

		put(wire, &byte, 1);
		number >>= 7;
	} while (number > 0);
}

static void put_number(struct wire *wire, unsigned field, uint64_t number)
{
	put_varint(wire, field << 3 | PROTOBUF_C_WIRE_TYPE_VARINT);
	put_varint(wire, number);
}

static void put_bytes(struct wire *wire, unsigned field, const void *bytes, size_t size)
{
	put_varint(wire, field << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
	put_varint(wire, size);
	put(wire, bytes, size);
}

static void put_text(struct wire *wire, unsigned field)
{
	static const char *const pieces[] = { "a", "Z", "é", "😀", "\"", "\\", "\n", "/", "%", " ",
		"\x7F", "\xC2\x85" };
	char text[64] = "";

	for (size_t i = random_below(8); i > 0; i--)
		strcat(text, pieces[random_below(sizeof(pieces) / sizeof(*pieces))]);
	put_bytes(wire, field, text, strlen(text));
}

static void put_raw(struct wire *wire, unsigned field)
{
	uint8_t bytes[16];
	size_t size = random_below(sizeof(bytes) + 1);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)random_number();
	put_bytes(wire, field, bytes, size);
}

static void put_message_fields(
	struct wire *wire, const ProtobufCMessageDescriptor *descriptor, unsigned depth);

static void put_message(struct wire *wire, unsigned field,
	const ProtobufCMessageDescriptor *descriptor, unsigned depth)
{
	struct wire inside = { 0 };

	put_message_fields(&inside, descriptor, depth + 1);
	put_bytes(wire, field, inside.bytes, inside.size);
	free(inside.bytes);
}

static void put_enum(struct wire *wire, unsigned field, const ProtobufCEnumDescriptor *descriptor)
{
	if (random_below(8) == 0) /* one that is not known */
		put_number(wire, field, 1000);
	else
		put_number(wire, field,
			(uint64_t)descriptor->values[random_below(descriptor->n_values)].value);
}

static void put_fixed(struct wire *wire, unsigned field, unsigned wire_type, uint64_t number)
{
	put_varint(wire, field << 3 | wire_type);
	put(wire, &number, wire_type == PROTOBUF_C_WIRE_TYPE_32BIT ? 4 : 8);
}

/* Numbers that floats have exactly. */
static void put_real(struct wire *wire, unsigned field, ProtobufCType type)
{
	double number = (double)(int32_t)random_number() / 256;
	float single = (float)((int32_t)random_below(1 << 20) - (1 << 19)) / 256;
	uint64_t bits = 0;

	if (type == PROTOBUF_C_TYPE_DOUBLE) {
		memcpy(&bits, &number, sizeof(number));
		put_fixed(wire, field, PROTOBUF_C_WIRE_TYPE_64BIT, bits);
	} else {
		memcpy(&bits, &single, sizeof(single));
		put_fixed(wire, field, PROTOBUF_C_WIRE_TYPE_32BIT, bits);
	}
}

static void put_value(struct wire *wire, const ProtobufCFieldDescriptor *field, unsigned depth)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		put_text(wire, field->id);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		put_raw(wire, field->id);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		put_message(wire, field->id, field->descriptor, depth);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		put_enum(wire, field->id, field->descriptor);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		put_number(wire, field->id, random_below(2));
		break;
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		put_real(wire, field->id, field->type);
		break;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
		put_fixed(wire, field->id, PROTOBUF_C_WIRE_TYPE_32BIT, random_value());
		break;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
		put_fixed(wire, field->id, PROTOBUF_C_WIRE_TYPE_64BIT, random_value());
		break;
	default:
		put_number(wire, field->id, random_value());
	}
}

/* --- messages whose values have bounds --- */

static void put_timestamp(struct wire *wire)
{
	put_number(wire, 1, (uint64_t)((int64_t)random_below(315537897600) - 62135596800));
	put_number(
		wire, 2, random_below(2) ? random_below(1000000000) : random_below(1000) * 1000000);
}

static void put_duration(struct wire *wire)
{
	int64_t sign = random_below(2) ? 1 : -1;

	put_number(wire, 1, (uint64_t)(sign * (int64_t)random_below(315576000000)));
	put_number(wire, 2, (uint64_t)(sign * (int64_t)random_below(1000000000)));
}

static void put_mask(struct wire *wire)
{
	static const char *const paths[] = { "*", "title", "display_name", "a.b_c.d", "x_y_z" };

	for (size_t i = random_below(4); i > 0; i--) {
		const char *path = paths[random_below(sizeof(paths) / sizeof(*paths))];

		put_bytes(wire, 1, path, strlen(path));
	}
}

/* What is inside an Any is compared byte by byte, so it is as protobuf-c would pack it. */
static void put_canonical(
	struct wire *wire, unsigned field, const ProtobufCMessageDescriptor *descriptor)
{
	struct wire any = { 0 }, canonical;
	ProtobufCMessage *message;

	put_message_fields(&any, descriptor, DEPTH_MAX);
	message = protobuf_c_message_unpack(descriptor, NULL, any.size, any.bytes);
	canonical = packed(message);
	put_bytes(wire, field, canonical.bytes, canonical.size);
	protobuf_c_message_free_unpacked(message, NULL);
	free(canonical.bytes);
	free(any.bytes);
}

static void put_any(struct wire *wire)
{
	static const ProtobufCMessageDescriptor *const types[] = {
		&google__rpc__error_info__descriptor, &google__rpc__bad_request__descriptor,
		&google__rpc__help__descriptor, &google__rpc__retry_info__descriptor,
		&google__rpc__quota_failure__descriptor, &google__protobuf__duration__descriptor
	};
	const ProtobufCMessageDescriptor *type =
		types[random_below(sizeof(types) / sizeof(*types))];
	char url[96];

	snprintf(url, sizeof(url), "type.googleapis.com/%s", type->name);
	put_bytes(wire, 1, url, strlen(url));
	put_canonical(wire, 2, type);
}

static bool put_special(struct wire *wire, const ProtobufCMessageDescriptor *descriptor)
{
	if (descriptor == &google__protobuf__timestamp__descriptor)
		put_timestamp(wire);
	else if (descriptor == &google__protobuf__duration__descriptor)
		put_duration(wire);
	else if (descriptor == &google__protobuf__field_mask__descriptor)
		put_mask(wire);
	else if (descriptor == &google__protobuf__any__descriptor)
		put_any(wire);
	else
		return false;
	return true;
}

/* A map's keys are unique, so one entry is enough; a value has no absence. */
static bool is_entry(const ProtobufCMessageDescriptor *descriptor)
{
	return descriptor->n_fields == 2 && strcmp(descriptor->fields[0].name, "key") == 0;
}

static void put_field(struct wire *wire, const ProtobufCFieldDescriptor *field, unsigned depth)
{
	bool nested = field->type == PROTOBUF_C_TYPE_MESSAGE;
	size_t count = 1;

	if (nested && depth >= DEPTH_MAX && field->descriptor == &orgd__test__composite__descriptor)
		return;
	if (field->label == PROTOBUF_C_LABEL_REPEATED && !(nested && is_entry(field->descriptor)))
		count = random_below(4);
	for (; count > 0; count--)
		put_value(wire, field, depth);
}

static void put_message_fields(
	struct wire *wire, const ProtobufCMessageDescriptor *descriptor, unsigned depth)
{
	if (put_special(wire, descriptor))
		return;
	for (unsigned i = 0; i < descriptor->n_fields; i++)
		if (is_entry(descriptor) || random_below(3) > 0)
			put_field(wire, &descriptor->fields[i], depth);
}

/* --- there and back --- */

static void expect_same(const ProtobufCMessage *message, enum protojson_fields fields)
{
	char problem[PROTOJSON_PROBLEM_BYTES];
	char *text = protojson_format(message, fields, problem);
	ProtobufCMessage *back;
	struct wire before = packed(message), after;

	cr_assert(text, "%s: %s", message->descriptor->name, problem);
	back = protojson_parse(message->descriptor, text, strlen(text), problem);
	cr_assert(back, "%s: %s\n%s", message->descriptor->name, problem, text);
	after = packed(back);
	cr_assert(before.size == after.size && memcmp(before.bytes, after.bytes, after.size) == 0,
		"%s\n%s", message->descriptor->name, text);
	free(before.bytes);
	free(after.bytes);
	free(text);
	protobuf_c_message_free_unpacked(back, NULL);
}

static void round_trip(const ProtobufCMessageDescriptor *descriptor)
{
	struct wire wire = { 0 };
	ProtobufCMessage *message;

	put_message_fields(&wire, descriptor, 0);
	message = protobuf_c_message_unpack(descriptor, NULL, wire.size, wire.bytes);
	cr_assert(message);
	expect_same(message, PROTOJSON_POPULATED);
	expect_same(message, PROTOJSON_ALL);
	protobuf_c_message_free_unpacked(message, NULL);
	free(wire.bytes);
}

/* Every message type that a service takes or gives, those inside included. */
struct types {
	const ProtobufCMessageDescriptor *items[512];
	size_t count;
};

static void collect(struct types *types, const ProtobufCMessageDescriptor *descriptor)
{
	for (size_t i = 0; i < types->count; i++)
		if (types->items[i] == descriptor)
			return;
	cr_assert_lt(types->count, sizeof(types->items) / sizeof(*types->items));
	types->items[types->count++] = descriptor;
	for (unsigned i = 0; i < descriptor->n_fields; i++)
		if (descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
			collect(types, descriptor->fields[i].descriptor);
}

static struct types types_of_the_contract(void)
{
	const ProtobufCServiceDescriptor *const *services = org_services();
	struct types types = { .count = 0 };

	for (size_t i = 0; services[i]; i++)
		for (unsigned j = 0; j < services[i]->n_methods; j++) {
			collect(&types, services[i]->methods[j].input);
			collect(&types, services[i]->methods[j].output);
		}
	return types;
}

Test(protojson_random, every_message_of_the_contract_comes_back, .timeout = 120)
{
	struct types types = types_of_the_contract();

	cr_assert_gt(types.count, 100);
	for (size_t i = 0; i < types.count; i++)
		for (int round = 0; round < ROUNDS; round++)
			round_trip(types.items[i]);
}

Test(protojson_random, one_of_everything_comes_back, .timeout = 120)
{
	for (int round = 0; round < 20 * ROUNDS; round++) {
		round_trip(&orgd__test__scalars__descriptor);
		round_trip(&orgd__test__composite__descriptor);
	}
}

/* --- texts that are nearly right --- */

/* Text with some bytes changed, left out or doubled is read or refused, and nothing else
 * happens. */
static void mangle(char *text, size_t size, char *out, size_t *out_size)
{
	static const char noise[] = "{}[]\",:\\u0\xFF-.eEtn 19";
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		switch (random_below(24)) {
		case 0:
			out[n++] = noise[random_below(sizeof(noise))];
			break;
		case 1:
			break;
		case 2:
			out[n++] = text[i];
			out[n++] = text[i];
			break;
		default:
			out[n++] = text[i];
		}
	}
	*out_size = n;
}

static void read_mangled(const ProtobufCMessage *message)
{
	char problem[PROTOJSON_PROBLEM_BYTES];
	char *text = protojson_format(message, PROTOJSON_POPULATED, problem);
	char *out = malloc(2 * strlen(text) + 1);

	for (int i = 0; i < 20; i++) {
		ProtobufCMessage *read;
		size_t size;

		mangle(text, strlen(text), out, &size);
		read = protojson_parse(message->descriptor, out, size, problem);
		cr_assert(read || strlen(problem) > 0);
		if (read)
			protobuf_c_message_free_unpacked(read, NULL);
	}
	free(out);
	free(text);
}

Test(protojson_random, nearly_right_text_is_read_or_refused, .timeout = 120)
{
	for (int round = 0; round < 10 * ROUNDS; round++) {
		struct wire wire = { 0 };
		ProtobufCMessage *message;

		put_message_fields(&wire, &orgd__test__composite__descriptor, DEPTH_MAX - 1);
		message = protobuf_c_message_unpack(
			&orgd__test__composite__descriptor, NULL, wire.size, wire.bytes);
		read_mangled(message);
		protobuf_c_message_free_unpacked(message, NULL);
		free(wire.bytes);
	}
}
