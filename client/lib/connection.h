/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The socket to the daemon, which speaks nng's REQ/REP protocol as the asking side: each begins
 * with a hello of 8 bytes; then come frames, on a local socket a byte 01, a big-endian 64-bit
 * length, and that many bytes: the call's id with the top bit set, then the body. An answer has its
 * question's id. nng itself starts a dozen threads and takes several times the CPU for a call.
 *
 * No function waits, but for a host's name to be looked up. It has no lock of its own.
 */
struct buffer {
	uint8_t *data;
	size_t begin, end, size; /* what is in it is from begin to end */
	size_t touched;          /* so much of it has been used since it was made */
};

struct connection {
	const char *url; /* the client's */
	int fd;          /* -1: none */
	enum { CONNECTION_AWAY, CONNECTION_DIALS, CONNECTION_GREETS, CONNECTION_READY } state;
	struct buffer in, out;
	bool is_broken;      /* to be given up by the next connection_advance */
	bool is_mute;        /* nothing can be sent any more; what has come is still read */
	int64_t retry_ms;    /* not to be tried before */
	int64_t greeted_ms;  /* until when it has to be ready, while it dials or greets */
	unsigned failures;   /* since the last answer */
	const char *problem; /* of the latest: a sentence's end */
};

enum { CONNECTION_ID_BYTES = 4 };
#define CONNECTION_ID_MARK UINT32_C(0x80000000) /* in every id */

/* Milliseconds that only ever grow. */
int64_t clock_ms(void);

/* False when `url` is neither ipc:///path nor tcp://host:port. Opens nothing yet. */
bool connection_init(struct connection *connection, const char *url);
/* Closes, too. */
void connection_clear(struct connection *connection);

/* Begins to connect, when it is away and retry_ms has come. Gives up what is not ready at
 * greeted_ms. */
void connection_dial(struct connection *connection);
/* What to poll `fd` for. */
short connection_events(const struct connection *connection);
/* Goes on: to be called when the poll says so. It may be away afterwards. True: there may be more
 * to read. */
bool connection_advance(struct connection *connection);
/* Takes the next answer that has come whole. `body` is valid until connection_advance. */
bool connection_take(
	struct connection *connection, uint32_t *id, const uint8_t **body, size_t *size);

/* Room for the body of a frame, to be filled before connection_flush; NULL when memory is out. */
uint8_t *connection_put(struct connection *connection, uint32_t id, size_t size);
/* Writes as much as the socket takes. */
void connection_flush(struct connection *connection);
/* How many bytes wait for that. */
size_t connection_unsent(const struct connection *connection);

/* Ends it. It is away, and is not tried again at once if that has failed of late. */
void connection_lose(struct connection *connection, const char *problem);
/* Why there is none: a sentence's end. */
const char *connection_problem(const struct connection *connection);
