/* SPDX-License-Identifier: Apache-2.0 */
#include "service/access.h"

#include "domain/user.h"
#include "store/rows/collection.h"
#include "store/rows/document.h"
#include "store/rows/grant.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"

/* What was read before, by id. Ids are random, so their first bytes are the hash. */
struct id_map_slot {
	struct id id;
	void *value; /* NULL: free */
};
struct id_map {
	size_t mask, room;
	struct id_map_slot *slots;
};

static struct id_map *id_map_new(struct arena *arena, size_t room)
{
	struct id_map *map = ARENA_NEW(arena, struct id_map);
	size_t slots = 2;

	while (slots < 2 * room)
		slots *= 2;
	*map = (struct id_map){ slots - 1, room, ARENA_ARRAY(arena, struct id_map_slot, slots) };
	return map;
}

/* Where the value of `id` is, or goes; NULL for a map that is not there. */
static struct id_map_slot *id_map_slot(struct id_map *map, const struct id *id)
{
	uint64_t hash;

	if (!map)
		return NULL;
	memcpy(&hash, id->bytes, sizeof(hash));
	for (;; hash++) {
		struct id_map_slot *slot = &map->slots[hash & map->mask];

		if (!slot->value || id_equal(&slot->id, id))
			return slot;
	}
}

/* A full map keeps nothing more. */
static void id_map_keep(
	struct id_map *map, struct id_map_slot *slot, const struct id *id, void *value)
{
	if (!slot || !map->room)
		return;
	map->room--;
	slot->id = *id;
	slot->value = value;
}

void access_init(struct access *access, struct call *call, size_t kept)
{
	*access = (struct access){ .call = call };
	if (!kept)
		return;
	access->users = id_map_new(call->arena, kept);
	access->documents = id_map_new(call->arena, kept);
	access->organizations = id_map_new(call->arena, kept);
}

MUST_USE static struct status read_memberships(struct access *access, struct access_user *user)
{
	struct call *call = access->call;
	CLEANUP(scan_end) struct scan scan = { 0 };
	size_t room = 0;
	struct key prefix;

	membership_user_prefix(&prefix, &user->id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found) {
		Orgd__Store__V1__Membership *row;

		if (user->membership_count == room) {
			struct access_membership *grown;

			room = room ? 4 * room : 4;
			grown = ARENA_ARRAY(call->arena, struct access_membership, room);
			if (user->membership_count)
				memcpy(grown, user->memberships,
					user->membership_count * sizeof(*grown));
			user->memberships = grown;
		}
		TRY(membership_of_value(call->arena, scan.value, &row));
		user->memberships[user->membership_count++] =
			(struct access_membership){ membership_of_key(scan.key), row->role };
		access->reads++;
		TRY(scan_next(&scan));
	}
	return OK;
}

struct status access_find_user(
	struct access *access, const struct id *id, const struct access_user **out)
{
	struct id_map_slot *slot = id_map_slot(access->users, id);
	struct access_user *user;

	if (slot && slot->value) {
		*out = slot->value;
		return OK;
	}
	user = ARENA_NEW(access->call->arena, struct access_user);
	user->id = *id;
	access->reads++;
	TRY(user_view(access->call->snapshot, id, &user->row));
	if (user->row) {
		user->active = user_state_is_active(user->row->user->state);
		TRY(read_memberships(access, user));
	}
	id_map_keep(access->users, slot, id, user);
	*out = user;
	return OK;
}

struct status access_find_document(
	struct access *access, const struct id *id, const struct access_document **out)
{
	struct id_map_slot *slot = id_map_slot(access->documents, id);
	struct access_document *document;

	if (slot && slot->value) {
		*out = slot->value;
		return OK;
	}
	document = ARENA_NEW(access->call->arena, struct access_document);
	document->id = *id;
	access->reads++;
	TRY(document_collections_peek(access->call->snapshot, id, &document->row));
	id_map_keep(access->documents, slot, id, document);
	*out = document;
	return OK;
}

MUST_USE static struct status find_organization(
	struct access *access, const struct id *id, Orgd__Store__V1__OrganizationView **row)
{
	struct id_map_slot *slot = id_map_slot(access->organizations, id);

	if (slot && slot->value) {
		*row = slot->value;
		return OK;
	}
	access->reads++;
	TRY(organization_view(access->call->snapshot, id, row));
	if (*row)
		id_map_keep(access->organizations, slot, id, *row);
	return OK;
}

/* The grants of one organization that reach a document. */
struct grants {
	size_t count;
	struct access_grant entries[1 + DOCUMENT_COLLECTIONS_MAX];
};

MUST_USE static struct status add_grant(
	struct access *access, const struct grant_place *place, struct grants *grants)
{
	bool on_collection = place->on == GRANT_ON_COLLECTION, exists = true;
	Orgd__Store__V1__ResourceGrant *row;

