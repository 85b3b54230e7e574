/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>

#include "base/bytes.h"

/*
 * Sends one request again and again over a local socket and keeps `outstanding` of them under way,
 * at most 64 on a connection. Speaks the wire protocol on plain sockets, so that little of what is
 * measured is the client.
 */
enum { LOAD_SERIAL_DIGITS = 16, LOAD_PER_CONNECTION = 64, LOAD_OUTSTANDING_MAX = 256 };

struct load {
	const char *socket_path;
	unsigned outstanding;
	struct bytes request; /* a packed orgd.rpc.v1.Request */
	/* Where LOAD_SERIAL_DIGITS digits lie in it that are fresh in each, as a mutation's
	 * request id needs them; 0 for nowhere. */
	size_t serial_at;
	int64_t duration_us;
};

struct load_result {
	uint64_t replies;
	int64_t elapsed_us;
	size_t reply_bytes; /* of one, the hops and the length not counted */
};

/* Ends the process when a reply is a failure. */
struct load_result load_run(const struct load *load);
