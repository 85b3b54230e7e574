/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protojson_internal.h"

static json_t *message_write(
	const struct spot *spot, const ProtobufCMessage *message, enum protojson_fields fields);

static json_t *refuse(const struct spot *spot, const char *sentence)
{
	spot_refuse(spot, "%s", sentence);
	return NULL;
}

/* Every json_t is asked for where its value is known to be fine, so NULL means no memory. */
static json_t *or_refuse(const struct spot *spot, json_t *json)
{
	return json ? json : refuse(spot, "out of memory");
}

/* --- one value --- */

static json_t *string_write(const struct spot *spot, const char *text)
{
	json_t *json = json_string(text ? text : "");

	return json ? json : refuse(spot, "is not valid UTF-8");
}

static json_t *signed_write(const struct spot *spot, int64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, number);
	return or_refuse(spot, json_string(text));
}

static json_t *unsigned_write(const struct spot *spot, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return or_refuse(spot, json_string(text));
}

static json_t *real_write(const struct spot *spot, double number)
{
	if (isnan(number))
		return or_refuse(spot, json_string("NaN"));
	if (isinf(number))
		return or_refuse(spot, json_string(number < 0 ? "-Infinity" : "Infinity"));
	return or_refuse(spot, json_real(number));
}

static json_t *bytes_write(const struct spot *spot, const ProtobufCBinaryData *bytes)
{
	char *text = base64_encode(bytes->data, bytes->len);
	json_t *json = text ? json_string(text) : NULL;

	free(text);
	return or_refuse(spot, json);
}

static json_t *enum_write(
	const struct spot *spot, const ProtobufCEnumDescriptor *descriptor, int number)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);

	return or_refuse(spot, value ? json_string(value->name) : json_integer(number));
}

/* protobuf-c leaves NULL where a map's entry came without its value; that means the default. */
static json_t *submessage_write(const struct spot *spot,
	const ProtobufCMessageDescriptor *descriptor, const ProtobufCMessage *message,
	enum protojson_fields fields)
{
	ProtobufCMessage *empty;
	json_t *json;

	if (message)
		return message_write(spot, message, fields);
	empty = malloc(descriptor->sizeof_message);
	if (!empty)
		return refuse(spot, "out of memory");
	protobuf_c_message_init(descriptor, empty);
	json = message_write(spot, empty, fields);
	free(empty);
	return json;
}

static json_t *value_write(const struct spot *spot, const ProtobufCFieldDescriptor *field,
	const void *value, enum protojson_fields fields)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return or_refuse(spot, json_integer(*(const int32_t *)value));
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return or_refuse(spot, json_integer(*(const uint32_t *)value));
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return signed_write(spot, *(const int64_t *)value);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return unsigned_write(spot, *(const uint64_t *)value);
	case PROTOBUF_C_TYPE_FLOAT:
		return real_write(spot, (double)*(const float *)value);
	case PROTOBUF_C_TYPE_DOUBLE:
		return real_write(spot, *(const double *)value);
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(*(const protobuf_c_boolean *)value);
	case PROTOBUF_C_TYPE_ENUM:
		return enum_write(spot, field->descriptor, *(const int *)value);
	case PROTOBUF_C_TYPE_STRING:
		return string_write(spot, *(char *const *)value);
	case PROTOBUF_C_TYPE_BYTES:
		return bytes_write(spot, value);
	case PROTOBUF_C_TYPE_MESSAGE:
		return submessage_write(
			spot, field->descriptor, *(ProtobufCMessage *const *)value, fields);
	}
	return refuse(spot, "is of a type that JSON has no form for");
}

/* --- many values --- */

static json_t *list_write(const struct spot *spot, const ProtobufCFieldDescriptor *field,
	const uint8_t *values, size_t count, enum protojson_fields fields)
{
	json_t *list = or_refuse(spot, json_array());

	for (size_t i = 0; list && i < count; i++) {
		struct spot element = spot_element(spot, i);
		json_t *json =
			value_write(&element, field, values + i * field_value_bytes(field), fields);

		if (!json || json_array_append_new(list, json) != 0) {
			json_decref(list);
			return json ? refuse(spot, "out of memory") : NULL;
		}
	}
	return list;
}

static const void *member(const ProtobufCMessage *message, size_t offset)
{
	return (const uint8_t *)message + offset;
}

