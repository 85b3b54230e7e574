/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/delivery.h"

bool delivery_refused_for_good(uint32_t smtp_code)
{
	switch (smtp_code) {
	case 530: /* authentication or STARTTLS required */
	case 534: /* mechanism too weak */
	case 535: /* credentials invalid */
	case 538: /* encryption required for the mechanism */
		return false;
	default:
		return smtp_code >= 500 && smtp_code <= 599;
	}
}

static int64_t wait_us(uint32_t attempts, uint32_t chance)
{
	int64_t wait = DELIVERY_WAIT_US;

	while (--attempts && wait < DELIVERY_WAIT_MAX_US)
		wait *= 2;
	if (wait > DELIVERY_WAIT_MAX_US)
		wait = DELIVERY_WAIT_MAX_US;
	return wait + wait / 4 / DELIVERY_CHANCES * (chance % DELIVERY_CHANCES);
}

struct delivery_fate delivery_judge(const struct delivery_attempt *attempt)
{
	bool refused =
		attempt->outcome == ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_REFUSED;

	if (attempt->outcome == ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_ACCEPTED)
		return (struct delivery_fate){ ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_SENT, 0 };
	if (refused && delivery_refused_for_good(attempt->smtp_code))
		return (struct delivery_fate){ ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_FAILED, 0 };
	if (attempt->obsolete || attempt->attempts >= DELIVERY_ATTEMPTS_MAX)
		return (struct delivery_fate){ ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_DEAD, 0 };
	return (struct delivery_fate){ ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_QUEUED,
		attempt->now_us + wait_us(attempt->attempts, attempt->chance) };
}
