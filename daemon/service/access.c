/* SPDX-License-Identifier: Apache-2.0 */
#include "service/access.h"

#include <assert.h>
#include <stdlib.h>

#include "domain/user.h"
#include "store/rows/collection.h"
#include "store/rows/grant.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"

/* What is seen of an organization. */
struct access_standing {
	struct id id;
	uint64_t since;
	bool exists;
	Orgd__V1__OrganizationState lifecycle;
	Orgd__V1__VerificationState verification;
	int64_t verification_us;
};

/* The grant of an organization on a resource. */
struct access_holding {
	struct grant_place place;
	uint64_t since;
	bool exists; /* and so does the resource, if it is a collection */
	struct access_grant grant;
};

/* Each thing has one place (a user two), which the next one there takes; `since` tells what of it
 * still holds. Powers of two. */
enum { USERS = 16 * 1024, DOCUMENTS = 4 * 1024, STANDINGS = 4 * 1024, HOLDINGS = 8 * 1024 };
struct access_cache {
	size_t arrays_apart; /* that users have */
	struct access_user users[USERS];
	struct access_document documents[DOCUMENTS];
	struct access_standing standings[STANDINGS];
	struct access_holding holdings[HOLDINGS];
};

struct access_cache *access_cache_new(void)
{
	/* Pages that nothing was kept on take no memory. */
	struct access_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		abort();
	return cache;
}

void access_cache_free(struct access_cache *cache)
{
	/* Without one, pages that nothing was kept on stay untouched. */
	for (size_t i = 0; cache && cache->arrays_apart && i < USERS; i++)
		if (cache->users[i].room > ACCESS_MEMBERSHIPS_FEW) {
			free(cache->users[i].memberships);
			cache->arrays_apart--;
		}
	free(cache);
}

void access_init(struct access *access, struct call *call)
{
	*access = (struct access){ .call = call, .cache = call->desk->access };
}

/* Ids are random, but for what an import may bring. */
static uint64_t hash_of(const struct id *id)
{
	uint64_t front, back;

	memcpy(&front, id->bytes, sizeof(front));
	memcpy(&back, id->bytes + sizeof(front), sizeof(back));
	return ((front ^ back) * UINT64_C(0x9e3779b97f4a7c15)) >> 32;
}

/* --- users --- */

MUST_USE static bool user_holds(const struct access *access, const struct access_user *user)
{
	struct key rows, memberships;

	user_key(&rows, &user->id);
	membership_user_prefix(&memberships, &user->id);
	return snapshot_unchanged(access->call->snapshot, &rows, user->since) &&
	       snapshot_unchanged(access->call->snapshot, &memberships, user->since);
}

/* Room for one membership more. */
MUST_USE static struct status memberships_grow(struct access *access, struct access_user *user)
{
	bool apart = user->room > ACCESS_MEMBERSHIPS_FEW;
	struct access_membership *grown;

	if (user->membership_count < user->room)
		return OK;
	assert(user->room <= UINT16_MAX / 2); /* 100 organizations are the most */
	grown = realloc(apart ? user->memberships : NULL, 2 * user->room * sizeof(*grown));
	if (!grown)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY",
			"no memory for the memberships of one user; try again");
	if (!apart) {
		memcpy(grown, user->few, sizeof(user->few));
		access->cache->arrays_apart++;
	}
	user->memberships = grown;
	user->room *= 2;
	return OK;
}

MUST_USE static struct status read_memberships(struct access *access, struct access_user *user)
{
	struct call *call = access->call;
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	membership_user_prefix(&prefix, &user->id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found) {
		Orgd__Store__V1__Membership *row;

		TRY(memberships_grow(access, user));
		TRY(membership_of_value(call->arena, scan.value, &row));
		user->memberships[user->membership_count++] =
			(struct access_membership){ membership_of_key(scan.key), row->role };
		TRY(scan_next(&scan));
	}
	return OK;
}

MUST_USE static struct status read_user(
	struct access *access, const struct id *id, struct access_user *user)
{
	struct snapshot *snapshot = access->call->snapshot;
	Orgd__Store__V1__UserView *row;

