/* SPDX-License-Identifier: Apache-2.0 */
#include "service/member.h"
#include "service/organization.h"
#include "service/webhook.h"
#include "store/rows/chore.h"
#include "store/rows/decision.h"
#include "store/rows/grant.h"
#include "store/rows/invitation.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/webhook.h"

/*
 * A deleted organization goes for good after 30 days, a chunk a batch: webhooks, members,
 * invitations, grants, decisions, and at last its own row. Nothing of it could be seen or used any
 * more since its deletion. Its events stay.
 */
enum {
	CHUNK = 15 /* at most 7 writes each, with those of the organization below the batch's cap */
};

struct purge {
	struct id id;
	Orgd__Store__V1__Organization *row;
	unsigned left; /* of this chunk */
};

MUST_USE static struct status take_member(
	struct call *call, struct purge *purge, const struct scan *scan)
{
	struct id user_id = membership_of_key(scan->key);
	Orgd__Store__V1__Membership *row;
	Orgd__Store__V1__User *user;

	TRY(membership_of_value(call->arena, scan->value, &row));
	return member_take_out(call, &purge->id, purge->row, &user_id, row, &user);
}

MUST_USE static struct status take_invitation(
	struct call *call, struct purge *purge, const struct scan *scan)
{
	Orgd__Store__V1__Invitation *row;
	int64_t create_us;
	struct id id = invitation_of_key(scan->key, &create_us);

	(void)purge;
	TRY(invitation_get(call->snapshot, &id, &row));
	return row ? invitation_delete(call->batch, &id, row) : OK;
}

MUST_USE static struct status take_grant(
	struct call *call, struct purge *purge, const struct scan *scan)
{
	struct id id = grant_of_key(scan->key);
	Orgd__Store__V1__Grant *row;

	(void)purge;
	TRY(grant_get(call->snapshot, &id, &row));
	return row ? grant_delete(call->batch, &id, row) : OK;
}

/* All at once, being few, and in a batch of their own. */
MUST_USE static struct status take_webhooks(
	struct call *call, struct purge *purge, const struct scan *scan)
{
	Orgd__Store__V1__Webhooks *webhooks;

	(void)scan;
	TRY(webhooks_get(call->snapshot, &purge->id, &webhooks));
	while (webhooks->n_webhook_ids) {
		struct id id = id_of_bytes(webhooks->webhook_ids[0]);
		Orgd__Store__V1__Webhook *row;

		TRY(webhook_get(call->snapshot, &id, &row));
		if (!row)
			return status_fail(STATUS_DATA_LOSS, "ROW_CORRUPT", "a webhook has no row");
		TRY(webhook_end(call, &id, row, webhooks));
	}
	purge->left = 1;
	return OK;
}

MUST_USE static struct status take_decision(
	struct call *call, struct purge *purge, const struct scan *scan)
{
	(void)purge;
	return decision_delete(call->batch, scan->key);
}

/* What belongs to an organization, in the order in which it goes. */
static const struct {
	void (*prefix)(struct key *key, const struct id *organization_id);
	struct status (*take)(struct call *call, struct purge *purge, const struct scan *scan);
} belongings[] = {
	{ webhooks_key, take_webhooks },
	{ membership_organization_prefix, take_member },
	{ invitation_organization_prefix, take_invitation },
	{ grant_organization_prefix, take_grant },
	{ decision_organization_prefix, take_decision },
};

MUST_USE static struct status take_belongings(struct call *call, struct purge *purge, size_t kind)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	belongings[kind].prefix(&prefix, &purge->id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found && purge->left) {
		TRY(belongings[kind].take(call, purge, &scan));
		purge->left--;
		TRY(scan_next(&scan));
	}
	return OK;
}

struct status organization_sweep_purge(struct call *call, bool *more)
{
	struct purge purge = { .left = CHUNK };
	int64_t due_us;

	TRY(chore_find(
		call->snapshot, CHORE_PURGE_ORGANIZATION, call->now_us, &purge.id, &due_us, more));
	if (!*more)
		return OK;
	TRY(organization_get(call->snapshot, &purge.id, &purge.row));
	if (!purge.row)
		return chore_delete(call->batch, CHORE_PURGE_ORGANIZATION, due_us, &purge.id);
	for (size_t kind = 0; kind < COUNT_OF(belongings) && purge.left; kind++)
		TRY(take_belongings(call, &purge, kind));
	if (!purge.left)
		return organization_save(call, &purge.id, purge.row);
	TRY(organization_delete(call->batch, &purge.id, purge.row));
	TRY(chore_delete(call->batch, CHORE_PURGE_ORGANIZATION, due_us, &purge.id));
	return event_append(call, &(struct event){ .action = "organization.purged",
					  .organization = &purge.id,
					  .by_system = true,
					  .details = { { .key = "handle",
						  .value = purge.row->organization->handle } } });
}
