/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "rpc/exchange.h"

/*
 * Listens on a local socket and, if asked to, on TCP, speaks nng's REQ/REP protocol as the replying
 * side, and hands each request to `handle`. nng's own REP socket is not used: see the README's "The
 * wire". Every limit that a hostile peer could push against is here.
 */
struct server;

enum {
	SERVER_IN_FLIGHT_PER_CONNECTION = 64, /* then its bytes wait in the kernel */
	SERVER_IN_FLIGHT = 8192,              /* over all connections; likewise */
	SERVER_CONNECTIONS = 16384,
	SERVER_CONNECTIONS_PER_PEER = 4096, /* per uid, or per address */
	SERVER_CONNECTIONS_REFUSED =
		1024, /* over a cap, while they get their answer; then they are closed */
	SERVER_HOPS_MAX = 8,
	SERVER_IO_TIMEOUT_MS =
		5000, /* for the hello, for a frame that has begun, and for a reply to leave */
};

struct server_options {
	const char *ipc_path; /* of the socket; NULL for none */
	mode_t ipc_mode; /* its permissions; 0 for 0666, since the peer's uid is checked per call */
	const char *tcp_address; /* "127.0.0.1:0" takes a free port; NULL for none. Off loopback
				    only with: */
	bool tcp_anywhere;
	/* Sockets for the two that somebody else listens on already and keeps, in place of our own;
	 * 0: none. */
	int ipc_socket, tcp_socket;
	uint32_t connections_max, connections_per_peer_max, in_flight_max; /* 0: the limits above */
	int io_timeout_ms;

	/* Takes over the exchange. Called on the loop's threads, several at once: it must not
	 * block. */
	void (*handle)(void *context, struct exchange *exchange);
	/* What to answer, packed, to a peer over a connection cap: an error rather than a refusal,
	 * since a refused REQ client reconnects 44 times a second. Called on the loop's threads;
	 * the bytes stay. */
	struct bytes (*refusal)(void *context);
	void *context;
};

/* The options are copied, but for `context`.
 *
 *   FAILED_PRECONDITION SOCKET_IN_USE       another daemon holds the lock beside the socket
 *   FAILED_PRECONDITION SOCKET_PATH_TAKEN   the path is there and no socket; it is left alone
 *   INVALID_ARGUMENT    ADDRESS_MALFORMED, ADDRESS_NOT_LOOPBACK
 *   UNAVAILABLE         ADDRESS_IN_USE
 *   UNAVAILABLE         CANNOT_LISTEN       the system refuses; the sentence says why */
MUST_USE struct status server_start(const struct server_options *options, struct server **server);

/* The port that TCP got, 0 without TCP. */
uint16_t server_tcp_port(const struct server *server);

struct server_statistics {
	uint64_t accepted, connections; /* ever, and now */
	uint64_t refused;               /* of those accepted: over a cap */
	uint64_t requests, replies,
		in_flight; /* handed over; left to the kernel; between the two */
};
void server_statistics(const struct server *server, struct server_statistics *statistics);

/* Stops accepting and handing over, waits until every request taken has been answered and every
 * reply has left, or `timeout_ms` is over. True when nothing was left. Removes the socket if it is
 * ours and still there. Nothing is freed, since the loop's threads are still at work: the process
 * ends next.
 * Once, from a thread that owns no exchange. */
bool server_drain(struct server *server, int timeout_ms);
