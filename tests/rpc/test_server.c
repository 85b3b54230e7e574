/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "test_server_fixture.h"

TestSuite(server, .timeout = 120, .fini = fixtures_remove);

static const struct server_options standard = { 0 };

/* --- stock nng clients --- */

enum { CONTEXTS = 64, CALLS = 50 };

/* One of many callers that share a socket. */
struct caller {
	pthread_mutex_t *lock;
	pthread_cond_t *changed;
	unsigned *finished;
	nng_ctx context;
	nng_aio *aio;
	unsigned number, calls;
	bool receiving;
	char question[64];
};

static void caller_ask(struct caller *caller)
{
	nng_msg *message;

	snprintf(caller->question, sizeof(caller->question), "caller %u, call %u", caller->number,
		caller->calls);
	cr_assert_eq(nng_msg_alloc(&message, 0), 0);
	nng_msg_append(message, caller->question, strlen(caller->question));
	nng_aio_set_msg(caller->aio, message);
	caller->receiving = false;
	nng_ctx_send(caller->context, caller->aio);
}

static void caller_check(struct caller *caller)
{
	nng_msg *message = nng_aio_get_msg(caller->aio);

	cr_assert_eq(nng_msg_len(message), strlen(caller->question));
	cr_assert_eq(memcmp(nng_msg_body(message), caller->question, nng_msg_len(message)), 0);
	nng_msg_free(message);
}

static void on_caller(void *argument)
{
	struct caller *caller = argument;

	cr_assert_eq(nng_aio_result(caller->aio), 0);
	if (!caller->receiving) {
		caller->receiving = true;
		nng_ctx_recv(caller->context, caller->aio);
		return;
	}
	caller_check(caller);
	if (++caller->calls < CALLS) {
		caller_ask(caller);
		return;
	}
	pthread_mutex_lock(caller->lock);
	++*caller->finished;
	pthread_cond_broadcast(caller->changed);
	pthread_mutex_unlock(caller->lock);
}

/* Every caller's every question comes back to it. */
static void expect_all_echoed(const char *url)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
	struct caller callers[CONTEXTS];
	unsigned finished = 0;
	nng_socket socket;

	cr_assert_eq(nng_req0_open(&socket), 0);
	cr_assert_eq(nng_dial(socket, url, NULL, 0), 0);
	for (unsigned i = 0; i < CONTEXTS; i++) {
		callers[i] = (struct caller){
			.lock = &lock, .changed = &changed, .finished = &finished, .number = i
		};
		cr_assert_eq(nng_ctx_open(&callers[i].context, socket), 0);
		cr_assert_eq(nng_aio_alloc(&callers[i].aio, on_caller, &callers[i]), 0);
	}
	for (unsigned i = 0; i < CONTEXTS; i++)
		caller_ask(&callers[i]);
	pthread_mutex_lock(&lock);
	while (finished < CONTEXTS)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	for (unsigned i = 0; i < CONTEXTS; i++) {
		nng_aio_free(callers[i].aio);
		nng_ctx_close(callers[i].context);
	}
	nng_close(socket);
}

static void expect_all_echoed_over_ipc(struct fixture *fixture)
{
	char url[128];

	snprintf(url, sizeof(url), "ipc://%s", fixture->path);
	expect_all_echoed(url);
	cr_assert_eq(fixture_statistics(fixture).requests, CONTEXTS * CALLS);
	EVENTUALLY(fixture_statistics(fixture).replies == CONTEXTS * CALLS);
}

Test(server, stock_nng_clients_call_it_over_ipc)
{
	expect_all_echoed_over_ipc(fixture_start(HANDLE_ECHO, standard));
}

Test(server, answers_may_come_from_other_threads)
{
	expect_all_echoed_over_ipc(fixture_start(HANDLE_LATER, standard));
}

Test(server, stock_nng_clients_call_it_over_tcp)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	char url[64];

	snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", fixture->port);
	expect_all_echoed(url);
}

