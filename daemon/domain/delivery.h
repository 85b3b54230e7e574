/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "orgd/v1/delivery_service.pb-c.h"

/*
 * What the outcome of an attempt means for a mail (SPEC rule 15). Pure: time and chance are given
 * in.
 *
 * A mail is tried at once, then again 1, 2, 4 and so on minutes after each attempt that did not
 * settle it, at most 4 hours apart, each wait longer by up to a quarter by chance, so that mails
 * that failed together do not come back together. DELIVERY_ATTEMPTS_MAX attempts take about two
 * days; a link that expires before ends them sooner. An attempt counts from its lease on, reported
 * or not.
 */
enum { DELIVERY_ATTEMPTS_MAX = 20, DELIVERY_CHANCES = 1024 };
#define DELIVERY_WAIT_US     US_PER_MINUTE
#define DELIVERY_WAIT_MAX_US (4 * US_PER_HOUR)

struct delivery_attempt {
	Orgd__V1__ReportDeliveryRequest__Outcome outcome;
	uint32_t smtp_code; /* 0 for none */
	uint32_t attempts;  /* with this one */
	bool obsolete;      /* its link is dead: expired, replaced, revoked, used */
	int64_t now_us;
	uint32_t chance; /* 0 to DELIVERY_CHANCES - 1, evenly */
};

struct delivery_fate {
	Orgd__V1__DeliveryState state; /* QUEUED, SENT, FAILED or DEAD */
	int64_t due_us;                /* of the next attempt; 0 unless QUEUED */
};

/* Accepted is SENT; refused for good is FAILED; anything else is QUEUED again, or DEAD after the
 * last attempt and when the link is dead. */
struct delivery_fate delivery_judge(const struct delivery_attempt *attempt);

/* Has the server refused this mail for good? 5xx, but for the answers that say that the courier's
 * credentials or connection are not right (RFC 4954 6): those the operator mends, and the mail then
 * goes out. */
bool delivery_refused_for_good(uint32_t smtp_code);