	user->id = *id;
	user->since = 0;
	user->membership_count = 0;
	if (!user->memberships) {
		user->memberships = user->few;
		user->room = ACCESS_MEMBERSHIPS_FEW;
	}
	TRY(user_view(snapshot, id, &row));
	user->exists = row;
	user->active = row && user_state_is_active(row->user->state);
	if (row)
		TRY(read_memberships(access, user));
	user->since = snapshot_revision(snapshot);
	return OK;
}

/* Where the user is, or may take the place of the one that was read longer ago. */
static struct access_user *user_place(struct access_cache *cache, const struct id *id)
{
	struct access_user *pair = &cache->users[hash_of(id) % USERS & ~(uint64_t)1];

	if (id_equal(&pair[0].id, id))
		return &pair[0];
	if (id_equal(&pair[1].id, id))
		return &pair[1];
	return &pair[pair[1].since < pair[0].since];
}

struct status access_find_user(
	struct access *access, const struct id *id, const struct access_user **out)
{
	struct access_user *user = user_place(access->cache, id);

	if (!user->since || !id_equal(&user->id, id) || !user_holds(access, user))
		TRY(read_user(access, id, user));
	access->looks += 1 + user->membership_count;
	*out = user;
	return OK;
}

/* --- documents --- */

MUST_USE static struct status read_document(
	struct access *access, const struct id *id, struct access_document *document)
{
	struct snapshot *snapshot = access->call->snapshot;
	Orgd__Store__V1__DocumentCollections *row;

	document->id = *id;
	document->since = 0;
	document->collection_count = 0;
	TRY(document_collections_peek(snapshot, id, &row));
	document->exists = row;
	for (size_t i = 0; row && i < row->n_collection_ids && i < DOCUMENT_COLLECTIONS_MAX; i++)
		document->collection_ids[document->collection_count++] =
			id_of_bytes(row->collection_ids[i]);
	document->since = snapshot_revision(snapshot);
	return OK;
}

struct status access_find_document(
	struct access *access, const struct id *id, const struct access_document **out)
{
	struct access_document *document = &access->cache->documents[hash_of(id) % DOCUMENTS];
	struct key key;

	document_collections_key(&key, id);
	if (!document->since || !id_equal(&document->id, id) ||
		!snapshot_unchanged(access->call->snapshot, &key, document->since))
		TRY(read_document(access, id, document));
	access->looks++;
	*out = document;
	return OK;
}

/* --- organizations --- */

MUST_USE static struct status read_standing(
	struct access *access, const struct id *id, struct access_standing *standing)
{
	struct snapshot *snapshot = access->call->snapshot;
	Orgd__Store__V1__OrganizationView *row;

	*standing = (struct access_standing){ .id = *id };
	TRY(organization_view(snapshot, id, &row));
	standing->exists = row;
	if (row) {
		standing->lifecycle = row->organization->lifecycle;
		standing->verification = row->organization->verification;
		standing->verification_us = row->verification_us;
	}
	standing->since = snapshot_revision(snapshot);
	return OK;
}

MUST_USE static struct status find_standing(
	struct access *access, const struct id *id, const struct access_standing **out)
{
	struct access_standing *standing = &access->cache->standings[hash_of(id) % STANDINGS];
	struct key key;

	organization_key(&key, id);
	if (!standing->since || !id_equal(&standing->id, id) ||
		!snapshot_unchanged(access->call->snapshot, &key, standing->since))
		TRY(read_standing(access, id, standing));
	access->looks++;
	*out = standing;
	return OK;
}

/* --- grants --- */

MUST_USE static bool holding_holds(
	const struct access *access, const struct access_holding *holding)
{
	const struct snapshot *snapshot = access->call->snapshot;
	struct key key;

	grant_at_key(&key, &holding->place);
	if (!snapshot_unchanged(snapshot, &key, holding->since))
		return false;
	if (holding->place.on == GRANT_ON_DOCUMENT)
		return true;
	collection_key(&key, &holding->place.resource_id);
	return snapshot_unchanged(snapshot, &key, holding->since);
}

