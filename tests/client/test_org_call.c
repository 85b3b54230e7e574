/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "puppet.h"

TestSuite(org_call, .timeout = 60, .fini = puppets_remove);

static const struct org_client_options standard = { 0 };

/* A puppet, a client and a caller whose call has come in as `asked`, to be answered. */
#define ASKED(client_options, call_options, asked)                                                 \
	struct puppet puppet = puppet_start();                                                     \
	struct org_client *client = client_of(puppet.url, client_options);                         \
	struct caller caller;                                                                      \
	struct question asked;                                                                     \
                                                                                                   \
	caller_start(&caller, client, call_options);                                               \
	asked = question_read(puppet_accept(&puppet))

/* --- what goes out --- */

Test(org_call, a_call_is_answered)
{
	ASKED(standard, NULL, question);

	cr_assert_str_eq(question.envelope->method, "/orgd.v1.MemberService/GetMember");
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	cr_assert_str_eq(caller.status.call_id, "cal_1");
	cr_assert_eq(caller.status.epoch, 3);
	cr_assert_eq(caller.status.revision, 7);
	cr_assert(caller.status.committed);
	org_client_close(client);
}

Test(org_call, a_plain_call_says_no_more_than_it_must)
{
	ASKED(standard, NULL, question);

	cr_assert_str_empty(question.envelope->authorization);
	cr_assert_str_empty(question.envelope->on_behalf_of);
	cr_assert_str_empty(question.envelope->trace_parent);
	cr_assert_eq(question.envelope->min_epoch, 0);
	cr_assert_eq(question.envelope->min_revision, 0);
	cr_assert(question.envelope->timeout_ms > ORG_TIMEOUT_MS / 2 &&
		  question.envelope->timeout_ms <= ORG_TIMEOUT_MS);
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	org_client_close(client);
}

Test(org_call, a_calls_options_go_before_the_clients)
{
	const struct org_client_options options = {
		.authorization = "key", .on_behalf_of = "usr_1", .timeout_ms = 5000
	};
	const struct org_call_options call = { .authorization = "Peer",
		.on_behalf_of = "",
		.timeout_ms = 70000,
		.request_id = "a-request-id-of-my-own",
		.min_epoch = 8,
		.min_revision = 9,
		.trace_parent = "00-trace" };
	ASKED(options, &call, question);

	cr_assert_str_eq(question.envelope->authorization, "Peer");
	cr_assert_str_empty(question.envelope->on_behalf_of);
	cr_assert_str_eq(question.envelope->request_id, "a-request-id-of-my-own");
	cr_assert_eq(question.envelope->min_epoch, 8);
	cr_assert_eq(question.envelope->min_revision, 9);
	cr_assert_str_eq(question.envelope->trace_parent, "00-trace");
	cr_assert(question.envelope->timeout_ms > 5000 &&
		  question.envelope->timeout_ms <= ORG_TIMEOUT_MS_MAX);
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	cr_assert_str_eq(caller.status.request_id, "a-request-id-of-my-own");
	org_client_close(client);
}

/* What a credential becomes in the envelope. */
static void expect_authorization(const char *credential, const char *authorization)
{
	const struct org_client_options options = { .authorization = credential,
		.on_behalf_of = "usr_1" };
	ASKED(options, NULL, question);

	cr_assert_str_eq(question.envelope->authorization, authorization);
	cr_assert_str_eq(question.envelope->on_behalf_of, "usr_1");
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	org_client_close(client);
}

Test(org_call, a_token_or_key_is_a_bearer)
{
	expect_authorization("orgd_key_1", "Bearer orgd_key_1");
	expect_authorization("Bearer orgd_key_1", "Bearer orgd_key_1");
	expect_authorization("Peer", "Peer");
	expect_authorization("", "");
}

Test(org_call, every_call_has_a_request_id_of_its_own)
{
	struct puppet puppet = puppet_start();
	struct org_client *client = client_of(puppet.url, standard);
	char first[65] = "";
	int fd = -1;

	for (int i = 0; i < 2; i++) {
		struct caller caller;
		struct question question;
		size_t length;

		caller_start(&caller, client, NULL);
		if (fd < 0)
			fd = puppet_accept(&puppet);
		question = question_read(fd);
		length = strlen(question.envelope->request_id);
		cr_assert(length >= 16 && length <= 64);
		cr_assert_str_neq(question.envelope->request_id, first);
		strcpy(first, question.envelope->request_id);
		question_answer_member(&question);
		cr_assert_eq(caller_join(&caller), ORG_OK);
		cr_assert_str_eq(caller.status.request_id, first);
	}
	org_client_close(client);
}

