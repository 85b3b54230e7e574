/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/keyring.h"
#include "service/integrity_rows.h"
#include "store/rows/api_key.h"
#include "store/rows/membership.h"
#include "store/rows/session.h"
#include "store/rows/token.h"
#include "store/rows/user.h"

/* Users, sessions, tokens, API keys and the keys that seal people's names. */

#define ERASED ORGD__V1__USER_STATE__USER_STATE_ERASED
#define OWNER  ORGD__V1__ROLE__ROLE_OWNER

static bool is_erased(const Orgd__Store__V1__User *row)
{
	return row->user->state == ERASED;
}

/* An erased user has no claim on the address any more. */
static const char *user_lacks(const Orgd__Store__V1__User *row)
{
	static const char email[] = { TABLE_USER_BY_EMAIL, '\0' };

	return is_erased(row) ? email : "";
}

MUST_USE static struct status check_memberships(
	struct integrity *check, const struct id *id, const Orgd__Store__V1__User *row)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	uint32_t organizations = 0, owned = 0;
	struct key prefix;

	membership_user_prefix(&prefix, id);
	TRY(scan_begin(&scan, check->snapshot, &prefix, NULL));
	while (scan.found) {
		Orgd__Store__V1__Membership *membership;

		TRY(membership_of_value(&check->arena, scan.value, &membership));
		organizations++;
		owned += membership->role == OWNER;
		TRY(scan_next(&scan));
	}
	if (organizations != row->organization_count)
		integrity_found(check, "counts %u organizations; there are %u",
			row->organization_count, organizations);
	if (owned != row->owned_count)
		integrity_found(check, "counts %u owned organizations; there are %u",
			row->owned_count, owned);
	return OK;
}

MUST_USE static struct status check_token_of(
	struct integrity *check, const struct id *id, ProtobufCBinaryData token, const char *which)
{
	struct id token_id = id_of_bytes(token), user_id;
	Orgd__Store__V1__Token *row;

	if (!token.len)
		return OK;
	TRY(token_get(check->snapshot, &token_id, &row));
	user_id = id_of_bytes(row ? row->user_id : (ProtobufCBinaryData){ 0, NULL });
	if (!row || !id_equal(&user_id, id))
		integrity_found(check, "its %s token is missing", which);
	return OK;
}

MUST_USE static struct status check_erased(
	struct integrity *check, const struct id *id, const Orgd__Store__V1__User *row)
{
	uint32_t memberships;
	struct key prefix;
	bool pending;

	if (*row->user->email || *row->user->display_name || *row->password_hash ||
		row->verification_token_id.len || row->reset_token_id.len)
		integrity_found(check, "is erased, and says something about the person");
	TRY(integrity_chore(check, CHORE_ERASE_USER, id, &pending));
	if (pending)
		return OK;
	membership_user_prefix(&prefix, id);
	TRY(integrity_count(check, &prefix, &memberships));
	if (*row->canonical_email || memberships)
		integrity_found(
			check, "is erased, and what is left of the person goes in no sweep");
	return OK;
}

struct status integrity_user(struct integrity *check, const struct scan *scan)
{
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan);
	ProtobufCMessage *message;
	const Orgd__Store__V1__User *row;

	integrity_unpack(check, scan, &orgd__store__v1__user__descriptor, &message);
	row = (const Orgd__Store__V1__User *)message;
	if (!row || !row->user || !row->user->create_time) {
		if (row)
			integrity_found(check, "holds no user");
		return OK;
	}
	TRY(user_insert(rows, &id, row));
	TRY(integrity_expect(check, rows, user_lacks(row)));
	TRY(check_memberships(check, &id, row));
	TRY(check_token_of(check, &id, row->verification_token_id, "verification"));
	TRY(check_token_of(check, &id, row->reset_token_id, "reset"));
	return is_erased(row) ? check_erased(check, &id, row) : OK;
}

MUST_USE static struct status check_user_index(
	struct integrity *check, const struct scan *scan, const struct id *id)
{
	struct batch *rows = integrity_batch(check);
	Orgd__Store__V1__User *row;

	TRY(user_peek(check->snapshot, id, &row));
	if (!row || !row->user || !row->user->create_time) {
		integrity_found(check, "leads to no user");
		return OK;
	}
	TRY(user_insert(rows, id, row));
	integrity_belongs(check, scan, rows, user_lacks(row));
	return OK;
}

struct status integrity_user_by_email(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_value_id(check, scan);

	return id_is_zero(&id) ? OK : check_user_index(check, scan, &id);
}

