/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "puppet.h"

TestSuite(org_call_begin, .timeout = 60, .fini = puppets_remove);

static const struct org_client_options standard = { 0 }, once = { .tries_max = 1 };
static const struct org_call_options hasty = { .timeout_ms = 300 };

/* A call for the member with this number, and where its answer comes to. */
struct begun {
	struct org_call *call;
	Orgd__V1__GetMemberResponse *response;
	struct org_status status;
};

static void begin(struct begun *begun, struct org_client *client, unsigned number,
	const struct org_call_options *options)
{
	Orgd__V1__GetMemberRequest request = ORGD__V1__GET_MEMBER_REQUEST__INIT;
	char user[32];

	snprintf(user, sizeof(user), "usr_%u", number);
	request.user_id = user;
	begun->response = NULL;
	begun->call = ORG_CALL_BEGIN(
		client, member_service, get_member, &request, options, &begun->response);
	memset(user, 'x', sizeof(user)); /* is not needed any more */
}

static void expect_member(struct begun *begun, unsigned number)
{
	char user[32];

	snprintf(user, sizeof(user), "usr_%u", number);
	cr_assert_eq(
		org_call_wait(begun->call, &begun->status), ORG_OK, "%s", begun->status.message);
	cr_assert_str_eq(begun->response->member->user_id, user);
	org_message_free(begun->response);
}

static void expect_failure(struct begun *begun, enum org_code code, const char *reason)
{
	begun->response = (void *)begun;
	cr_assert_eq(org_call_wait(begun->call, &begun->status), code, "%s", begun->status.message);
	cr_assert_eq(begun->status.code, code);
	cr_assert_str_eq(begun->status.reason, reason);
	cr_assert_null(begun->response);
}

/* A client that has been answered once, so that a begun call leaves at once: its connection. */
static int connect_to(struct puppet *puppet, struct org_client *client)
{
	struct caller caller;
	struct question question;

	caller_start(&caller, client, NULL);
	question = question_read(puppet_accept(puppet));
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	return question.fd;
}

static void pass_ms(int ms)
{
	int64_t end_us = clock_monotonic_us() + ms * (int64_t)US_PER_MS;

	while (clock_monotonic_us() < end_us)
		;
}

#define CONNECTED(options)                                                                         \
	struct puppet puppet = puppet_start();                                                     \
	struct org_client *client = client_of(puppet.url, options);                                \
	int fd = connect_to(&puppet, client)

Test(org_call_begin, answers_may_come_in_any_order)
{
	CONNECTED(standard);
	struct begun begun[3];
	struct question questions[3];

	for (unsigned i = 0; i < 3; i++)
		begin(&begun[i], client, i, NULL);
	for (unsigned i = 0; i < 3; i++)
		questions[i] = question_read(fd);
	question_answer_member(&questions[2]);
	question_answer_member(&questions[0]);
	question_answer_member(&questions[1]);
	for (unsigned i = 0; i < 3; i++)
		expect_member(&begun[i], i);
	org_client_close(client);
}

Test(org_call_begin, they_may_be_waited_for_in_any_order)
{
	CONNECTED(standard);
	struct begun begun[3];

	for (unsigned i = 0; i < 3; i++)
		begin(&begun[i], client, i, NULL);
	for (unsigned i = 0; i < 3; i++) {
		struct question question = question_read(fd);

		question_answer_member(&question);
	}
	expect_member(&begun[1], 1);
	expect_member(&begun[2], 2);
	expect_member(&begun[0], 0);
	org_client_close(client);
}

Test(org_call_begin, the_first_answer_of_several_is_found)
{
	CONNECTED(standard);
	struct begun begun[3];
	struct org_call *calls[4] = { NULL };
	struct question questions[3];

	for (unsigned i = 0; i < 3; i++) {
		begin(&begun[i], client, i, NULL);
		calls[i + 1] = begun[i].call;
	}
	for (unsigned i = 0; i < 3; i++)
		questions[i] = question_read(fd);
	question_answer_member(&questions[1]);
	cr_assert_eq(org_call_wait_any(calls, 4), 2);
	expect_member(&begun[1], 1);
	calls[2] = NULL;
	question_answer_member(&questions[0]);
	cr_assert_eq(org_call_wait_any(calls, 4), 1);
	org_call_cancel(begun[0].call);
	org_call_cancel(begun[2].call);
	org_client_close(client);
}