MUST_USE static struct status read_holding(
	struct access *access, const struct grant_place *place, struct access_holding *holding)
{
	bool on_collection = place->on == GRANT_ON_COLLECTION;
	struct snapshot *snapshot = access->call->snapshot;
	Orgd__Store__V1__ResourceGrant *row;

	*holding = (struct access_holding){ .place = *place };
	TRY(grant_at_peek(snapshot, place, &row));
	holding->exists = row;
	/* The grants of a deleted collection are swept later, and count no more. */
	if (row && on_collection)
		TRY(collection_exists(snapshot, &place->resource_id, &holding->exists));
	if (row)
		holding->grant = (struct access_grant){
			.id = id_of_bytes(row->grant_id),
			.collection_id = on_collection ? place->resource_id : (struct id){ { 0 } },
			.permission = row->permission,
			.minimum_role = row->minimum_role,
			.expire_us = row->expire_us,
		};
	holding->since = snapshot_revision(snapshot);
	return OK;
}

MUST_USE static bool place_equal(const struct grant_place *a, const struct grant_place *b)
{
	return a->on == b->on && id_equal(&a->resource_id, &b->resource_id) &&
	       id_equal(&a->organization_id, &b->organization_id);
}

/* The grants of one organization that reach a document. */
struct grants {
	size_t count;
	struct access_grant entries[1 + DOCUMENT_COLLECTIONS_MAX];
};

MUST_USE static struct status add_grant(
	struct access *access, const struct grant_place *place, struct grants *grants)
{
	uint64_t hash = hash_of(&place->resource_id) ^ hash_of(&place->organization_id);
	struct access_holding *holding = &access->cache->holdings[hash % HOLDINGS];

	if (!holding->since || !place_equal(&holding->place, place) ||
		!holding_holds(access, holding))
		TRY(read_holding(access, place, holding));
	access->looks++;
	if (holding->exists)
		grants->entries[grants->count++] = holding->grant;
	return OK;
}

MUST_USE static struct status gather(struct access *access, const struct access_document *document,
	const struct id *organization_id, struct grants *grants)
{
	struct grant_place place = { GRANT_ON_DOCUMENT, document->id, *organization_id };

	grants->count = 0;
	if (!document->exists)
		return OK;
	TRY(add_grant(access, &place, grants));
	place.on = GRANT_ON_COLLECTION;
	for (size_t i = 0; i < document->collection_count; i++) {
		place.resource_id = document->collection_ids[i];
		TRY(add_grant(access, &place, grants));
	}
	return OK;
}

/* --- the answers --- */

static struct access_question question_of(const struct access *access,
	const struct access_user *user, const struct access_document *document,
	Orgd__V1__Permission wanted)
{
	return (struct access_question){
		.wanted = wanted ? wanted : ORGD__V1__PERMISSION__PERMISSION_READ,
		.user_exists = user->exists,
		.user_active = user->active,
		.document_exists = document->exists,
		.now_us = access->call->now_us,
		.reverify_grace_us = access->call->platform->settings->reverify_grace_us,
	};
}

static struct access_verdict judge(const struct access_question *question,
	const struct access_standing *standing, Orgd__V1__Role role, const struct grants *grants)
{
	struct access_organization organization = { .role = role,
		.grants = grants->entries,
		.grant_count = grants->count,
		.lifecycle = ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED };

	if (standing->exists) {
		organization.lifecycle = standing->lifecycle;
		organization.verification = standing->verification;
		organization.verification_us = standing->verification_us;
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
		const struct access_standing *standing;
		struct access_verdict offer;
		struct grants grants;

		TRY(gather(access, document, &membership->organization_id, &grants));
		if (!grants.count)
			continue;
		TRY(find_standing(access, &membership->organization_id, &standing));
		offer = judge(question, standing, membership->role, &grants);
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
		const struct access_standing *standing;
		struct grants grants;

		TRY(find_standing(access, &membership->organization_id, &standing));
		TRY(gather(access, document, &membership->organization_id, &grants));
		paths[i] = (struct access_path){ membership->organization_id, membership->role,
			judge(&question, standing, membership->role, &grants) };
		if (access_take(&explanation->verdict, &paths[i].verdict))
			explanation->decided = &paths[i];
	}
	return OK;
}
