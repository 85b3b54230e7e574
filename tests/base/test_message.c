/* SPDX-License-Identifier: Apache-2.0 */
#include "base/message.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "orgd/rpc/v1/rpc.pb-c.h"
#include "orgd/store/v1/rows.pb-c.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena);
	arena_allow_trusted(&arena);
}

static void teardown(void)
{
	arena_clear(&arena);
}

TestSuite(message, .init = setup, .fini = teardown);

static const ProtobufCMessageDescriptor *const types[] = {
	&orgd__store__v1__user__descriptor,
	&orgd__store__v1__organization__descriptor,
	&orgd__store__v1__invitation__descriptor,
	&orgd__store__v1__document__descriptor,
	&orgd__store__v1__grant__descriptor,
	&orgd__store__v1__delivery__descriptor,
	&orgd__store__v1__event__descriptor,
	&orgd__store__v1__api_key__descriptor,
	&orgd__rpc__v1__request__descriptor,
	&orgd__rpc__v1__response__descriptor,
};

/* --- random messages of any type, as bytes --- */

struct written {
	uint8_t data[16 * 1024];
	size_t size;
};

static void put_varint(struct written *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		out->data[out->size++] = (uint8_t)(value | 0x80);
	out->data[out->size++] = (uint8_t)value;
}

static void put_prefixed(struct written *out, const struct written *content)
{
	put_varint(out, content->size);
	memcpy(out->data + out->size, content->data, content->size);
	out->size += content->size;
}

static void put_message(
	struct written *out, const ProtobufCMessageDescriptor *descriptor, unsigned depth);

