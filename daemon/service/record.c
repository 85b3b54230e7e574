/* SPDX-License-Identifier: Apache-2.0 */
#include "service/record.h"

#include <string.h>

#include "service/collection.h"
#include "service/document.h"
#include "service/grant.h"
#include "service/organization.h"
#include "service/user.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"
#include "store/tables.h"

#define DELETED ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED
#define ERASED  ORGD__V1__USER_STATE__USER_STATE_ERASED
#define OWNER   ORGD__V1__ROLE__ROLE_OWNER

static char nothing[] = "";

/* --- the messages --- */

Orgd__V1__User *record_user(
	struct call *call, const struct id *id, const Orgd__Store__V1__User *row)
{
	Orgd__V1__User *user = user_message(call, id, row);

	user->etag = nothing;
	return user;
}

Orgd__V1__Organization *record_organization(
	struct call *call, const struct id *id, const Orgd__Store__V1__Organization *row)
{
	Orgd__V1__Organization *organization = organization_message(call, id, row);

	organization->etag = nothing;
	organization->n_owners = 0;
	organization->member_count = organization->pending_count = 0;
	return organization;
}

Orgd__V1__Member *record_owner(
	struct call *call, const struct id *user_id, const Orgd__Store__V1__Membership *row)
{
	Orgd__V1__Member *member = ARENA_NEW(call->arena, Orgd__V1__Member);
	struct id invited_by = id_of_bytes(row->invited_by);

	orgd__v1__member__init(member);
	member->user_id = id_text(call->arena, ID_USER, user_id);
	member->join_time = timestamp_new(call->arena, row->join_us);
	member->update_time = timestamp_new(call->arena, row->update_us);
	member->invited_by = id_text(call->arena, ID_USER, &invited_by);
	return member;
}

Orgd__V1__Member *record_member(struct call *call, const struct id *organization_id,
	const struct id *user_id, const Orgd__Store__V1__Membership *row)
{
	Orgd__V1__Member *member = record_owner(call, user_id, row);

	member->organization_id = id_text(call->arena, ID_ORGANIZATION, organization_id);
	member->role = row->role;
	return member;
}

Orgd__V1__Collection *record_collection(
	struct call *call, const struct id *id, const Orgd__Store__V1__Collection *row)
{
	Orgd__V1__Collection *collection = collection_message(call, id, row);

	collection->etag = nothing;
	collection->document_count = 0;
	return collection;
}

struct status record_document(struct call *call, const struct id *id,
	const Orgd__Store__V1__Document *row, Orgd__V1__Document **document)
{
	TRY(document_message(call, id, row, document));
	(*document)->etag = nothing;
	return OK;
}

Orgd__V1__Grant *record_grant(
	struct call *call, const struct id *id, const Orgd__Store__V1__Grant *row)
{
	Orgd__V1__Grant *grant = grant_message(call, id, row);

	grant->etag = nothing;
	return grant;
}

/* --- the rows --- */

MUST_USE static struct status unpack(struct call *call, const struct scan *scan,
	const ProtobufCMessageDescriptor *descriptor, const void **row)
{
	ProtobufCMessage *message;

	TRY(row_unpack(call->arena, scan->value, descriptor, &message));
	*row = message;
	return OK;
}

static struct id last_id(const struct scan *scan)
{
	size_t offset = scan->key.size - sizeof(struct id);

	return key_read_id(scan->key, &offset);
}

static Orgd__V1__Record *record_new(struct call *call, Orgd__V1__Record__KindCase kind)
{
	Orgd__V1__Record *record = ARENA_NEW(call->arena, Orgd__V1__Record);

	orgd__v1__record__init(record);
	record->kind_case = kind;
	return record;
}

MUST_USE static struct status read_user(struct call *call, struct record_reader *reader,
	const struct scan *scan, Orgd__V1__Record **record)
{
	const Orgd__Store__V1__User *row;
	struct id id = last_id(scan);

	(void)reader;
	TRY(unpack(call, scan, &orgd__store__v1__user__descriptor, (const void **)&row));
	if (row->user->state == ERASED)
		return OK;
	*record = record_new(call, ORGD__V1__RECORD__KIND_USER);
	(*record)->user = record_user(call, &id, row);
	return OK;
}

/* An erased user's memberships go in a sweep, and are none from the first moment. */
MUST_USE static struct status is_erased(struct call *call, const struct id *user_id, bool *erased)
{
	Orgd__Store__V1__UserView *user;

	TRY(user_view(call->snapshot, user_id, &user));
	*erased = !user || user->user->state == ERASED;
	return OK;
}

MUST_USE static struct status add_owners(struct call *call, const struct id *id,
	const Orgd__Store__V1__Organization *row, Orgd__V1__Record *record)
{
	bool contact_owns = false;

	record->owners = ARENA_ARRAY(call->arena, Orgd__V1__Member *, row->n_owner_ids + 1);
	for (size_t i = 0; i < row->n_owner_ids; i++) {
		struct id owner_id = id_of_bytes(row->owner_ids[i]);
		Orgd__Store__V1__Membership *membership;
		Orgd__V1__Member *owner;
		bool erased;

		TRY(membership_peek(call->snapshot, id, &owner_id, &membership));
		TRY(is_erased(call, &owner_id, &erased));
		if (!membership || erased)
			continue;
		owner = record_owner(call, &owner_id, membership);
		contact_owns |= !strcmp(owner->user_id, record->organization->primary_contact);
		record->owners[record->n_owners++] = owner;
	}
	/* The contact who is being erased hands over to the first of the others. */
	if (!contact_owns && record->n_owners)
		record->organization->primary_contact = record->owners[0]->user_id;
	return OK;
}

