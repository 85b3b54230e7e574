/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <orgd/rpc/v1/rpc.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

enum {
	BACK_OFF_MS_MIN = 50, /* doubled each time */
	BACK_OFF_MS_MAX = 1000,
	ANSWER_MS = 250, /* of what is left, kept for the way back */
};

/* One call, however often it is sent. */
struct call {
	struct org_client *client;
	const struct org_call_options *options;
	const ProtobufCMethodDescriptor *method;
	char path[128];
	char *authorization;
	uint8_t *payload;
	size_t payload_bytes;
	int64_t deadline_ms;
	bool sent;  /* at least once, so that it may have happened */
	bool again; /* the latest try failed in a way that another may not */
	ProtobufCMessage *response;
	struct org_status *status;
};

/* --- before the first try --- */

static uint64_t random_number(void)
{
	uint64_t number = 0;

	/* Cannot fail or be short for so few bytes once the system is up. */
	while (getrandom(&number, sizeof(number), 0) < 0 && errno == EINTR)
		;
	return number;
}

void org_request_id_make(char id[ORG_REQUEST_ID_BYTES])
{
	snprintf(id, ORG_REQUEST_ID_BYTES, "%016llx%016llx", (unsigned long long)random_number(),
		(unsigned long long)random_number());
}

static enum org_code call_find_method(struct call *call, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request)
{
	int length = snprintf(call->path, sizeof(call->path), "/%s/%s", service->name, method);

	call->method = protobuf_c_service_descriptor_get_method_by_name(service, method);
	if (!call->method || (size_t)length >= sizeof(call->path))
		return status_fail(call->status, ORG_UNIMPLEMENTED, "METHOD_UNKNOWN",
			"%s has no method %s.", service->name, method);
	if (request->descriptor != call->method->input)
		return status_fail(call->status, ORG_INVALID_ARGUMENT, "REQUEST_TYPE",
			"%s takes a %s, not a %s.", call->path, call->method->input->name,
			request->descriptor->name);
	return ORG_OK;
}

static enum org_code call_pack(struct call *call, const ProtobufCMessage *request)
{
	const char *credential = call->options->authorization;

	call->payload_bytes = protobuf_c_message_get_packed_size(request);
	if (call->payload_bytes > ORG_REQUEST_BYTES_MAX)
		return status_fail(call->status, ORG_INVALID_ARGUMENT, "REQUEST_TOO_LARGE",
			"The request is %zu bytes long, and at most %d are taken; send less at a "
			"time.",
			call->payload_bytes, ORG_REQUEST_BYTES_MAX);
	call->payload = malloc(call->payload_bytes + 1);
	call->authorization =
		credential ? authorization_make(credential) : strdup(call->client->authorization);
	if (!call->payload || !call->authorization)
		return status_fail(call->status, ORG_INTERNAL, "CLIENT_FAILED", "Out of memory.");
	protobuf_c_message_pack(request, call->payload);
	return ORG_OK;
}

static void call_begin(struct call *call)
{
	uint32_t timeout_ms = call->options->timeout_ms;
	struct org_status *status = call->status;

	*status = (struct org_status){ .code = ORG_OK };
	if (timeout_ms == 0)
		timeout_ms = call->client->timeout_ms;
	if (timeout_ms > ORG_TIMEOUT_MS_MAX)
		timeout_ms = ORG_TIMEOUT_MS_MAX;
	call->deadline_ms = clock_ms() + timeout_ms;
	if (call->options->request_id)
		snprintf(status->request_id, sizeof(status->request_id), "%s",
			call->options->request_id);
	else
		org_request_id_make(status->request_id);
}

static enum org_code call_check_fork(struct call *call)
{
	if (call->client->connection.pid == getpid())
		return ORG_OK;
	return status_fail(call->status, ORG_FAILED_PRECONDITION, "CLIENT_FORKED",
		"This client was opened by the parent process; open one in the child.");
}

/* --- a try --- */

static void call_set_minimum(struct call *call, Orgd__Rpc__V1__Request *envelope)
{
	struct org_client *client = call->client;

	envelope->min_epoch = call->options->min_epoch;
	envelope->min_revision = call->options->min_revision;
	if (!client->read_your_writes || envelope->min_epoch != 0)
		return;
	pthread_mutex_lock(&client->seen_lock);
	envelope->min_epoch = client->seen_epoch;
	envelope->min_revision = client->seen_revision;
	pthread_mutex_unlock(&client->seen_lock);
}

