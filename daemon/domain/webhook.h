/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"
#include "orgd/v1/delivery_service.pb-c.h"
#include "orgd/v1/event_service.pb-c.h"
#include "orgd/v1/webhook_service.pb-c.h"

/* What holds for webhooks (SPEC rule 43). Pure: time and chance are given in. */
enum {
	WEBHOOKS_MAX = 10, /* of an organization */
	WEBHOOK_PREFIXES_MAX = 16,
	WEBHOOK_PREFIX_MAX = 100,      /* characters */
	WEBHOOK_DESCRIPTION_MAX = 200, /* characters */
	WEBHOOK_REDELIVERIES_MAX = 100,
	WEBHOOK_ATTEMPTS_KEPT_MAX = 1000,
	WEBHOOK_FAILURES_MAX = 8, /* in a row: then a day is over */
	WEBHOOK_CHANCES = 1024,
	WEBHOOK_BODY_MAX = 64 * 1024, /* bytes */
};
#define WEBHOOK_ATTEMPTS_KEPT_US (7 * US_PER_DAY)
#define WEBHOOK_OLD_SECRET_US    US_PER_DAY /* that it signs on after it was replaced */

/* Checks where a webhook is sent to; *result is in `arena`.
 *
 *   INVALID_ARGUMENT WEBHOOK_URL  not an https URL in ASCII with a host, or with user information
 *                                 or a fragment, or over 2,000 characters */
MUST_USE struct status webhook_check_url(
	struct arena *arena, const char *field, const char *value, const char **result);
/* "hooks.example.com:8443": what may be told of a URL, whose path often is a secret. */
char *webhook_host(struct arena *arena, const char *url);

/* Checks a filter: beginnings of actions.
 *
 *   INVALID_ARGUMENT ACTION_PREFIX  one is no lower-case words with dots, or there are over 16 */
MUST_USE struct status webhook_check_prefixes(
	const char *field, char *const *prefixes, size_t count);
/* Does the filter let this action through? An empty one lets all. */
bool webhook_wants(const Orgd__V1__Webhook *webhook, const char *action);

/* The body of a request about an event as its reader may see it: {"type": …, "timestamp": …,
 * "data": the event in ProtoJSON}, at most WEBHOOK_BODY_MAX; an event that is too large for that
 * goes without its details. */
struct bytes webhook_body(struct arena *arena, const Orgd__V1__Event *event);

/*
 * What the end of an attempt means. A request is tried at once and then, after each attempt that
 * failed, 5 seconds, 5 minutes, 30 minutes, 2, 5 and 10 hours later and once more when a day is
 * over, each wait longer by up to a quarter by chance. Counted in attempts, not in hours: nobody is
 * disabled for a time in which nothing was tried.
 */
struct webhook_attempt {
	Orgd__V1__ReportDeliveryRequest__Outcome outcome;
	uint32_t http_status; /* 0 for none */
	uint32_t failures;    /* in a row before this attempt */
	int64_t now_us;
	uint32_t chance; /* 0 to WEBHOOK_CHANCES - 1, evenly */
};

struct webhook_fate {
	enum webhook_end {
		WEBHOOK_TAKEN,    /* 2xx */
		WEBHOOK_AGAIN,    /* at due_us */
		WEBHOOK_GIVEN_UP, /* after a day of failures, or at 410 Gone */
	} end;
	int64_t due_us;
};

struct webhook_fate webhook_judge(const struct webhook_attempt *attempt);
