/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test_server_fixture.h"

TestSuite(server_drain, .timeout = 120, .fini = fixtures_remove);

static const struct server_options standard = { 0 };

enum { CLIENTS = 16, REQUESTS = 10 };

static void *drain(void *argument)
{
	struct fixture *fixture = argument;

	return server_drain(fixture->server, 60000) ? fixture : NULL;
}

static pthread_t drain_begin(struct fixture *fixture)
{
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, drain, fixture), 0);
	/* By then it takes no more. */
	EVENTUALLY(access(fixture->path, F_OK) != 0);
	return thread;
}

static bool drain_end(pthread_t thread)
{
	void *result;

	pthread_join(thread, &result);
	return result;
}

Test(server_drain, an_idle_server_drains_at_once)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct raw raw = raw_client(fixture);

	raw_ping(&raw);
	cr_assert(server_drain(fixture->server, 60000));
}

Test(server_drain, the_reply_to_every_request_taken_arrives)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raws[CLIENTS];
	pthread_t thread;

	for (int i = 0; i < CLIENTS; i++) {
		raws[i] = i % 2 ? raw_client(fixture) : raw_client_tcp(fixture);
		for (uint32_t j = 0; j < REQUESTS; j++)
			raw_request(&raws[i], j, "work", 4);
	}
	fixture_wait_parked(fixture, CLIENTS * REQUESTS);
	thread = drain_begin(fixture);
	fixture_answer(fixture, CLIENTS * REQUESTS);
	cr_assert(drain_end(thread));
	for (int i = 0; i < CLIENTS; i++)
		for (uint32_t j = 0; j < REQUESTS; j++)
			raw_expect_echo(&raws[i], j, "work", 4);
	cr_assert_eq(fixture_statistics(fixture).in_flight, 0);
}

/* The kernel's buffers are too small for what is owed, so the drain waits for the client to read.
 */
Test(server_drain, replies_that_are_still_leaving_are_waited_for)
{
	struct fixture *fixture = fixture_start(HANDLE_BLOAT, standard);
	struct raw raw = raw_client(fixture);
	static uint8_t reply[64 * 1024];
	pthread_t thread;
	uint32_t id;

	for (uint32_t i = 0; i < 60; i++)
		raw_request(&raw, i, "", 0);
	EVENTUALLY(fixture_statistics(fixture).requests == 60);
	cr_assert_gt(fixture_statistics(fixture).in_flight, 0);
	thread = drain_begin(fixture);
	for (uint32_t i = 0; i < 60; i++) {
		cr_assert_eq(raw_reply(&raw, &id, reply, sizeof(reply)), sizeof(reply));
		cr_assert_eq(id, i);
	}
	cr_assert(drain_end(thread));
}

Test(server_drain, new_connections_are_refused)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(fixture->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert(server_drain(fixture->server, 60000));
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), -1);
	cr_assert_eq(errno, ECONNREFUSED);
	close(fd);
}

Test(server_drain, new_requests_are_not_taken)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw one = raw_client(fixture), two = raw_client(fixture);
	pthread_t thread;

	raw_request(&one, 1, "", 0);
	fixture_wait_parked(fixture, 1);
	thread = drain_begin(fixture);
	raw_request(&one, 2, "", 0);
	raw_request(&two, 3, "", 0);
	fixture_answer(fixture, 1);
	raw_expect_echo(&one, 1, "", 0);
	cr_assert(drain_end(thread));
	cr_assert_eq(fixture_statistics(fixture).requests, 1);
}

Test(server_drain, half_a_request_is_not_waited_for)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct raw raw = raw_client(fixture);
	uint8_t frame[64];

	raw_ping(&raw);
	raw_write(&raw, frame, raw_format(&raw, frame, 1, "whole", 5) - 2);
	cr_assert(server_drain(fixture->server, 60000));
}

Test(server_drain, a_client_that_died_is_not_waited_for)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raw = raw_client(fixture);

	raw_request(&raw, 1, "", 0);
	fixture_wait_parked(fixture, 1);
	raw_close(&raw);
	fixture_wait_connections(fixture, 0);
	fixture_answer(fixture, 1);
	cr_assert(server_drain(fixture->server, 60000));
}

Test(server_drain, what_is_never_answered_is_told)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raw = raw_client(fixture);

	raw_request(&raw, 1, "", 0);
	fixture_wait_parked(fixture, 1);
	cr_assert_not(server_drain(fixture->server, 10));
}
