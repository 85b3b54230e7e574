/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/exchange.h"
#include "rpc/server.h"

/*
 * A server in a directory of its own, whose handler does as it is told, and clients made of bare
 * sockets, which do what nng's never would.
 */

enum { TEST_REFUSAL_BYTES = 7 };
extern const char test_refusal[TEST_REFUSAL_BYTES + 1];

enum handling {
	HANDLE_ECHO,  /* answer in the callback */
	HANDLE_LATER, /* answer from another thread */
	HANDLE_PARK,  /* keep until told */
	HANDLE_BLOAT, /* answer 64 KiB in the callback */
};

struct fixture {
	struct server *server;
	char directory[64];
	char path[96];
	uint16_t port;
	_Atomic enum handling handling;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct exchange *parked[1024]; /* in the order of arrival */
	unsigned parked_count;
	unsigned outstanding, outstanding_max;
	struct exchange *later[1024];
	unsigned later_count;
};

/* Starts a server with these options, on top of the fixture's own. It is static to the end of the
 * process, so that what nng still holds stays reachable for a leak checker, as in the daemon. */
struct fixture *fixture_start(enum handling handling, struct server_options options);
/* Without a server yet, and the options it would get. */
struct fixture *fixture_new(enum handling handling);
struct server_options fixture_options(struct fixture *fixture);
/* Removes what tests leave in the file system: a suite's .fini. */
void fixtures_remove(void);

/* Waits until this many requests are parked. */
void fixture_wait_parked(struct fixture *fixture, unsigned count);
/* Takes the oldest parked request. */
struct exchange *fixture_unpark(struct fixture *fixture);
/* Echoes it. */
void exchange_echo(struct exchange *exchange);
void fixture_answer(struct fixture *fixture, unsigned count);

struct server_statistics fixture_statistics(struct fixture *fixture);
/* Waits until so many connections are open. */
void fixture_wait_connections(struct fixture *fixture, uint64_t count);

/* A bare socket. */
struct raw {
	int fd;
	bool ipc;
};

struct raw raw_connect_ipc(const char *path);
struct raw raw_connect_tcp(uint16_t port);
/* Connected, with both hellos exchanged. */
struct raw raw_client(struct fixture *fixture);
struct raw raw_client_tcp(struct fixture *fixture);
void raw_close(struct raw *raw);
void raw_write(struct raw *raw, const void *bytes, size_t size);
void raw_write_hello(struct raw *raw);
void raw_expect_hello(struct raw *raw);
/* A frame with one hop. Returns its size. */
size_t raw_format(struct raw *raw, uint8_t *frame, uint32_t id, const void *body, size_t size);
void raw_request(struct raw *raw, uint32_t id, const void *body, size_t size);
/* Reads one reply of at most `size` bytes and checks its id. Returns its body's size. */
size_t raw_reply(struct raw *raw, uint32_t *id, void *body, size_t size);
void raw_expect_echo(struct raw *raw, uint32_t id, const void *body, size_t size);
/* Asks and reads the answer. */
void raw_ping(struct raw *raw);
/* The server closes, whatever bytes come before. */
void raw_expect_closed(struct raw *raw);

/* Waits for something that no event tells. */
#define EVENTUALLY(condition)                                                                      \
	do {                                                                                       \
		while (!(condition))                                                               \
			sched_yield();                                                             \
	} while (0)