/* A key is what its value would be, as text. */
static json_t *key_write(const struct spot *spot, const ProtobufCMessage *entry)
{
	const ProtobufCFieldDescriptor *field = &entry->descriptor->fields[0];
	json_t *key = value_write(spot, field, member(entry, field->offset), PROTOJSON_POPULATED);
	json_t *text;

	if (!key || json_is_string(key))
		return key;
	if (json_is_integer(key))
		text = signed_write(spot, json_integer_value(key));
	else
		text = or_refuse(spot, json_string(json_is_true(key) ? "true" : "false"));
	json_decref(key);
	return text;
}

static bool entry_write(const struct spot *spot, const ProtobufCMessage *entry,
	enum protojson_fields fields, json_t *map)
{
	const ProtobufCFieldDescriptor *field = &entry->descriptor->fields[1];
	json_t *key = key_write(spot, entry), *value;
	struct spot at;
	int error;

	if (!key)
		return false;
	at = spot_field(spot, json_string_value(key));
	value = value_write(&at, field, member(entry, field->offset), fields);
	error = value ? json_object_set_new(map, json_string_value(key), value) : 0;
	json_decref(key);
	return value && (error == 0 || spot_refuse(spot, "out of memory"));
}

static json_t *map_write(const struct spot *spot, ProtobufCMessage *const *entries, size_t count,
	enum protojson_fields fields)
{
	json_t *map = or_refuse(spot, json_object());

	for (size_t i = 0; map && i < count; i++) {
		if (!entry_write(spot, entries[i], fields, map)) {
			json_decref(map);
			return NULL;
		}
	}
	return map;
}

static json_t *repeated_write(const struct spot *spot, const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, enum protojson_fields fields)
{
	size_t count = *(const size_t *)member(message, field->quantifier_offset);
	const void *values = *(void *const *)member(message, field->offset);

	if (field_is_map(message->descriptor, field))
		return map_write(spot, values, count, fields);
	return list_write(spot, field, values, count, fields);
}

/* --- a message's fields --- */

static bool is_zero(const void *value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((const uint8_t *)value)[i] != 0)
			return false;
	return true;
}

/* Whether the field is to be written: a oneof's member when it is the one, a message when it is
 * there, anything else unless it holds its default. */
static bool field_is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
	enum protojson_fields fields)
{
	const void *value = member(message, field->offset);
	const char *text;

	if (field_is_oneof(field))
		return *(const uint32_t *)member(message, field->quantifier_offset) == field->id &&
		       (field->type != PROTOBUF_C_TYPE_MESSAGE || *(void *const *)value);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return fields == PROTOJSON_ALL ||
		       *(const size_t *)member(message, field->quantifier_offset) > 0;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(void *const *)value != NULL;
	if (fields == PROTOJSON_ALL)
		return true;
	if (field->type == PROTOBUF_C_TYPE_BYTES)
		return ((const ProtobufCBinaryData *)value)->len > 0;
	if (field->type != PROTOBUF_C_TYPE_STRING)
		return !is_zero(value, field_value_bytes(field));
	text = *(char *const *)value;
	return text && text[0] != '\0';
}

static bool fields_write(const struct spot *spot, const ProtobufCMessage *message,
	enum protojson_fields fields, json_t *object)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		char name[NAME_BYTES];
		struct spot at;
		json_t *json;

		if (!field_is_present(message, field, fields))
			continue;
		name_to_camel(field->name, name);
		at = spot_field(spot, name);
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			json = repeated_write(&at, message, field, fields);
		else
			json = value_write(&at, field, member(message, field->offset), fields);
		if (!json)
			return false;
		if (json_object_set_new(object, name, json) != 0)
			return spot_refuse(&at, "out of memory");
	}
	return true;
}

/* --- messages with a form of their own --- */

static json_t *timestamp_write(const struct spot *spot, const Google__Protobuf__Timestamp *message)
{
	char text[TIME_BYTES];

	if (!timestamp_to_text(message, text))
		return refuse(spot, "is a time outside of the years 1 to 9999");
	return or_refuse(spot, json_string(text));
}

static json_t *duration_write(const struct spot *spot, const Google__Protobuf__Duration *message)
{
	char text[TIME_BYTES];

	if (!duration_to_text(message, text))
		return refuse(spot, "is a duration of mixed signs or over 10,000 years");
	return or_refuse(spot, json_string(text));
}

