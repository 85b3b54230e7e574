/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/membership.h"
#include "domain/organization.h"
#include "domain/user.h"
#include "domain/verification.h"
#include "service/integrity_rows.h"
#include "store/rows/decision.h"
#include "store/rows/invitation.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"

/* Organizations, their handles and decisions, and who belongs to them. */

#define ACTIVE  ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE
#define DELETED ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED
#define OWNER   ORGD__V1__ROLE__ROLE_OWNER

static bool is_deleted(const Orgd__Store__V1__Organization *row)
{
	return row->organization->lifecycle == DELETED;
}

/* Every row that stands behind this one. */
MUST_USE static struct status derive(struct integrity *check, const struct id *id,
	const Orgd__Store__V1__Organization *row, struct batch **rows)
{
	*rows = integrity_batch(check);
	TRY(organization_insert(*rows, id, row));
	return is_deleted(row) ? organization_put_handle(*rows, row->organization->handle, id,
					 row->delete_us + ORGANIZATION_RESERVED_US)
			       : OK;
}

MUST_USE static struct status find(
	struct integrity *check, const struct id *id, Orgd__Store__V1__Organization **row)
{
	TRY(organization_peek(check->snapshot, id, row));
	if (*row && (!(*row)->organization || !(*row)->organization->create_time))
		*row = NULL;
	return OK;
}

/* The members in the database against what the row says of them. Of a deleted one, a purge may have
 * taken some. */
MUST_USE static struct status check_members(
	struct integrity *check, const struct id *id, const Orgd__Store__V1__Organization *row)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	uint32_t members = 0, owners = 0;
	struct key prefix;

	membership_organization_prefix(&prefix, id);
	TRY(scan_begin(&scan, check->snapshot, &prefix, NULL));
	while (scan.found) {
		Orgd__Store__V1__Membership *membership;

		TRY(membership_of_value(&check->arena, scan.value, &membership));
		members++;
		owners += membership->role == OWNER;
		TRY(scan_next(&scan));
	}
	if (members != row->organization->member_count)
		integrity_found(check, "counts %u members; there are %u",
			row->organization->member_count, members);
	if (is_deleted(row) ? owners > row->n_owner_ids : owners != row->n_owner_ids)
		integrity_found(check, "names %zu Owners; there are %u", row->n_owner_ids, owners);
	return OK;
}

/* SPEC rules 16, 17 and 19. Nobody needs to own what is deleted. */
MUST_USE static struct status check_owners(
	struct integrity *check, const struct id *id, const Orgd__Store__V1__Organization *row)
{
	const char *contact = row->organization->primary_contact;
	bool active = false, contact_owns = !*contact && !row->n_owner_ids;

	for (size_t i = 0; i < row->n_owner_ids; i++) {
		struct id owner_id = id_of_bytes(row->owner_ids[i]);
		const char *text = id_text(&check->arena, ID_USER, &owner_id);
		Orgd__Store__V1__Membership *membership;
		Orgd__Store__V1__User *user;

		contact_owns |= !strcmp(text, contact);
		TRY(membership_peek(check->snapshot, id, &owner_id, &membership));
		TRY(user_peek(check->snapshot, &owner_id, &user));
		if (!is_deleted(row) && (!membership || membership->role != OWNER))
			integrity_found(check, "names %s as an Owner, who is none", text);
		active |= membership && user && user->user && user_is_active(user);
	}
	if (!contact_owns)
		integrity_found(check, "its primary contact %s is no Owner", contact);
	if (!active && !is_deleted(row))
		integrity_found(check, "has no active Owner");
	return OK;
}

/* Whose epoch is the organization's can be accepted; the older ones go in a sweep. */
MUST_USE static struct status check_pending(
	struct integrity *check, const struct id *id, const Orgd__Store__V1__Organization *row)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	uint32_t live = 0, dead = 0;
	struct key prefix;
	bool pending = true;

	invitation_pending_prefix(&prefix, id);
	TRY(scan_begin(&scan, check->snapshot, &prefix, NULL));
	while (scan.found) {
		Orgd__Store__V1__Invitation *invitation = NULL;
		struct id invitation_id;

		if (scan.value.size == sizeof(invitation_id.bytes)) {
			memcpy(invitation_id.bytes, scan.value.data, scan.value.size);
			TRY(invitation_peek(check->snapshot, &invitation_id, &invitation));
		}
		if (invitation && invitation->epoch == row->invitation_epoch)
			live++;
		else
			dead++;
		TRY(scan_next(&scan));
	}
	if (live != row->organization->pending_count)
		integrity_found(check, "counts %u pending invitations; there are %u",
			row->organization->pending_count, live);
	if (live && row->organization->lifecycle != ACTIVE)
		integrity_found(check, "is not active, and %u invitations to it are live", live);
	if (dead)
		TRY(integrity_chore(check, CHORE_REVOKE_INVITATIONS, id, &pending));
	if (!pending)
		integrity_found(check, "%u dead invitations to it go in no sweep", dead);
	return OK;
}

MUST_USE static struct status check_life(
	struct integrity *check, const struct id *id, const Orgd__Store__V1__Organization *row)
{
	bool waits = row->organization->lifecycle == ACTIVE &&
		     verification_waits(row->organization->verification);
	struct batch *rows = integrity_batch(check);

