/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <org_client.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "courier/attempt.h"

/* orgd's outbox, over the same RPC as anybody's: one channel of it, mails or webhooks. */
struct queue;

typedef Orgd__V1__LeaseDeliveriesRequest__Channel queue_channel;
#define QUEUE_MAIL    ORGD__V1__LEASE_DELIVERIES_REQUEST__CHANNEL__CHANNEL_MAIL
#define QUEUE_WEBHOOK ORGD__V1__LEASE_DELIVERIES_REQUEST__CHANNEL__CHANNEL_WEBHOOK

/* A mail on lease in orgd's words, or, when `webhook` is set, a webhook's request. */
typedef Orgd__V1__LeaseDeliveriesResponse__Lease queue_lease;
typedef Orgd__V1__LeaseDeliveriesResponse__WebhookRequest queue_webhook;

/*   INVALID_ARGUMENT CONFIG_INVALID  `url` is no address of orgd's */
MUST_USE struct status queue_open(const char *url, queue_channel channel, struct queue **queue);
void queue_close(struct queue *queue);

/* Takes what is due next, to be freed with org_message_free. NULL when there is nothing, or when
 * orgd does not answer, which is logged once until it does again; *wait_ms says when to ask again
 * then. One thread at a time. */
queue_lease *queue_take(struct queue *queue, int64_t *wait_ms);

/* Tells how the attempt ended. False: orgd cannot be asked now; call again with the same
 * `request_id`. When it was told, or does not want to know any more, the answer is true. Any
 * thread. */
bool queue_report(struct queue *queue, const queue_lease *lease, const struct attempt *attempt,
	const char *request_id);