Test(server, it_listens_on_the_other_loopback_too)
{
	struct fixture *fixture =
		fixture_start(HANDLE_ECHO, (struct server_options){ .tcp_address = "[::1]:0" });
	char url[64];

	snprintf(url, sizeof(url), "tcp://[::1]:%u", fixture->port);
	expect_all_echoed(url);
}

/* --- the wire --- */

Test(server, it_says_hello_before_it_is_greeted)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct raw raw = raw_connect_ipc(fixture->path);

	raw_expect_hello(&raw);
	raw_write_hello(&raw);
	raw_ping(&raw);
}

Test(server, bytes_may_come_one_by_one)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct raw raw = raw_connect_tcp(fixture->port);
	uint8_t frame[64];
	size_t size;

	for (int i = 0; i < 8; i++)
		raw_write(&raw, &"\0SP\0\0\x30\0\0"[i], 1);
	raw_expect_hello(&raw);
	size = raw_format(&raw, frame, 1, "slow", 4);
	for (size_t i = 0; i < size; i++)
		raw_write(&raw, frame + i, 1);
	raw_expect_echo(&raw, 1, "slow", 4);
}

Test(server, many_requests_may_come_in_one_write)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct raw raw = raw_client(fixture);
	uint8_t frames[1000 * 64];
	size_t size = 0;
	char body[8];

	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(body, sizeof(body), "%07u", i);
		size += raw_format(&raw, frames + size, i, body, 7);
	}
	raw_write(&raw, frames, size);
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(body, sizeof(body), "%07u", i);
		raw_expect_echo(&raw, i, body, 7);
	}
}

Test(server, all_the_hops_come_back)
{
	static const char request[] = "\1\0\0\0\0\0\0\0\x0e\0\0\0\x07\x01\2\3\4\x80\0\0\x09"
				      "hi";
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct raw raw = raw_client(fixture);
	char reply[sizeof(request) - 1];

	raw_write(&raw, request, sizeof(reply));
	cr_assert_eq(recv(raw.fd, reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
	cr_assert_arr_eq(reply, request, sizeof(reply));
}

/* A body of `size` bytes there and back, among small ones. */
static void expect_large_echo(size_t size)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raw = raw_client(fixture);
	uint8_t *body = malloc(size);

	for (size_t i = 0; i < size; i++)
		body[i] = (uint8_t)(i * 31 + (i >> 8));
	raw_request(&raw, 1, "before", 6);
	raw_request(&raw, 2, body, size);
	raw_request(&raw, 3, "after", 5);
	fixture_wait_parked(fixture, 3);
	fixture_answer(fixture, 3);
	raw_expect_echo(&raw, 1, "before", 6);
	raw_expect_echo(&raw, 2, body, size);
	raw_expect_echo(&raw, 3, "after", 5);
	free(body);
}

Test(server, the_largest_request_passes)
{
	expect_large_echo(REQUEST_BYTES_MAX);
}

Test(server, requests_around_the_size_of_a_buffer_pass)
{
	expect_large_echo(16 * 1024 - 1);
	expect_large_echo(16 * 1024);
	expect_large_echo(40 * 1000);
}

Test(server, an_empty_request_passes)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct raw raw = raw_client(fixture);

	raw_request(&raw, 1, "", 0);
	raw_expect_echo(&raw, 1, "", 0);
}

Test(server, answers_come_in_the_order_they_are_given)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raw = raw_client(fixture);
	struct exchange *first;

	raw_request(&raw, 1, "one", 3);
	raw_request(&raw, 2, "two", 3);
	fixture_wait_parked(fixture, 2);
	first = fixture_unpark(fixture);
	fixture_answer(fixture, 1);
	raw_expect_echo(&raw, 2, "two", 3);
	exchange_echo(first);
	raw_expect_echo(&raw, 1, "one", 3);
}

Test(server, a_reply_may_be_reserved_again_and_cut)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raw = raw_client(fixture);
	struct exchange *exchange;

	raw_request(&raw, 1, "question", 8);
	exchange = fixture_unpark(fixture);
	memset(exchange->reserve(exchange, 10), 'x', 10);
	memcpy(exchange->reserve(exchange, 1000), "answer", 6);
	exchange->send(exchange, 6);
	raw_expect_echo(&raw, 1, "answer", 6);
}

