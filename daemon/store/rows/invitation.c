/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/invitation.h"

static void invitation_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_INVITATION);
	key_add_id(key, id);
}

void invitation_organization_prefix(struct key *key, const struct id *organization_id)
{
	key_begin(key, TABLE_INVITATION_BY_ORGANIZATION);
	key_add_id(key, organization_id);
}

void invitation_pending_prefix(struct key *key, const struct id *organization_id)
{
	key_begin(key, TABLE_INVITATION_PENDING);
	key_add_id(key, organization_id);
}

void invitation_email_prefix(struct key *key, const char *email)
{
	key_begin(key, TABLE_INVITATION_BY_EMAIL);
	key_add_string(key, email);
}

void invitation_expiry_prefix(struct key *key)
{
	key_begin(key, TABLE_INVITATION_EXPIRY);
}

struct id invitation_of_key(struct bytes key, int64_t *us)
{
	size_t offset = key.size - sizeof(struct id) - sizeof(uint64_t);

	*us = (int64_t)key_read_u64(key, &offset);
	return key_read_id(key, &offset);
}

static void expiry_key(struct key *key, int64_t expire_us, const struct id *id)
{
	invitation_expiry_prefix(key);
	key_add_u64(key, (uint64_t)expire_us);
	key_add_id(key, id);
}

/* The keys that lead to a row. */
struct ways {
	struct key organization, pending, email, expiry;
};

static void ways_of(struct ways *ways, const struct id *id, const Orgd__Store__V1__Invitation *row)
{
	uint64_t create_us = (uint64_t)row_time_us(row->invitation->create_time);
	struct id organization_id = id_of_bytes(row->organization_id);

	invitation_organization_prefix(&ways->organization, &organization_id);
	key_add_u64(&ways->organization, create_us);
	key_add_id(&ways->organization, id);
	invitation_pending_prefix(&ways->pending, &organization_id);
	key_add_string(&ways->pending, row->canonical_email);
	invitation_email_prefix(&ways->email, row->canonical_email);
	key_add_u64(&ways->email, create_us);
	key_add_id(&ways->email, id);
	expiry_key(&ways->expiry, row->expire_us, id);
}

struct status invitation_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Invitation **row)
{
	struct key key;

	invitation_key(&key, id);
	return row_get(snapshot, &key, &orgd__store__v1__invitation__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status invitation_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Invitation **row)
{
	struct key key;

	invitation_key(&key, id);
	return row_peek(snapshot, &key, &orgd__store__v1__invitation__descriptor,
		(ProtobufCMessage **)(void *)row);
}

struct status invitation_get_pending(struct snapshot *snapshot, const struct id *organization_id,
	const char *email, struct id *id, bool *exists)
{
	struct key key;

	invitation_pending_prefix(&key, organization_id);
	key_add_string(&key, email);
	return row_get_id(snapshot, &key, id, exists);
}

struct status invitation_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Invitation *row)
{
	struct key key;

	invitation_key(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status invitation_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Invitation *row)
{
	struct ways ways;

	ways_of(&ways, id, row);
	TRY(invitation_put(batch, id, row));
	TRY(row_put_index(batch, &ways.organization));
	TRY(row_put_id(batch, &ways.pending, id));
	TRY(row_put_index(batch, &ways.email));
	return row_put_index(batch, &ways.expiry);
}

struct status invitation_renew(struct batch *batch, const struct id *id,
	const Orgd__Store__V1__Invitation *row, int64_t old_expire_us)
{
	struct key key;

	expiry_key(&key, old_expire_us, id);
	TRY(batch_delete(batch, &key));
	expiry_key(&key, row->expire_us, id);
	TRY(row_put_index(batch, &key));
	return invitation_put(batch, id, row);
}

MUST_USE static struct status delete_pending(struct batch *batch, const struct ways *ways)
{
	TRY(batch_delete(batch, &ways->pending));
	TRY(batch_delete(batch, &ways->email));
	return batch_delete(batch, &ways->expiry);
}

struct status invitation_close(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Invitation *row)
{
	struct ways ways;

	ways_of(&ways, id, row);
	TRY(delete_pending(batch, &ways));
	return invitation_put(batch, id, row);
}

struct status invitation_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Invitation *row)
{
	struct ways ways;
	struct key key;

	ways_of(&ways, id, row);
	/* A later one may be pending for the same address. */
	if (row->invitation->state == ORGD__V1__INVITATION_STATE__INVITATION_STATE_PENDING)
		TRY(delete_pending(batch, &ways));
	TRY(batch_delete(batch, &ways.organization));
	invitation_key(&key, id);
	return batch_delete(batch, &key);
}
