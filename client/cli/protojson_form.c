/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "google/rpc/error_details.pb-c.h"
#include "protojson_internal.h"

struct spot spot_top(const char *name, char *problem)
{
	problem[0] = '\0';
	return (struct spot){ .name = name, .problem = problem };
}

struct spot spot_field(const struct spot *up, const char *name)
{
	return (struct spot){ .up = up, .name = name, .depth = up->depth, .problem = up->problem };
}

struct spot spot_element(const struct spot *up, size_t index)
{
	return (struct spot){
		.up = up, .index = index, .depth = up->depth, .problem = up->problem
	};
}

bool spot_enter(const struct spot *spot, struct spot *inside)
{
	*inside = *spot;
	inside->depth++;
	return inside->depth <= PROTOJSON_DEPTH_MAX ||
	       spot_refuse(
		       spot, "is nested too deeply, more than %d messages", PROTOJSON_DEPTH_MAX);
}

static void append(char *text, const char *format, ...) PRINTF_LIKE(2, 3);
static void append(char *text, const char *format, ...)
{
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + length, PROTOJSON_PROBLEM_BYTES - length, format, arguments);
	va_end(arguments);
}

static void path_append(const struct spot *spot)
{
	if (!spot->up)
		return;
	path_append(spot->up);
	if (spot->name)
		append(spot->problem, spot->problem[0] == '\0' ? "%s" : ".%s", spot->name);
	else
		append(spot->problem, "[%zu]", spot->index);
}

bool spot_refuse(const struct spot *spot, const char *format, ...)
{
	char sentence[PROTOJSON_PROBLEM_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	spot->problem[0] = '\0';
	path_append(spot);
	if (spot->problem[0] == '\0')
		append(spot->problem, "%s", spot->name);
	append(spot->problem, ": %s", sentence);
	return false;
}

enum form form_of(const ProtobufCMessageDescriptor *descriptor)
{
	static const struct {
		const ProtobufCMessageDescriptor *descriptor;
		enum form form;
	} special[] = {
		{ &google__protobuf__timestamp__descriptor, FORM_TIMESTAMP },
		{ &google__protobuf__duration__descriptor, FORM_DURATION },
		{ &google__protobuf__field_mask__descriptor, FORM_FIELD_MASK },
		{ &google__protobuf__any__descriptor, FORM_ANY },
	};

	for (size_t i = 0; i < COUNT_OF(special); i++)
		if (descriptor == special[i].descriptor)
			return special[i].form;
	return FORM_FIELDS;
}

/* protoc makes of `map<…> team_labels` in message Team a nested message TeamLabelsEntry with a key
 * and a value. */
bool field_is_map(const ProtobufCMessageDescriptor *message, const ProtobufCFieldDescriptor *field)
{
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	char camel[NAME_BYTES], name[2 * NAME_BYTES];

	if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label != PROTOBUF_C_LABEL_REPEATED)
		return false;
	if (entry->n_fields != 2 || strcmp(entry->fields[0].name, "key") != 0 ||
		strcmp(entry->fields[1].name, "value") != 0)
		return false;
	name_to_camel(field->name, camel);
	if (camel[0] >= 'a' && camel[0] <= 'z')
		camel[0] = (char)(camel[0] - 'a' + 'A');
	snprintf(name, sizeof(name), "%sEntry", camel);
	return strcmp(entry->short_name, name) == 0 &&
	       strncmp(entry->name, message->name, strlen(message->name)) == 0;
}

bool field_is_oneof(const ProtobufCFieldDescriptor *field)
{
	return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

size_t field_value_bytes(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return sizeof(uint64_t);
	case PROTOBUF_C_TYPE_FLOAT:
		return sizeof(float);
	case PROTOBUF_C_TYPE_DOUBLE:
		return sizeof(double);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return sizeof(uint32_t);
	}
}

const ProtobufCMessageDescriptor *any_type(const char *url)
{
	static const ProtobufCMessageDescriptor *const types[] = {
		&google__rpc__error_info__descriptor,
		&google__rpc__bad_request__descriptor,
		&google__rpc__help__descriptor,
		&google__rpc__retry_info__descriptor,
		&google__rpc__quota_failure__descriptor,
		&google__rpc__precondition_failure__descriptor,
		&google__rpc__resource_info__descriptor,
		&google__rpc__request_info__descriptor,
		&google__rpc__debug_info__descriptor,
		&google__rpc__localized_message__descriptor,
		&google__protobuf__timestamp__descriptor,
		&google__protobuf__duration__descriptor,
	};
	const char *slash = strrchr(url, '/');

	for (size_t i = 0; slash && i < COUNT_OF(types); i++)
		if (strcmp(slash + 1, types[i]->name) == 0)
			return types[i];
	return NULL;
}
