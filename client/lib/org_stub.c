/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "internal.h"

/* protobuf-c's structs have no room for a response that fails, so a closure gets NULL then. */
static void stub_invoke(ProtobufCService *service, unsigned index, const ProtobufCMessage *input,
	ProtobufCClosure closure, void *closure_data)
{
	struct org_stub *stub = (struct org_stub *)service;
	const char *method = service->descriptor->methods[index].name;
	ProtobufCMessage *response;

	if (stub->only_begins) {
		stub->call = org_call_begin(stub->client, service->descriptor, method, input,
			stub->options, closure_data);
		return;
	}
	stub->code = org_call(stub->client, service->descriptor, method, input, stub->options,
		&response, stub->status);
	closure(response, closure_data);
	org_message_free(response);
}

void org_stub_init(struct org_stub *stub, struct org_client *client,
	const ProtobufCServiceDescriptor *descriptor, const struct org_call_options *options,
	struct org_status *status)
{
	*stub = (struct org_stub){
		.service = { .descriptor = descriptor, .invoke = stub_invoke },
		.client = client,
		.options = options,
		.status = status,
	};
}

/* The closure that stub_invoke never calls. Called by anyone else there is no call to begin. */
void org_stub_begin(const ProtobufCMessage *message, void *response)
{
	const ProtobufCMessage *none = NULL;

	(void)message;
	memcpy(response, &none, sizeof(none));
}
