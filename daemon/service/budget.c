/* SPDX-License-Identifier: Apache-2.0 */
#include "service/budget.h"

#include "store/rows/usage.h"

enum { ROWS_A_SWEEP = 100 };

static const enum budget budgets[] = { BUDGET_ORGANIZATION_INVITATIONS,
	BUDGET_RECIPIENT_INVITATIONS, BUDGET_ACCOUNT_MAILS };

static uint16_t day_of(int64_t us)
{
	return (uint16_t)(us / US_PER_DAY);
}

/* Hours and not seconds: no oracle of what others did. */
MUST_USE static struct status used_up(struct call *call, const char *reason)
{
	int64_t wait_us = US_PER_DAY - call->now_us % US_PER_DAY;
	int64_t hours = (wait_us + US_PER_HOUR - 1) / US_PER_HOUR;

	return status_with_retry(
		status_fail(STATUS_RESOURCE_EXHAUSTED, reason,
			"the limit of today is reached; try again in %d hours", (int)hours),
		hours * US_PER_HOUR / US_PER_MS);
}

struct status budget_take_organization(struct call *call, enum budget budget,
	const struct id *organization_id, uint32_t max, const char *reason)
{
	struct usage usage = { .budget = (uint8_t)budget,
		.day = day_of(call->now_us),
		.of = bytes_of(organization_id->bytes, sizeof(organization_id->bytes)) };
	uint32_t count;

	TRY(usage_get(call->snapshot, &usage, &count));
	if (count >= max)
		return used_up(call, reason);
	return usage_put(call->batch, &usage, count + 1);
}

struct status budget_take_address(struct call *call, enum budget budget,
	const char *canonical_email, uint32_t max, const char *reason)
{
	const struct keyring *keyring = call->platform->keyring;
	uint8_t hash[KEYED_HASH_BYTES];
	struct usage usage = { .budget = (uint8_t)budget,
		.day = day_of(call->now_us),
		.of = bytes_of(hash, sizeof(hash)) };
	uint32_t newest = 0, total = 0;

	/* The newest key's comes last: what is counted from now on stands under it. */
	for (size_t n = keyring_count(keyring); n-- > 0;) {
		keyed_hash_with(keyring, n, KEY_ADDRESS, bytes_of_string(canonical_email), hash);
		TRY(usage_get(call->snapshot, &usage, &newest));
		total += newest;
	}
	if (total >= max)
		return used_up(call, reason);
	return usage_put(call->batch, &usage, newest + 1);
}

struct status budget_sweep(struct call *call, bool *more)
{
	unsigned left = ROWS_A_SWEEP;

	for (size_t i = 0; i < COUNT_OF(budgets); i++) {
		unsigned deleted;

		TRY(usage_delete_before(
			call->snapshot, (uint8_t)budgets[i], day_of(call->now_us), left, &deleted));
		left -= deleted;
	}
	*more = !left;
	return OK;
}
