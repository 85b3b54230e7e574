/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <org_client.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "orgd/rpc/v1/rpc.pb-c.h"
#include "rpc/envelope.h"

/*
 * A server that the test plays itself, step by step, on a bare socket: it can lose connections,
 * answer nonsense or nothing, go away and come back. The client's call runs in a thread of its own
 * meanwhile.
 */
struct puppet {
	char directory[64], path[96], url[128];
	int listener; /* -1 while it is away */
};

struct puppet puppet_new(void); /* not listening yet */
void puppet_listen(struct puppet *puppet);
struct puppet puppet_start(void);
/* Stops listening, and removes the socket. */
void puppet_stop(struct puppet *puppet);
void puppets_remove(void); /* a suite's .fini */

/* A client's connection, the hellos exchanged. */
int puppet_accept(struct puppet *puppet);

struct question {
	int fd;
	uint8_t hop[4];
	Orgd__Rpc__V1__Request *envelope; /* lives until puppets_remove */
};
struct question question_read(int fd);
/* The envelope's payload, unpacked. */
ProtobufCMessage *question_payload(
	const struct question *question, const ProtobufCMessageDescriptor *descriptor);
void question_answer_bytes(const struct question *question, const void *bytes, size_t size);
void question_answer(const struct question *question, const struct reply *reply);
/* OK with that message, at revision 7 of epoch 3, committed. */
void question_answer_ok(const struct question *question, const ProtobufCMessage *response);
void question_refuse(const struct question *question, enum status_code code, const char *reason);

/* A call to MemberService.GetMember in a thread. */
struct caller {
	pthread_t thread;
	struct org_client *client;
	const struct org_call_options *options;
	enum org_code code;
	Orgd__V1__GetMemberResponse *response;
	struct org_status status;
};
void caller_start(
	struct caller *caller, struct org_client *client, const struct org_call_options *options);
enum org_code caller_join(struct caller *caller);

struct org_client *client_of(const char *url, struct org_client_options options);
/* The call, and what a puppet answers it with. */
enum org_code ask(struct org_client *client, const struct org_call_options *options,
	struct org_status *status);
void question_answer_member(const struct question *question);
