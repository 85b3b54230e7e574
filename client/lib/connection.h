/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <nng/nng.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The way to the daemon: one nng REQ socket that keeps connecting behind the scenes. Deadlines are
 * on clock_ms(). Any thread, but for open and close.
 */
struct connection {
	nng_socket socket;
	pid_t pid; /* who opened it: nng does not survive a fork */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int pipe; /* nng's id of the connection; 0 while there is none */
};

/* Milliseconds that only ever grow. */
int64_t clock_ms(void);

/* Returns nng's error, 0 for none. */
int connection_open(struct connection *connection, const char *url);
void connection_close(struct connection *connection);

/* Waits until there is a connection. False when there is none by the deadline. */
bool connection_wait(struct connection *connection, int64_t deadline_ms);

enum exchanged {
	EXCHANGE_ANSWERED,
	EXCHANGE_UNSENT,    /* not handed to a connection by the deadline */
	EXCHANGE_LOST,      /* sent, then the connection ended */
	EXCHANGE_TIMED_OUT, /* sent, and no answer by the deadline */
	EXCHANGE_FAILED,    /* out of memory */
};

/* Sends the request, which it takes over, and waits for the reply, which the caller frees. */
enum exchanged connection_exchange(
	struct connection *connection, nng_msg *request, int64_t deadline_ms, nng_msg **reply);

/* Tries to connect once more, apart from the socket, for the sake of the reason: a sentence's
 * end. */
const char *connection_problem(const char *url, int64_t deadline_ms);
