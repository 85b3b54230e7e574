/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "secret/keyring.h"
#include "service/integrity_rows.h"
#include "store/driver_tables.h"
#include "store/events.h"
#include "store/rows/event.h"
#include "store/rows/organization.h"
#include "store/rows/request.h"
#include "store/rows/user.h"

/* What is written along with every change: replies, budgets, chores, events and their chain. */

struct status integrity_request(struct integrity *check, const struct scan *scan)
{
	const Orgd__Store__V1__Request *row;
	ProtobufCMessage *message;
	uint16_t day = (uint16_t)(scan->key.data[1] << 8 | scan->key.data[2]);

	integrity_unpack(check, scan, &orgd__store__v1__request__descriptor, &message);
	row = (const Orgd__Store__V1__Request *)message;
	if (!row)
		return OK;
	if ((uint16_t)(row->time_us / US_PER_DAY) != day)
		integrity_found(check, "stands under another day than its own");
	integrity_hash(check, row->payload_digest, "its digest");
	if (row->sealed_reply.len < SEAL_OVERHEAD_BYTES)
		integrity_found(check, "holds no sealed reply");
	return OK;
}

struct status integrity_usage(struct integrity *check, const struct scan *scan)
{
	const size_t head = 1 + 1 + sizeof(uint16_t);
	size_t of = scan->key.size - head;
	ProtobufCMessage *message;

	integrity_unpack(check, scan, &orgd__store__v1__usage__descriptor, &message);
	if (scan->key.size < head || (of != sizeof(struct id) && of != KEYED_HASH_BYTES))
		integrity_found(check, "is of neither an id nor an address");
	return OK;
}

/* --- chores --- */

MUST_USE static struct status check_purge(struct integrity *check, const struct id *id)
{
	Orgd__Store__V1__Organization *row;

	TRY(organization_peek(check->snapshot, id, &row));
	if (!row || !row->organization || !row->delete_us)
		integrity_found(check, "is to purge an organization that is not deleted");
	return OK;
}

MUST_USE static struct status check_erasure(struct integrity *check, const struct id *id)
{
	Orgd__Store__V1__User *row;

	TRY(user_peek(check->snapshot, id, &row));
	if (!row || !row->user || row->user->state != ORGD__V1__USER_STATE__USER_STATE_ERASED)
		integrity_found(check, "is to erase a user who is not erased");
	return OK;
}

struct status integrity_chore_row(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_last_id(scan);

	integrity_key_alone(check, scan);
	switch ((enum chore)scan->key.data[1]) {
	case CHORE_PURGE_ORGANIZATION:
		return check_purge(check, &id);
	case CHORE_ERASE_USER:
		return check_erasure(check, &id);
	case CHORE_REVOKE_INVITATIONS:
	case CHORE_FORGET_INVITATION:
	case CHORE_REMIND_INVITATION:
	case CHORE_FORGET_DOCUMENT:
	case CHORE_FORGET_COLLECTION:
	case CHORE_FORGET_WEBHOOK:
		return OK; /* harmless when there is nothing to do */
	}
	integrity_found(check, "is a chore that this version does not know");
	return OK;
}

/* --- events --- */

/* The event's place in its batch; false when it has none. */
MUST_USE static struct status find_index(struct integrity *check, const struct id *id,
	uint64_t revision, uint16_t *index, bool *found)
{
	*found = false;
	for (uint16_t i = 0; !*found && i < BATCH_EVENTS_MAX; i++) {
		struct key key;
		struct row row;

		event_index_key(&key, revision, i);
		TRY(snapshot_peek(check->snapshot, &key, &row));
		if (!row.exists)
			return OK;
		*index = i;
		*found = row.value.size >= sizeof(id->bytes) &&
			 !memcmp(row.value.data, id->bytes, sizeof(id->bytes));
	}
	return OK;
}

/* The row that puts it into its organization's list. */
MUST_USE static struct status derive(struct integrity *check, const struct id *id, uint16_t index,
	const Orgd__Store__V1__Event *row, struct batch **rows)
{
	struct id organization_id;

	*rows = integrity_batch(check);
	if (!*row->event->organization_id)
		return OK;
	TRY(id_parse(
		ID_ORGANIZATION, "organization_id", row->event->organization_id, &organization_id));
	return event_put(*rows, id, &organization_id, row_time_us(row->event->time), index, row);
}

