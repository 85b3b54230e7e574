/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/event.h"

void event_organization_prefix(struct key *key, const struct id *organization)
{
	key_begin(key, TABLE_EVENT_BY_ORGANIZATION);
	key_add_id(key, organization);
}

struct id event_of_organization_key(struct bytes key, uint16_t *index)
{
	size_t offset = key.size - sizeof(struct id) - sizeof(*index);

	*index = (uint16_t)(key.data[offset] << 8 | key.data[offset + 1]);
	offset += sizeof(*index);
	return key_read_id(key, &offset);
}

struct status event_put(struct batch *batch, const struct id *id, const struct id *organization,
	int64_t now_us, uint16_t index, const Orgd__Store__V1__Event *event)
{
	size_t size = orgd__store__v1__event__get_packed_size(event);
	uint8_t *packed = arena_alloc(batch_arena(batch), size + 1);
	struct key key;

	orgd__store__v1__event__pack(event, packed);
	TRY(batch_add_event(batch, id, bytes_of(packed, size)));
	if (!organization)
		return OK;
	event_organization_prefix(&key, organization);
	key_add_u64(&key, (uint64_t)now_us);
	key_add_u16(&key, index);
	key_add_id(&key, id);
	return row_put_index(batch, &key);
}