/* protobuf-c's structs have no const; it does not write through these when it packs. */
static char *mutable(const char *text)
{
	return (char *)(uintptr_t)(text ? text : "");
}

/* The envelope anew, since less time is left each time. NULL when memory is out. */
static nng_msg *call_message(struct call *call)
{
	Orgd__Rpc__V1__Request envelope;
	int64_t left_ms = call->deadline_ms - clock_ms();
	const struct org_call_options *options = call->options;
	nng_msg *message;

	orgd__rpc__v1__request__init(&envelope);
	envelope.method = call->path;
	envelope.payload.data = call->payload;
	envelope.payload.len = call->payload_bytes;
	/* What orgd decides at the last moment still has to arrive. 0 would be the default. */
	left_ms -= left_ms / 4 < ANSWER_MS ? left_ms / 4 : ANSWER_MS;
	envelope.timeout_ms = left_ms > 1 ? (uint32_t)left_ms : 1;
	envelope.request_id =
		mutable(options->request_id ? options->request_id : call->status->request_id);
	envelope.authorization = call->authorization;
	envelope.on_behalf_of =
		options->on_behalf_of ? mutable(options->on_behalf_of) : call->client->on_behalf_of;
	envelope.trace_parent = mutable(options->trace_parent);
	call_set_minimum(call, &envelope);
	if (nng_msg_alloc(&message, orgd__rpc__v1__request__get_packed_size(&envelope)) != 0)
		return NULL;
	orgd__rpc__v1__request__pack(&envelope, nng_msg_body(message));
	return message;
}

static void client_saw(struct org_client *client, uint64_t epoch, uint64_t revision)
{
	pthread_mutex_lock(&client->seen_lock);
	if (epoch > client->seen_epoch ||
		(epoch == client->seen_epoch && revision > client->seen_revision)) {
		client->seen_epoch = epoch;
		client->seen_revision = revision;
	}
	pthread_mutex_unlock(&client->seen_lock);
}

static ProtobufCMessage *unpack(
	const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size)
{
	struct budget budget;

	budget_init(&budget, size);
	return protobuf_c_message_unpack(descriptor, &budget.allocator, size, bytes);
}

static enum org_code call_fail_reply(struct call *call)
{
	return status_fail(call->status, ORG_INTERNAL, "REPLY_MALFORMED",
		"What answers at %s does not speak as orgd does.", call->client->url);
}

/* Copies what the envelope says besides the status. */
static void status_read_envelope(struct org_status *status, const Orgd__Rpc__V1__Response *envelope)
{
	snprintf(status->call_id, sizeof(status->call_id), "%s", envelope->call_id);
	status->epoch = envelope->epoch;
	status->revision = envelope->revision;
	status->committed = envelope->committed;
}

static enum org_code call_read_envelope(struct call *call, const Orgd__Rpc__V1__Response *envelope)
{
	struct org_status *status = call->status;
	char request_id[sizeof(status->request_id)];

	memcpy(request_id, status->request_id, sizeof(request_id));
	org_status_read(envelope->status, status);
	memcpy(status->request_id, request_id, sizeof(request_id));
	status_read_envelope(status, envelope);
	client_saw(call->client, envelope->epoch, envelope->revision);
	if (status->code != ORG_OK) {
		call->again = status->code == ORG_UNAVAILABLE;
		return status->code;
	}
	call->response =
		unpack(call->method->output, envelope->payload.data, envelope->payload.len);
	return call->response ? ORG_OK : call_fail_reply(call);
}

static enum org_code call_read(struct call *call, nng_msg *reply)
{
	ProtobufCMessage *envelope = unpack(
		&orgd__rpc__v1__response__descriptor, nng_msg_body(reply), nng_msg_len(reply));
	enum org_code code;

	if (!envelope)
		return call_fail_reply(call);
	code = call_read_envelope(call, (const Orgd__Rpc__V1__Response *)envelope);
	org_message_free(envelope);
	return code;
}

