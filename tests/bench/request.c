/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/compiler.h"
#include "orgd/rpc/v1/rpc.pb-c.h"
#include "orgd/v1/invitation_service.pb-c.h"

enum { REPLY_ROOM = 1024 * 1024 };
/* A prime: things are asked about in an order that is not theirs. */
static const size_t stride = 2147483647;

static char *mutable(const char *text)
{
	return (char *)(uintptr_t)(text ? text : "");
}

static struct bytes pack_alone(const ProtobufCMessage *message)
{
	uint8_t *packed = malloc(protobuf_c_message_get_packed_size(message) + 1);

	if (!packed)
		err(1, "a request");
	return bytes_of(packed, protobuf_c_message_pack(message, packed));
}

/* The envelope around `payload`. */
static Orgd__Rpc__V1__Request envelope_of(const struct request_text *text, struct bytes payload)
{
	Orgd__Rpc__V1__Request envelope = ORGD__RPC__V1__REQUEST__INIT;

	envelope.method = mutable(text->method);
	envelope.request_id = mutable(text->request_id);
	envelope.authorization = mutable(text->authorization);
	envelope.payload.data = (uint8_t *)(uintptr_t)payload.data;
	envelope.payload.len = payload.size;
	return envelope;
}

struct request *request_pack(
	struct crew *crew, const struct request_text *text, const ProtobufCMessage *message)
{
	struct bytes payload = pack_alone(message);
	Orgd__Rpc__V1__Request envelope = envelope_of(text, payload);
	size_t size = protobuf_c_message_get_packed_size(&envelope.base);
	struct request *request = crew_alloc(crew, sizeof(*request));
	uint8_t *packed = crew_alloc(crew, size);

	protobuf_c_message_pack(&envelope.base, packed);
	free((void *)(uintptr_t)payload.data);
	*request = (struct request){ .data = packed, .size = (uint32_t)size };
	return request;
}

ProtobufCMessage *request_call(const struct target *target, const struct request_text *text,
	const ProtobufCMessage *message, const ProtobufCMessageDescriptor *descriptor)
{
	struct bytes payload = pack_alone(message), packed, reply;
	Orgd__Rpc__V1__Request envelope = envelope_of(text, payload);
	Orgd__Rpc__V1__Response *response;
	uint8_t *room = malloc(REPLY_ROOM);
	ProtobufCMessage *answer = NULL;
	int connection;

	if (!room)
		err(1, "a reply");
	packed = pack_alone(&envelope.base);
	connection = load_connect(target);
	reply = load_exchange(connection, target, packed, room, REPLY_ROOM);
	close(connection);
	response = orgd__rpc__v1__response__unpack(NULL, reply.size, reply.data);
	if (response && !response->status)
		answer = protobuf_c_message_unpack(
			descriptor, NULL, response->payload.len, response->payload.data);
	if (!answer)
		errx(1, "%s: %s", text->method,
			response && response->status ? response->status->message : "no answer");
	orgd__rpc__v1__response__free_unpacked(response, NULL);
	free((void *)(uintptr_t)payload.data);
	free((void *)(uintptr_t)packed.data);
	free(room);
	return answer;
}

/* What a check is asked with. */
struct texts {
	char user_id[ID_TEXT_BYTES], document_id[ID_TEXT_BYTES];
	char authorization[DATA_AUTHORIZATION_BYTES];
};

static void write_texts(
	const struct data *data, const struct request_pair *pair, struct texts *texts)
{
	data_id_text(data, pair->user, pair->user_number, texts->user_id);
	data_id_text(data, pair->document, pair->document_number, texts->document_id);
	data_authorization(data, DATA_API_KEY, 0, texts->authorization);
}

static Orgd__V1__CheckRequest check_of(struct texts *texts)
{
	Orgd__V1__CheckRequest check = ORGD__V1__CHECK_REQUEST__INIT;

	check.user_id = texts->user_id;
	check.document_id = texts->document_id;
	check.permission = ORGD__V1__PERMISSION__PERMISSION_READ;
	return check;
}