Test(org_call, a_request_id_can_be_written_down_beforehand)
{
	char one[ORG_REQUEST_ID_BYTES], other[ORG_REQUEST_ID_BYTES];

	org_request_id_make(one);
	org_request_id_make(other);
	cr_assert_eq(strlen(one), ORG_REQUEST_ID_BYTES - 1);
	cr_assert_str_neq(one, other);
	cr_assert_eq(strspn(one, "0123456789abcdef"), strlen(one));
}

Test(org_call, reads_can_see_what_the_client_wrote)
{
	const struct org_client_options options = { .read_your_writes = true };
	ASKED(options, NULL, question);

	cr_assert_eq(question.envelope->min_epoch, 0);
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	caller_start(&caller, client, NULL);
	question = question_read(question.fd);
	cr_assert_eq(question.envelope->min_epoch, 3);
	cr_assert_eq(question.envelope->min_revision, 7);
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	org_client_close(client);
}

/* --- what is refused before it goes out --- */

static void expect_unsent(
	const char *method, const ProtobufCMessage *request, enum org_code code, const char *reason)
{
	struct puppet puppet = puppet_new();
	struct org_client *client = client_of(puppet.url, standard);
	ProtobufCMessage *response = (ProtobufCMessage *)&puppet;
	struct org_status status;

	cr_assert_eq(org_call(client, &orgd__v1__member_service__descriptor, method, request, NULL,
			     &response, &status),
		code);
	cr_assert_null(response);
	cr_assert_str_eq(status.reason, reason);
	org_client_close(client);
}

Test(org_call, an_unknown_method_is_not_sent)
{
	Orgd__V1__GetMemberRequest request = ORGD__V1__GET_MEMBER_REQUEST__INIT;

	expect_unsent("GetGhost", &request.base, ORG_UNIMPLEMENTED, "METHOD_UNKNOWN");
}

Test(org_call, another_methods_request_is_not_sent)
{
	Orgd__V1__GetUserRequest request = ORGD__V1__GET_USER_REQUEST__INIT;

	expect_unsent("GetMember", &request.base, ORG_INVALID_ARGUMENT, "REQUEST_TYPE");
}

/* The daemon would close the connection on it, and it would be sent again and again. */
Test(org_call, a_request_that_is_too_large_is_not_sent)
{
	Orgd__V1__GetMemberRequest request = ORGD__V1__GET_MEMBER_REQUEST__INIT;
	static char large[ORG_REQUEST_BYTES_MAX + 1];

	memset(large, 'x', sizeof(large) - 1);
	request.user_id = large;
	expect_unsent("GetMember", &request.base, ORG_INVALID_ARGUMENT, "REQUEST_TOO_LARGE");
}

Test(org_call, a_forked_child_needs_a_client_of_its_own)
{
	struct puppet puppet = puppet_start();
	struct org_client *client = client_of(puppet.url, standard);
	pid_t child = fork();
	struct org_status status;
	int result;

	if (child == 0) {
		bool refused = ask(client, NULL, &status) == ORG_FAILED_PRECONDITION &&
			       strcmp(status.reason, "CLIENT_FORKED") == 0;

		org_client_close(client);
		_exit(refused ? 0 : 1);
	}
	cr_assert_eq(waitpid(child, &result, 0), child);
	cr_assert_eq(result, 0);
	org_client_close(client);
}

/* --- what comes back --- */

Test(org_call, a_refusal_is_told_in_full)
{
	ASKED(standard, NULL, question);
	struct status status = status_with_retry(
		status_with_help(status_invalid("organization.website", "INVALID_URL",
					 "The website must begin with https://."),
			"developer@example.com"),
		1500);

	status = status_with_metadata(status, "limit", "2000");
	question_answer(&question,
		&(struct reply){ .status = status, .epoch = 3, .revision = 8, .call_id = "cal_3" });
	cr_assert_eq(caller_join(&caller), ORG_INVALID_ARGUMENT);
	cr_assert_str_eq(caller.status.reason, "INVALID_URL");
	cr_assert_str_eq(caller.status.message, "The website must begin with https://.");
	cr_assert_str_eq(caller.status.help, "developer@example.com");
	cr_assert_eq(caller.status.retry_after_ms, 1500);
	cr_assert_eq(caller.status.violation_count, 1);
	cr_assert_str_eq(caller.status.violations[0].field, "organization.website");
	cr_assert_str_eq(caller.status.violations[0].reason, "INVALID_URL");
	cr_assert_str_eq(
		caller.status.violations[0].description, "The website must begin with https://.");
	cr_assert_eq(caller.status.metadata_count, 1);
	cr_assert_str_eq(caller.status.metadata[0].key, "limit");
	cr_assert_str_eq(caller.status.metadata[0].value, "2000");
	cr_assert_str_eq(caller.status.call_id, "cal_3");
	cr_assert_str_eq(caller.status.request_id, question.envelope->request_id);
	cr_assert_eq(caller.status.revision, 8);
	cr_assert_not(caller.status.committed);
	org_client_close(client);
}

