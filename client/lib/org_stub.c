/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "internal.h"

/* protobuf-c's structs have no room for a response that fails, so a closure gets NULL then. */
static void stub_invoke(ProtobufCService *service, unsigned index, const ProtobufCMessage *input,
	ProtobufCClosure closure, void *closure_data)
{
	struct org_stub *stub = (struct org_stub *)service;
	ProtobufCMessage *response;

	stub->code = org_call(stub->client, service->descriptor,
		service->descriptor->methods[index].name, input, stub->options, &response,
		stub->status);
	if (closure == org_keep) {
		memcpy(closure_data, &response, sizeof(response));
		return;
	}
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

/* stub_invoke knows it by its address and hands the message over. Called by anyone else it cannot
 * keep what is not its own. */
void org_keep(const ProtobufCMessage *message, void *response)
{
	const ProtobufCMessage *none = NULL;

	(void)message;
	memcpy(response, &none, sizeof(none));
}
