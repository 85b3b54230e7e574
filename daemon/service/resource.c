/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/call.h"

enum { NS_PER_US = 1000, NS_PER_SECOND = 1000 * 1000 * 1000 };

Google__Protobuf__Timestamp *timestamp_new(struct arena *arena, int64_t us)
{
	Google__Protobuf__Timestamp *timestamp;

	if (!us)
		return NULL;
	timestamp = ARENA_NEW(arena, Google__Protobuf__Timestamp);
	google__protobuf__timestamp__init(timestamp);
	timestamp->seconds = us / US_PER_SECOND;
	timestamp->nanos = (int32_t)(us % US_PER_SECOND * NS_PER_US);
	return timestamp;
}

int64_t timestamp_us(const Google__Protobuf__Timestamp *timestamp)
{
	return timestamp ? timestamp->seconds * US_PER_SECOND + timestamp->nanos / NS_PER_US : 0;
}

struct status timestamp_check(
	const char *field, const Google__Protobuf__Timestamp *timestamp, int64_t *us)
{
	/* The range of google.protobuf.Timestamp: 0001-01-01 to 9999-12-31. */
	if (timestamp && (timestamp->seconds < -INT64_C(62135596800) ||
				 timestamp->seconds > INT64_C(253402300799) ||
				 timestamp->nanos < 0 || timestamp->nanos >= NS_PER_SECOND))
		return status_invalid(
			field, "INVALID_TIME", "%s is no time between the years 1 and 9999", field);
	*us = timestamp_us(timestamp);
	return OK;
}

Google__Protobuf__Timestamp *call_now(struct call *call)
{
	return timestamp_new(call->arena, call->now_us);
}

char *etag_of(struct arena *arena, const Google__Protobuf__Timestamp *update_time)
{
	return arena_printf(arena, "%" PRIx64, (uint64_t)timestamp_us(update_time));
}

struct status etag_check(
	struct arena *arena, const char *etag, const Google__Protobuf__Timestamp *update_time)
{
	if (!*etag || !strcmp(etag, etag_of(arena, update_time)))
		return OK;
	return status_fail(STATUS_ABORTED, "ETAG_MISMATCH",
		"somebody changed it since that etag was read; read it again and repeat the "
		"change");
}

MUST_USE static bool is_populated(
	const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *base = (const char *)message;
	const void *value = base + field->offset;

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)(const void *)(base + field->quantifier_offset) > 0;
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return *(char *const *)value && **(char *const *)value;
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)value)->len > 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(void *const *)value != NULL;
	case PROTOBUF_C_TYPE_BOOL:
		return *(const protobuf_c_boolean *)value;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const uint64_t *)value != 0;
	default:
		return *(const uint32_t *)value != 0;
	}
}

struct status update_mask_read(const Google__Protobuf__FieldMask *mask,
	const ProtobufCMessage *resource, const char *const names[], uint64_t *fields)
{
	*fields = 0;
	/* An empty mask is what JSON's "" becomes: none. */
	if (mask && !mask->n_paths)
		mask = NULL;
	for (size_t n = 0; names[n]; n++) {
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field_by_name(
				resource->descriptor, names[n]);

		assert(field && n < 64);
		if (!mask && is_populated(resource, field))
			*fields |= UINT64_C(1) << n;
	}
	for (size_t i = 0; mask && i < mask->n_paths; i++) {
		bool known = false;

		for (size_t n = 0; names[n]; n++)
			if (!strcmp(mask->paths[i], "*") || !strcmp(mask->paths[i], names[n])) {
				*fields |= UINT64_C(1) << n;
				known = true;
			}
		if (!known)
			return status_invalid("update_mask", "UPDATE_MASK",
				"\"%.60s\" is no field of %s that can be updated", mask->paths[i],
				resource->descriptor->short_name);
	}
	return OK;
}

struct status text_check_in_place(struct call *call, enum text_kind kind, const char *field,
	char **value, size_t min, size_t max)
{
	const char *result;

	TRY(text_check(call->arena, kind, field, *value, min, max, &result));
	if (result != *value)
		*value = arena_strdup(call->arena, result);
	return OK;
}

