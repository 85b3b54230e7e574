/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "connection.h"
#include "org_client.h"

/* Immutable once open, but for the connection and what follows it. */
struct org_client {
	struct connection connection;
	char *url;
	char *authorization; /* as in the envelope: "Bearer …", "Peer" or "" */
	char *on_behalf_of;
	uint32_t timeout_ms, connect_timeout_ms;
	unsigned tries_max;
	bool read_your_writes;

	pthread_mutex_t seen_lock;
	uint64_t seen_epoch, seen_revision; /* the newest that any answer told */
};

/* "Bearer …" around a token or key; "Peer", "" and what already begins so stay. NULL when memory is
 * out. */
char *authorization_make(const char *credential);

/* Fills in a failure of the library's own; keeps request_id. Returns `code`. */
enum org_code status_fail(struct org_status *status, enum org_code code, const char *reason,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* An allocator that unpacks `bytes` from the far end within a bound, since protobuf can be made to
 * ask for far more than it takes on the wire. What it gave is freed by protobuf-c's default
 * allocator. */
struct budget {
	ProtobufCAllocator allocator;
	size_t left;
};
void budget_init(struct budget *budget, size_t bytes);
