/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/person.h"

#include "orgd/store/v1/rows.pb-c.h"

struct bytes person_of_user(struct arena *arena, const struct id *user_id)
{
	return arena_copy(arena, bytes_of(user_id->bytes, sizeof(user_id->bytes)));
}

struct bytes person_of_email(
	struct arena *arena, const struct keyring *keyring, const char *canonical_email)
{
	uint8_t *hash = arena_alloc(arena, KEYED_HASH_BYTES);

	keyed_hash(keyring, KEY_ADDRESS, bytes_of_string(canonical_email), hash);
	return bytes_of(hash, KEYED_HASH_BYTES);
}

static void person_key(struct key *key, struct bytes person)
{
	key_begin(key, TABLE_PERSON_KEY);
	key_add_bytes(key, person.data, person.size);
}

static struct bytes sealed_of(const ProtobufCMessage *message)
{
	const Orgd__Store__V1__PersonKey *row = (const Orgd__Store__V1__PersonKey *)message;

	return bytes_of(row->sealed_key.data, row->sealed_key.len);
}

MUST_USE static struct status open_row(struct snapshot *snapshot, const struct keyring *keyring,
	const struct key *row_key, const ProtobufCMessage *message, uint8_t key[32])
{
	struct bytes plain;

	TRY(unseal(keyring, KEY_PERSON, key_bytes(row_key), sealed_of(message),
		snapshot_arena(snapshot), &plain));
	if (plain.size != 32)
		return status_fail(STATUS_DATA_LOSS, "ROW_CORRUPT", "a person's key has %zu bytes",
			plain.size);
	memcpy(key, plain.data, 32);
	wipe((void *)(uintptr_t)plain.data, plain.size);
	return OK;
}

MUST_USE static struct status put_row(struct snapshot *snapshot, const struct keyring *keyring,
	struct entropy *entropy, const struct key *row_key, const uint8_t key[32])
{
	Orgd__Store__V1__PersonKey row = ORGD__STORE__V1__PERSON_KEY__INIT;
	struct bytes sealed;
	uint8_t nonce[24];

	entropy_draw(entropy, nonce, sizeof(nonce));
	sealed = seal(keyring, KEY_PERSON, key_bytes(row_key), nonce, bytes_of(key, 32),
		snapshot_arena(snapshot));
	row.sealed_key = (ProtobufCBinaryData){ sealed.size, (uint8_t *)(uintptr_t)sealed.data };
	return row_put(snapshot_batch(snapshot), row_key, &row.base);
}

struct status person_key_take(struct snapshot *snapshot, const struct keyring *keyring,
	struct entropy *entropy, struct bytes person, uint8_t key[32])
{
	size_t count = keyring_count(keyring), by;
	ProtobufCMessage *message;
	struct key row_key;

	person_key(&row_key, person);
	TRY(row_get(snapshot, &row_key, &orgd__store__v1__person_key__descriptor, &message));
	by = message ? sealed_by(keyring, sealed_of(message)) : count;
	if (by < count)
		TRY(open_row(snapshot, keyring, &row_key, message, key));
	else
		entropy_draw(entropy, key, 32);
	/* What an older master key sealed moves to the newest, so that the older can be retired. */
	return by ? put_row(snapshot, keyring, entropy, &row_key, key) : OK;
}

struct status person_key_find(struct snapshot *snapshot, const struct keyring *keyring,
	struct bytes person, uint8_t key[32], bool *known)
{
	ProtobufCMessage *message;
	struct key row_key;

	person_key(&row_key, person);
	TRY(row_peek(snapshot, &row_key, &orgd__store__v1__person_key__descriptor, &message));
	*known = message && sealed_by(keyring, sealed_of(message)) < keyring_count(keyring);
	return *known ? open_row(snapshot, keyring, &row_key, message, key) : OK;
}

struct status person_delete(struct batch *batch, struct bytes person)
{
	struct key key;

	person_key(&key, person);
	return batch_delete(batch, &key);
}
