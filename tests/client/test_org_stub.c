/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "puppet.h"

TestSuite(org_stub, .timeout = 60, .fini = puppets_remove);

/* What a closure was called with. */
struct told {
	unsigned times;
	char user_id[32];
};

static void on_member(const Orgd__V1__GetMemberResponse *response, void *data)
{
	struct told *told = data;

	told->times++;
	strcpy(told->user_id, response ? response->member->user_id : "nobody");
}

/* The generated function, in a thread. */
struct generated {
	struct org_stub stub;
	struct org_status status;
	struct told told;
};

static void *run(void *argument)
{
	struct generated *generated = argument;
	Orgd__V1__GetMemberRequest request = ORGD__V1__GET_MEMBER_REQUEST__INIT;
	char user[] = "usr_ada";

	request.user_id = user;
	orgd__v1__member_service__get_member(
		&generated->stub.service, &request, on_member, &generated->told);
	return NULL;
}

static struct question start(struct generated *generated, struct puppet *puppet,
	struct org_client *client, pthread_t *thread)
{
	org_stub_init(&generated->stub, client, &orgd__v1__member_service__descriptor, NULL,
		&generated->status);
	cr_assert_eq(pthread_create(thread, NULL, run, generated), 0);
	return question_read(puppet_accept(puppet));
}

Test(org_stub, a_generated_function_calls_its_closure_with_the_response)
{
	struct puppet puppet = puppet_start();
	struct org_client *client = client_of(puppet.url, (struct org_client_options){ 0 });
	struct generated generated = { 0 };
	pthread_t thread;
	struct question question = start(&generated, &puppet, client, &thread);

	cr_assert_str_eq(question.envelope->method, "/orgd.v1.MemberService/GetMember");
	question_answer_member(&question);
	pthread_join(thread, NULL);
	cr_assert_eq(generated.told.times, 1);
	cr_assert_str_eq(generated.told.user_id, "usr_ada");
	cr_assert_eq(generated.stub.code, ORG_OK);
	org_client_close(client);
}

Test(org_stub, a_refused_call_calls_its_closure_without_a_response)
{
	struct puppet puppet = puppet_start();
	struct org_client *client = client_of(puppet.url, (struct org_client_options){ 0 });
	struct generated generated = { 0 };
	pthread_t thread;
	struct question question = start(&generated, &puppet, client, &thread);

	question_refuse(&question, STATUS_NOT_FOUND, "MEMBER_NOT_FOUND");
	pthread_join(thread, NULL);
	cr_assert_eq(generated.told.times, 1);
	cr_assert_str_eq(generated.told.user_id, "nobody");
	cr_assert_eq(generated.stub.code, ORG_NOT_FOUND);
	cr_assert_str_eq(generated.status.reason, "MEMBER_NOT_FOUND");
	org_client_close(client);
}

Test(org_stub, a_call_is_only_begun_by_a_stub)
{
	Orgd__V1__GetMemberResponse message = ORGD__V1__GET_MEMBER_RESPONSE__INIT;
	Orgd__V1__GetMemberResponse *response = &message;

	org_stub_begin(&message.base, &response);
	cr_assert_null(response);
}

/* A library and its caller may each have an org_stub_begin of their own. */
Test(org_stub, a_stub_that_only_begins_does_so_with_any_closure)
{
	struct puppet puppet = puppet_new();
	struct org_client *client = client_of(puppet.url, (struct org_client_options){ 0 });
	Orgd__V1__GetMemberRequest request = ORGD__V1__GET_MEMBER_REQUEST__INIT;
	struct told told = { 0 };
	struct org_stub stub;

	org_stub_init(&stub, client, &orgd__v1__member_service__descriptor, NULL, NULL);
	stub.only_begins = true;
	orgd__v1__member_service__get_member(&stub.service, &request, on_member, &told);
	cr_assert_not_null(stub.call);
	cr_assert_eq(told.times, 0);
	org_call_cancel(stub.call);
	org_client_close(client);
}

Test(org_stub, every_service_is_listed_by_name)
{
	const ProtobufCServiceDescriptor *const *services = org_services();
	bool member_service = false, health = false;

	for (size_t i = 0; services[i]; i++) {
		member_service |= services[i] == &orgd__v1__member_service__descriptor;
		health |= services[i] == &grpc__health__v1__health__descriptor;
		if (i > 0)
			cr_assert_lt(strcmp(services[i - 1]->name, services[i]->name), 0);
	}
	cr_assert(member_service && health);
}
