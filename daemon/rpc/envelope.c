/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/envelope.h"

#include <assert.h>
#include <stdio.h>

#include "base/message.h"
#include "google/rpc/error_details.pb-c.h"
#include "rpc/wire.h"

struct status envelope_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
	struct bytes bytes, ProtobufCMessage **message)
{
	arena_allow_decoding(arena, bytes.size);
	*message = message_unpack_checked(arena, descriptor, bytes);
	if (*message)
		return OK;
	/* What exactly is wrong is looked for when something is. */
	TRY(wire_check(descriptor, bytes));
	return status_fail(STATUS_INVALID_ARGUMENT, "MALFORMED_REQUEST",
		"The bytes are not a %s message, or unpack to more than is allowed for %zu bytes.",
		descriptor->name, bytes.size);
}

enum { DETAIL_BYTES_MAX = 2048, DETAILS_MAX = 4 };

/* A google.rpc.Status and all that it points to, so that answering a failure needs no memory. */
struct error {
	Google__Rpc__Status status;
	char message[128]; /* of an INTERNAL failure */
	Google__Protobuf__Any details[DETAILS_MAX];
	Google__Protobuf__Any *detail_pointers[DETAILS_MAX];
	uint8_t packed[DETAILS_MAX][DETAIL_BYTES_MAX];
};

/* protobuf-c's structs have no const; it does not write through these when it packs. */
static char *mutable(const char *text)
{
	return text ? (char *)(uintptr_t)text : (char *)(uintptr_t) "";
}

static void detail_add(struct error *error, const char *type_url, const ProtobufCMessage *message)
{
	size_t n = error->status.n_details++;
	Google__Protobuf__Any *any = &error->details[n];

	assert(n < DETAILS_MAX && protobuf_c_message_get_packed_size(message) <= DETAIL_BYTES_MAX);
	google__protobuf__any__init(any);
	any->type_url = mutable(type_url);
	any->value.data = error->packed[n];
	any->value.len = protobuf_c_message_pack(message, error->packed[n]);
	error->detail_pointers[n] = any;
}

static void add_error_info(struct error *error, const struct failure *failure)
{
	Google__Rpc__ErrorInfo info;
	Google__Rpc__ErrorInfo__MetadataEntry entries[FAILURE_METADATA_MAX];
	Google__Rpc__ErrorInfo__MetadataEntry *pointers[FAILURE_METADATA_MAX];

	google__rpc__error_info__init(&info);
	info.reason = mutable(failure->reason);
	info.domain = mutable("orgd");
	info.metadata = pointers;
	info.n_metadata = failure->metadata_count;
	for (size_t i = 0; i < failure->metadata_count; i++) {
		google__rpc__error_info__metadata_entry__init(&entries[i]);
		entries[i].key = mutable(failure->metadata[i].key);
		entries[i].value = mutable(failure->metadata[i].value);
		pointers[i] = &entries[i];
	}
	detail_add(error, "type.googleapis.com/google.rpc.ErrorInfo", &info.base);
}

static void add_bad_request(struct error *error, const struct failure *failure)
{
	Google__Rpc__BadRequest detail;
	Google__Rpc__BadRequest__FieldViolation violation;
	Google__Rpc__BadRequest__FieldViolation *pointer = &violation;

	google__rpc__bad_request__init(&detail);
	google__rpc__bad_request__field_violation__init(&violation);
	violation.field = mutable(failure->field);
	violation.description = mutable(failure->message);
	violation.reason = mutable(failure->reason);
	detail.field_violations = &pointer;
	detail.n_field_violations = 1;
	detail_add(error, "type.googleapis.com/google.rpc.BadRequest", &detail.base);
}

static void add_help(struct error *error, const struct failure *failure)
{
	Google__Rpc__Help detail;
	Google__Rpc__Help__Link link;
	Google__Rpc__Help__Link *pointer = &link;

	google__rpc__help__init(&detail);
	google__rpc__help__link__init(&link);
	link.description = mutable("Where to turn");
	link.url = mutable(failure->help);
	detail.links = &pointer;
	detail.n_links = 1;
	detail_add(error, "type.googleapis.com/google.rpc.Help", &detail.base);
}

static void add_retry_info(struct error *error, const struct failure *failure)
{
	Google__Rpc__RetryInfo detail;
	Google__Protobuf__Duration delay;

	google__rpc__retry_info__init(&detail);
	google__protobuf__duration__init(&delay);
	delay.seconds = failure->retry_after_ms / 1000;
	delay.nanos = (int32_t)(failure->retry_after_ms % 1000) * 1000000;
	detail.retry_delay = &delay;
	detail_add(error, "type.googleapis.com/google.rpc.RetryInfo", &detail.base);
}

/* Nothing of an INTERNAL failure leaves but the call's id: its sentence is for the log. */
static void error_fill_internal(struct error *error, const char *call_id)
{
	const struct failure unexplained = { .code = STATUS_INTERNAL, .reason = "INTERNAL" };

	snprintf(error->message, sizeof(error->message),
		"internal error; the operator finds the cause in the log under %s", call_id);
	error->status.message = error->message;
	add_error_info(error, &unexplained);
}

static void error_fill(struct error *error, const struct failure *failure, const char *call_id)
{
	google__rpc__status__init(&error->status);
	error->status.code = (int32_t)failure->code;
	error->status.details = error->detail_pointers;
	if (failure->code == STATUS_INTERNAL) {
		error_fill_internal(error, call_id);
		return;
	}
	error->status.message = mutable(failure->message);
	add_error_info(error, failure);
	if (failure->field[0] != '\0')
		add_bad_request(error, failure);
	if (failure->help[0] != '\0')
		add_help(error, failure);
	if (failure->retry_after_ms > 0)
		add_retry_info(error, failure);
}

/* Points `response` at what is in `reply` and, when it failed, at `error`. */
static void response_fill(
	Orgd__Rpc__V1__Response *response, struct error *error, const struct reply *reply)
{
	orgd__rpc__v1__response__init(response);
	response->epoch = reply->epoch;
	response->revision = reply->revision;
	response->committed = reply->committed;
	response->call_id = mutable(reply->call_id);
	if (reply->status.code == STATUS_OK) {
		response->payload.data = (uint8_t *)(uintptr_t)reply->payload.data;
		response->payload.len = reply->payload.size;
		return;
	}
	error_fill(error, reply->status.failure, response->call_id);
	response->status = &error->status;
}

size_t envelope_size_max(const struct reply *reply)
{
	Orgd__Rpc__V1__Response response;
	struct error error;

	response_fill(&response, &error, reply);
	response.epoch = response.revision = UINT64_MAX;
	response.committed = true;
	return orgd__rpc__v1__response__get_packed_size(&response);
}

size_t envelope_pack(const struct reply *reply, uint8_t *out)
{
	Orgd__Rpc__V1__Response response;
	struct error error;

	response_fill(&response, &error, reply);
	return orgd__rpc__v1__response__pack(&response, out);
}

Google__Rpc__Status *envelope_error(struct arena *arena, struct status status)
{
	struct error *error = arena_alloc(arena, sizeof(*error));

	assert(status.code != STATUS_INTERNAL);
	error_fill(error, status.failure, "");
	/* The failure itself is overwritten some failures later. */
	error->status.message = arena_strdup(arena, status.failure->message);
	return &error->status;
}
