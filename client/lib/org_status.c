/* SPDX-License-Identifier: Apache-2.0 */
#include <google/rpc/error_details.pb-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

const char *org_code_name(int code)
{
	static const char *const names[] = { "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
		"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED" };

	if (code < 0 || (size_t)code >= COUNT_OF(names))
		return "UNKNOWN";
	return names[code];
}

/* Takes what may have lost the end of its last character off. */
static void cut_at_character(char *text)
{
	size_t end = strlen(text);

	while (end > 0 && ((unsigned char)text[end - 1] & 0xC0) == 0x80)
		end--;
	if (end > 0 && (unsigned char)text[end - 1] >= 0xC0)
		end--;
	text[end] = '\0';
}

static void copy(char *room, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length < size) {
		memcpy(room, text, length + 1);
		return;
	}
	memcpy(room, text, size - 1);
	room[size - 1] = '\0';
	if (((unsigned char)text[size - 1] & 0xC0) == 0x80)
		cut_at_character(room);
}

#define COPY(room, text) copy((room), sizeof(room), (text))

enum org_code org_status_fail(
	struct org_status *status, enum org_code code, const char *reason, const char *format, ...)
{
	char message[2 * sizeof(status->message)];
	va_list arguments;

	if (!status)
		return code;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	status->code = code;
	COPY(status->reason, reason);
	COPY(status->message, message);
	return code;
}

enum org_code org_status_fail_memory(struct org_status *status)
{
	*status = (struct org_status){ .code = ORG_OK };
	return org_status_fail(status, ORG_INTERNAL, "CLIENT_FAILED", "Out of memory.");
}

enum org_code org_status_fail_malformed(struct org_status *status, const struct org_client *client)
{
	return org_status_fail(status, ORG_INTERNAL, "REPLY_MALFORMED",
		"What answers at %s does not speak as orgd does.", client->url);
}

/* Protobuf can be made to ask for far more than it takes on the wire. */
struct budget {
	ProtobufCAllocator allocator;
	size_t left;
};

static void *budget_alloc(void *data, size_t size)
{
	struct budget *budget = data;

	if (size > budget->left)
		return NULL;
	budget->left -= size;
	return malloc(size);
}

static void budget_free(void *data, void *memory)
{
	(void)data;
	free(memory);
}

/* The largest honest answers, lists of small rows, unpack to about ten times their size. */
enum { BUDGET_BASE = 64 * 1024, BUDGET_FACTOR = 32 };

static void budget_init(struct budget *budget, size_t bytes)
{
	budget->allocator = (ProtobufCAllocator){ budget_alloc, budget_free, budget };
	budget->left = BUDGET_BASE + BUDGET_FACTOR * bytes;
}

ProtobufCMessage *budget_unpack(
	const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size)
{
	struct budget budget;

	budget_init(&budget, size);
	return protobuf_c_message_unpack(descriptor, &budget.allocator, size, bytes);
}

static void read_error_info(struct org_status *status, const ProtobufCMessage *message)
{
	const Google__Rpc__ErrorInfo *info = (const Google__Rpc__ErrorInfo *)message;

	COPY(status->reason, info->reason);
	for (size_t i = 0; i < info->n_metadata; i++) {
		struct org_metadata *pair = &status->metadata[status->metadata_count];

		if (status->metadata_count == COUNT_OF(status->metadata))
			break;
		COPY(pair->key, info->metadata[i]->key);
		COPY(pair->value, info->metadata[i]->value);
		status->metadata_count++;
	}
}

static void read_bad_request(struct org_status *status, const ProtobufCMessage *message)
{
	const Google__Rpc__BadRequest *bad = (const Google__Rpc__BadRequest *)message;

	for (size_t i = 0; i < bad->n_field_violations; i++) {
		struct org_violation *violation = &status->violations[status->violation_count];

		if (status->violation_count == COUNT_OF(status->violations))
			break;
		COPY(violation->field, bad->field_violations[i]->field);
		COPY(violation->reason, bad->field_violations[i]->reason);
		COPY(violation->description, bad->field_violations[i]->description);
		status->violation_count++;
	}
}

static void read_help(struct org_status *status, const ProtobufCMessage *message)
{
	const Google__Rpc__Help *help = (const Google__Rpc__Help *)message;

	if (help->n_links > 0)
		COPY(status->help, help->links[0]->url);
}

static void read_retry_info(struct org_status *status, const ProtobufCMessage *message)
{
	const Google__Rpc__RetryInfo *info = (const Google__Rpc__RetryInfo *)message;
	const int64_t seconds_max = INT64_MAX / 1000 - 1;

	if (!info->retry_delay || info->retry_delay->seconds < 0)
		return;
	if (info->retry_delay->seconds > seconds_max) {
		status->retry_after_ms = INT64_MAX;
		return;
	}
	/* Rounded up: a moment too early is refused again. */
	status->retry_after_ms = info->retry_delay->seconds * 1000;
	if (info->retry_delay->nanos > 0 && info->retry_delay->nanos < 1000000000)
		status->retry_after_ms += (info->retry_delay->nanos + 999999) / 1000000;
}

static const struct detail {
	const ProtobufCMessageDescriptor *descriptor;
	void (*read)(struct org_status *status, const ProtobufCMessage *message);
} details[] = {
	{ &google__rpc__error_info__descriptor, read_error_info },
	{ &google__rpc__bad_request__descriptor, read_bad_request },
	{ &google__rpc__help__descriptor, read_help },
	{ &google__rpc__retry_info__descriptor, read_retry_info },
};

/* What is of another type, or does not unpack, says nothing to us. */
static void read_detail(struct org_status *status, const Google__Protobuf__Any *any)
{
	const char *slash = strrchr(any->type_url, '/');
	const char *type = slash ? slash + 1 : any->type_url;

	for (size_t i = 0; i < COUNT_OF(details); i++) {
		ProtobufCMessage *message;

		if (strcmp(details[i].descriptor->name, type) != 0)
			continue;
		message = budget_unpack(details[i].descriptor, any->value.data, any->value.len);
		if (message)
			details[i].read(status, message);
		org_message_free(message);
	}
}

void org_status_read(const Google__Rpc__Status *rpc, struct org_status *status)
{
	*status = (struct org_status){ .code = ORG_OK };
	if (!rpc || rpc->code == 0)
		return;
	status->code = rpc->code > 0 && rpc->code <= ORG_UNAUTHENTICATED ? (enum org_code)rpc->code
									 : ORG_UNKNOWN;
	COPY(status->message, rpc->message);
	for (size_t i = 0; i < rpc->n_details; i++)
		read_detail(status, rpc->details[i]);
}
