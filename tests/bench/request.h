/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "crew.h"
#include "data.h"
#include "orgd/v1/access_service.pb-c.h"
#include "orgd/v1/admin_service.pb-c.h"

/* The requests that are sent. They and their bytes are in the crew's memory. */

struct request_text {
	const char *method, *request_id, *authorization;
};
struct request *request_pack(
	struct crew *crew, const struct request_text *text, const ProtobufCMessage *message);
/* Calls and unpacks the answer, which must be a success. */
ProtobufCMessage *request_call(const struct target *target, const struct request_text *text,
	const ProtobufCMessage *message, const ProtobufCMessageDescriptor *descriptor);

/* Who asks about what. */
struct request_pair {
	enum data_thing user, document;
	size_t user_number, document_number;
};
/* `count` checks, each of a member and the document of their organization, spread over all. */
struct request *request_checks(struct crew *crew, const struct data *data, size_t count);
struct request *request_check(
	struct crew *crew, const struct data *data, const struct request_pair *pair);
struct request *request_batch_check(
	struct crew *crew, const struct data *data, const struct request_pair *pairs, size_t count);
/* One for each invitation, in an order that is not that of their ids. */
struct request *request_accepts(struct crew *crew, const struct data *data);
/* Does the daemon say yes to the pair? */
bool request_allowed(
	const struct target *target, const struct data *data, const struct request_pair *pair);
