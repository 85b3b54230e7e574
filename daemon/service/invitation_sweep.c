/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/invitation.h"
#include "service/invitation_life.h"
#include "service/organization.h"
#include "store/rows/chore.h"
#include "store/rows/invitation.h"
#include "store/rows/organization.h"

/* What happens to invitations with time. */

#define PENDING ORGD__V1__INVITATION_STATE__INVITATION_STATE_PENDING

enum {
	FINISHED_A_BATCH = 8,     /* a dozen writes each */
	DUE_LOOKS_MAX = 100,      /* due ones of all organizations that an invite looks at */
	DUE_FINISHED_BY_CALL = 3, /* next to what the call itself writes */
};

/* Reads what is to be finished; invited->row is NULL when the row is gone. */
MUST_USE static struct status load(struct call *call, const struct id *id, struct invited *invited)
{
	invited->id = *id;
	TRY(invitation_get(call->snapshot, id, &invited->row));
	if (!invited->row)
		return OK;
	invited->organization_id = id_of_bytes(invited->row->organization_id);
	return organization_get(call->snapshot, &invited->organization_id, &invited->organization);
}

/* Writes what a row that says PENDING has become. One whose organization is gone goes with it. */
MUST_USE static struct status settle(struct call *call, struct invited *invited)
{
	Orgd__V1__InvitationState state;

	if (!invited->row || invited->row->invitation->state != PENDING)
		return OK;
	if (!invited->organization)
		return invitation_delete(call->batch, &invited->id, invited->row);
	state = invitation_state(invited->row, invited->organization, call->now_us);
	if (state == PENDING)
		return OK;
	return invitation_finish(call, invited, state, INVITATION_BY_SYSTEM);
}

struct status invitation_sweep_expired(struct call *call, bool *more)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	unsigned finished = 0;
	struct key prefix;

	invitation_expiry_prefix(&prefix);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found && finished < FINISHED_A_BATCH) {
		struct invited invited;
		int64_t expire_us;
		struct id id = invitation_of_key(scan.key, &expire_us);

		if (expire_us > call->now_us)
			return OK;
		TRY(load(call, &id, &invited));
		TRY(settle(call, &invited));
		finished++;
		TRY(scan_next(&scan));
	}
	*more = scan.found;
	return OK;
}

struct status invitation_expire_due(struct call *call, const struct id *organization_id,
	Orgd__Store__V1__Organization **organization)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	unsigned finished = 0;
	struct key prefix;

	invitation_expiry_prefix(&prefix);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	for (unsigned looks = 0;
		scan.found && looks < DUE_LOOKS_MAX && finished < DUE_FINISHED_BY_CALL; looks++) {
		Orgd__Store__V1__Invitation *row;
		struct invited invited;
		int64_t expire_us;
		struct id id = invitation_of_key(scan.key, &expire_us), owner;

		if (expire_us > call->now_us)
			break;
		TRY(scan_next(&scan));
		TRY(invitation_peek(call->snapshot, &id, &row));
		owner = id_of_bytes(row ? row->organization_id : (ProtobufCBinaryData){ 0, NULL });
		if (!id_equal(&owner, organization_id))
			continue;
		TRY(load(call, &id, &invited));
		TRY(settle(call, &invited));
		finished++;
	}
	return finished ? organization_get(call->snapshot, organization_id, organization) : OK;
}

/* Finishes up to a batch of the organization's that only say PENDING; *more when it stopped before
 * the last one. */
MUST_USE static struct status settle_pending(
	struct call *call, const struct id *organization_id, bool *more)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	Orgd__Store__V1__Organization *organization;
	unsigned finished = 0;
	struct key prefix;

	TRY(organization_peek(call->snapshot, organization_id, &organization));
	invitation_pending_prefix(&prefix, organization_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found && finished < FINISHED_A_BATCH) {
		Orgd__Store__V1__Invitation *row;
		struct invited invited;
		struct id id;

		assert(scan.value.size == sizeof(id.bytes));
		memcpy(id.bytes, scan.value.data, sizeof(id.bytes));
		TRY(scan_next(&scan));
		TRY(invitation_peek(call->snapshot, &id, &row));
		if (!row || invitation_state(row, organization, call->now_us) == PENDING)
			continue;
		TRY(load(call, &id, &invited));
		TRY(settle(call, &invited));
		finished++;
	}
	*more = scan.found;
	return OK;
}