	access->reads++;
	TRY(grant_at_peek(access->call->snapshot, place, &row));
	/* The grants of a deleted collection are swept later, and count no more. */
	if (row && on_collection)
		TRY(collection_exists(access->call->snapshot, &place->resource_id, &exists));
	if (!row || !exists)
		return OK;
	grants->entries[grants->count++] = (struct access_grant){
		.id = id_of_bytes(row->grant_id),
		.collection_id = on_collection ? place->resource_id : (struct id){ { 0 } },
		.permission = row->permission,
		.minimum_role = row->minimum_role,
		.expire_us = row->expire_us,
	};
	return OK;
}

MUST_USE static struct status gather(struct access *access, const struct access_document *document,
	const struct id *organization_id, struct grants *grants)
{
	const Orgd__Store__V1__DocumentCollections *row = document->row;
	struct grant_place place = { GRANT_ON_DOCUMENT, document->id, *organization_id };

	grants->count = 0;
	if (!row)
		return OK;
	TRY(add_grant(access, &place, grants));
	place.on = GRANT_ON_COLLECTION;
	for (size_t i = 0; i < row->n_collection_ids && i < DOCUMENT_COLLECTIONS_MAX; i++) {
		place.resource_id = id_of_bytes(row->collection_ids[i]);
		TRY(add_grant(access, &place, grants));
	}
	return OK;
}

static struct access_question question_of(const struct access *access,
	const struct access_user *user, const struct access_document *document,
	Orgd__V1__Permission wanted)
{
	return (struct access_question){
		.wanted = wanted ? wanted : ORGD__V1__PERMISSION__PERMISSION_READ,
		.user_exists = user->row,
		.user_active = user->active,
		.document_exists = document->row,
		.now_us = access->call->now_us,
		.reverify_grace_us = access->call->platform->settings->reverify_grace_us,
	};
}

static struct access_verdict judge(const struct access_question *question,
	const Orgd__Store__V1__OrganizationView *row, Orgd__V1__Role role,
	const struct grants *grants)
{
	struct access_organization organization = {
		.role = role, .grants = grants->entries, .grant_count = grants->count
	};

	organization.lifecycle = ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED;
	if (row) {
		organization.lifecycle = row->organization->lifecycle;
		organization.verification = row->organization->verification;
		organization.verification_us = row->verification_us;
	}
	return access_judge(question, &organization);
}

enum extent {
	UNTIL_ALLOWED, /* up to the first organization that allows it */
	ALL,
};

/* Takes in what the organizations of the user offer. One without a grant offers nothing, so its row
 * need not be read. */
MUST_USE static struct status take_offers(struct access *access,
	const struct access_question *question, const struct access_user *user,
	const struct access_document *document, enum extent extent, struct access_verdict *best)
{
	*best = access_begin(question);
	if (!question->user_active || !question->document_exists)
		return OK;
	for (size_t i = 0; i < user->membership_count; i++) {
		const struct access_membership *membership = &user->memberships[i];
		Orgd__Store__V1__OrganizationView *row;
		struct access_verdict offer;
		struct grants grants;

		TRY(gather(access, document, &membership->organization_id, &grants));
		if (!grants.count)
			continue;
		TRY(find_organization(access, &membership->organization_id, &row));
		offer = judge(question, row, membership->role, &grants);
		(void)access_take(best, &offer);
		if (best->allowed && extent == UNTIL_ALLOWED)
			break;
	}
	return OK;
}

struct status access_check(struct access *access, const struct access_user *user,
	const struct access_document *document, Orgd__V1__Permission wanted, bool *allowed)
{
	struct access_question question = question_of(access, user, document, wanted);
	struct access_verdict best;

	TRY(take_offers(access, &question, user, document, UNTIL_ALLOWED, &best));
	*allowed = best.allowed;
	return OK;
}

struct status access_highest(struct access *access, const struct access_user *user,
	const struct access_document *document, Orgd__V1__Permission *highest)
{
	struct access_question question =
		question_of(access, user, document, ORGD__V1__PERMISSION__PERMISSION_READ);
	struct access_verdict best;

	TRY(take_offers(access, &question, user, document, ALL, &best));
	*highest = best.highest;
	return OK;
}

struct status access_explain(struct access *access, const struct access_user *user,
	const struct access_document *document, Orgd__V1__Permission wanted,
	struct access_explanation *explanation)
{
	struct access_question question = question_of(access, user, document, wanted);
	struct access_path *paths =
		ARENA_ARRAY(access->call->arena, struct access_path, user->membership_count);

	*explanation = (struct access_explanation){ .verdict = access_begin(&question),
		.path_count = user->membership_count,
		.paths = paths };
	for (size_t i = 0; i < user->membership_count; i++) {
		const struct access_membership *membership = &user->memberships[i];
		Orgd__Store__V1__OrganizationView *row;
		struct grants grants;

		TRY(find_organization(access, &membership->organization_id, &row));
		TRY(gather(access, document, &membership->organization_id, &grants));
		paths[i] = (struct access_path){ membership->organization_id, row, membership->role,
			judge(&question, row, membership->role, &grants) };
		if (access_take(&explanation->verdict, &paths[i].verdict))
			explanation->decided = &paths[i];
	}
	return OK;
}