static json_t *mask_write(const struct spot *spot, const Google__Protobuf__FieldMask *message)
{
	size_t room = 1;
	char *text, *end;
	json_t *json;

	for (size_t i = 0; i < message->n_paths; i++)
		room += strlen(message->paths[i]) + 1;
	text = end = malloc(room);
	if (!text)
		return refuse(spot, "out of memory");
	*end = '\0';
	for (size_t i = 0; i < message->n_paths; i++) {
		if (i > 0)
			*end++ = ',';
		if (!path_to_camel(message->paths[i], end)) {
			spot_refuse(
				spot, "names %s, which JSON has no form for", message->paths[i]);
			free(text);
			return NULL;
		}
		end += strlen(end);
	}
	json = string_write(spot, text);
	free(text);
	return json;
}

/* What a type that is not known here holds, stays as it is. */
static bool any_write_unknown(
	const struct spot *spot, const Google__Protobuf__Any *any, json_t *object)
{
	json_t *value = bytes_write(spot, &any->value);

	return value && (json_object_set_new(object, "value", value) == 0 ||
				spot_refuse(spot, "out of memory"));
}

static bool any_write_known(const struct spot *spot, const ProtobufCMessage *content,
	enum protojson_fields fields, json_t *object)
{
	struct spot inside;
	json_t *value;

	if (!spot_enter(spot, &inside))
		return false;
	if (form_of(content->descriptor) == FORM_FIELDS)
		return fields_write(&inside, content, fields, object);
	value = message_write(&inside, content, fields);
	return value && (json_object_set_new(object, "value", value) == 0 ||
				spot_refuse(spot, "out of memory"));
}

static bool any_write_content(const struct spot *spot, const Google__Protobuf__Any *any,
	enum protojson_fields fields, json_t *object)
{
	const ProtobufCMessageDescriptor *type = any_type(any->type_url);
	ProtobufCMessage *content;
	bool written;

	if (!type)
		return any_write_unknown(spot, any, object);
	content = protobuf_c_message_unpack(type, NULL, any->value.len, any->value.data);
	if (!content)
		return spot_refuse(spot, "does not hold the %s that it names", type->name);
	written = any_write_known(spot, content, fields, object);
	protobuf_c_message_free_unpacked(content, NULL);
	return written;
}

static bool any_write_into(const struct spot *spot, const Google__Protobuf__Any *any,
	enum protojson_fields fields, json_t *object)
{
	json_t *url;

	if (any->type_url[0] == '\0')
		return true;
	url = string_write(spot, any->type_url);
	if (!url)
		return false;
	if (json_object_set_new(object, "@type", url) != 0)
		return spot_refuse(spot, "out of memory");
	return any_write_content(spot, any, fields, object);
}

static json_t *any_write(
	const struct spot *spot, const Google__Protobuf__Any *any, enum protojson_fields fields)
{
	json_t *object = or_refuse(spot, json_object());

	if (!object || any_write_into(spot, any, fields, object))
		return object;
	json_decref(object);
	return NULL;
}

static json_t *object_write(
	const struct spot *spot, const ProtobufCMessage *message, enum protojson_fields fields)
{
	json_t *object = or_refuse(spot, json_object());

	if (!object || fields_write(spot, message, fields, object))
		return object;
	json_decref(object);
	return NULL;
}

static json_t *message_write(
	const struct spot *spot, const ProtobufCMessage *message, enum protojson_fields fields)
{
	struct spot inside;

	if (!spot_enter(spot, &inside))
		return NULL;
	switch (form_of(message->descriptor)) {
	case FORM_FIELDS:
		return object_write(&inside, message, fields);
	case FORM_TIMESTAMP:
		return timestamp_write(&inside, (const Google__Protobuf__Timestamp *)message);
	case FORM_DURATION:
		return duration_write(&inside, (const Google__Protobuf__Duration *)message);
	case FORM_FIELD_MASK:
		return mask_write(&inside, (const Google__Protobuf__FieldMask *)message);
	case FORM_ANY:
		return any_write(&inside, (const Google__Protobuf__Any *)message, fields);
	}
	return NULL;
}

json_t *protojson_write(const ProtobufCMessage *message, enum protojson_fields fields,
	char problem[PROTOJSON_PROBLEM_BYTES])
{
	struct spot top = spot_top(message->descriptor->short_name, problem);

	return message_write(&top, message, fields);
}

char *protojson_format(const ProtobufCMessage *message, enum protojson_fields fields,
	char problem[PROTOJSON_PROBLEM_BYTES])
{
	struct spot top = spot_top(message->descriptor->short_name, problem);
	json_t *json = message_write(&top, message, fields);
	char *text;

	if (!json)
		return NULL;
	text = json_dumps(json, JSON_INDENT(2) | JSON_ENCODE_ANY);
	json_decref(json);
	if (!text)
		spot_refuse(&top, "out of memory");
	return text;
}