Test(org_call_begin, among_no_calls_there_is_no_first)
{
	struct org_call *const calls[2] = { NULL, NULL };

	cr_assert_eq(org_call_wait_any(calls, 2), 2);
	cr_assert_eq(org_call_wait_any(NULL, 0), 0);
	org_call_cancel(NULL);
}

Test(org_call_begin, more_than_orgd_works_on_wait_their_turn)
{
	enum { COUNT = ORG_UNDER_WAY_MAX + 16 };
	CONNECTED(standard);
	static struct begun begun[COUNT];
	static struct question questions[COUNT];
	char byte;

	for (unsigned i = 0; i < COUNT; i++)
		begin(&begun[i], client, i, NULL);
	for (unsigned i = 0; i < ORG_UNDER_WAY_MAX; i++)
		questions[i] = question_read(fd);
	cr_assert_lt(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	for (unsigned i = 0; i < ORG_UNDER_WAY_MAX; i++)
		question_answer_member(&questions[i]);
	expect_member(&begun[0], 0);
	for (unsigned i = ORG_UNDER_WAY_MAX; i < COUNT; i++) {
		questions[i] = question_read(fd);
		question_answer_member(&questions[i]);
	}
	for (unsigned i = 1; i < COUNT; i++)
		expect_member(&begun[i], i);
	org_client_close(client);
}

Test(org_call_begin, whose_turn_does_not_come_has_not_happened)
{
	CONNECTED(standard);
	static struct begun begun[ORG_UNDER_WAY_MAX], late;

	for (unsigned i = 0; i < ORG_UNDER_WAY_MAX; i++)
		begin(&begun[i], client, i, NULL);
	begin(&late, client, 99, &hasty);
	expect_failure(&late, ORG_DEADLINE_EXCEEDED, "NOT_SENT");
	for (unsigned i = 0; i < ORG_UNDER_WAY_MAX; i++)
		org_call_cancel(begun[i].call);
	close(fd);
	org_client_close(client);
}

Test(org_call_begin, what_is_refused_before_it_goes_out_is_told_by_the_wait)
{
	struct puppet puppet = puppet_new();
	struct org_client *client = client_of(puppet.url, standard);
	Orgd__V1__GetUserRequest request = ORGD__V1__GET_USER_REQUEST__INIT;
	struct begun begun = { 0 };

	begun.call = org_call_begin(client, &orgd__v1__member_service__descriptor, "GetMember",
		&request.base, NULL, (ProtobufCMessage **)(void *)&begun.response);
	cr_assert_eq(org_call_wait_any(&begun.call, 1), 0);
	expect_failure(&begun, ORG_INVALID_ARGUMENT, "REQUEST_TYPE");
	begun.call = org_call_begin(client, &orgd__v1__member_service__descriptor, "GetGhost",
		&request.base, NULL, NULL);
	cr_assert_eq(org_call_wait(begun.call, &begun.status), ORG_UNIMPLEMENTED);
	cr_assert_str_eq(begun.status.reason, "METHOD_UNKNOWN");
	org_client_close(client);
}

Test(org_call_begin, want_of_memory_is_told_by_the_wait)
{
	struct org_status status;

	cr_assert_eq(org_call_wait(NULL, &status), ORG_INTERNAL);
	cr_assert_str_eq(status.reason, "CLIENT_FAILED");
	cr_assert_eq(org_call_wait(NULL, NULL), ORG_INTERNAL);
}

Test(org_call_begin, a_deadline_runs_from_the_beginning)
{
	CONNECTED(standard);
	struct begun slow, fast;
	struct question question;

	begin(&slow, client, 0, &hasty);
	begin(&fast, client, 1, NULL);
	question_read(fd);
	question = question_read(fd);
	expect_failure(&slow, ORG_DEADLINE_EXCEEDED, "NO_ANSWER");
	question_answer_member(&question);
	expect_member(&fast, 1);
	org_client_close(client);
}

/* Nobody looked while the time ran out, but it was there in time. */
Test(org_call_begin, an_answer_that_lay_there_counts_after_the_deadline)
{
	const struct org_call_options brief = { .timeout_ms = 500 };
	CONNECTED(standard);
	struct begun begun;
	struct question question;

	begin(&begun, client, 0, &brief);
	question = question_read(fd);
	question_answer_member(&question);
	pass_ms(505);
	expect_member(&begun, 0);
	org_client_close(client);
}

static void *expect_three(void *argument)
{
	struct begun *begun = argument;

	for (unsigned i = 0; i < 3; i++)
		expect_member(&begun[i], i);
	return NULL;
}

Test(org_call_begin, a_lost_connection_is_survived_by_all)
{
	CONNECTED(standard);
	struct begun begun[3];
	struct question questions[3];
	pthread_t thread;

	for (unsigned i = 0; i < 3; i++)
		begin(&begun[i], client, i, NULL);
	for (unsigned i = 0; i < 3; i++)
		questions[i] = question_read(fd);
	close(fd);
	cr_assert_eq(pthread_create(&thread, NULL, expect_three, begun), 0);
	fd = puppet_accept(&puppet);
	for (unsigned i = 0; i < 3; i++) {
		struct question again = question_read(fd);

		question_answer_member(&again);
	}
	pthread_join(thread, NULL);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_str_eq(begun[i].status.request_id, questions[i].envelope->request_id);
	org_client_close(client);
}

Test(org_call_begin, a_lost_connection_is_told_to_all_without_a_second_try)
{
	CONNECTED(once);
	struct begun begun[2];

	for (unsigned i = 0; i < 2; i++)
		begin(&begun[i], client, i, NULL);
	for (unsigned i = 0; i < 2; i++)
		question_read(fd);
	close(fd);
	for (unsigned i = 0; i < 2; i++)
		expect_failure(&begun[i], ORG_UNAVAILABLE, "CONNECTION_LOST");
	org_client_close(client);
}

/* A daemon that was started anew between two calls is no failure of the second. */
Test(org_call_begin, a_connection_that_ended_in_a_pause_is_noticed_before_a_call_is_sent)
{
	CONNECTED(once);
	struct begun begun;
	struct caller caller;
	struct question question;

	close(fd);
	pass_ms(5);
	begin(&begun, client, 0, NULL);
	caller_start(&caller, client, NULL);
	fd = puppet_accept(&puppet);
	for (unsigned i = 0; i < 2; i++) {
		question = question_read(fd);
		question_answer_member(&question);
	}
	cr_assert_eq(caller_join(&caller), ORG_OK);
	expect_member(&begun, 0);
	org_client_close(client);
}

Test(org_call_begin, the_answer_to_a_cancelled_call_is_nobodys)
{
	CONNECTED(standard);
	struct begun cancelled, other;
	struct question first, second;

	begin(&cancelled, client, 0, NULL);
	begin(&other, client, 1, NULL);
	first = question_read(fd);
	second = question_read(fd);
	org_call_cancel(cancelled.call);
	question_answer_member(&first);
	question_answer_member(&second);
	expect_member(&other, 1);
	cr_assert_null(cancelled.response);
	org_client_close(client);
}

Test(org_call_begin, a_closed_client_cancels_what_is_under_way)
{
	CONNECTED(standard);
	struct begun sent, queued, unused;

	begin(&sent, client, 0, NULL);
	begin(&queued, client, 1, NULL);
	begin(&unused, client, 2, NULL);
	question_read(fd);
	org_client_close(client);
	expect_failure(&sent, ORG_CANCELLED, "CLIENT_CLOSED");
	expect_failure(&queued, ORG_CANCELLED, "CLIENT_CLOSED");
	org_call_cancel(unused.call);
}

Test(org_call_begin, a_closed_client_releases_who_waits_in_another_thread)
{
	struct puppet puppet = puppet_start();
	struct org_client *client = client_of(puppet.url, standard);
	struct caller driver, sleeper;
	int fd;

	caller_start(&driver, client, NULL);
	fd = puppet_accept(&puppet);
	question_read(fd);
	caller_start(&sleeper, client, NULL);
	question_read(fd);
	org_client_close(client);
	cr_assert_eq(caller_join(&driver), ORG_CANCELLED);
	cr_assert_str_eq(driver.status.reason, "CLIENT_CLOSED");
	cr_assert_eq(caller_join(&sleeper), ORG_CANCELLED);
}

Test(org_call_begin, a_forked_child_cannot_wait_for_its_parents_call)
{
	CONNECTED(standard);
	struct begun begun;
	struct question question;
	pid_t child;
	int result;

	begin(&begun, client, 0, NULL);
	question = question_read(fd);
	child = fork();
	if (child == 0) {
		bool refused =
			org_call_wait_any(&begun.call, 1) == 0 &&
			org_call_wait(begun.call, &begun.status) == ORG_FAILED_PRECONDITION &&
			strcmp(begun.status.reason, "CLIENT_FORKED") == 0;

		_exit(refused ? 0 : 1);
	}
	cr_assert_eq(waitpid(child, &result, 0), child);
	cr_assert_eq(result, 0);
	question_answer_member(&question);
	expect_member(&begun, 0);
	org_client_close(client);
}

/* While one thread waits for a question that takes long, another's does not. */
Test(org_call_begin, a_long_call_holds_nobody_up)
{
	struct puppet puppet = puppet_start();
	struct org_client *client = client_of(puppet.url, standard);
	struct caller slow, fast;
	struct question first, second;
	int fd;

	caller_start(&slow, client, NULL);
	fd = puppet_accept(&puppet);
	first = question_read(fd);
	caller_start(&fast, client, NULL);
	second = question_read(fd);
	question_answer_member(&second);
	cr_assert_eq(caller_join(&fast), ORG_OK);
	question_answer_member(&first);
	cr_assert_eq(caller_join(&slow), ORG_OK);
	org_client_close(client);
}

/* The same where another call begins after the deadline, before anyone waits. */
Test(org_call_begin, an_answer_that_lay_there_counts_when_another_call_begins)
{
	const struct org_call_options brief = { .timeout_ms = 500 };
	CONNECTED(standard);
	struct begun late, other;
	struct question question;

	begin(&late, client, 0, &brief);
	question = question_read(fd);
	question_answer_member(&question);
	pass_ms(505);
	begin(&other, client, 1, NULL);
	expect_member(&late, 0);
	org_call_cancel(other.call);
	org_client_close(client);
}

/* Nobody could connect meanwhile. */
Test(org_call_begin, the_time_without_a_connection_counts_from_when_somebody_waits)
{
	const struct org_client_options impatient = { .connect_timeout_ms = 1 };
	struct puppet puppet = puppet_start();
	struct org_client *client = client_of(puppet.url, impatient);
	struct begun begun[2];
	struct caller caller;
	int fd;

	begin(&begun[0], client, 0, NULL);
	fd = puppet_accept(&puppet);
	pass_ms(5);
	begin(&begun[1], client, 1, NULL);
	caller_start(&caller, client, NULL);
	for (unsigned i = 0; i < 3; i++) {
		struct question question = question_read(fd);

		question_answer_member(&question);
	}
	cr_assert_eq(caller_join(&caller), ORG_OK);
	for (unsigned i = 0; i < 2; i++)
		expect_member(&begun[i], i);
	org_client_close(client);
}

Test(org_call_begin, an_answer_that_has_come_outlives_a_failed_write)
{
	CONNECTED(once);
	struct begun answered, unsent;
	struct question question;

	begin(&answered, client, 0, NULL);
	question = question_read(fd);
	question_answer_member(&question);
	close(fd);
	begin(&unsent, client, 1, NULL);
	expect_member(&answered, 0);
	expect_failure(&unsent, ORG_UNAVAILABLE, "CONNECTION_LOST");
	org_client_close(client);
}

/* --- who does not read --- */

enum { LARGE_BYTES = 512 * 1024 };

static struct org_call *begin_large(
	struct org_client *client, const struct org_call_options *options)
{
	static char large[LARGE_BYTES + 1];
	Orgd__V1__GetMemberRequest request = ORGD__V1__GET_MEMBER_REQUEST__INIT;

	memset(large, 'x', LARGE_BYTES);
	request.user_id = large;
	return org_call_begin(client, &orgd__v1__member_service__descriptor, "GetMember",
		&request.base, options, NULL);
}

Test(org_call_begin, behind_what_is_not_read_nothing_is_sent)
{
	const struct org_call_options brief = { .timeout_ms = 10 };
	CONNECTED(standard);
	struct org_call *first = begin_large(client, NULL), *others[4];
	struct org_status status;
	struct caller caller;
	struct question question;

	for (unsigned i = 0; i < 4; i++)
		others[i] = begin_large(client, &brief);
	for (unsigned i = 0; i < 4; i++) {
		cr_assert_eq(org_call_wait(others[i], &status), ORG_DEADLINE_EXCEEDED);
		cr_assert_str_eq(status.reason, "NOT_SENT");
	}
	caller_start(&caller, client, NULL);
	cr_assert_eq(question_read(fd).envelope->payload.len > LARGE_BYTES, true);
	question = question_read(fd);
	cr_assert_lt(question.envelope->payload.len, LARGE_BYTES);
	question_answer_member(&question);
	cr_assert_eq(caller_join(&caller), ORG_OK);
	org_call_cancel(first);
	org_client_close(client);
}