/* Memory that cannot be had is no crash: whoever reserves too much can still refuse. */
Test(server, what_cannot_be_reserved_is_told)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raw = raw_client(fixture);
	struct exchange *exchange;

	raw_request(&raw, 1, "question", 8);
	exchange = fixture_unpark(fixture);
	cr_assert_null(exchange->reserve(exchange, SIZE_MAX));
#ifndef ORGD_SANITIZED /* whose malloc ends the process */
	cr_assert_null(exchange->reserve(exchange, SIZE_MAX / 2));
#endif
	exchange_echo(exchange);
	raw_expect_echo(&raw, 1, "question", 8);
}

/* --- what a handler learns --- */

Test(server, a_local_peers_uid_and_gid_are_facts)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raw = raw_client(fixture);
	char address[64];
	struct exchange *exchange;

	raw_request(&raw, 1, "", 0);
	exchange = fixture_unpark(fixture);
	cr_assert(exchange->peer.local);
	cr_assert_eq(exchange->peer.uid, getuid());
	cr_assert_eq(exchange->peer.gid, getgid());
	snprintf(address, sizeof(address), "ipc:uid=%u", getuid());
	cr_assert_str_eq(exchange->peer.address, address);
	exchange_echo(exchange);
}

Test(server, a_tcp_peer_is_an_address_and_no_user)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raw = raw_client_tcp(fixture);
	struct exchange *exchange;

	raw_request(&raw, 1, "", 0);
	exchange = fixture_unpark(fixture);
	cr_assert_not(exchange->peer.local);
	cr_assert_eq(exchange->peer.uid, (uid_t)-1);
	cr_assert_eq(exchange->peer.gid, (gid_t)-1);
	cr_assert_str_eq(exchange->peer.address, "tcp:127.0.0.1");
	exchange_echo(exchange);
}

Test(server, each_connection_has_a_number_of_its_own)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw one = raw_client(fixture), two = raw_client(fixture);
	struct exchange *first, *second, *third;

	raw_request(&one, 1, "", 0);
	raw_request(&one, 2, "", 0);
	fixture_wait_parked(fixture, 2);
	raw_request(&two, 3, "", 0);
	first = fixture_unpark(fixture);
	second = fixture_unpark(fixture);
	third = fixture_unpark(fixture);
	cr_assert_eq(first->peer.connection, second->peer.connection);
	cr_assert_neq(first->peer.connection, third->peer.connection);
	exchange_echo(first);
	exchange_echo(second);
	exchange_echo(third);
}

Test(server, a_request_knows_when_it_came)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw raw = raw_client(fixture);
	int64_t before = clock_monotonic_us();
	struct exchange *exchange;

	raw_request(&raw, 1, "", 0);
	exchange = fixture_unpark(fixture);
	cr_assert(before <= exchange->received_us && exchange->received_us <= clock_monotonic_us());
	exchange_echo(exchange);
}

Test(server, it_counts_what_goes_through)
{
	struct fixture *fixture = fixture_start(HANDLE_PARK, standard);
	struct raw one = raw_client(fixture), two = raw_client(fixture);
	struct server_statistics statistics;

	raw_request(&one, 1, "", 0);
	raw_request(&one, 2, "", 0);
	fixture_wait_parked(fixture, 2);
	fixture_answer(fixture, 1);
	raw_expect_echo(&one, 1, "", 0);
	EVENTUALLY(fixture_statistics(fixture).replies == 1);
	raw_close(&two);
	fixture_wait_connections(fixture, 1);
	statistics = fixture_statistics(fixture);
	cr_assert_eq(statistics.accepted, 2);
	cr_assert_eq(statistics.refused, 0);
	cr_assert_eq(statistics.requests, 2);
	cr_assert_eq(statistics.in_flight, 1);
	fixture_answer(fixture, 1);
}
