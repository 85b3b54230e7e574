/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/token.h"

static void token_key(struct key *key, const struct id *id)
{
	key_begin(key, TABLE_TOKEN);
	key_add_id(key, id);
}

struct status token_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Token **row)
{
	ProtobufCMessage *message;
	struct key key;

	token_key(&key, id);
	TRY(row_get(snapshot, &key, &orgd__store__v1__token__descriptor, &message));
	*row = (Orgd__Store__V1__Token *)message;
	return OK;
}

struct status token_put(struct batch *batch, const struct id *id, const Orgd__Store__V1__Token *row)
{
	struct key key;

	token_key(&key, id);
	return row_put(batch, &key, &row->base);
}

struct status token_delete(struct batch *batch, const struct id *id)
{
	struct key key;

	token_key(&key, id);
	return batch_delete(batch, &key);
}
