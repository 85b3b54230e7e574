/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/bytes.h"

/* Who is at the other end, by the kernel's word. */
struct peer {
	uint64_t connection; /* a number of its own for each connection */
	bool local;          /* over the ipc socket, so that uid and gid are facts */
	uid_t uid;
	gid_t gid;
	char address[64]; /* "tcp:127.0.0.1", "ipc:uid=1000": for rate limits and the log; no port
			   */
};

/*
 * One request and the reply it is owed: made by a transport (the server, or a test without a
 * socket), answered exactly once by whoever it was handed to. Request, reply and all that is
 * allocated on the way live in `arena`.
 *
 * The reply is reserved before the work is committed and sent after, and sending cannot fail: a
 * client that is gone is no error.
 */
struct exchange {
	struct arena arena;
	struct bytes body; /* the packed orgd.rpc.v1.Request */
	struct peer peer;
	int64_t received_us; /* clock_monotonic_us() */

	/* Returns room for a reply of up to `size` bytes; a second call replaces the first's. NULL
	 * when memory is out. */
	uint8_t *(*reserve)(struct exchange *exchange, size_t size);
	/* Sends the first `size` bytes of the room. The exchange is gone afterwards. Any thread. */
	void (*send)(struct exchange *exchange, size_t size);
};

enum {
	REQUEST_BYTES_MAX =
		1024 * 1024 + 64 * 1024, /* a frame's body: the payload's 1 MiB and its envelope */
	REPLY_BYTES_MAX = 1024 * 1024,   /* SPEC 2; list pages end early to stay below */
};