static struct bytes pack(struct arena *arena, const ProtobufCMessage *message)
{
	uint8_t *packed = arena_alloc(arena, protobuf_c_message_get_packed_size(message) + 1);

	return bytes_of(packed, protobuf_c_message_pack(message, packed));
}

bool message_equal(struct arena *arena, const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	struct bytes left = pack(arena, a), right = pack(arena, b);

	return left.size == right.size && !memcmp(left.data, right.data, left.size);
}

/* A string field of a map's entry: 1 is the key, 2 the value. */
static char **entry_string(ProtobufCMessage *entry, unsigned number)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field(entry->descriptor, number);

	assert(field && field->type == PROTOBUF_C_TYPE_STRING);
	return (char **)(void *)((char *)entry + field->offset);
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(*entry_string(*(ProtobufCMessage *const *)a, 1),
		*entry_string(*(ProtobufCMessage *const *)b, 1));
}

MUST_USE static struct status metadata_check_entry(
	struct call *call, const char *field, ProtobufCMessage *entry)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";
	const char *key = *entry_string(entry, 1);
	size_t length = strlen(key);

	if (!length || length > TEXT_METADATA_KEY_MAX || strspn(key, allowed) != length)
		return status_invalid(field, "METADATA_KEY",
			"%s: \"%.64s\" is no key; take 1 to %d characters of a-z, 0-9, \"_\", "
			"\"-\" and \".\"",
			field, key, TEXT_METADATA_KEY_MAX);
	return text_check_in_place(
		call, TEXT_LINE, field, entry_string(entry, 2), 0, TEXT_METADATA_VALUE_MAX);
}

/* Of two entries with one key protobuf means the last. */
static size_t drop_repeated(ProtobufCMessage **entries, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		bool repeated = false;

		for (size_t later = i + 1; later < count && !repeated; later++)
			repeated = !compare_entries(&entries[i], &entries[later]);
		if (!repeated)
			entries[kept++] = entries[i];
	}
	return kept;
}

struct status metadata_check(struct call *call, const char *field, size_t *count, void *entries)
{
	ProtobufCMessage **pairs = entries;

	/* Twice as many may be sent with repeated keys, not more: the look for them is
	 * quadratic. */
	if (*count <= 2 * TEXT_METADATA_PAIRS_MAX)
		*count = drop_repeated(pairs, *count);
	if (*count > TEXT_METADATA_PAIRS_MAX)
		return status_invalid(field, "METADATA_LIMIT", "%s may have at most %d pairs",
			field, TEXT_METADATA_PAIRS_MAX);
	for (size_t i = 0; i < *count; i++)
		TRY(metadata_check_entry(call, field, pairs[i]));
	if (*count)
		qsort(pairs, *count, sizeof(*pairs), compare_entries);
	return OK;
}

struct status enum_check_optional(
	const char *field, const ProtobufCEnumDescriptor *descriptor, int value)
{
	if (protobuf_c_enum_descriptor_get_value(descriptor, value))
		return OK;
	return status_invalid(field, "UNKNOWN_ENUM_VALUE", "%s: %d is no %s", field, value,
		descriptor->short_name);
}

struct status enum_check(const char *field, const ProtobufCEnumDescriptor *descriptor, int value)
{
	if (!value)
		return status_invalid(field, "UNKNOWN_ENUM_VALUE", "%s is needed: say which %s",
			field, descriptor->short_name);
	return enum_check_optional(field, descriptor, value);
}

const char *enum_word(const ProtobufCEnumDescriptor *descriptor, int value)
{
	const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);
	const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(descriptor, 0);
	static const char unspecified[] = "UNSPECIFIED";

	if (!found)
		return "UNKNOWN";
	/* The contract's style: the zero value is the prefix and "UNSPECIFIED". */
	return found->name + strlen(zero->name) - strlen(unspecified);
}
