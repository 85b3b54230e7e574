/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "domain/mail_text.h"
#include "domain/webhook.h"
#include "google/protobuf/timestamp.pb-c.h"

/*
 * ProtoJSON of what an Event holds: strings, unsigned numbers, a time, a map of strings and one
 * inner message. What has its default is left out, names are in lowerCamelCase, 64-bit numbers are
 * strings. By the descriptors, so that a field that is added is told too.
 */

static void add_string(struct mail_text *out, const char *value)
{
	mail_text_add_string(out, "\"");
	for (; *value; value++) {
		char escaped[8];

		if (*value == '"' || *value == '\\') {
			snprintf(escaped, sizeof(escaped), "\\%c", *value);
			mail_text_add_string(out, escaped);
		} else if ((uint8_t)*value < ' ') {
			snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)(uint8_t)*value);
			mail_text_add_string(out, escaped);
		} else {
			mail_text_add(out, value, 1);
		}
	}
	mail_text_add_string(out, "\"");
}

/* "display_name" as "displayName". */
static void add_name(struct mail_text *out, const char *name)
{
	mail_text_add_string(out, "\"");
	for (; *name; name++) {
		char letter = *name;

		if (letter == '_')
			letter = (char)(*++name - 'a' + 'A');
		mail_text_add(out, &letter, 1);
	}
	mail_text_add_string(out, "\":");
}

/* RFC 3339 with as many digits of the second as there are to tell: none, three or six. */
static void add_time(struct mail_text *out, const Google__Protobuf__Timestamp *timestamp)
{
	time_t seconds = timestamp->seconds;
	int us = timestamp->nanos / 1000;
	char text[64], fraction[16] = "";
	struct tm tm;

	gmtime_r(&seconds, &tm);
	if (us % 1000)
		snprintf(fraction, sizeof(fraction), ".%06d", us);
	else if (us)
		snprintf(fraction, sizeof(fraction), ".%03d", us / 1000);
	snprintf(text, sizeof(text), "\"%04d-%02d-%02dT%02d:%02d:%02d%sZ\"", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, fraction);
	mail_text_add_string(out, text);
}

static void add_number(struct mail_text *out, const char *format, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	mail_text_add_string(out, format);
	mail_text_add_string(out, text);
	mail_text_add_string(out, format);
}

static const char *entry_string(const ProtobufCMessage *entry, unsigned number)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field(entry->descriptor, number);

	return *(char *const *)(const void *)((const char *)entry + field->offset);
}

/* A map<string, string>. */
static void add_map(struct mail_text *out, ProtobufCMessage *const *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mail_text_add_string(out, i ? "," : "{");
		add_string(out, entry_string(entries[i], 1));
		mail_text_add_string(out, ":");
		add_string(out, entry_string(entries[i], 2));
	}
	mail_text_add_string(out, "}");
}

static void add_message(struct mail_text *out, const ProtobufCMessage *message);

static void add_value(struct mail_text *out, const ProtobufCFieldDescriptor *field,
	const void *value, size_t count)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		add_map(out, *(ProtobufCMessage *const *const *)value, count);
	else if (field->type == PROTOBUF_C_TYPE_STRING)
		add_string(out, *(char *const *)value);
	else if (field->type == PROTOBUF_C_TYPE_UINT32)
		add_number(out, "", *(const uint32_t *)value);
	else if (field->type == PROTOBUF_C_TYPE_UINT64)
		add_number(out, "\"", *(const uint64_t *)value);
	else if (field->descriptor == &google__protobuf__timestamp__descriptor)
		add_time(out, *(Google__Protobuf__Timestamp *const *)value);
	else
		add_message(out, *(ProtobufCMessage *const *)value);
}

static bool is_told(const ProtobufCFieldDescriptor *field, const void *value, size_t count)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return count > 0;
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return **(char *const *)value != '\0';
	case PROTOBUF_C_TYPE_UINT32:
		return *(const uint32_t *)value != 0;
	case PROTOBUF_C_TYPE_UINT64:
		return *(const uint64_t *)value != 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(void *const *)value != NULL;
	default:
		assert(!"an event has fields of other types");
		return false;
	}
}

static void add_message(struct mail_text *out, const ProtobufCMessage *message)
{
	const char *separator = "{";

	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const char *base = (const char *)message;
		const void *value = base + field->offset;
		size_t count =
			field->label == PROTOBUF_C_LABEL_REPEATED
				? *(const size_t *)(const void *)(base + field->quantifier_offset)
				: 0;

		if (!is_told(field, value, count))
			continue;
		mail_text_add_string(out, separator);
		add_name(out, field->name);
		add_value(out, field, value, count);
		separator = ",";
	}
	mail_text_add_string(out, *separator == '{' ? "{}" : "}");
}

static struct mail_text render(struct arena *arena, const Orgd__V1__Event *event)
{
	struct mail_text out;

	mail_text_init(&out, arena, WEBHOOK_BODY_MAX);
	mail_text_add_string(&out, "{\"type\":");
	add_string(&out, event->action);
	mail_text_add_string(&out, ",\"timestamp\":");
	add_time(&out, event->time);
	mail_text_add_string(&out, ",\"data\":");
	add_message(&out, &event->base);
	mail_text_add_string(&out, "}");
	return out;
}

struct bytes webhook_body(struct arena *arena, const Orgd__V1__Event *event)
{
	struct mail_text out = render(arena, event);

	if (out.full) {
		Orgd__V1__Event bare = *event;

		bare.n_details = 0;
		out = render(arena, &bare);
	}
	return bytes_of(out.data, out.size);
}
