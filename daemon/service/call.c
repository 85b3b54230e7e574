/* SPDX-License-Identifier: Apache-2.0 */
#include "service/call.h"

void call_answer(struct call *call, struct status status, const ProtobufCMessage *response)
{
	uint8_t *packed;

	call->status = arena_keep(call->arena, status);
	call->payload = bytes_of(NULL, 0);
	if (status.code)
		return;
	packed = arena_alloc(call->arena, protobuf_c_message_get_packed_size(response) + 1);
	call->payload = bytes_of(packed, protobuf_c_message_pack(response, packed));
}