static void put_value(struct written *out, const ProtobufCFieldDescriptor *field, unsigned depth)
{
	struct written *content = calloc(1, sizeof(*content));

	switch ((int)field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		put_varint(out, field->id << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
		put_message(content, field->descriptor, depth + 1);
		put_prefixed(out, content);
		break;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
		put_varint(out, field->id << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
		for (int i = rand() % 20; i > 0; i--)
			content->data[content->size++] = (uint8_t)('a' + rand() % 26);
		put_prefixed(out, content);
		break;
	default:
		put_varint(out, field->id << 3 | PROTOBUF_C_WIRE_TYPE_VARINT);
		put_varint(out, field->type == PROTOBUF_C_TYPE_BOOL
					? (uint64_t)rand() % 2
					: (uint64_t)rand() << (rand() % 33));
	}
	free(content);
}

static void put_message(
	struct written *out, const ProtobufCMessageDescriptor *descriptor, unsigned depth)
{
	for (unsigned i = 0; i < descriptor->n_fields && depth < 5; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		int times = field->label == PROTOBUF_C_LABEL_REPEATED ? rand() % 4 : rand() % 2;

		while (times-- > 0 && out->size < 1500)
			put_value(out, field, depth);
	}
	if (rand() % 4 == 0) { /* a field that nobody knows */
		put_varint(out, 500 << 3 | PROTOBUF_C_WIRE_TYPE_VARINT);
		put_varint(out, (uint64_t)rand());
	}
}

static struct bytes repacked(const ProtobufCMessage *message)
{
	uint8_t *packed = arena_alloc(&arena, protobuf_c_message_get_packed_size(message) + 1);

	return bytes_of(packed, protobuf_c_message_pack(message, packed));
}

static void expect_same(const ProtobufCMessageDescriptor *type, struct bytes bytes, int *accepted)
{
	ProtobufCMessage *theirs =
		protobuf_c_message_unpack(type, &arena.allocator, bytes.size, bytes.data);
	ProtobufCMessage *ours = message_unpack(&arena, type, bytes);
	struct bytes a, b;

	/* What comes twice is refused, though protobuf-c merges it. */
	if (!ours)
		return;
	cr_assert_not_null(theirs, "%s", type->name);
	a = repacked(ours);
	b = repacked(theirs);
	cr_assert_eq(a.size, b.size, "%s", type->name);
	cr_assert_arr_eq(a.data, b.data, a.size);
	++*accepted;
}

Test(message, every_message_comes_out_as_protobuf_c_reads_it)
{
	static struct written out;
	int accepted = 0;

	srand(7);
	for (int round = 0; round < 2000; round++) {
		const ProtobufCMessageDescriptor *type = types[round % COUNT_OF(types)];

		out.size = 0;
		put_message(&out, type, 0);
		arena_reset(&arena);
		arena_allow_trusted(&arena);
		expect_same(type, bytes_of(out.data, out.size), &accepted);
	}
	cr_expect_eq(accepted, 2000);
}

Test(message, spoiled_bytes_are_refused_or_read_as_protobuf_c_reads_them)
{
	static struct written out;
	int accepted = 0;

	srand(8);
	for (int round = 0; round < 20000; round++) {
		const ProtobufCMessageDescriptor *type = types[round % COUNT_OF(types)];

		out.size = 0;
		put_message(&out, type, 0);
		for (int i = rand() % 3; i >= 0 && out.size; i--)
			out.data[(size_t)rand() % out.size] = (uint8_t)rand();
		if (out.size)
			out.size -= (size_t)rand() % 2;
		arena_reset(&arena);
		arena_allow_trusted(&arena);
		expect_same(type, bytes_of(out.data, out.size), &accepted);
	}
	cr_expect(accepted > 1000 && accepted < 19000, "%d", accepted);
}

Test(message, a_message_over_the_budget_is_refused)
{
	static const uint8_t empty[] = { 2 << 3 | 2, 0, 2 << 3 | 2, 0 }; /* two owner_ids */

	arena_reset(&arena); /* which leaves no budget */
	cr_expect_null(message_unpack(&arena, &orgd__store__v1__organization__descriptor,
		bytes_of(empty, sizeof(empty))));
}

Test(message, a_singular_message_twice_is_refused)
{
	static const uint8_t twice[] = { 1 << 3 | 2, 0, 1 << 3 | 2, 0 };

	cr_expect_null(message_unpack(
		&arena, &orgd__store__v1__user__descriptor, bytes_of(twice, sizeof(twice))));
}

Test(message, text_of_a_stranger_is_utf8_without_a_nul)
{
	static const struct {
		struct bytes name; /* of an orgd.v1.User */
		bool is_text;
	} cases[] = {
		{ { (const uint8_t *)"", 0 }, true },
		{ { (const uint8_t *)"Ada Lovelace", 12 }, true },
		{ { (const uint8_t *)"J\xC3\xBCrgen", 7 }, true },
		{ { (const uint8_t *)"Ada\0", 4 }, false },
		{ { (const uint8_t *)"\0Ada Lovelace", 13 }, false },
		{ { (const uint8_t *)"J\xFCrgen", 6 }, false },
		{ { (const uint8_t *)"Lovelace J\xC3", 11 }, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint8_t bytes[32] = { 4 << 3 | 2, (uint8_t)cases[i].name.size };
		struct bytes packed = bytes_of(bytes, 2 + cases[i].name.size);

		memcpy(bytes + 2, cases[i].name.data, cases[i].name.size);
		cr_expect_eq(
			message_unpack_checked(&arena, &orgd__v1__user__descriptor, packed) != NULL,
			cases[i].is_text, "%zu", i);
		cr_expect(message_unpack(&arena, &orgd__v1__user__descriptor, packed),
			"what we wrote ourselves is not looked at");
	}
}

Test(message, a_view_reads_its_fields_and_leaves_out_the_others)
{
	Orgd__Store__V1__User row = ORGD__STORE__V1__USER__INIT;
	Orgd__V1__User user = ORGD__V1__USER__INIT;
	char name[] = "Ada", email[] = "ada@example.com";
	Orgd__Store__V1__UserView *view;

	row.user = &user;
	row.organization_count = 3;
	user.display_name = name;
	user.email = email;
	user.state = ORGD__V1__USER_STATE__USER_STATE_DISABLED;
	view = (Orgd__Store__V1__UserView *)message_unpack_known(
		&arena, &orgd__store__v1__user_view__descriptor, repacked(&row.base));
	cr_assert_not_null(view);
	cr_expect_str_eq(view->user->display_name, name);
	cr_expect_eq(view->user->state, ORGD__V1__USER_STATE__USER_STATE_DISABLED);
	cr_expect_eq(view->base.n_unknown_fields, 0);
	cr_expect_eq(view->user->base.n_unknown_fields, 0);
}

static void expect_part(
	const ProtobufCMessageDescriptor *view, const ProtobufCMessageDescriptor *whole)
{
	for (unsigned i = 0; i < view->n_fields; i++) {
		const ProtobufCFieldDescriptor *part = &view->fields[i];
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field(whole, part->id);

		cr_assert_not_null(field, "%s.%s", view->name, part->name);
		cr_expect_str_eq(part->name, field->name);
		cr_expect_eq(part->type, field->type, "%s.%s", view->name, part->name);
		cr_expect_eq(part->label, field->label, "%s.%s", view->name, part->name);
		if (part->type == PROTOBUF_C_TYPE_MESSAGE && part->descriptor != field->descriptor)
			expect_part(part->descriptor, field->descriptor);
	}
}

Test(message, the_views_are_parts_of_their_rows)
{
	expect_part(&orgd__store__v1__user_view__descriptor, &orgd__store__v1__user__descriptor);
	expect_part(&orgd__store__v1__organization_view__descriptor,
		&orgd__store__v1__organization__descriptor);
	expect_part(
		&orgd__store__v1__api_key_view__descriptor, &orgd__store__v1__api_key__descriptor);
}