static struct request_text check_text(const struct texts *texts)
{
	return (struct request_text){ .method = "/orgd.v1.AccessService/Check",
		.authorization = texts->authorization };
}

struct request *request_check(
	struct crew *crew, const struct data *data, const struct request_pair *pair)
{
	Orgd__V1__CheckRequest check;
	struct request_text text;
	struct texts texts;

	write_texts(data, pair, &texts);
	check = check_of(&texts);
	text = check_text(&texts);
	return request_pack(crew, &text, &check.base);
}

bool request_allowed(
	const struct target *target, const struct data *data, const struct request_pair *pair)
{
	Orgd__V1__CheckResponse *answer;
	Orgd__V1__CheckRequest check;
	struct request_text text;
	struct texts texts;
	bool allowed;

	write_texts(data, pair, &texts);
	check = check_of(&texts);
	text = check_text(&texts);
	answer = (Orgd__V1__CheckResponse *)request_call(
		target, &text, &check.base, &orgd__v1__check_response__descriptor);
	allowed = answer->allowed;
	orgd__v1__check_response__free_unpacked(answer, NULL);
	return allowed;
}

struct request *request_checks(struct crew *crew, const struct data *data, size_t count)
{
	struct request *requests = crew_alloc(crew, count * sizeof(*requests));

	for (size_t i = 0; i < count; i++) {
		size_t member = i * stride % data->count[DATA_MEMBER];

		requests[i] = *request_check(crew, data,
			&(struct request_pair){
				DATA_MEMBER, DATA_DOCUMENT, member, member / data->members_each });
	}
	return requests;
}

struct request *request_batch_check(
	struct crew *crew, const struct data *data, const struct request_pair *pairs, size_t count)
{
	typedef Orgd__V1__BatchCheckRequest__Check Check;
	Orgd__V1__BatchCheckRequest batch = ORGD__V1__BATCH_CHECK_REQUEST__INIT;
	struct texts *texts = calloc(count, sizeof(*texts));
	Check *checks = calloc(count, sizeof(*checks));
	Check **list = calloc(count, sizeof(*list));
	struct request *request;

	if (!texts || !checks || !list)
		err(1, "a request");
	for (size_t i = 0; i < count; i++) {
		write_texts(data, &pairs[i], &texts[i]);
		orgd__v1__batch_check_request__check__init(&checks[i]);
		checks[i].user_id = texts[i].user_id;
		checks[i].document_id = texts[i].document_id;
		list[i] = &checks[i];
	}
	batch.checks = list;
	batch.n_checks = count;
	request = request_pack(crew,
		&(struct request_text){ .method = "/orgd.v1.AccessService/BatchCheck",
			.authorization = texts[0].authorization },
		&batch.base);
	free(texts);
	free(checks);
	free(list);
	return request;
}

struct request *request_accepts(struct crew *crew, const struct data *data)
{
	size_t count = data->count[DATA_INVITATION];
	struct request *requests = crew_alloc(crew, count * sizeof(*requests));

	for (size_t place = 0; place < count; place++) {
		size_t i = place * stride % count;
		Orgd__V1__AcceptInvitationRequest accept =
			ORGD__V1__ACCEPT_INVITATION_REQUEST__INIT;
		char authorization[DATA_AUTHORIZATION_BYTES], request_id[32];
		char formatted[TOKEN_TEXT_BYTES];
		struct token token = data_token(data, DATA_INVITATION, i);

		token_format(&token, formatted);
		accept.token = formatted;
		data_authorization(data, DATA_SESSION, i, authorization);
		snprintf(request_id, sizeof(request_id), "accept-%012zu", i);
		requests[place] = *request_pack(crew,
			&(struct request_text){
				.method = "/orgd.v1.InvitationService/AcceptInvitation",
				.request_id = request_id,
				.authorization = authorization },
			&accept.base);
		requests[place].kind = REQUEST_WRITE;
	}
	return requests;
}
