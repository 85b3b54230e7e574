/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "orgd/rpc/v1/rpc.pb-c.h"
#include "puppet.h"
#include "rpc/server.h"

TestSuite(org_client, .timeout = 120, .fini = puppets_remove);

static void expect_malformed(const char *url)
{
	struct org_client *client = (struct org_client *)&client;
	struct org_status status;

	cr_assert_eq(org_client_open(url, NULL, &client, &status), ORG_INVALID_ARGUMENT, "%s", url);
	cr_assert_str_eq(status.reason, "URL_MALFORMED");
	cr_assert(strstr(status.message, url));
	cr_assert_null(client);
	cr_assert_eq(org_client_open(url, NULL, &client, NULL), ORG_INVALID_ARGUMENT);
}

Test(org_client, an_address_is_a_local_socket_or_tcp)
{
	expect_malformed("");
	expect_malformed("/run/orgd/orgd.sock");
	expect_malformed("http://127.0.0.1:80");
	expect_malformed("inproc://orgd");
	expect_malformed("tls+tcp://127.0.0.1:80");
	expect_malformed("tcp://");
}

Test(org_client, all_has_a_default)
{
	struct org_client *client;

	cr_assert_eq(org_client_open(NULL, NULL, &client, NULL), ORG_OK);
	org_client_close(client);
	org_client_close(NULL);
}

/* --- many threads on one client, against the daemon's own server --- */

enum { THREADS = 16, CALLS = 100 };

/* Answers GetMember with the user asked for. */
static void handle(void *context, struct exchange *exchange)
{
	Orgd__V1__GetMemberResponse response = ORGD__V1__GET_MEMBER_RESPONSE__INIT;
	Orgd__V1__Member member = ORGD__V1__MEMBER__INIT;
	Orgd__Rpc__V1__Request *envelope =
		orgd__rpc__v1__request__unpack(NULL, exchange->body.size, exchange->body.data);
	Orgd__V1__GetMemberRequest *request = orgd__v1__get_member_request__unpack(
		NULL, envelope->payload.len, envelope->payload.data);
	struct reply reply = { .status = OK, .call_id = "cal_1" };
	uint8_t payload[256];

	(void)context;
	member.user_id = request->user_id;
	response.member = &member;
	reply.payload = bytes_of(payload, orgd__v1__get_member_response__pack(&response, payload));
	exchange->send(exchange,
		envelope_pack(&reply, exchange->reserve(exchange, envelope_size_max(&reply))));
	orgd__rpc__v1__request__free_unpacked(envelope, NULL);
	orgd__v1__get_member_request__free_unpacked(request, NULL);
}

static struct bytes refusal(void *context)
{
	(void)context;
	return bytes_of("", 0);
}

struct worker {
	pthread_t thread;
	struct org_client *client;
	unsigned number, answered;
};

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (unsigned i = 0; i < CALLS; i++) {
		Orgd__V1__GetMemberRequest request = ORGD__V1__GET_MEMBER_REQUEST__INIT;
		Orgd__V1__GetMemberResponse *response;
		char user[32];

		snprintf(user, sizeof(user), "usr_%u_%u", worker->number, i);
		request.user_id = user;
		if (ORG_CALL(worker->client, member_service, get_member, &request, NULL, &response,
			    NULL) == ORG_OK)
			worker->answered += strcmp(response->member->user_id, user) == 0;
		org_message_free(response);
	}
	return NULL;
}

static void expect_all_answered(const char *url)
{
	struct org_client *client = client_of(url, (struct org_client_options){ 0 });
	struct worker workers[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .client = client, .number = i };
		cr_assert_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		cr_assert_eq(workers[i].answered, CALLS);
	}
	org_client_close(client);
}

static struct server *server_of(struct puppet *puppet)
{
	const struct server_options options = {
		.ipc_path = puppet->path,
		.tcp_address = "127.0.0.1:0",
		.handle = handle,
		.refusal = refusal,
	};
	static struct server *server; /* reachable to the end, as in the daemon */

	cr_assert_eq(server_start(&options, &server).code, STATUS_OK);
	return server;
}

Test(org_client, threads_share_a_client_over_ipc)
{
	struct puppet puppet = puppet_new();

	server_of(&puppet);
	expect_all_answered(puppet.url);
}

Test(org_client, threads_share_a_client_over_tcp)
{
	struct puppet puppet = puppet_new();
	char url[64];

	snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", server_tcp_port(server_of(&puppet)));
	expect_all_answered(url);
}

Test(org_client, clients_come_and_go)
{
	struct puppet puppet = puppet_new();

	server_of(&puppet);
	for (int i = 0; i < 20; i++) {
		struct worker worker = { .client = client_of(
						 puppet.url, (struct org_client_options){ 0 }) };

		work(&worker);
		cr_assert_eq(worker.answered, CALLS);
		org_client_close(worker.client);
	}
}