	if (row->queued_us != (waits ? row->verification_us : 0))
		integrity_found(
			check, waits ? "waits for reviewers in no queue, or in a wrong place"
				     : "is in the queue, and waits for no reviewer");
	if (is_deleted(row) != (row->delete_us != 0))
		integrity_found(check, "its lifecycle and the time of its deletion do not agree");
	if (!is_deleted(row))
		return OK;
	TRY(chore_put(rows, CHORE_PURGE_ORGANIZATION, row->delete_us + ORGANIZATION_PURGE_US, id));
	return integrity_expect(check, rows, "");
}

struct status integrity_organization(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_last_id(scan);
	const Orgd__Store__V1__Organization *row;
	ProtobufCMessage *message;
	struct batch *rows;

	integrity_unpack(check, scan, &orgd__store__v1__organization__descriptor, &message);
	row = (const Orgd__Store__V1__Organization *)message;
	if (!row || !row->organization || !row->organization->create_time) {
		if (row)
			integrity_found(check, "holds no organization");
		return OK;
	}
	TRY(derive(check, &id, row, &rows));
	TRY(integrity_expect(check, rows, ""));
	TRY(check_members(check, &id, row));
	TRY(check_owners(check, &id, row));
	TRY(check_pending(check, &id, row));
	return check_life(check, &id, row);
}

/* A reservation outlives its organization. */
struct status integrity_handle(struct integrity *check, const struct scan *scan)
{
	const Orgd__Store__V1__Handle *row;
	Orgd__Store__V1__Organization *organization;
	ProtobufCMessage *message;
	struct batch *rows;
	struct id id;

	integrity_unpack(check, scan, &orgd__store__v1__handle__descriptor, &message);
	row = (const Orgd__Store__V1__Handle *)message;
	if (!row)
		return OK;
	id = id_of_bytes(row->organization_id);
	TRY(find(check, &id, &organization));
	if (organization) {
		TRY(derive(check, &id, organization, &rows));
		integrity_belongs(check, scan, rows, "");
	} else if (!row->reserved_until_us) {
		integrity_found(check, "is taken for ever by an organization that is gone");
	}
	return OK;
}

struct status integrity_organization_index(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_last_id(scan);
	Orgd__Store__V1__Organization *row;
	struct batch *rows;

	TRY(find(check, &id, &row));
	if (!row) {
		integrity_found(check, "leads to no organization");
		return OK;
	}
	TRY(derive(check, &id, row, &rows));
	integrity_belongs(check, scan, rows, "");
	return OK;
}

struct status integrity_decision(struct integrity *check, const struct scan *scan)
{
	struct id organization_id = integrity_first_id(scan);
	Orgd__Store__V1__Organization *organization;
	ProtobufCMessage *message;

	integrity_unpack(check, scan, &orgd__store__v1__decision__descriptor, &message);
	if (message && !((const Orgd__Store__V1__Decision *)message)->decision)
		integrity_found(check, "holds no decision");
	TRY(find(check, &organization_id, &organization));
	if (!organization)
		integrity_found(check, "is about an organization that is gone");
	return OK;
}

struct status integrity_membership(struct integrity *check, const struct scan *scan)
{
	struct id organization_id = integrity_first_id(scan), user_id = integrity_last_id(scan);
	struct batch *rows = integrity_batch(check);
	Orgd__Store__V1__Organization *organization;
	const Orgd__Store__V1__Membership *row;
	Orgd__Store__V1__User *user;
	ProtobufCMessage *message;

	integrity_unpack(check, scan, &orgd__store__v1__membership__descriptor, &message);
	row = (const Orgd__Store__V1__Membership *)message;
	if (!row)
		return OK;
	if (row->role < ORGD__V1__ROLE__ROLE_MEMBER || row->role > OWNER)
		integrity_found(check, "has the role %d, which is none", (int)row->role);
	TRY(find(check, &organization_id, &organization));
	if (!organization)
		integrity_found(check, "is in an organization that is gone");
	else if (row->role == OWNER && !membership_is_owner(organization, &user_id))
		integrity_found(check, "is an Owner's, whom the organization does not name");
	TRY(user_peek(check->snapshot, &user_id, &user));
	if (!user)
		integrity_found(check, "is of a user who is not there");
	TRY(membership_insert(rows, &organization_id, &user_id, row));
	return integrity_expect(check, rows, "");
}

MUST_USE static struct status check_membership_index(struct integrity *check,
	const struct scan *scan, const struct id *organization_id, const struct id *user_id)
{
	struct batch *rows = integrity_batch(check);
	Orgd__Store__V1__Membership *row;

	TRY(membership_peek(check->snapshot, organization_id, user_id, &row));
	if (!row) {
		integrity_found(check, "leads to no membership");
		return OK;
	}
	TRY(membership_insert(rows, organization_id, user_id, row));
	integrity_belongs(check, scan, rows, "");
	return OK;
}

struct status integrity_membership_by_user(struct integrity *check, const struct scan *scan)
{
	struct id user_id = integrity_first_id(scan), organization_id = integrity_last_id(scan);

	return check_membership_index(check, scan, &organization_id, &user_id);
}

struct status integrity_membership_by_time(struct integrity *check, const struct scan *scan)
{
	struct id organization_id = integrity_first_id(scan), user_id = integrity_last_id(scan);

	return check_membership_index(check, scan, &organization_id, &user_id);
}