static void expect_malformed(const void *bytes, size_t size)
{
	ASKED(standard, NULL, question);

	question_answer_bytes(&question, bytes, size);
	cr_assert_eq(caller_join(&caller), ORG_INTERNAL);
	cr_assert_str_eq(caller.status.reason, "REPLY_MALFORMED");
	cr_assert(strstr(caller.status.message, puppet.url));
	org_client_close(client);
}

Test(org_call, an_answer_in_another_language_is_malformed)
{
	expect_malformed("HTTP/1.1 400 Bad Request\r\n", 26);
}

Test(org_call, a_response_of_another_type_is_malformed)
{
	/* Response.payload, whose field 1 is a number. */
	expect_malformed("\x12\x02\x08\x01", 4);
}

/* Empty sub-messages take a hundred times as much on the heap as on the wire. */
Test(org_call, a_response_that_explodes_is_malformed)
{
	ASKED(standard, NULL, question);
	static uint8_t bomb[64 * 1024];

	for (size_t i = 0; i < sizeof(bomb); i += 2)
		bomb[i] = 0x0A;
	question_answer(&question, &(struct reply){ .status = OK,
					   .payload = bytes_of(bomb, sizeof(bomb)),
					   .call_id = "cal_5" });
	cr_assert_eq(caller_join(&caller), ORG_INTERNAL);
	cr_assert_str_eq(caller.status.reason, "REPLY_MALFORMED");
	org_client_close(client);
}

/* --- when the way is lost --- */

Test(org_call, a_lost_connection_is_survived_with_the_same_request_id)
{
	ASKED(standard, NULL, first);
	struct question second;

	close(first.fd);
	second = question_read(puppet_accept(&puppet));
	cr_assert_str_eq(second.envelope->request_id, first.envelope->request_id);
	cr_assert_leq(second.envelope->timeout_ms, first.envelope->timeout_ms);
	question_answer_member(&second);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	org_client_close(client);
}

Test(org_call, a_lost_connection_is_told_when_there_is_to_be_no_second_try)
{
	const struct org_client_options options = { .tries_max = 1 };
	ASKED(options, NULL, question);

	close(question.fd);
	cr_assert_eq(caller_join(&caller), ORG_UNAVAILABLE);
	cr_assert_str_eq(caller.status.reason, "CONNECTION_LOST");
	cr_assert_str_eq(caller.status.request_id, question.envelope->request_id);
	org_client_close(client);
}

Test(org_call, a_connection_that_does_not_come_back_is_told)
{
	const struct org_client_options options = { .connect_timeout_ms = 1000 };
	ASKED(options, NULL, question);

	puppet_stop(&puppet);
	close(question.fd);
	cr_assert_eq(caller_join(&caller), ORG_UNAVAILABLE);
	cr_assert_str_eq(caller.status.reason, "CONNECTION_LOST");
	org_client_close(client);
}

Test(org_call, a_daemon_that_comes_back_is_called_again)
{
	ASKED(standard, NULL, question);

	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	puppet_stop(&puppet);
	close(question.fd);
	caller_start(&caller, client, NULL);
	puppet_listen(&puppet);
	question = question_read(puppet_accept(&puppet));
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	org_client_close(client);
}

Test(org_call, a_daemon_that_starts_late_is_waited_for)
{
	struct puppet puppet = puppet_new();
	struct org_client *client = client_of(puppet.url, standard);
	struct caller caller;
	struct question question;

	caller_start(&caller, client, NULL);
	puppet_listen(&puppet);
	question = question_read(puppet_accept(&puppet));
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	org_client_close(client);
}

Test(org_call, a_daemon_that_is_not_there_is_told_before_the_deadline)
{
	const struct org_client_options options = { .connect_timeout_ms = 50 };
	struct puppet puppet = puppet_new();
	struct org_client *client = client_of(puppet.url, options);
	int64_t begin_us = clock_monotonic_us();
	struct org_status status;
	char expected[256];

	cr_assert_eq(ask(client, NULL, &status), ORG_UNAVAILABLE);
	cr_assert_str_eq(status.reason, "CONNECTION_REFUSED");
	snprintf(expected, sizeof(expected), "Cannot reach orgd at %s: No such file or directory.",
		puppet.url);
	cr_assert_str_eq(status.message, expected);
	cr_assert_lt(clock_monotonic_us() - begin_us, INT64_C(5) * US_PER_SECOND);
	org_client_close(client);
}