/* SPEC rule 30: until a person is erased, the key that opens their name is there. */
MUST_USE static struct status check_names(
	struct integrity *check, const Orgd__Store__V1__Event *row)
{
	for (size_t i = 0; i < row->n_sealed; i++) {
		ProtobufCBinaryData person = row->sealed[i]->person;
		struct id user_id = id_of_bytes(person);
		Orgd__Store__V1__User *user;
		struct key key;
		struct row sealed;

		if (person.len != sizeof(user_id.bytes))
			continue; /* an address, which may have been an erased person's */
		TRY(user_peek(check->snapshot, &user_id, &user));
		key_begin(&key, TABLE_PERSON_KEY);
		key_add_id(&key, &user_id);
		TRY(snapshot_peek(check->snapshot, &key, &sealed));
		if (!user || !user->user)
			integrity_found(check, "names a user who is not there");
		else if (user->user->state != ORGD__V1__USER_STATE__USER_STATE_ERASED &&
			 !sealed.exists)
			integrity_found(check, "the key of a name in it is missing");
	}
	return OK;
}

struct status integrity_event(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_last_id(scan);
	const Orgd__Store__V1__Event *row;
	ProtobufCMessage *message;
	struct batch *rows;
	uint16_t index = 0;
	bool found;

	integrity_unpack(check, scan, &orgd__store__v1__event__descriptor, &message);
	row = (const Orgd__Store__V1__Event *)message;
	if (!row || !row->event) {
		if (row)
			integrity_found(check, "holds no event");
		return OK;
	}
	TRY(find_index(check, &id, scan->revision, &index, &found));
	if (!found) {
		integrity_found(check, "has no place in the order of events");
		return OK;
	}
	TRY(check_names(check, row));
	TRY(derive(check, &id, index, row, &rows));
	return integrity_expect(check, rows, "");
}

struct status integrity_event_by_organization(struct integrity *check, const struct scan *scan)
{
	struct id id = integrity_last_id(scan);
	const Orgd__Store__V1__Event *row = NULL;
	struct event_row event;
	ProtobufCMessage *message;
	struct batch *rows;
	uint16_t index = 0;
	bool found;

	TRY(event_by_id(check->snapshot, &id, &event));
	if (event.exists) {
		TRY(row_unpack(&check->arena, event.packed, &orgd__store__v1__event__descriptor,
			&message));
		row = (const Orgd__Store__V1__Event *)message;
	}
	if (!row || !row->event) {
		integrity_found(check, "leads to no event");
		return OK;
	}
	TRY(find_index(check, &id, event.revision, &index, &found));
	TRY(derive(check, &id, index, row, &rows));
	integrity_belongs(check, scan, rows, "");
	return OK;
}

/* Its event and its link are the chain's. */
struct status integrity_event_index(struct integrity *check, const struct scan *scan)
{
	size_t offset = 1;

	if (key_read_u64(scan->key, &offset) != scan->revision)
		integrity_found(check, "stands under another revision than its own");
	return OK;
}

struct status integrity_anchor(struct integrity *check, const struct scan *scan)
{
	uint8_t link[LINK_BYTES];
	size_t offset = 1;
	uint64_t revision = key_read_u64(scan->key, &offset);

	TRY(event_link_at(check->snapshot, revision, link));
	if (revision % ANCHOR_EVERY || revision != scan->revision ||
		scan->value.size != LINK_BYTES || memcmp(scan->value.data, link, LINK_BYTES))
		integrity_found(check, "is not the link at its revision");
	return OK;
}

struct status integrity_meta(struct integrity *check, const struct scan *scan)
{
	if (scan->value.size < META_SIZE)
		integrity_found(check, "is too short");
	return OK;
}

struct status integrity_event_chain(struct integrity *check)
{
	struct events_verified verified = { 0 };

	do {
		struct status status;

		arena_reset(&check->arena);
		TRY(store_snapshot_begin(check->reader, &check->arena, &check->snapshot));
		status = events_verify(check->snapshot, verified.next_revision, 0, &verified);
		store_snapshot_end(check->snapshot);
		if (status.code) {
			integrity_found(check, "%s", status.failure->message);
			return OK;
		}
	} while (verified.next_revision);
	return OK;
}