struct status invitation_sweep_revoked(struct call *call, bool *more)
{
	struct id organization_id;
	int64_t due_us;
	bool left;

	TRY(chore_find(call->snapshot, CHORE_REVOKE_INVITATIONS, call->now_us, &organization_id,
		&due_us, more));
	if (!*more)
		return OK;
	TRY(settle_pending(call, &organization_id, &left));
	if (left)
		return OK;
	return chore_delete(call->batch, CHORE_REVOKE_INVITATIONS, due_us, &organization_id);
}

MUST_USE static struct status remind(struct call *call, struct invited *invited)
{
	struct token token = token_draw(TOKEN_INVITATION, &invited->id, &call->entropy);
	struct id delivery_id;

	invited->row->reminder_hash = invitation_hash(call, &token);
	invited->row->reminded = true;
	TRY(invitation_send(call, invited, MAIL_INVITATION_REMINDER, &token, &delivery_id));
	wipe(&token, sizeof(token));
	TRY(invitation_put(call->batch, &invited->id, invited->row));
	return invitation_event(call, invited, "reminded", INVITATION_BY_SYSTEM);
}

struct status invitation_sweep_reminders(struct call *call, bool *more)
{
	struct invited invited;
	int64_t due_us;
	struct id id;

	TRY(chore_find(call->snapshot, CHORE_REMIND_INVITATION, call->now_us, &id, &due_us, more));
	if (!*more)
		return OK;
	TRY(chore_delete(call->batch, CHORE_REMIND_INVITATION, due_us, &id));
	TRY(load(call, &id, &invited));
	/* Nobody is reminded of what could not be accepted now (SPEC rule 1). */
	if (!call->platform->settings->mail || !invited.row ||
		invitation_state(invited.row, invited.organization, call->now_us) != PENDING ||
		organization_check_verified(call, invited.organization).code)
		return OK;
	return remind(call, &invited);
}

struct status invitation_sweep_spent(struct call *call, bool *more)
{
	Orgd__Store__V1__Invitation *row;
	int64_t due_us;
	struct id id;

	TRY(chore_find(call->snapshot, CHORE_FORGET_INVITATION, call->now_us, &id, &due_us, more));
	if (!*more)
		return OK;
	TRY(chore_delete(call->batch, CHORE_FORGET_INVITATION, due_us, &id));
	TRY(invitation_get(call->snapshot, &id, &row));
	if (!row)
		return OK;
	row->secret_hash = row->reminder_hash = (ProtobufCBinaryData){ 0, NULL };
	return invitation_put(call->batch, &id, row);
}

/* Of an erased person: the row goes, and the event does not name the address. */
MUST_USE static struct status take_away(struct call *call, struct invited *invited)
{
	if (!invited->row)
		return OK;
	TRY(invitation_delete(call->batch, &invited->id, invited->row));
	if (!invited->organization)
		return OK;
	TRY(invitation_recall(call, invited));
	TRY(invitation_uncount(call, invited));
	return event_append(call, &(struct event){ .action = "invitation.revoked",
					  .organization = &invited->organization_id,
					  .invitation = &invited->id,
					  .by_system = true });
}

struct status invitation_revoke_of_email(struct call *call, const char *canonical_email, bool *more)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	unsigned finished = 0;
	struct key prefix;

	invitation_email_prefix(&prefix, canonical_email);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found && finished < FINISHED_A_BATCH) {
		struct invited invited;
		int64_t create_us;
		struct id id = invitation_of_key(scan.key, &create_us);

		TRY(scan_next(&scan));
		TRY(load(call, &id, &invited));
		TRY(take_away(call, &invited));
		finished++;
	}
	*more = scan.found;
	return OK;
}
