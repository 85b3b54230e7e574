/* SPDX-License-Identifier: Apache-2.0 */
#include "store/events.h"

#include <inttypes.h>

#include "store/internal.h"

MUST_USE static struct status chain_broken(uint64_t revision)
{
	return status_fail(STATUS_DATA_LOSS, "EVENT_CHAIN_BROKEN",
		"the hash chain of the events is broken at revision %" PRIu64
		"; compare with a backup",
		revision);
}

struct status event_by_id(struct snapshot *snapshot, const struct id *id, struct event_row *event)
{
	struct key key;
	struct row row;

	event_key(&key, id);
	TRY(snapshot_peek(snapshot, &key, &row));
	*event = (struct event_row){
		.exists = row.exists, .revision = row.revision, .id = *id, .packed = row.value
	};
	return OK;
}

/* What the index row that a scan stands on says, the event with it. */
MUST_USE static struct status read_indexed(
	struct snapshot *snapshot, const struct scan *scan, struct event_row *event)
{
	size_t offset = 1;
	uint64_t revision;
	uint16_t index;
	struct id id;

	if (scan->key.size != offset + sizeof(revision) + sizeof(index) ||
		scan->value.size != sizeof(id.bytes) + LINK_BYTES)
		return chain_broken(scan->revision);
	revision = key_read_u64(scan->key, &offset);
	index = (uint16_t)(scan->key.data[offset] << 8 | scan->key.data[offset + 1]);
	memcpy(id.bytes, scan->value.data, sizeof(id.bytes));
	TRY(event_by_id(snapshot, &id, event));
	if (!event->exists || event->revision != revision)
		return chain_broken(revision);
	event->index = index;
	memcpy(event->link, scan->value.data + sizeof(id.bytes), LINK_BYTES);
	return OK;
}

MUST_USE static struct status scan_from(
	struct scan *scan, struct snapshot *snapshot, uint64_t revision, uint16_t index)
{
	struct key table, after;

	key_begin(&table, TABLE_EVENT_INDEX);
	if (!revision && !index)
		return scan_begin(scan, snapshot, &table, NULL);
	event_index_key(&after, index ? revision : revision - 1,
		index ? (uint16_t)(index - 1) : UINT16_MAX);
	return scan_begin(scan, snapshot, &table, &after);
}

struct status event_at_or_after(
	struct snapshot *snapshot, uint64_t revision, uint16_t index, struct event_row *event)
{
	CLEANUP(scan_end) struct scan scan = { 0 };

	*event = (struct event_row){ 0 };
	TRY(scan_from(&scan, snapshot, revision, index));
	return scan.found ? read_indexed(snapshot, &scan, event) : OK;
}

struct status event_link_at(struct snapshot *snapshot, uint64_t revision, uint8_t link[LINK_BYTES])
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct event_row event;
	struct key table, before;

	memset(link, 0, LINK_BYTES);
	key_begin(&table, TABLE_EVENT_INDEX);
	event_index_key(&before, revision + 1, 0);
	TRY(scan_begin_reverse(&scan, snapshot, &table, &before));
	if (!scan.found)
		return OK;
	TRY(read_indexed(snapshot, &scan, &event));
	memcpy(link, event.link, LINK_BYTES);
	return OK;
}

/* Compares `link`, of the last event before `revision`, with the last anchor before it, unless that
 * lies before `from`. */
MUST_USE static struct status check_anchor(
	struct snapshot *snapshot, uint64_t from, uint64_t revision, const uint8_t link[LINK_BYTES])
{
	uint64_t anchor = (revision - 1) / ANCHOR_EVERY * ANCHOR_EVERY;
	struct key key;
	struct row row;

	if (!anchor || anchor < from)
		return OK;
	event_anchor_key(&key, anchor);
	TRY(snapshot_peek(snapshot, &key, &row));
	if (row.value.size != LINK_BYTES || memcmp(row.value.data, link, LINK_BYTES))
		return chain_broken(anchor);
	return OK;
}

/* Has the chain's end been cut off? */
MUST_USE static struct status check_end(struct snapshot *snapshot, const uint8_t link[LINK_BYTES])
{
	struct meta meta;

	TRY(meta_read(snapshot->store, snapshot->txn, &meta));
	return memcmp(meta.link, link, LINK_BYTES) ? chain_broken(meta.revision) : OK;
}

/* Adds the event to what was verified. */
MUST_USE static struct status verify_event(struct snapshot *snapshot, const struct event_row *event,
	uint64_t from, struct events_verified *result)
{
	uint8_t link[LINK_BYTES];

	if (result->head_revision > from)
		from = result->head_revision;
	TRY(check_anchor(snapshot, from, event->revision, result->head));
	event_link(result->head, event->revision, event->index, &event->id, event->packed, link);
	if (memcmp(link, event->link, LINK_BYTES))
		return chain_broken(event->revision);
	memcpy(result->head, link, LINK_BYTES);
	result->head_revision = event->revision;
	result->events++;
	return OK;
}

struct status events_verify(
	struct snapshot *snapshot, uint64_t from, uint64_t to, struct events_verified *out)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct events_verified result = { 0 };

	if (from)
		TRY(event_link_at(snapshot, from - 1, result.head));
	TRY(scan_from(&scan, snapshot, from, 0));
	while (scan.found) {
		struct event_row event;

		TRY(read_indexed(snapshot, &scan, &event));
		if (to && event.revision > to)
			break;
		if (result.events >= EVENTS_VERIFY_MAX && event.revision != result.head_revision) {
			result.next_revision = event.revision;
			break;
		}
		TRY(verify_event(snapshot, &event, from, &result));
		TRY(scan_next(&scan));
	}
	if (!scan.found)
		TRY(check_end(snapshot, result.head));
	*out = result;
	return OK;
}
