/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <endian.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "rpc/frame.h"
#include "test_server_fixture.h"

TestSuite(server_hostile, .timeout = 120, .fini = fixtures_remove);

static const struct server_options standard = { 0 };
static const struct server_options impatient = { .io_timeout_ms = 50 };

/* --- what is no request --- */

static void expect_closed_after(const void *bytes, size_t size)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct raw raw = raw_client(fixture), other = raw_client(fixture);

	raw_write(&raw, bytes, size);
	raw_expect_closed(&raw);
	raw_ping(&other);
	fixture_wait_connections(fixture, 1);
}

Test(server_hostile, a_hello_of_another_protocol_is_hung_up_on)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct raw raw = raw_connect_ipc(fixture->path);

	raw_write(&raw, "\0SP\0\0\x10\0\0", 8);
	raw_expect_closed(&raw);
}

Test(server_hostile, an_http_client_is_hung_up_on)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct raw raw = raw_connect_tcp(fixture->port);

	raw_write(&raw, "GET / HTTP/1.1\r\n", 16);
	raw_expect_closed(&raw);
}

Test(server_hostile, half_a_hello_is_not_waited_for)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, impatient);
	struct raw raw = raw_connect_ipc(fixture->path);

	raw_write(&raw, "\0SP\0", 4);
	raw_expect_closed(&raw);
}

Test(server_hostile, silence_instead_of_a_hello_is_not_waited_for)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, impatient);
	struct raw raw = raw_connect_tcp(fixture->port);

	raw_expect_closed(&raw);
}

Test(server_hostile, half_a_request_is_not_waited_for)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, impatient);
	struct raw raw = raw_client(fixture);
	uint8_t frame[128] = { 0 };

	raw_write(&raw, frame, raw_format(&raw, frame, 1, "whole", 5) - 2);
	raw_expect_closed(&raw);
}

/* The timeout is for what has begun: many of them pass on `other` while the first client is quiet.
 */
Test(server_hostile, a_quiet_client_may_stay)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, impatient);
	struct raw quiet = raw_client(fixture);

	for (int i = 0; i < 3; i++) {
		struct raw other = raw_connect_ipc(fixture->path);

		raw_expect_closed(&other);
	}
	raw_ping(&quiet);
}

Test(server_hostile, garbage_after_the_hello_is_hung_up_on)
{
	expect_closed_after("garbage", 7);
}

Test(server_hostile, a_request_over_the_limit_is_hung_up_on_unread)
{
	uint64_t length = htobe64(FRAME_HOP_BYTES + REQUEST_BYTES_MAX + 1);
	uint8_t frame[13] = { 1, [9] = 0x80 };

	memcpy(frame + 1, &length, sizeof(length));
	expect_closed_after(frame, sizeof(frame));
}

Test(server_hostile, too_many_hops_are_hung_up_on)
{
	uint8_t frame[9 + 4 * 9] = { 1, [8] = 4 * 9, [9 + 4 * 8] = 0x80 };

	expect_closed_after(frame, sizeof(frame));
}

/* --- too much of it --- */

/* All in one write; the bodies are empty. */
static void request_many(struct raw *raw, unsigned count)
{
	uint8_t frames[512 * 13];
	size_t size = 0;

	for (uint32_t i = 0; i < count; i++)
		size += raw_format(raw, frames + size, i, "", 0);
	raw_write(raw, frames, size);
}

Test(server_hostile, a_connection_has_64_requests_in_flight_at_most)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raw = raw_client(fixture);

	request_many(&raw, 300);
	for (uint32_t i = 0; i < 300; i++) {
		fixture_wait_parked(fixture, i < 300 - 64 ? 64 : 300 - i);
		fixture_answer(fixture, 1);
		raw_expect_echo(&raw, i, "", 0);
	}
	cr_assert_eq(fixture->outstanding_max, SERVER_IN_FLIGHT_PER_CONNECTION);
}

Test(server_hostile, all_connections_share_a_cap_of_requests_in_flight)
{
	struct fixture *fixture =
		fixture_start(HANDLE_PARK, (struct server_options){ .in_flight_max = 10 });
	struct raw raws[8];

	for (int i = 0; i < 8; i++)
		raws[i] = raw_client(fixture);
	for (int i = 0; i < 8; i++)
		request_many(&raws[i], 25);
	for (unsigned i = 0; i < 200; i++) {
		fixture_wait_parked(fixture, i < 190 ? 10 : 200 - i);
		fixture_answer(fixture, 1);
	}
	for (int i = 0; i < 8; i++)
		for (uint32_t j = 0; j < 25; j++)
			raw_expect_echo(&raws[i], j, "", 0);
	cr_assert_eq(fixture->outstanding_max, 10);
}

/* Those who wait for a place of the shared cap may die waiting. */
Test(server_hostile, waiting_clients_that_die_give_way)
{
	struct fixture *fixture =
		fixture_start(HANDLE_PARK, (struct server_options){ .in_flight_max = 1 });
	struct raw holder = raw_client(fixture), last = raw_client(fixture), raws[20];

	raw_request(&holder, 1, "", 0);
	fixture_wait_parked(fixture, 1);
	fixture->handling = HANDLE_ECHO;
	for (int i = 0; i < 20; i++) {
		raws[i] = raw_client(fixture);
		raw_request(&raws[i], 2, "", 0);
		raw_close(&raws[i]);
	}
	raw_request(&last, 3, "", 0);
	fixture_answer(fixture, 1);
	raw_expect_echo(&holder, 1, "", 0);
	raw_expect_echo(&last, 3, "", 0);
	fixture_wait_connections(fixture, 2);
}

