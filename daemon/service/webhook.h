/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "domain/webhook.h"
#include "orgd/v1/delivery_service.pb-c.h"
#include "service/call.h"

/* What the files about webhooks share, and what others use of them. */

/* The contract's message of the row: ids, etag and times filled in. In the call's arena. */
Orgd__V1__Webhook *webhook_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__Webhook *row);

/* Gives it a fresh secret, and returns its text, which is shown once. The one before signs on for a
 * day. Changed, not saved. */
char *webhook_renew_secret(struct call *call, const struct id *id, Orgd__Store__V1__Webhook *row);
/* The value of the header webhook-signature, by every secret that holds.
 *
 *   DATA_LOSS SEAL_BROKEN  the master key that sealed its secret is gone */
MUST_USE struct status webhook_sign(struct call *call, const struct id *id,
	const Orgd__Store__V1__Webhook *row,
	Orgd__V1__LeaseDeliveriesResponse__WebhookRequest *request);

/* One fact about a webhook. Its path is not told: whoever knows it may post there. */
MUST_USE struct status webhook_event(struct call *call, const char *action, const struct id *id,
	const Orgd__Store__V1__Webhook *row, struct event_detail detail);

/* When it may go on: now, or when the lease ends that somebody holds. */
int64_t webhook_ready_us(struct call *call, const Orgd__Store__V1__Webhook *row);
/* Forgets that it failed. Changed, not saved. */
void webhook_recover(Orgd__Store__V1__Webhook *row);
/* Ends it: nobody is told of what it was, and a lease of it is lost. `webhooks` is its
 * organization's. */
MUST_USE struct status webhook_end(struct call *call, const struct id *id,
	const Orgd__Store__V1__Webhook *row, Orgd__Store__V1__Webhooks *webhooks);

/* Deletes what is left of webhooks that were ended: their attempts. */
MUST_USE struct status webhook_sweep_ended(struct call *call, bool *more);

/*
 * Deliveries: webhook_delivery.c. A webhook's requests are made when they are leased, from the
 * events after its cursor.
 */

/* Turns marks of news into due webhooks, as many as fit beside leases; *more says that it did or
 * could, so that there is something to lease next time. */
MUST_USE struct status webhook_wake(struct call *call, bool *more);

/* How much a lease may still look at. */
struct webhook_looks {
	unsigned events;
};
/* Takes a due webhook a step on. *lease is the request to send; NULL when there is none: nothing
 * waits, or not yet, or the look at events that its filter holds back goes on next time, which
 * *more then says. */
MUST_USE struct status webhook_lease(struct call *call, const struct id *id,
	struct webhook_looks *looks, Orgd__V1__LeaseDeliveriesResponse__Lease **lease, bool *more);
/*   NOT_FOUND            DELIVERY_NOT_FOUND  the webhook was deleted
 *   FAILED_PRECONDITION  LEASE_LOST          not the current lease; a success of an earlier lease
 *                                            of the same event is recorded all the same */
MUST_USE struct status webhook_report(
	struct call *call, const struct id *id, const Orgd__V1__ReportDeliveryRequest *request);