struct status integrity_user_by_time(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_last_id(scan);

	return check_user_index(check, scan, &id);
}

struct status integrity_session(struct integrity *check, const struct scan *scan)
{
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan), user_id;
	const Orgd__Store__V1__Session *row;
	Orgd__Store__V1__User *user;
	ProtobufCMessage *message;

	integrity_unpack(check, scan, &orgd__store__v1__session__descriptor, &message);
	row = (const Orgd__Store__V1__Session *)message;
	if (!row || !row->session) {
		if (row)
			integrity_found(check, "holds no session");
		return OK;
	}
	user_id = id_of_bytes(row->user_id);
	TRY(user_peek(check->snapshot, &user_id, &user));
	if (!user)
		integrity_found(check, "is nobody's");
	integrity_hash(check, row->secret_hash, "its secret");
	TRY(session_insert(rows, &id, row));
	return integrity_expect(check, rows, "");
}

struct status integrity_session_index(struct integrity *check, const struct scan *scan)
{
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan);
	Orgd__Store__V1__Session *row;

	TRY(session_peek(check->snapshot, &id, &row));
	if (!row || !row->session) {
		integrity_found(check, "leads to no session");
		return OK;
	}
	TRY(session_insert(rows, &id, row));
	integrity_belongs(check, scan, rows, "");
	return OK;
}

struct status integrity_token(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_last_id(scan), user_id, verification_id, reset_id;
	const Orgd__Store__V1__Token *row;
	Orgd__Store__V1__User *user;
	ProtobufCMessage *message;

	integrity_unpack(check, scan, &orgd__store__v1__token__descriptor, &message);
	row = (const Orgd__Store__V1__Token *)message;
	if (!row)
		return OK;
	integrity_hash(check, row->secret_hash, "its secret");
	user_id = id_of_bytes(row->user_id);
	TRY(user_peek(check->snapshot, &user_id, &user));
	if (!user) {
		integrity_found(check, "is nobody's");
		return OK;
	}
	verification_id = id_of_bytes(user->verification_token_id);
	reset_id = id_of_bytes(user->reset_token_id);
	if (!id_equal(&id, &verification_id) && !id_equal(&id, &reset_id))
		integrity_found(check, "is live, and its user does not know it");
	return OK;
}

struct status integrity_api_key(struct integrity *check, const struct scan *scan)
{
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan);
	const Orgd__Store__V1__ApiKey *row;
	ProtobufCMessage *message;

	integrity_unpack(check, scan, &orgd__store__v1__api_key__descriptor, &message);
	row = (const Orgd__Store__V1__ApiKey *)message;
	if (!row || !row->api_key) {
		if (row)
			integrity_found(check, "holds no API key");
		return OK;
	}
	integrity_hash(check, row->secret_hash, "its secret");
	TRY(api_key_insert(rows, &id, row));
	return integrity_expect(check, rows, "");
}

struct status integrity_api_key_by_time(struct integrity *check, const struct scan *scan)
{
	struct batch *rows = integrity_batch(check);
	struct id id = integrity_last_id(scan);
	Orgd__Store__V1__ApiKey *row;

	TRY(api_key_peek(check->snapshot, &id, &row));
	if (!row || !row->api_key) {
		integrity_found(check, "leads to no API key");
		return OK;
	}
	TRY(api_key_insert(rows, &id, row));
	integrity_belongs(check, scan, rows, "");
	return OK;
}

/* SPEC rule 30: the key of an erased person is gone. */
struct status integrity_person_key(struct integrity *check, const struct scan *scan)
{
	ProtobufCMessage *message;
	Orgd__Store__V1__User *user;
	bool pending;
	struct id id;

	integrity_unpack(check, scan, &orgd__store__v1__person_key__descriptor, &message);
	if (message && ((const Orgd__Store__V1__PersonKey *)message)->sealed_key.len !=
			       SEAL_OVERHEAD_BYTES + 32)
		integrity_found(check, "holds no sealed key");
	if (scan->key.size == 1 + KEYED_HASH_BYTES)
		return OK;
	if (scan->key.size != 1 + sizeof(id.bytes)) {
		integrity_found(check, "is of neither a user nor an address");
		return OK;
	}
	id = integrity_last_id(scan);
	TRY(user_peek(check->snapshot, &id, &user));
	if (!user || !user->user) {
		integrity_found(check, "is nobody's");
		return OK;
	}
	if (!is_erased(user))
		return OK;
	TRY(integrity_chore(check, CHORE_ERASE_USER, &id, &pending));
	if (!pending)
		integrity_found(check, "opens the names of an erased person");
	return OK;
}