Test(org_call, a_port_where_nobody_listens_is_told)
{
	const struct org_client_options options = { .timeout_ms = 50 };
	struct org_client *client = client_of("tcp://127.0.0.1:1", options);
	struct org_status status;

	cr_assert_eq(ask(client, NULL, &status), ORG_UNAVAILABLE);
	cr_assert_str_eq(
		status.message, "Cannot reach orgd at tcp://127.0.0.1:1: Connection refused.");
	org_client_close(client);
}

/* As a daemon that hangs leaves it: the kernel connects, and nobody says hello. */
Test(org_call, who_does_not_say_hello_is_dialled_again)
{
	const struct org_client_options options = { .connect_timeout_ms = 30000,
		.timeout_ms = 30000 };
	struct puppet puppet = puppet_start();
	struct org_client *client = client_of(puppet.url, options);
	struct caller caller;
	struct question question;
	int silent;

	caller_start(&caller, client, NULL);
	silent = accept4(puppet.listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(silent, 0);
	question = question_read(puppet_accept(&puppet));
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	close(silent);
	org_client_close(client);
}

/* A short deadline is only meant for the answer: the connection is there before. */
static const struct org_call_options hasty = { .timeout_ms = 300 };

Test(org_call, a_daemon_that_never_answers_meets_the_deadline)
{
	ASKED(standard, NULL, question);

	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	caller_start(&caller, client, &hasty);
	question = question_read(question.fd);
	cr_assert_leq(question.envelope->timeout_ms, hasty.timeout_ms);
	cr_assert_eq(caller_join(&caller), ORG_DEADLINE_EXCEEDED);
	cr_assert_str_eq(caller.status.reason, "NO_ANSWER");
	cr_assert_str_eq(caller.status.request_id, question.envelope->request_id);
	org_client_close(client);
}

/* The next call on the same connection is not mistaken for the one that was given up. */
Test(org_call, an_answer_that_comes_too_late_is_nobodys)
{
	ASKED(standard, NULL, question);
	struct question late;

	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	caller_start(&caller, client, &hasty);
	late = question_read(question.fd);
	cr_assert_eq(caller_join(&caller), ORG_DEADLINE_EXCEEDED);
	caller_start(&caller, client, NULL);
	question = question_read(question.fd);
	question_refuse(&late, STATUS_NOT_FOUND, "LATE");
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	org_client_close(client);
}

/* --- when it is not now --- */

Test(org_call, unavailable_is_tried_again_with_the_same_request_id)
{
	ASKED(standard, NULL, first);
	struct question second;

	question_refuse(&first, STATUS_UNAVAILABLE, "DRAINING");
	second = question_read(first.fd);
	cr_assert_str_eq(second.envelope->request_id, first.envelope->request_id);
	question_answer_member(&second);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	org_client_close(client);
}

Test(org_call, unavailable_is_told_when_there_is_to_be_no_second_try)
{
	const struct org_client_options options = { .tries_max = 1 };
	ASKED(options, NULL, question);

	question_refuse(&question, STATUS_UNAVAILABLE, "DRAINING");
	cr_assert_eq(caller_join(&caller), ORG_UNAVAILABLE);
	cr_assert_str_eq(caller.status.reason, "DRAINING");
	org_client_close(client);
}

Test(org_call, no_try_begins_after_the_deadline)
{
	ASKED(standard, NULL, question);
	int64_t begin_us = clock_monotonic_us();
	struct status status = status_with_retry(
		status_fail(STATUS_UNAVAILABLE, "DRAINING", "Later."), ORG_TIMEOUT_MS + 1);

	question_answer(&question, &(struct reply){ .status = status, .call_id = "cal_4" });
	cr_assert_eq(caller_join(&caller), ORG_UNAVAILABLE);
	cr_assert_eq(caller.status.retry_after_ms, ORG_TIMEOUT_MS + 1);
	cr_assert_lt(clock_monotonic_us() - begin_us, INT64_C(5) * US_PER_SECOND);
	org_client_close(client);
}

Test(org_call, any_other_refusal_is_final)
{
	ASKED(standard, NULL, question);

	for (int code = STATUS_CANCELLED; code <= STATUS_UNAUTHENTICATED; code++) {
		if (code == STATUS_UNAVAILABLE)
			continue;
		question_refuse(&question, (enum status_code)code, "FINAL");
		cr_assert_eq((int)caller_join(&caller), code);
		caller_start(&caller, client, NULL);
		question = question_read(question.fd);
	}
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	org_client_close(client);
}
