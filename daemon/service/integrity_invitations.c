/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/invitation.h"
#include "secret/keyring.h"
#include "service/integrity_rows.h"
#include "store/rows/invitation.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"

/* Invitations and what leads to them. */

#define PENDING ORGD__V1__INVITATION_STATE__INVITATION_STATE_PENDING

static bool is_pending(const Orgd__Store__V1__Invitation *row)
{
	return row->invitation->state == PENDING;
}

/* A finished one stands under its organization alone. */
static const char *lacks(const Orgd__Store__V1__Invitation *row)
{
	static const char of_pending[] = { TABLE_INVITATION_PENDING, TABLE_INVITATION_BY_EMAIL,
		TABLE_INVITATION_EXPIRY, '\0' };

	return is_pending(row) ? "" : of_pending;
}

MUST_USE static struct status check_finished(
	struct integrity *check, const struct id *id, const Orgd__Store__V1__Invitation *row)
{
	struct id accepted_by = id_of_bytes(row->accepted_by);
	struct batch *rows = integrity_batch(check);
	Orgd__Store__V1__User *user;

	if (row->accepted_by.len) {
		TRY(user_peek(check->snapshot, &accepted_by, &user));
		if (!user)
			integrity_found(check, "was accepted by a user who is not there");
	}
	if (!row->secret_hash.len)
		return OK;
	/* A spent token is forgotten after 30 days (SPEC rule 6). */
	TRY(chore_put(rows, CHORE_FORGET_INVITATION, row->finish_us + INVITATION_MEMORY_US, id));
	return integrity_expect(check, rows, "");
}

struct status integrity_invitation(struct integrity *check, const struct scan *scan)
{
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan), organization_id;
	Orgd__Store__V1__Organization *organization;
	const Orgd__Store__V1__Invitation *row;
	ProtobufCMessage *message;

	integrity_unpack(check, scan, &orgd__store__v1__invitation__descriptor, &message);
	row = (const Orgd__Store__V1__Invitation *)message;
	if (!row || !row->invitation) {
		if (row)
			integrity_found(check, "holds no invitation");
		return OK;
	}
	organization_id = id_of_bytes(row->organization_id);
	TRY(organization_peek(check->snapshot, &organization_id, &organization));
	if (!organization)
		integrity_found(check, "is to an organization that is gone");
	if (row->secret_hash.len || is_pending(row))
		integrity_hash(check, row->secret_hash, "its token");
	if (is_pending(row) == (row->finish_us != 0))
		integrity_found(check, "its state and the time it ended do not agree");
	TRY(invitation_insert(rows, &id, row));
	TRY(integrity_expect(check, rows, lacks(row)));
	return is_pending(row) ? OK : check_finished(check, &id, row);
}

MUST_USE static struct status check_index(
	struct integrity *check, const struct scan *scan, const struct id *id)
{
	struct batch *rows = integrity_batch(check);
	Orgd__Store__V1__Invitation *row;

	TRY(invitation_peek(check->snapshot, id, &row));
	if (!row || !row->invitation) {
		integrity_found(check, "leads to no invitation");
		return OK;
	}
	TRY(invitation_insert(rows, id, row));
	integrity_belongs(check, scan, rows, lacks(row));
	return OK;
}

struct status integrity_invitation_index(struct integrity *check, const struct scan *scan)
{
	struct id id;

	if (scan->key.size <= sizeof(id.bytes)) {
		integrity_found(check, "its key is too short");
		return OK;
	}
	id = integrity_last_id(scan);
	return check_index(check, scan, &id);
}

struct status integrity_invitation_pending(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_value_id(check, scan);

	return id_is_zero(&id) ? OK : check_index(check, scan, &id);
}
