/* SPDX-License-Identifier: Apache-2.0 */
#include "puppet.h"

#include <criterion/criterion.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PUPPETS = 4, ENVELOPES = 128 };
static struct puppet puppets[PUPPETS];
static unsigned puppet_count;
static Orgd__Rpc__V1__Request *envelopes[ENVELOPES];
static unsigned envelope_count;

struct puppet puppet_new(void)
{
	struct puppet puppet = { .directory = "/tmp/orgd-test-XXXXXX", .listener = -1 };

	cr_assert(mkdtemp(puppet.directory));
	strcpy(stpcpy(puppet.path, puppet.directory), "/socket");
	strcpy(stpcpy(puppet.url, "ipc://"), puppet.path);
	cr_assert_lt(puppet_count, PUPPETS);
	puppets[puppet_count++] = puppet;
	return puppet;
}

void puppet_listen(struct puppet *puppet)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, puppet->path);
	puppet->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_geq(puppet->listener, 0);
	cr_assert_eq(bind(puppet->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(puppet->listener, 8), 0);
}

struct puppet puppet_start(void)
{
	struct puppet puppet = puppet_new();

	puppet_listen(&puppet);
	return puppet;
}

void puppet_stop(struct puppet *puppet)
{
	close(puppet->listener);
	puppet->listener = -1;
	unlink(puppet->path);
}

void puppets_remove(void)
{
	for (unsigned i = 0; i < puppet_count; i++) {
		unlink(puppets[i].path);
		rmdir(puppets[i].directory);
	}
	while (envelope_count > 0)
		org_message_free(envelopes[--envelope_count]);
}

static void read_all(int fd, void *bytes, size_t size)
{
	if (size > 0)
		cr_assert_eq(recv(fd, bytes, size, MSG_WAITALL), (ssize_t)size);
}

static void write_all(int fd, const void *bytes, size_t size)
{
	cr_assert_eq(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

int puppet_accept(struct puppet *puppet)
{
	int fd = accept4(puppet->listener, NULL, NULL, SOCK_CLOEXEC);
	char hello[8];

	cr_assert_geq(fd, 0);
	write_all(fd, "\0SP\0\0\x31\0\0", 8);
	read_all(fd, hello, 8);
	cr_assert_arr_eq(hello, "\0SP\0\0\x30\0\0", 8);
	return fd;
}

struct question question_read(int fd)
{
	struct question question = { .fd = fd };
	uint64_t length;
	uint8_t type, *body;

	read_all(fd, &type, 1);
	cr_assert_eq(type, 1);
	read_all(fd, &length, 8);
	length = be64toh(length) - 4;
	read_all(fd, question.hop, 4);
	body = malloc(length + 1);
	read_all(fd, body, length);
	question.envelope = orgd__rpc__v1__request__unpack(NULL, length, body);
	cr_assert(question.envelope);
	cr_assert_lt(envelope_count, ENVELOPES);
	envelopes[envelope_count++] = question.envelope;
	free(body);
	return question;
}

ProtobufCMessage *question_payload(
	const struct question *question, const ProtobufCMessageDescriptor *descriptor)
{
	ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, NULL,
		question->envelope->payload.len, question->envelope->payload.data);

	cr_assert(message);
	return message;
}

void question_answer_bytes(const struct question *question, const void *bytes, size_t size)
{
	uint64_t length = htobe64(4 + size);

	write_all(question->fd, "\1", 1);
	write_all(question->fd, &length, 8);
	write_all(question->fd, question->hop, 4);
	write_all(question->fd, bytes, size);
}

void question_answer(const struct question *question, const struct reply *reply)
{
	uint8_t *bytes = malloc(envelope_size_max(reply));

	question_answer_bytes(question, bytes, envelope_pack(reply, bytes));
	free(bytes);
}

void question_answer_ok(const struct question *question, const ProtobufCMessage *response)
{
	uint8_t bytes[4096];
	size_t size = protobuf_c_message_pack(response, bytes);

	question_answer(question, &(struct reply){ .status = OK,
					  .payload = bytes_of(bytes, size),
					  .epoch = 3,
					  .revision = 7,
					  .committed = true,
					  .call_id = "cal_1" });
}

void question_refuse(const struct question *question, enum status_code code, const char *reason)
{
	question_answer(question, &(struct reply){ .status = status_fail(code, reason, "No."),
					  .epoch = 3,
					  .revision = 7,
					  .call_id = "cal_2" });
}

void question_answer_member(const struct question *question)
{
	Orgd__V1__GetMemberResponse response = ORGD__V1__GET_MEMBER_RESPONSE__INIT;
	Orgd__V1__Member member = ORGD__V1__MEMBER__INIT;
	Orgd__V1__GetMemberRequest *request = (Orgd__V1__GetMemberRequest *)question_payload(
		question, &orgd__v1__get_member_request__descriptor);

	member.user_id = request->user_id;
	response.member = &member;
	question_answer_ok(question, &response.base);
	org_message_free(request);
}

static void *run(void *argument)
{
	struct caller *caller = argument;
	Orgd__V1__GetMemberRequest request = ORGD__V1__GET_MEMBER_REQUEST__INIT;
	char user[] = "usr_ada";

	request.user_id = user;
	caller->code = ORG_CALL(caller->client, member_service, get_member, &request,
		caller->options, &caller->response, &caller->status);
	return NULL;
}

void caller_start(
	struct caller *caller, struct org_client *client, const struct org_call_options *options)
{
	caller->client = client;
	caller->options = options;
	cr_assert_eq(pthread_create(&caller->thread, NULL, run, caller), 0);
}

enum org_code caller_join(struct caller *caller)
{
	pthread_join(caller->thread, NULL);
	cr_assert_eq(caller->status.code, caller->code);
	cr_assert_eq(caller->response != NULL, caller->code == ORG_OK);
	if (caller->response)
		cr_assert_str_eq(caller->response->member->user_id, "usr_ada");
	org_message_free(caller->response);
	return caller->code;
}

struct org_client *client_of(const char *url, struct org_client_options options)
{
	struct org_client *client;
	struct org_status status;

	cr_assert_eq(
		org_client_open(url, &options, &client, &status), ORG_OK, "%s", status.message);
	return client;
}

enum org_code ask(struct org_client *client, const struct org_call_options *options,
	struct org_status *status)
{
	struct caller caller = { .client = client, .options = options };

	run(&caller);
	*status = caller.status;
	org_message_free(caller.response);
	return caller.code;
}
