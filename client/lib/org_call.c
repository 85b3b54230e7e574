/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { METHOD_PATH_BYTES = 128 };

/* --- to begin --- */

/* A call that does not come to the traffic, for want of memory if there is no other reason. */
static void call_give_up(struct org_call *call)
{
	call->client = NULL;
	call->state = CALL_OVER;
}

static struct org_status *call_refuse(struct org_call *call)
{
	call_give_up(call);
	return call->failure = calloc(1, sizeof(*call->failure));
}

static bool call_is_forked(const struct org_call *call)
{
	return call->client && client_is_forked(call->client);
}

static void call_refuse_fork(struct org_call *call)
{
	org_status_fail(call_refuse(call), ORG_FAILED_PRECONDITION, "CLIENT_FORKED",
		"This client was opened by the parent process; open one in the child.");
}

static bool call_find_method(struct org_call *call, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request, char path[METHOD_PATH_BYTES])
{
	int length = snprintf(path, METHOD_PATH_BYTES, "/%s/%s", service->name, method);

	call->method = protobuf_c_service_descriptor_get_method_by_name(service, method);
	if (!call->method || length >= METHOD_PATH_BYTES) {
		org_status_fail(call_refuse(call), ORG_UNIMPLEMENTED, "METHOD_UNKNOWN",
			"%s has no method %s.", service->name, method);
		return false;
	}
	if (request->descriptor != call->method->input) {
		org_status_fail(call_refuse(call), ORG_INVALID_ARGUMENT, "REQUEST_TYPE",
			"%s takes a %s, not a %s.", path, call->method->input->name,
			request->descriptor->name);
		return false;
	}
	return true;
}

/* protobuf-c's structs have no const; it does not write through these when it packs. */
static char *mutable(const char *text)
{
	return (char *)(uintptr_t)(text ? text : "");
}

/* The payload is packed behind the envelope's place, and from there into it. */
static bool call_pack(
	struct org_call *call, Orgd__Rpc__V1__Request *envelope, const ProtobufCMessage *request)
{
	size_t bytes;

	envelope->payload.len = protobuf_c_message_get_packed_size(request);
	if (envelope->payload.len > ORG_REQUEST_BYTES_MAX) {
		org_status_fail(call_refuse(call), ORG_INVALID_ARGUMENT, "REQUEST_TOO_LARGE",
			"The request is %zu bytes long, and at most %d are taken; send less at a "
			"time.",
			envelope->payload.len, ORG_REQUEST_BYTES_MAX);
		return false;
	}
	bytes = orgd__rpc__v1__request__get_packed_size(envelope);
	call->body = malloc(bytes + envelope->payload.len);
	if (!call->body) {
		call_give_up(call);
		return false;
	}
	envelope->payload.data = call->body + bytes;
	protobuf_c_message_pack(request, envelope->payload.data);
	call->body_bytes = orgd__rpc__v1__request__pack(envelope, call->body);
	explicit_bzero(envelope->payload.data, envelope->payload.len);
	return true;
}

static void string_wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

/* The envelope but for what is different each time it is sent. */
static bool call_fill(struct org_call *call, const char *path, const ProtobufCMessage *request,
	const struct org_call_options *options)
{
	__attribute__((cleanup(string_wipe))) char *own = NULL;
	const struct org_client *client = call->client;
	Orgd__Rpc__V1__Request envelope;

	if (options->authorization && !(own = authorization_make(options->authorization))) {
		call_give_up(call);
		return false;
	}
	orgd__rpc__v1__request__init(&envelope);
	envelope.method = mutable(path);
	envelope.request_id = mutable(options->request_id ? options->request_id : call->request_id);
	envelope.authorization = own ? own : client->authorization;
	envelope.on_behalf_of =
		options->on_behalf_of ? mutable(options->on_behalf_of) : client->on_behalf_of;
	envelope.trace_parent = mutable(options->trace_parent);
	return call_pack(call, &envelope, request);
}

