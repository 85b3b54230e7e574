/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <assert.h>
#include <ctype.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "times.h"

const ProtobufCFieldDescriptor *message_field(const ProtobufCMessage *message, const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

void *message_at(ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = message_field(message, name);

	assert(field);
	return (char *)message + field->offset;
}

size_t *message_count_at(ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = message_field(message, name);

	assert(field && field->label == PROTOBUF_C_LABEL_REPEATED);
	return (size_t *)(void *)((char *)message + field->quantifier_offset);
}

/* --- enums --- */

static size_t prefix_length(const ProtobufCEnumDescriptor *descriptor)
{
	static const char unspecified[] = "UNSPECIFIED";
	const char *first = descriptor->values[0].name;
	size_t length = strlen(first), suffix = strlen(unspecified);

	return length > suffix && strcmp(first + length - suffix, unspecified) == 0
		       ? length - suffix
		       : 0;
}

void enum_word(const ProtobufCEnumDescriptor *descriptor, int value, char word[ENUM_WORD_BYTES])
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);

	if (!known) {
		snprintf(word, ENUM_WORD_BYTES, "%d", value);
		return;
	}
	snprintf(word, ENUM_WORD_BYTES, "%s", known->name + prefix_length(descriptor));
	for (char *c = word; *c; c++)
		*c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
}

bool enum_find(const ProtobufCEnumDescriptor *descriptor, const char *text, int *value)
{
	char wanted[ENUM_WORD_BYTES], word[ENUM_WORD_BYTES];

	snprintf(wanted, sizeof(wanted), "%s", text);
	for (char *c = wanted; *c; c++)
		*c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
	for (unsigned i = 0; i < descriptor->n_values; i++) {
		*value = descriptor->values[i].value;
		enum_word(descriptor, *value, word);
		if (*value != 0 && strcmp(word, wanted) == 0)
			return true;
	}
	return false;
}

/* --- values --- */

static char *hex(struct arena *arena, const ProtobufCBinaryData *bytes)
{
	char *text = arena_alloc(arena, 2 * bytes->len + 1);

	for (size_t i = 0; i < bytes->len; i++)
		sprintf(text + 2 * i, "%02x", bytes->data[i]);
	text[2 * bytes->len] = '\0';
	return text;
}

static char *time_text(
	struct arena *arena, const Google__Protobuf__Timestamp *time, enum message_style style)
{
	switch (style) {
	case MESSAGE_PLAIN:
		break;
	case MESSAGE_FULL:
		return arena_printf(
			arena, "%s (%s)", time_format(arena, time), time_distance(arena, time));
	case MESSAGE_BRIEF:
		return time_brief(arena, time);
	case MESSAGE_EXACT:
		return time_exact(arena, time);
	case MESSAGE_RAW:
		return time_raw(arena, time);
	}
	return time_format(arena, time);
}

static char *span_text(
	struct arena *arena, const Google__Protobuf__Duration *span, enum message_style style)
{
	char text[64];

	if (style == MESSAGE_RAW)
		return arena_printf(arena, "%" PRId64 "s", span->seconds);
	span_format(span->seconds, text, sizeof(text));
	return arena_strdup(arena, text);
}

static bool is_pair(const ProtobufCMessageDescriptor *descriptor)
{
	return protobuf_c_message_descriptor_get_field_by_name(descriptor, "key") &&
	       protobuf_c_message_descriptor_get_field_by_name(descriptor, "value");
}

/* A message with a text of its own, rather than one for each of its fields. */
static bool is_text(const ProtobufCMessageDescriptor *descriptor)
{
	return descriptor == &google__protobuf__timestamp__descriptor ||
	       descriptor == &google__protobuf__duration__descriptor || is_pair(descriptor);
}

/* A time, a span, or an entry of a map; other messages have no text of their own. */
static char *inner_text(
	struct arena *arena, const ProtobufCMessage *inner, enum message_style style)
{
	const char *value;

	if (inner->descriptor == &google__protobuf__timestamp__descriptor)
		return time_text(arena, (const Google__Protobuf__Timestamp *)inner, style);
	if (inner->descriptor == &google__protobuf__duration__descriptor)
		return span_text(arena, (const Google__Protobuf__Duration *)inner, style);
	if (!is_pair(inner->descriptor))
		return NULL;
	value = message_text(arena, inner, "value");
	return arena_printf(arena, "%s=%s", message_text(arena, inner, "key"), value ? value : "");
}

static char *enum_text(struct arena *arena, const ProtobufCFieldDescriptor *field, int value)
{
	char word[ENUM_WORD_BYTES];

	if (value == 0 && prefix_length(field->descriptor) > 0)
		return NULL;
	enum_word(field->descriptor, value, word);
	return arena_strdup(arena, word);
}

static char *truth_text(struct arena *arena, bool truth, enum message_style style)
{
	if (style == MESSAGE_RAW)
		return arena_strdup(arena, truth ? "true" : "false");
	return arena_strdup(arena, truth ? "yes" : "no");
}

