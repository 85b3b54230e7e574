/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdatomic.h>

#include "org_client.h"
#include "traffic.h"

/* Immutable once open, but for the traffic. */
struct org_client {
	struct traffic traffic;
	unsigned generation;             /* of processes: whose it is */
	uint64_t request_ids[2];         /* where they begin */
	atomic_uint_fast64_t request_id; /* so many were made */
	char *url;
	char *authorization; /* as in the envelope: "Bearer …", "Peer" or "" */
	char *on_behalf_of;
	uint32_t timeout_ms, connect_timeout_ms;
	unsigned tries_max;
	bool read_your_writes;
};

/* Of a client that nobody calls on any more. */
void client_free(struct org_client *client);

/* Whether this process is a child of the one that opened it. */
bool client_is_forked(const struct org_client *client);
void client_make_request_id(struct org_client *client, char id[ORG_REQUEST_ID_BYTES]);

void random_fill(void *bytes, size_t size); /* at most 256 bytes */

/* "Bearer …" around a token or key; "Peer", "" and what already begins so stay. NULL when memory is
 * out. */
char *authorization_make(const char *credential);

/* Fills in a failure of the library's own; keeps request_id. `status` may be NULL. Returns
 * `code`. */
enum org_code org_status_fail(struct org_status *status, enum org_code code, const char *reason,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

enum org_code org_status_fail_memory(struct org_status *status);
enum org_code org_status_fail_malformed(struct org_status *status, const struct org_client *client);

/* Unpacks what comes from the far end, within a bound by its size. NULL when it is no such message,
 * or memory is out. org_message_free frees it. */
ProtobufCMessage *budget_unpack(
	const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size);
