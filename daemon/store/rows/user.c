/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/user.h"

void user_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_USER);
	key_add_id(key, id);
}

static void email_key(struct key *key, const char *canonical_email)
{
	key_begin(key, TABLE_USER_BY_EMAIL);
	key_add_string(key, canonical_email);
}

struct status user_get(struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__User **row)
{
	ProtobufCMessage *message;
	struct key key;

	user_key(&key, id);
	TRY(row_get(snapshot, &key, &orgd__store__v1__user__descriptor, &message));
	*row = (Orgd__Store__V1__User *)message;
	return OK;
}

struct status user_view(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__UserView **view)
{
	ProtobufCMessage *message;
	struct key key;

	user_key(&key, id);
	TRY(row_view(snapshot, &key, &orgd__store__v1__user_view__descriptor, &message));
	*view = (Orgd__Store__V1__UserView *)message;
	return OK;
}

struct status user_peek(struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__User **row)
{
	ProtobufCMessage *message;
	struct key key;

	user_key(&key, id);
	TRY(row_peek(snapshot, &key, &orgd__store__v1__user__descriptor, &message));
	*row = (Orgd__Store__V1__User *)message;
	return OK;
}

struct status user_find(struct snapshot *snapshot, const char *canonical_email, struct id *id,
	Orgd__Store__V1__User **row)
{
	struct key key;
	bool exists;

	*row = NULL;
	email_key(&key, canonical_email);
	TRY(row_get_id(snapshot, &key, id, &exists));
	return exists ? user_get(snapshot, id, row) : OK;
}

struct status user_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__User *row)
{
	struct key key;

	user_time_prefix(&key);
	key_add_u64(&key, (uint64_t)row_time_us(row->user->create_time));
	key_add_id(&key, id);
	TRY(row_put_index(batch, &key));
	email_key(&key, row->canonical_email);
	TRY(row_put_id(batch, &key, id));
	return user_put(batch, id, row);
}

struct status user_put(struct batch *batch, const struct id *id, const Orgd__Store__V1__User *row)
{
	struct key key;

	user_key(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status user_free_email(struct batch *batch, const char *canonical_email)
{
	struct key key;

	email_key(&key, canonical_email);
	return batch_delete(batch, &key);
}

void user_prefix(struct key *key)
{
	key_begin(key, TABLE_USER);
}

void user_time_prefix(struct key *key)
{
	key_begin(key, TABLE_USER_BY_TIME);
}

struct id user_of_time_key(struct bytes key)
{
	size_t offset = key.size - sizeof(struct id);

	return key_read_id(key, &offset);
}
