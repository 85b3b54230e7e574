/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <org_client.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "courier/attempt.h"

/* orgd's outbox, over the same RPC as anybody's. One thread. */
struct queue;

/* A mail on lease, in orgd's words. */
typedef Orgd__V1__LeaseDeliveriesResponse__Lease queue_lease;

/*   INVALID_ARGUMENT CONFIG_INVALID  `url` is no address of orgd's */
MUST_USE struct status queue_open(const char *url, struct queue **queue);
void queue_close(struct queue *queue);

/* Takes the next mail that is due. *lease is NULL when there is none, or when orgd does not answer,
 * which is logged once until it does again; *wait_ms says when to ask again then. The lease belongs
 * to the queue until the next call. */
void queue_take(struct queue *queue, const queue_lease **lease, int64_t *wait_ms);

/* Tells how the attempt ended. False: orgd cannot be asked now; call again with the same
 * `request_id`. When it was told, or does not want to know any more, the answer is true. */
bool queue_report(struct queue *queue, const queue_lease *lease, const struct attempt *attempt,
	const char *request_id);
