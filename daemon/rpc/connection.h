/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

#include "rpc/exchange.h"
#include "rpc/hub.h"
#include "rpc/stream.h"

/*
 * One client: reads requests, hands them to the hub, and sends each reply as it comes. It ends by
 * itself when the peer goes, misbehaves or is too slow.
 */
struct connection;

/* Where a connection says that its stream is gone, under its own lock. */
struct connection_owner {
	void (*gone)(struct connection_owner *owner, struct connection *connection);
};

/* Takes over the stream. One over a cap is `refused`: it gets an error for each request, and little
 * time. NULL when memory is out. */
struct connection *connection_new(struct hub *hub, struct connection_owner *owner,
	struct stream *stream, const struct peer *peer, bool refused);
/* Says hello and begins to read. The connection may be gone afterwards. */
void connection_start(struct connection *connection);

const struct peer *connection_peer(const struct connection *connection);
bool connection_refused(const struct connection *connection);