MUST_USE static struct status read_organization(struct call *call, struct record_reader *reader,
	const struct scan *scan, Orgd__V1__Record **record)
{
	const Orgd__Store__V1__Organization *row;
	struct id id = last_id(scan);

	(void)reader;
	TRY(unpack(call, scan, &orgd__store__v1__organization__descriptor, (const void **)&row));
	if (row->organization->lifecycle == DELETED)
		return OK;
	*record = record_new(call, ORGD__V1__RECORD__KIND_ORGANIZATION);
	(*record)->organization = record_organization(call, &id, row);
	return add_owners(call, &id, row, *record);
}

/* Is the organization there, and not deleted? They come many of one together. */
MUST_USE static struct status look_at_organization(
	struct call *call, struct record_reader *reader, const struct id *id)
{
	Orgd__Store__V1__OrganizationView *view;

	if (id_equal(&reader->organization_id, id))
		return OK;
	TRY(organization_view(call->snapshot, id, &view));
	reader->organization_id = *id;
	reader->is_there = view && view->organization->lifecycle != DELETED;
	return OK;
}

MUST_USE static struct status read_member(struct call *call, struct record_reader *reader,
	const struct scan *scan, Orgd__V1__Record **record)
{
	struct id user_id = last_id(scan), organization_id;
	const Orgd__Store__V1__Membership *row;
	size_t offset = 1;
	bool erased;

	organization_id = key_read_id(scan->key, &offset);
	TRY(unpack(call, scan, &orgd__store__v1__membership__descriptor, (const void **)&row));
	TRY(look_at_organization(call, reader, &organization_id));
	if (row->role == OWNER || !reader->is_there)
		return OK;
	TRY(is_erased(call, &user_id, &erased));
	if (erased)
		return OK;
	*record = record_new(call, ORGD__V1__RECORD__KIND_MEMBER);
	(*record)->member = record_member(call, &organization_id, &user_id, row);
	return OK;
}

MUST_USE static struct status read_collection(struct call *call, struct record_reader *reader,
	const struct scan *scan, Orgd__V1__Record **record)
{
	const Orgd__Store__V1__Collection *row;
	struct id id = last_id(scan);

	(void)reader;
	TRY(unpack(call, scan, &orgd__store__v1__collection__descriptor, (const void **)&row));
	*record = record_new(call, ORGD__V1__RECORD__KIND_COLLECTION);
	(*record)->collection = record_collection(call, &id, row);
	return OK;
}

MUST_USE static struct status read_document(struct call *call, struct record_reader *reader,
	const struct scan *scan, Orgd__V1__Record **record)
{
	const Orgd__Store__V1__Document *row;
	struct id id = last_id(scan);

	(void)reader;
	TRY(unpack(call, scan, &orgd__store__v1__document__descriptor, (const void **)&row));
	*record = record_new(call, ORGD__V1__RECORD__KIND_DOCUMENT);
	return record_document(call, &id, row, &(*record)->document);
}

MUST_USE static struct status read_grant(struct call *call, struct record_reader *reader,
	const struct scan *scan, Orgd__V1__Record **record)
{
	const Orgd__Store__V1__Grant *row;
	struct id id = last_id(scan);
	struct grant_place place;
	bool live;

	TRY(unpack(call, scan, &orgd__store__v1__grant__descriptor, (const void **)&row));
	place = grant_place(row);
	TRY(look_at_organization(call, reader, &place.organization_id));
	TRY(grant_is_live(call, row, &live));
	if (!reader->is_there || !live)
		return OK;
	*record = record_new(call, ORGD__V1__RECORD__KIND_GRANT);
	(*record)->grant = record_grant(call, &id, row);
	return OK;
}

const uint8_t record_tables[] = { TABLE_USER, TABLE_ORGANIZATION, TABLE_MEMBERSHIP,
	TABLE_COLLECTION, TABLE_DOCUMENT, TABLE_GRANT, 0 };

struct status record_read(struct call *call, struct record_reader *reader, const struct scan *scan,
	Orgd__V1__Record **record)
{
	*record = NULL;
	switch (scan->key.data[0]) {
	case TABLE_USER:
		return read_user(call, reader, scan, record);
	case TABLE_ORGANIZATION:
		return read_organization(call, reader, scan, record);
	case TABLE_MEMBERSHIP:
		return read_member(call, reader, scan, record);
	case TABLE_COLLECTION:
		return read_collection(call, reader, scan, record);
	case TABLE_DOCUMENT:
		return read_document(call, reader, scan, record);
	case TABLE_GRANT:
		return read_grant(call, reader, scan, record);
	default:
		return status_internal("a table that is not exported");
	}
}
