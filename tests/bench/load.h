/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "histogram.h"

/*
 * The client's side of a measurement: sends requests over a socket and keeps so many of them under
 * way, at most 64 on a connection. Speaks the wire protocol on plain sockets, so that little of
 * what is measured is the client.
 */
enum { LOAD_PER_CONNECTION = 64, LOAD_OUTSTANDING_MAX = 256 };

/* Where a server is: on a local socket, or with a port on the loopback address. */
struct target {
	char path[108];
	uint16_t port; /* 0: the path counts */
};

enum request_kind { REQUEST_READ, REQUEST_WRITE, REQUEST_KINDS };

struct request {
	const uint8_t *data; /* a packed orgd.rpc.v1.Request */
	uint32_t size;
	enum request_kind kind; /* whose latency it counts to */
};

struct load {
	struct target target;
	unsigned outstanding;
	const struct request *requests; /* are sent in turn, */
	size_t request_count;
	bool once; /* and each once at most; else round and round */
	int64_t duration_us;
};

struct load_result {
	uint64_t replies;
	uint64_t of_kind[REQUEST_KINDS];
	int64_t elapsed_us;
	size_t reply_bytes; /* of the last, the hops and the length not counted */
	struct histogram latency[REQUEST_KINDS];
};

/* Ends the process when a reply is a failure. */
void load_run(const struct load *load, struct load_result *result);
/* Counts together what ran side by side, or one after another. */
enum load_order { LOAD_ABREAST, LOAD_IN_TURN };
void load_merge(struct load_result *into, const struct load_result *result, enum load_order order);
double load_per_second(const struct load_result *result);

/* One connection, greeted; the caller closes it. */
int load_connect(const struct target *target);
/* One request on it and its reply, the packed orgd.rpc.v1.Response, in `room`. */
struct bytes load_exchange(int connection, const struct target *target, struct bytes request,
	uint8_t *room, size_t room_bytes);
