/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "store/driver_tables.h"
#include "store/snapshot.h"

/* The events in the order they happened, and their hash chain. */
struct event_row {
	bool exists;
	uint64_t revision;
	uint16_t index;
	struct id id;
	struct bytes packed;      /* an orgd.store.v1.Event; valid as long as the snapshot */
	uint8_t link[LINK_BYTES]; /* of the chain, up to and with this one */
};

/* The first event at (revision, index) or after it.
 *
 *   DATA_LOSS EVENT_CHAIN_BROKEN  its place in the order leads to no such event */
MUST_USE struct status event_at_or_after(
	struct snapshot *snapshot, uint64_t revision, uint16_t index, struct event_row *event);
/* The event of this id; absent if there is none. Without its index and link. */
MUST_USE struct status event_by_id(
	struct snapshot *snapshot, const struct id *id, struct event_row *event);

enum { EVENTS_VERIFY_MAX = 10000 };

struct events_verified {
	uint64_t events;
	uint64_t next_revision; /* 0: the end was reached */
	uint64_t head_revision; /* of the last event looked at; 0 if there was none */
	uint8_t head[LINK_BYTES];
};
/* Recomputes the chain from the first event at or after `from`, to the last one at or before `to`
 * (0: the end), over at most EVENTS_VERIFY_MAX events (whole batches), and compares it with the
 * anchors on the way and, at its end, with the newest link that the store keeps.
 *
 *   DATA_LOSS EVENT_CHAIN_BROKEN  an event or a link is not what it was; the sentence names the
 *                                 revision */
MUST_USE struct status events_verify(
	struct snapshot *snapshot, uint64_t from, uint64_t to, struct events_verified *result);
/* The link of the last event at or before `revision`: zeros before the first one. */
MUST_USE struct status event_link_at(
	struct snapshot *snapshot, uint64_t revision, uint8_t link[LINK_BYTES]);

/* How links are made: BLAKE2b-256 over length-prefixed (previous link, revision, index, event id,
 * digest of the event). */
void event_link(const uint8_t previous[LINK_BYTES], uint64_t revision, uint16_t index,
	const struct id *id, struct bytes packed, uint8_t link[LINK_BYTES]);
void event_index_key(struct key *key, uint64_t revision, uint16_t index);
void event_key(struct key *key, const struct id *id);
void event_anchor_key(struct key *key, uint64_t revision);
