/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	CONNECT_TIMEOUT_MS = 1000,
	POLL_MS = 250,      /* something new is queued at any time */
	POLL_MIN_MS = 100,  /* whatever orgd's clock says */
	AWAY_MAX_MS = 8000, /* between two looks for an orgd that is away */
};

struct queue {
	struct org_client *client;
	queue_channel channel;
	enum org_code trouble; /* why the latest lease failed; ORG_OK for none */
	int64_t away_ms;       /* the wait before the next try */
};

struct status queue_open(const char *url, queue_channel channel, struct queue **out)
{
	/* A failure comes back to the loop at once, which knows when the process has to stop. */
	static const struct org_client_options options = {
		.authorization = "Peer", .connect_timeout_ms = CONNECT_TIMEOUT_MS, .tries_max = 1
	};
	struct queue *queue = calloc(1, sizeof(*queue));
	struct org_status status;

	assert(queue);
	queue->channel = channel;
	if (org_client_open(url, &options, &queue->client, &status)) {
		free(queue);
		return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID",
			"orgd = \"%.200s\": %s", url, status.message);
	}
	*out = queue;
	return OK;
}

void queue_close(struct queue *queue)
{
	if (!queue)
		return;
	org_client_close(queue->client);
	free(queue);
}

static const char *name_of(const struct queue *queue)
{
	return queue->channel == QUEUE_MAIL ? "mails" : "webhooks";
}

/* One line when orgd goes away, and one when it is back. */
static void note(struct queue *queue, const struct org_status *status)
{
	if (status->code == queue->trouble)
		return;
	if (status->code)
		log_warning("orgd gives no %s out: %s (%s); asking on", name_of(queue),
			status->message, org_code_name((int)status->code));
	else
		log_info("orgd gives %s out again", name_of(queue));
	queue->trouble = status->code;
}

static int64_t wait_until(const Google__Protobuf__Timestamp *due)
{
	static const struct clock clock;
	int64_t wait_ms = POLL_MS;

	if (due)
		wait_ms = due->seconds * 1000 + due->nanos / 1000000 -
			  clock_now_us(&clock) / US_PER_MS;
	return wait_ms < POLL_MIN_MS ? POLL_MIN_MS : wait_ms > POLL_MS ? POLL_MS : wait_ms;
}

queue_lease *queue_take(struct queue *queue, int64_t *wait_ms)
{
	/* One at a time: what waits behind a slow server loses no attempt, and what a killed
	 * courier leaves behind is what it had in hand. */
	Orgd__V1__LeaseDeliveriesRequest request = ORGD__V1__LEASE_DELIVERIES_REQUEST__INIT;
	Orgd__V1__LeaseDeliveriesResponse *response;
	struct org_status status;
	queue_lease *lease = NULL;

	request.max = 1;
	request.channel = queue->channel;
	ORG_CALL(queue->client, delivery_service, lease_deliveries, &request, NULL, &response,
		&status);
	note(queue, &status);
	if (status.code) {
		queue->away_ms = queue->away_ms ? queue->away_ms * 2 : POLL_MS;
		if (queue->away_ms > AWAY_MAX_MS)
			queue->away_ms = AWAY_MAX_MS;
		*wait_ms = queue->away_ms;
		return NULL;
	}
	queue->away_ms = 0;
	*wait_ms = wait_until(response->next_due_time);
	if (response->n_leases)
		lease = response->leases[--response->n_leases];
	org_message_free(response);
	return lease;
}

static Orgd__V1__ReportDeliveryRequest__Outcome outcome_of(enum attempt_outcome outcome)
{
	switch (outcome) {
	case ATTEMPT_ACCEPTED:
		return ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_ACCEPTED;
	case ATTEMPT_REFUSED:
		return ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_REFUSED;
	case ATTEMPT_UNREACHABLE:
		break;
	}
	return ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_UNREACHABLE;
}

bool queue_report(struct queue *queue, const queue_lease *lease, const struct attempt *attempt,
	const char *request_id)
{
	const struct org_call_options options = { .request_id = request_id };
	Orgd__V1__ReportDeliveryRequest request = ORGD__V1__REPORT_DELIVERY_REQUEST__INIT;
	Orgd__V1__ReportDeliveryResponse *response;
	struct org_status status;

	request.delivery_id = lease->delivery_id;
	request.lease_token = lease->lease_token;
	request.outcome = outcome_of(attempt->outcome);
	request.smtp_code = attempt->smtp_code;
	request.text = (char *)(uintptr_t)attempt->text;
	request.http_status = attempt->http_status;
	request.duration_ms = attempt->duration_ms;
	ORG_CALL(queue->client, delivery_service, report_delivery, &request, &options, &response,
		&status);
	org_message_free(response);
	switch (status.code) {
	case ORG_OK:
		return true;
	case ORG_UNAVAILABLE:
	case ORG_DEADLINE_EXCEEDED:
	case ORG_RESOURCE_EXHAUSTED:
	case ORG_INTERNAL:
		return false;
	default:
		log_warning("%s: orgd does not take the report: %s", lease->delivery_id,
			status.message);
		return true;
	}
}
