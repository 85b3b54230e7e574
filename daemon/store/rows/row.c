/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/row.h"

#include "base/clock.h"
#include "base/message.h"

MUST_USE static struct status row_message(struct snapshot *snapshot, const struct row *row,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message)
{
	*message = NULL;
	if (!row->exists)
		return OK;
	return row_unpack(snapshot_arena(snapshot), row->value, descriptor, message);
}

struct status row_get(struct snapshot *snapshot, const struct key *key,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message)
{
	struct row row;

	TRY(snapshot_get(snapshot, key, &row));
	return row_message(snapshot, &row, descriptor, message);
}

struct status row_peek(struct snapshot *snapshot, const struct key *key,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message)
{
	struct row row;

	TRY(snapshot_peek(snapshot, key, &row));
	return row_message(snapshot, &row, descriptor, message);
}

MUST_USE static struct status corrupt(const ProtobufCMessageDescriptor *descriptor)
{
	return status_fail(STATUS_DATA_LOSS, "ROW_CORRUPT", "a row is no %s", descriptor->name);
}

struct status row_view(struct snapshot *snapshot, const struct key *key,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message)
{
	struct arena *arena = snapshot_arena(snapshot);
	struct row row;

	*message = NULL;
	TRY(snapshot_get(snapshot, key, &row));
	if (!row.exists)
		return OK;
	arena_allow_trusted(arena);
	*message = message_unpack_known(arena, descriptor, row.value);
	return *message ? OK : corrupt(descriptor);
}

struct status row_unpack(struct arena *arena, struct bytes value,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message)
{
	arena_allow_trusted(arena);
	*message = message_unpack(arena, descriptor, value);
	return *message ? OK : corrupt(descriptor);
}

struct status row_put(struct batch *batch, const struct key *key, const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = arena_alloc(batch_arena(batch), size + 1);

	protobuf_c_message_pack(message, packed);
	return batch_put(batch, key, bytes_of(packed, size));
}

struct status row_put_index(struct batch *batch, const struct key *key)
{
	return batch_put(batch, key, bytes_of("", 0));
}

struct status row_get_id(
	struct snapshot *snapshot, const struct key *key, struct id *id, bool *exists)
{
	struct row row;

	TRY(snapshot_get(snapshot, key, &row));
	*exists = row.exists;
	if (!row.exists)
		return OK;
	if (row.value.size != sizeof(id->bytes))
		return status_fail(STATUS_DATA_LOSS, "ROW_CORRUPT", "a row is no id");
	memcpy(id->bytes, row.value.data, sizeof(id->bytes));
	return OK;
}

struct status row_put_id(struct batch *batch, const struct key *key, const struct id *id)
{
	return batch_put(batch, key, bytes_of(id->bytes, sizeof(id->bytes)));
}

int64_t row_time_us(const Google__Protobuf__Timestamp *time)
{
	return time ? time->seconds * US_PER_SECOND + time->nanos / 1000 : 0;
}

struct id id_of_bytes(ProtobufCBinaryData data)
{
	struct id id = { { 0 } };

	if (data.len == sizeof(id.bytes))
		memcpy(id.bytes, data.data, sizeof(id.bytes));
	return id;
}

ProtobufCBinaryData bytes_of_id(struct arena *arena, const struct id *id)
{
	struct bytes copy = arena_copy(arena, bytes_of(id->bytes, sizeof(id->bytes)));

	return (ProtobufCBinaryData){ copy.size, (uint8_t *)(uintptr_t)copy.data };
}

char *id_text(struct arena *arena, enum id_type type, const struct id *id)
{
	char *text = arena_zalloc(arena, ID_TEXT_BYTES);

	if (!id_is_zero(id))
		id_format(type, id, text);
	return text;
}
