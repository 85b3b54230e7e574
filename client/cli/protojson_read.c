/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "protojson_internal.h"

/*
 * Messages are built in place with malloc, so that at any moment protobuf-c can free what is there:
 * a reader touches its place only once the value is whole.
 */

static ProtobufCMessage *message_read(
	const struct spot *spot, const ProtobufCMessageDescriptor *descriptor, const json_t *json);

static void message_free(ProtobufCMessage *message)
{
	protobuf_c_message_free_unpacked(message, NULL);
}

static ProtobufCMessage *message_new(
	const struct spot *spot, const ProtobufCMessageDescriptor *descriptor)
{
	ProtobufCMessage *message = malloc(descriptor->sizeof_message);

	if (message)
		protobuf_c_message_init(descriptor, message);
	else
		spot_refuse(spot, "out of memory");
	return message;
}

static void *member(ProtobufCMessage *message, size_t offset)
{
	return (uint8_t *)message + offset;
}

/* --- one value --- */

static bool submessage_read(const struct spot *spot, const ProtobufCMessageDescriptor *descriptor,
	const json_t *json, ProtobufCMessage **value)
{
	ProtobufCMessage *message = message_read(spot, descriptor, json);

	if (!message)
		return false;
	*value = message;
	return true;
}

static bool value_read(const struct spot *spot, const ProtobufCFieldDescriptor *field,
	const json_t *json, void *value)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return string_read(spot, json, value);
	case PROTOBUF_C_TYPE_BYTES:
		return bytes_read(spot, json, value);
	case PROTOBUF_C_TYPE_BOOL:
		return boolean_read(spot, json, value);
	case PROTOBUF_C_TYPE_ENUM:
		return enum_read(spot, field->descriptor, json, value);
	case PROTOBUF_C_TYPE_MESSAGE:
		return submessage_read(spot, field->descriptor, json, value);
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		return floating_read(spot, field, json, value);
	default:
		return integer_read(spot, field, json, value);
	}
}

/* --- many values --- */

/* Room for `count` values in a repeated field, none of them there yet. */
static uint8_t *repeated_begin(const struct spot *spot, ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, size_t count)
{
	void *values = calloc(count, field_value_bytes(field));

	if (!values)
		spot_refuse(spot, "out of memory");
	else
		memcpy(member(message, field->offset), &values, sizeof(values));
	return values;
}

static bool list_read(const struct spot *spot, ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, const json_t *json)
{
	size_t *count = member(message, field->quantifier_offset), wanted = json_array_size(json);
	uint8_t *values;

	if (!json_is_array(json))
		return spot_refuse(spot, "must be a list");
	if (wanted == 0)
		return true;
	values = repeated_begin(spot, message, field, wanted);
	if (!values)
		return false;
	for (; *count < wanted; ++*count) {
		struct spot element = spot_element(spot, *count);

		if (!value_read(&element, field, json_array_get(json, *count),
			    values + *count * field_value_bytes(field)))
			return false;
	}
	return true;
}

/* A key is its value as text. */
static bool key_read(const struct spot *spot, const ProtobufCFieldDescriptor *field,
	const char *text, void *value)
{
	json_t *json;
	bool read;

	if (field->type == PROTOBUF_C_TYPE_BOOL && strcmp(text, "true") == 0)
		json = json_true();
	else if (field->type == PROTOBUF_C_TYPE_BOOL && strcmp(text, "false") == 0)
		json = json_false();
	else
		json = json_string(text);
	if (!json)
		return spot_refuse(spot, "out of memory");
	read = value_read(spot, field, json, value);
	json_decref(json);
	return read;
}

static bool entry_read(const struct spot *spot, const ProtobufCFieldDescriptor *field,
	const char *key, const json_t *json, ProtobufCMessage **value)
{
	const ProtobufCMessageDescriptor *descriptor = field->descriptor;
	const ProtobufCFieldDescriptor *fields = descriptor->fields;
	ProtobufCMessage *entry = message_new(spot, descriptor);

	if (!entry)
		return false;
	if (!key_read(spot, &fields[0], key, member(entry, fields[0].offset)) ||
		!value_read(spot, &fields[1], json, member(entry, fields[1].offset))) {
		message_free(entry);
		return false;
	}
	*value = entry;
	return true;
}

static bool map_read(const struct spot *spot, ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, json_t *json)
{
	size_t *count = member(message, field->quantifier_offset);
	ProtobufCMessage **entries;
	const char *key;
	json_t *value;

	if (!json_is_object(json))
		return spot_refuse(spot, "must be an object");
	if (json_object_size(json) == 0)
		return true;
	entries = (ProtobufCMessage **)(void *)repeated_begin(
		spot, message, field, json_object_size(json));
	if (!entries)
		return false;
	json_object_foreach(json, key, value)
	{
		struct spot at = spot_field(spot, key);

		if (!entry_read(&at, field, key, value, &entries[*count]))
			return false;
		++*count;
	}
	return true;
}

/* --- a message's fields --- */

static bool oneof_member_read(const struct spot *spot, ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, const json_t *json)
{
	uint32_t *which = member(message, field->quantifier_offset);
	const ProtobufCFieldDescriptor *other;
	char name[NAME_BYTES];

	if (*which != 0) {
		other = protobuf_c_message_descriptor_get_field(message->descriptor, *which);
		name_to_camel(other->name, name);
		return spot_refuse(spot, "cannot be given together with %s", name);
	}
	if (!value_read(spot, field, json, member(message, field->offset)))
		return false;
	*which = field->id;
	return true;
}

