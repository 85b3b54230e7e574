/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/keyring.h"
#include "service/account.h"
#include "service/invitation.h"
#include "service/member.h"
#include "store/rows/chore.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/person.h"
#include "store/rows/session.h"
#include "store/rows/user.h"

/* In one batch: a membership costs up to 14 writes and two events, a session three writes. */
enum { MEMBERSHIPS_A_SWEEP = 5, SESSIONS_A_SWEEP = 30 };

/* Deletes the keys of the names in events: the user's, and those of the address from before
 * there was an account, under every key that may have hashed it. */
MUST_USE static struct status forget_names(
	struct call *call, const struct id *user_id, const char *canonical_email)
{
	const struct keyring *keyring = call->platform->keyring;

	TRY(person_delete(call->batch, person_of_user(call->arena, user_id)));
	for (size_t n = 0; n < keyring_count(keyring); n++) {
		uint8_t hash[KEYED_HASH_BYTES];

		keyed_hash_with(keyring, n, KEY_ADDRESS, bytes_of_string(canonical_email), hash);
		TRY(person_delete(call->batch, bytes_of(hash, sizeof(hash))));
	}
	return OK;
}

struct status account_erase(struct call *call, const struct id *user_id, Orgd__Store__V1__User *row)
{
	static char empty[] = "";
	Orgd__V1__User *user = row->user;

	TRY(member_check_owned(call, user_id));
	TRY(event_append(call, &(struct event){ .action = "user.erased", .user = user_id }));
	TRY(account_token_drop(call, row));
	TRY(user_free_email(call->batch, row->canonical_email));
	user->state = ORGD__V1__USER_STATE__USER_STATE_ERASED;
	user->email = user->display_name = row->password_hash = empty;
	user->email_verified = false;
	user->n_platform_roles = 0;
	row->sessions_end_us = call->now_us;
	TRY(user_save(call, user_id, row));
	/* The address stays in the row, which nobody sees, until the sweep has been there. Last
	 * comes the name that this very event was given. */
	TRY(chore_put(call->batch, CHORE_ERASE_USER, call->now_us, user_id));
	return forget_names(call, user_id, row->canonical_email);
}

MUST_USE static struct status sweep_memberships(
	struct call *call, const struct id *user_id, unsigned *count)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	*count = 0;
	membership_user_prefix(&prefix, user_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found && *count < MEMBERSHIPS_A_SWEEP) {
		struct id organization_id = membership_of_key(scan.key);
		Orgd__Store__V1__Organization *organization;

		TRY(organization_get(call->snapshot, &organization_id, &organization));
		if (!organization)
			return status_internal("a member of no organization");
		TRY(member_part(call, &(struct parting){ .organization_id = &organization_id,
					      .user_id = user_id,
					      .organization = organization,
					      .action = "member.erased",
					      .by_system = true }));
		++*count;
		TRY(scan_next(&scan));
	}
	return OK;
}

/* Empties the sessions of what they say about the person. The rest of a row stays for the day in
 * which it may replay: the erasure itself was called in one. */
MUST_USE static struct status sweep_sessions(struct call *call, const struct id *user_id,
	const Orgd__Store__V1__User *user, unsigned *count)
{
	static char empty[] = "";
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	*count = 0;
	session_user_prefix(&prefix, user_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found && *count < SESSIONS_A_SWEEP) {
		struct id id = session_of_user_key(scan.key);
		Orgd__Store__V1__Session *row;

		TRY(scan_next(&scan));
		TRY(session_peek(call->snapshot, &id, &row));
		if (!row || (row->end_us && !*row->session->peer && !*row->session->client))
			continue;
		TRY(session_get(call->snapshot, &id, &row));
		row->session->peer = row->session->client = empty;
		TRY(row->end_us ? session_put(call->batch, &id, row)
				: session_end(call->batch, &id, row, user->sessions_end_us));
		++*count;
	}
	return OK;
}

struct status user_sweep_erased(struct call *call, bool *more)
{
	Orgd__Store__V1__User *user;
	unsigned count;
	int64_t due_us;
	struct id id;
	bool found;

	TRY(chore_find(call->snapshot, CHORE_ERASE_USER, call->now_us, &id, &due_us, &found));
	*more = found;
	if (!found)
		return OK;
	TRY(user_get(call->snapshot, &id, &user));
	if (!user)
		return status_internal("an erased user without a row");
	TRY(sweep_memberships(call, &id, &count));
	if (count)
		return OK;
	TRY(invitation_revoke_of_email(call, user->canonical_email, &found));
	if (found || batch_write_count(call->batch))
		return OK;
	TRY(sweep_sessions(call, &id, user, &count));
	if (count)
		return OK;
	/* What was written since may have named the person anew. */
	TRY(forget_names(call, &id, user->canonical_email));
	user->canonical_email = (char *)(uintptr_t)protobuf_c_empty_string;
	TRY(user_put(call->batch, &id, user));
	return chore_delete(call->batch, CHORE_ERASE_USER, due_us, &id);
}
