/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/decision.h"

struct status decision_insert(struct batch *batch, const struct id *organization_id, int64_t now_us,
	const struct id *id, const Orgd__Store__V1__Decision *row)
{
	struct key key;

	decision_organization_prefix(&key, organization_id);
	key_add_u64(&key, (uint64_t)now_us);
	key_add_id(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status decision_delete(struct batch *batch, struct bytes key)
{
	struct key copy = { 0 };

	key_add_bytes(&copy, key.data, key.size);
	return batch_delete(batch, &copy);
}

void decision_organization_prefix(struct key *key, const struct id *organization_id)
{
	key_begin(key, TABLE_DECISION);
	key_add_id(key, organization_id);
}

struct id decision_of_key(struct bytes key)
{
	size_t offset = key.size - sizeof(struct id);

	return key_read_id(key, &offset);
}

struct status decision_of_value(
	struct arena *arena, struct bytes value, Orgd__Store__V1__Decision **row)
{
	ProtobufCMessage *message;

	TRY(row_unpack(arena, value, &orgd__store__v1__decision__descriptor, &message));
	*row = (Orgd__Store__V1__Decision *)message;
	return OK;
}