static bool field_read(const struct spot *spot, ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, json_t *json)
{
	if (json_is_null(json))
		return true;
	if (field_is_map(message->descriptor, field))
		return map_read(spot, message, field, json);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return list_read(spot, message, field, json);
	if (field_is_oneof(field))
		return oneof_member_read(spot, message, field, json);
	return value_read(spot, field, json, member(message, field->offset));
}

/* The field of that name in either spelling, and its name in JSON. */
static const ProtobufCFieldDescriptor *field_find(
	const ProtobufCMessageDescriptor *descriptor, const char *name, char camel[NAME_BYTES])
{
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

		name_to_camel(field->name, camel);
		if (strcmp(camel, name) == 0 || strcmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}

static bool fields_read(
	const struct spot *spot, ProtobufCMessage *message, json_t *json, const char *except)
{
	const char *name;
	json_t *value;

	json_object_foreach(json, name, value)
	{
		const ProtobufCFieldDescriptor *field;
		char camel[NAME_BYTES];
		struct spot at = spot_field(spot, name);

		if (except && strcmp(name, except) == 0)
			continue;
		field = field_find(message->descriptor, name, camel);
		if (!field)
			return spot_refuse(
				&at, "%s has no such field", message->descriptor->short_name);
		if (strcmp(name, camel) != 0 && json_object_get(json, camel))
			return spot_refuse(&at, "is given twice, also as %s", camel);
		if (!field_read(&at, message, field, value))
			return false;
	}
	return true;
}

/* --- messages with a form of their own --- */

/* Packs `content`, the message that the rest of the object is. */
static bool any_pack(
	const struct spot *spot, const ProtobufCMessage *content, Google__Protobuf__Any *any)
{
	size_t size = protobuf_c_message_get_packed_size(content);
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		return spot_refuse(spot, "out of memory");
	protobuf_c_message_pack(content, bytes);
	any->value = (ProtobufCBinaryData){ .len = size, .data = bytes };
	return true;
}

static ProtobufCMessage *any_read_content(
	const struct spot *spot, const ProtobufCMessageDescriptor *type, json_t *json)
{
	struct spot value = spot_field(spot, "value");
	ProtobufCMessage *content;

	if (form_of(type) != FORM_FIELDS) {
		if (json_object_size(json) == 2 && json_object_get(json, "value"))
			return message_read(&value, type, json_object_get(json, "value"));
		spot_refuse(spot, "must have @type and value, nothing else");
		return NULL;
	}
	content = message_new(spot, type);
	if (content && !fields_read(spot, content, json, "@type")) {
		message_free(content);
		return NULL;
	}
	return content;
}

static bool any_read(const struct spot *spot, json_t *json, Google__Protobuf__Any *any)
{
	const char *url = json_string_value(json_object_get(json, "@type"));
	const ProtobufCMessageDescriptor *type;
	ProtobufCMessage *content;
	bool packed;

	if (json_is_object(json) && json_object_size(json) == 0)
		return true;
	if (!url)
		return spot_refuse(spot, "must be an object with an @type");
	type = any_type(url);
	if (!type)
		return spot_refuse(spot, "the @type %s is not known", url);
	content = any_read_content(spot, type, json);
	if (!content)
		return false;
	packed = any_pack(spot, content, any);
	message_free(content);
	return packed && string_read(spot, json_object_get(json, "@type"), &any->type_url);
}

static bool message_read_into(const struct spot *spot, json_t *json, ProtobufCMessage *message)
{
	switch (form_of(message->descriptor)) {
	case FORM_FIELDS:
		if (!json_is_object(json))
			return spot_refuse(spot, "must be an object");
		return fields_read(spot, message, json, NULL);
	case FORM_TIMESTAMP:
		return timestamp_read(spot, json, (Google__Protobuf__Timestamp *)message);
	case FORM_DURATION:
		return duration_read(spot, json, (Google__Protobuf__Duration *)message);
	case FORM_FIELD_MASK:
		return mask_read(spot, json, (Google__Protobuf__FieldMask *)message);
	case FORM_ANY:
		return any_read(spot, json, (Google__Protobuf__Any *)message);
	}
	return false;
}

static ProtobufCMessage *message_read(
	const struct spot *spot, const ProtobufCMessageDescriptor *descriptor, const json_t *json)
{
	ProtobufCMessage *message;
	struct spot inside;

	if (!spot_enter(spot, &inside))
		return NULL;
	message = message_new(&inside, descriptor);
	/* jansson's iterators want a json_t that is not const, and do not change it. */
	if (message && !message_read_into(&inside, (json_t *)(uintptr_t)json, message)) {
		message_free(message);
		return NULL;
	}
	return message;
}

ProtobufCMessage *protojson_read(const ProtobufCMessageDescriptor *descriptor, const json_t *json,
	char problem[PROTOJSON_PROBLEM_BYTES])
{
	struct spot top = spot_top(descriptor->short_name, problem);

	return message_read(&top, descriptor, json);
}

ProtobufCMessage *protojson_parse(const ProtobufCMessageDescriptor *descriptor, const char *text,
	size_t bytes, char problem[PROTOJSON_PROBLEM_BYTES])
{
	struct spot top = spot_top(descriptor->short_name, problem);
	ProtobufCMessage *message;
	json_error_t error;
	json_t *json = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (!json) {
		spot_refuse(&top, "line %d, column %d: %s", error.line, error.column, error.text);
		return NULL;
	}
	message = message_read(&top, descriptor, json);
	json_decref(json);
	return message;
}