static enum org_code call_fail_connection(struct call *call)
{
	const char *url = call->client->url;

	if (call->sent)
		return status_fail(call->status, ORG_UNAVAILABLE, "CONNECTION_LOST",
			"Lost the connection to orgd at %s before it answered. The call may have "
			"happened; repeating it with the same request id is safe.",
			url);
	return status_fail(call->status, ORG_UNAVAILABLE, "CONNECTION_REFUSED",
		"Cannot reach orgd at %s: %s.", url, connection_problem(url, call->deadline_ms));
}

static enum org_code call_send(struct call *call)
{
	nng_msg *request = call_message(call), *reply;
	enum org_code code;

	if (!request)
		return status_fail(call->status, ORG_INTERNAL, "CLIENT_FAILED", "Out of memory.");
	switch (connection_exchange(
		&call->client->connection, request, call->deadline_ms, &reply)) {
	case EXCHANGE_ANSWERED:
		code = call_read(call, reply);
		nng_msg_free(reply);
		return code;
	case EXCHANGE_UNSENT:
		return call_fail_connection(call);
	case EXCHANGE_LOST:
		call->sent = call->again = true;
		return call_fail_connection(call);
	case EXCHANGE_TIMED_OUT:
		return status_fail(call->status, ORG_DEADLINE_EXCEEDED, "NO_ANSWER",
			"orgd at %s did not answer in time. The call may have happened; repeating "
			"it with the same request id is safe.",
			call->client->url);
	case EXCHANGE_FAILED:
		break;
	}
	return status_fail(call->status, ORG_INTERNAL, "CLIENT_FAILED", "Out of memory.");
}

static enum org_code call_try(struct call *call)
{
	struct org_client *client = call->client;
	int64_t connect_deadline_ms = clock_ms() + client->connect_timeout_ms;

	call->again = false;
	if (connect_deadline_ms > call->deadline_ms)
		connect_deadline_ms = call->deadline_ms;
	if (!connection_wait(&client->connection, connect_deadline_ms))
		return call_fail_connection(call);
	return call_send(call);
}

/* --- the tries --- */

/* Waits before try number `next`. False when the deadline would be over by then. */
static bool call_back_off(const struct call *call, unsigned next)
{
	int64_t wait_ms = BACK_OFF_MS_MAX;
	struct timespec wait;

	if (next - 2 < 5)
		wait_ms = BACK_OFF_MS_MIN << (next - 2);
	/* Clients that failed together do not come back together. */
	wait_ms = wait_ms / 2 + (int64_t)(random_number() % (uint64_t)(wait_ms / 2 + 1));
	if (wait_ms < call->status->retry_after_ms)
		wait_ms = call->status->retry_after_ms;
	if (wait_ms >= call->deadline_ms - clock_ms())
		return false;
	wait = (struct timespec){ .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000 };
	while (nanosleep(&wait, &wait) != 0)
		;
	return true;
}

static enum org_code call_run(struct call *call)
{
	for (unsigned tries = 1;; tries++) {
		enum org_code code = call_try(call);

		if (!call->again || tries == call->client->tries_max ||
			!call_back_off(call, tries + 1))
			return code;
	}
}

static void call_clear(struct call *call)
{
	if (call->authorization)
		explicit_bzero(call->authorization, strlen(call->authorization));
	free(call->authorization);
	if (call->payload)
		explicit_bzero(call->payload, call->payload_bytes);
	free(call->payload);
}

enum org_code org_call(struct org_client *client, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request, const struct org_call_options *options,
	ProtobufCMessage **response, struct org_status *status)
{
	static const struct org_call_options standard;
	struct org_status unused;
	struct call call = { .client = client,
		.options = options ? options : &standard,
		.status = status ? status : &unused };
	enum org_code code;

	call_begin(&call);
	code = call_check_fork(&call);
	if (code == ORG_OK)
		code = call_find_method(&call, service, method, request);
	if (code == ORG_OK)
		code = call_pack(&call, request);
	if (code == ORG_OK)
		code = call_run(&call);
	call_clear(&call);
	if (response)
		*response = call.response;
	else
		org_message_free(call.response);
	return code;
}

void org_message_free(void *message)
{
	if (message)
		protobuf_c_message_free_unpacked(message, NULL);
}