/* One value, at `at`. */
static char *value_text(struct arena *arena, const ProtobufCFieldDescriptor *field, const void *at,
	enum message_style style)
{
	const char *string;

	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return arena_printf(arena, "%" PRId32, *(const int32_t *)at);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return arena_printf(arena, "%" PRId64, *(const int64_t *)at);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return arena_printf(arena, "%" PRIu32, *(const uint32_t *)at);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return arena_printf(arena, "%" PRIu64, *(const uint64_t *)at);
	case PROTOBUF_C_TYPE_FLOAT:
		return arena_printf(arena, "%g", (double)*(const float *)at);
	case PROTOBUF_C_TYPE_DOUBLE:
		return arena_printf(arena, "%g", *(const double *)at);
	case PROTOBUF_C_TYPE_BOOL:
		return truth_text(arena, *(const protobuf_c_boolean *)at, style);
	case PROTOBUF_C_TYPE_ENUM:
		return enum_text(arena, field, *(const int *)at);
	case PROTOBUF_C_TYPE_STRING:
		string = *(const char *const *)at;
		return string && string[0] ? arena_strdup(arena, string) : NULL;
	case PROTOBUF_C_TYPE_BYTES:
		return hex(arena, at);
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(ProtobufCMessage *const *)at
			       ? inner_text(arena, *(ProtobufCMessage *const *)at, style)
			       : NULL;
	}
	return NULL;
}

static size_t element_size(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return 4;
	}
	return 4;
}

/* The elements of a repeated field, with commas. */
static char *repeated_text(struct arena *arena, const ProtobufCFieldDescriptor *field,
	const ProtobufCMessage *message, enum message_style style)
{
	size_t count = *(const size_t *)((const char *)message + field->quantifier_offset);
	const char *at = *(char *const *)((const char *)message + field->offset);
	char *all = NULL;

	for (size_t i = 0; i < count; i++, at += element_size(field)) {
		const char *text = value_text(arena, field, at, style);

		if (text)
			all = all ? arena_printf(arena, "%s, %s", all, text)
				  : arena_strdup(arena, text);
	}
	return all;
}

/* Another member of its oneof may be in its place. */
static bool is_chosen(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
	return !(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
	       *(const uint32_t *)((const char *)message + field->quantifier_offset) == field->id;
}

static char *field_text(struct arena *arena, const ProtobufCFieldDescriptor *field,
	const ProtobufCMessage *message, enum message_style style)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return repeated_text(arena, field, message, style);
	if (!is_chosen(field, message))
		return NULL;
	return value_text(arena, field, (const char *)message + field->offset, style);
}

/* Is the field of one message that has fields of its own? */
static bool has_inner(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_MESSAGE &&
	       field->label != PROTOBUF_C_LABEL_REPEATED && !is_text(field->descriptor);
}

/* That message, NULL when it is absent. */
static const ProtobufCMessage *inner_of(
	const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
	if (!has_inner(field) || !is_chosen(field, message))
		return NULL;
	return *(ProtobufCMessage *const *)((const char *)message + field->offset);
}

char *message_text_as(struct arena *arena, const ProtobufCMessage *message, const char *path,
	enum message_style style)
{
	const char *dot = strchr(path, '.');
	const ProtobufCFieldDescriptor *field = message_field(
		message, arena_strndup(arena, path, dot ? (size_t)(dot - path) : strlen(path)));

	assert(field);
	if (!dot)
		return field_text(arena, field, message, style);
	message = inner_of(field, message);
	return message ? message_text_as(arena, message, dot + 1, style) : NULL;
}

char *message_text(struct arena *arena, const ProtobufCMessage *message, const char *path)
{
	return message_text_as(arena, message, path, MESSAGE_PLAIN);
}

/* "delivery" and "last_error": "delivery last error". What begins so itself is not said twice. */
static char *label_of(struct arena *arena, const char *prefix, const char *name)
{
	bool again = strncmp(name, prefix, strlen(prefix)) == 0;
	char *label = arena_printf(arena, "%s%s%s", again ? "" : prefix, again ? "" : " ", name);

	for (char *underscore = label; (underscore = strchr(underscore, '_'));)
		*underscore = ' ';
	return label;
}

static void walk(struct arena *arena, const ProtobufCMessage *message, const char *prefix,
	void (*each)(void *context, const char *label, const char *text), void *context)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const ProtobufCMessage *inner = inner_of(field, message);
		char *label = label_of(arena, prefix, field->name);
		const char *text;

		if (inner)
			walk(arena, inner, label, each, context);
		else if (strcmp(field->name, "etag") != 0 &&
			 (text = field_text(arena, field, message, MESSAGE_FULL)))
			each(context, label, text);
	}
}

void message_walk(struct arena *arena, const ProtobufCMessage *message,
	void (*each)(void *context, const char *label, const char *text), void *context)
{
	walk(arena, message, "", each, context);
}

static void list_paths(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
	const char *prefix, void (*each)(void *context, const char *path), void *context)
{
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		char *path =
			arena_printf(arena, "%s%s%s", prefix, prefix[0] ? "." : "", field->name);

		if (has_inner(field))
			list_paths(arena, field->descriptor, path, each, context);
		else
			each(context, path);
	}
}

void message_paths(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
	void (*each)(void *context, const char *path), void *context)
{
	list_paths(arena, descriptor, "", each, context);
}