Test(server_hostile, a_client_that_never_reads_disturbs_nobody_and_is_hung_up_on)
{
	struct fixture *fixture =
		fixture_start(HANDLE_BLOAT, (struct server_options){ .io_timeout_ms = 200 });
	struct raw greedy = raw_client(fixture), other = raw_client(fixture);

	request_many(&greedy, 500);
	EVENTUALLY(fixture_statistics(fixture).in_flight == SERVER_IN_FLIGHT_PER_CONNECTION);
	fixture->handling = HANDLE_ECHO;
	for (int i = 0; i < 100; i++)
		raw_ping(&other);
	fixture_wait_connections(fixture, 1);
	EVENTUALLY(fixture_statistics(fixture).in_flight == 0);
	raw_ping(&other);
}

/* --- coming and going --- */

static unsigned count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

Test(server_hostile, a_client_that_dies_with_64_requests_outstanding_leaves_nothing)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw other = raw_client(fixture);
	unsigned before = count_descriptors();

	for (int i = 0; i < 20; i++) {
		struct raw raw = i % 2 ? raw_client(fixture) : raw_client_tcp(fixture);

		request_many(&raw, 100);
		fixture_wait_parked(fixture, 64);
		raw_close(&raw);
		fixture_answer(fixture, 64);
		fixture_wait_connections(fixture, 1);
		/* What was read before the end came may still be handed over. */
		while (fixture_statistics(fixture).in_flight > 0)
			if (fixture->parked_count > 0)
				fixture_answer(fixture, 1);
	}
	EVENTUALLY(count_descriptors() == before);
	fixture->handling = HANDLE_ECHO;
	raw_ping(&other);
}

/* The descriptor is free before the answers are known. */
Test(server_hostile, a_dead_clients_descriptor_does_not_wait_for_its_answers)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raw = raw_client(fixture);

	request_many(&raw, 10);
	fixture_wait_parked(fixture, 10);
	raw_close(&raw);
	fixture_wait_connections(fixture, 0);
	cr_assert_eq(fixture_statistics(fixture).in_flight, 10);
	fixture_answer(fixture, 10);
	EVENTUALLY(fixture_statistics(fixture).in_flight == 0);
	cr_assert_eq(fixture_statistics(fixture).replies, 0);
}

Test(server_hostile, two_thousand_hit_and_runs_leave_nothing)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct raw raw = raw_client(fixture);
	unsigned before = count_descriptors();

	for (int i = 0; i < 2000; i++) {
		struct raw runner =
			i % 2 ? raw_connect_ipc(fixture->path) : raw_connect_tcp(fixture->port);

		if (i % 3 == 0)
			raw_write_hello(&runner);
		raw_close(&runner);
	}
	fixture_wait_connections(fixture, 1);
	EVENTUALLY(fixture_statistics(fixture).accepted == 2001);
	fixture_wait_connections(fixture, 1);
	EVENTUALLY(count_descriptors() == before);
	raw_ping(&raw);
	raw = raw_client(fixture);
	raw_ping(&raw);
}

/* --- connection caps --- */

static void expect_refused(struct raw raw)
{
	raw_request(&raw, 5, "please", 6);
	raw_expect_echo(&raw, 5, test_refusal, TEST_REFUSAL_BYTES);
	raw_expect_closed(&raw);
}

Test(server_hostile, a_client_over_the_cap_is_told_so_and_then_hung_up_on)
{
	struct fixture *fixture = fixture_start(
		HANDLE_ECHO, (struct server_options){ .connections_max = 2, .io_timeout_ms = 200 });
	struct raw one = raw_client(fixture), two = raw_client_tcp(fixture);

	expect_refused(raw_client(fixture));
	raw_ping(&one);
	raw_ping(&two);
	cr_assert_eq(fixture_statistics(fixture).refused, 1);
	cr_assert_eq(fixture_statistics(fixture).accepted, 3);
}

Test(server_hostile, one_peer_cannot_take_all_connections)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO,
		(struct server_options){ .connections_per_peer_max = 1, .io_timeout_ms = 200 });
	struct raw local = raw_client(fixture), remote = raw_client_tcp(fixture);

	expect_refused(raw_client(fixture));
	expect_refused(raw_client_tcp(fixture));
	raw_ping(&local);
	raw_ping(&remote);
}

Test(server_hostile, a_place_that_is_free_again_is_given_again)
{
	struct fixture *fixture = fixture_start(
		HANDLE_ECHO, (struct server_options){ .connections_per_peer_max = 1 });
	struct raw raw;

	for (int i = 0; i < 10; i++) {
		raw = raw_client(fixture);
		raw_ping(&raw);
		raw_close(&raw);
		fixture_wait_connections(fixture, 0);
	}
}

Test(server_hostile, the_refused_are_limited_too)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO,
		(struct server_options){ .connections_max = 1, .io_timeout_ms = 60000 });
	struct raw one = raw_client(fixture), refused[SERVER_CONNECTIONS_REFUSED], over;

	for (int i = 0; i < SERVER_CONNECTIONS_REFUSED; i++)
		refused[i] = raw_client(fixture);
	over = raw_connect_ipc(fixture->path);
	raw_expect_closed(&over);
	for (int i = 0; i < SERVER_CONNECTIONS_REFUSED; i++)
		raw_close(&refused[i]);
	raw_ping(&one);
}