static void call_set(struct org_call *call, const struct org_call_options *options)
{
	uint32_t timeout_ms = options->timeout_ms ? options->timeout_ms : call->client->timeout_ms;

	if (timeout_ms > ORG_TIMEOUT_MS_MAX)
		timeout_ms = ORG_TIMEOUT_MS_MAX;
	call->deadline_ms = clock_ms() + timeout_ms;
	call->min_epoch = options->min_epoch;
	call->min_revision = options->min_revision;
	if (options->request_id)
		snprintf(call->request_id, sizeof(call->request_id), "%s", options->request_id);
	else
		client_make_request_id(call->client, call->request_id);
}

/* The caller's pointer is to a message of its type. */
static void response_set(void *response, const ProtobufCMessage *message)
{
	if (response)
		memcpy(response, &message, sizeof(message));
}

struct org_call *org_call_begin(struct org_client *client,
	const ProtobufCServiceDescriptor *service, const char *method,
	const ProtobufCMessage *request, const struct org_call_options *options,
	ProtobufCMessage **response)
{
	static const struct org_call_options standard;
	struct org_call *call = calloc(1, sizeof(*call));
	char path[METHOD_PATH_BYTES];

	if (!call) {
		response_set(response, NULL);
		return NULL;
	}
	options = options ? options : &standard;
	call->client = client;
	call->response = response;
	call_set(call, options);
	if (call_is_forked(call))
		call_refuse_fork(call);
	else if (call_find_method(call, service, method, request, path) &&
		 call_fill(call, path, request, options))
		traffic_begin(call);
	return call;
}

/* --- to end --- */

static void call_free(struct org_call *call)
{
	if (call->client)
		traffic_end(call);
	if (call->body)
		explicit_bzero(call->body, call->body_bytes);
	free(call->body);
	free(call->failure);
	org_message_free(call->envelope);
	free(call);
}

/* Copies what the envelope says besides the status. */
static void status_read_envelope(struct org_status *status, const Orgd__Rpc__V1__Response *envelope)
{
	snprintf(status->call_id, sizeof(status->call_id), "%s", envelope->call_id);
	status->epoch = envelope->epoch;
	status->revision = envelope->revision;
	status->committed = envelope->committed;
}

/* Fills in how it ended; returns the response, which NULL stands for if it ended badly. */
static ProtobufCMessage *call_read(const struct org_call *call, struct org_status *status)
{
	const Orgd__Rpc__V1__Response *envelope = call->envelope;
	ProtobufCMessage *response = NULL;

	if (envelope) {
		org_status_read(envelope->status, status);
		status_read_envelope(status, envelope);
		if (status->code == ORG_OK)
			response = budget_unpack(call->method->output, envelope->payload.data,
				envelope->payload.len);
		if (status->code == ORG_OK && !response)
			org_status_fail_malformed(status, call->client);
	} else if (call->failure) {
		*status = *call->failure;
	} else {
		org_status_fail_memory(status);
	}
	memcpy(status->request_id, call->request_id, sizeof(status->request_id));
	return response;
}

enum org_code org_call_wait(struct org_call *call, struct org_status *status)
{
	struct org_status unused;
	ProtobufCMessage *response;

	status = status ? status : &unused;
	if (!call)
		return org_status_fail_memory(status);
	if (call_is_forked(call))
		call_refuse_fork(call);
	if (call->client)
		traffic_wait(call->client, &call, 1);
	response = call_read(call, status);
	response_set(call->response, response);
	if (!call->response)
		org_message_free(response);
	call_free(call);
	return status->code;
}

size_t org_call_wait_any(struct org_call *const calls[], size_t count)
{
	size_t first = 0;

	while (first < count && !calls[first])
		first++;
	for (size_t i = first; i < count; i++)
		if (calls[i] && (!calls[i]->client || call_is_forked(calls[i])))
			return i;
	return first == count ? count : traffic_wait(calls[first]->client, calls, count);
}

void org_call_cancel(struct org_call *call)
{
	if (!call)
		return;
	if (call_is_forked(call))
		call->client = NULL;
	call_free(call);
}

enum org_code org_call(struct org_client *client, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request, const struct org_call_options *options,
	ProtobufCMessage **response, struct org_status *status)
{
	return org_call_wait(
		org_call_begin(client, service, method, request, options, response), status);
}

void org_message_free(void *message)
{
	if (message)
		protobuf_c_message_free_unpacked(message, NULL);
}
