/* SPDX-License-Identifier: Apache-2.0 */
#include <err.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/clock.h"
#include "data.h"
#include "domain/policy.h"
#include "domain/session.h"
#include "store/rows/api_key.h"
#include "store/rows/collection.h"
#include "store/rows/document.h"
#include "store/rows/grant.h"
#include "store/rows/invitation.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/session.h"
#include "store/rows/user.h"
#include "store/store.h"

/* More than a commit takes, so that the writer never waits. */
enum { BATCHES_UNDER_WAY = 4 * GROUP_MAX };

/* One row that is written, and where to. */
struct place {
	const struct data *data;
	struct batch *batch;
	struct arena *arena;
	int64_t now_us;
};

struct filling {
	struct mutation mutation;
	struct fill *fill;
	struct arena arena;
	struct status (*put)(struct place *place, size_t number);
	size_t first, count;
};

struct fill {
	const struct data *data;
	struct store *store;
	sem_t free;
	size_t next;
	struct filling fillings[BATCHES_UNDER_WAY]; /* a ring: they are done in their order */
};

static Google__Protobuf__Timestamp *time_of(struct arena *arena, int64_t us)
{
	Google__Protobuf__Timestamp *time = ARENA_NEW(arena, Google__Protobuf__Timestamp);

	google__protobuf__timestamp__init(time);
	time->seconds = us / US_PER_SECOND;
	time->nanos = (int32_t)(us % US_PER_SECOND) * 1000;
	return time;
}

static ProtobufCBinaryData hash_of(struct place *place, enum data_thing thing, size_t number)
{
	struct token token = data_token(place->data, thing, number);
	uint8_t *hash = arena_alloc(place->arena, KEYED_HASH_BYTES);

	token_hash(place->data->keyring, &token, hash);
	return (ProtobufCBinaryData){ KEYED_HASH_BYTES, hash };
}

static char *title_of(struct place *place, const char *what, size_t number)
{
	return arena_printf(place->arena, "%s %09zu", what, number);
}

/* --- people --- */

MUST_USE static struct status put_account(struct place *place, enum data_thing thing,
	const char *word, size_t number, unsigned organizations)
{
	static char password_hash[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZSBzYWx0IG9yIG90aGVy$"
				      "YSBoYXNoIHRoYXQgbm8gcGFzc3dvcmQgaGFzIGluIHRoaXMgZGF0YQ";
	Orgd__V1__User user = ORGD__V1__USER__INIT;
	Orgd__Store__V1__User row = ORGD__STORE__V1__USER__INIT;
	struct id id = data_id(place->data, thing, number);

	user.email = row.canonical_email =
		arena_printf(place->arena, "%s-%09zu@example.com", word, number);
	user.display_name = title_of(place, "Person", number);
	user.email_verified = true;
	user.state = ORGD__V1__USER_STATE__USER_STATE_ACTIVE;
	user.create_time = user.update_time = time_of(place->arena, place->now_us);
	row.user = &user;
	row.password_hash = password_hash;
	row.organization_count = organizations;
	return user_insert(place->batch, &id, &row);
}

MUST_USE static struct status put_membership(
	struct place *place, size_t organization, const struct id *user_id, bool owner)
{
	struct id organization_id = data_id(place->data, DATA_ORGANIZATION, organization);
	Orgd__Store__V1__Membership row = ORGD__STORE__V1__MEMBERSHIP__INIT;

	row.role = owner ? ORGD__V1__ROLE__ROLE_OWNER : ORGD__V1__ROLE__ROLE_MEMBER;
	row.join_us = row.update_us = place->now_us;
	return membership_insert(place->batch, &organization_id, user_id, &row);
}

static struct status put_member(struct place *place, size_t number)
{
	size_t members_each = place->data->members_each;
	struct id id = data_id(place->data, DATA_MEMBER, number);

	TRY(put_account(place, DATA_MEMBER, "member", number, 1));
	return put_membership(place, number / members_each, &id, number % members_each == 0);
}

static struct status put_study_user(struct place *place, size_t number)
{
	unsigned organizations = data_study_organizations[number / 2];
	struct id id = data_id(place->data, DATA_STUDY_USER, number / 2);
	unsigned half = organizations / 2;

	/* In two halves, since a batch holds so many rows. */
	if (number % 2 == 0)
		TRY(put_account(place, DATA_STUDY_USER, "study", number / 2, organizations));
	for (unsigned i = number % 2 ? half : 0; i < (number % 2 ? organizations : half); i++)
		TRY(put_membership(place, i, &id, false));
	return OK;
}

MUST_USE static struct status put_session(struct place *place, size_t number)
{
	Orgd__V1__Session session = ORGD__V1__SESSION__INIT;
	Orgd__Store__V1__Session row = ORGD__STORE__V1__SESSION__INIT;
	struct id id = data_id(place->data, DATA_SESSION, number);
	struct id user_id = data_id(place->data, DATA_INVITEE, number);

	session.create_time = session.update_time = session.last_use_time =
		time_of(place->arena, place->now_us);
	session.expire_time = time_of(place->arena, place->now_us + SESSION_LIFE_US);
	row.session = &session;
	row.user_id = bytes_of_id(place->arena, &user_id);
	row.secret_hash = hash_of(place, DATA_SESSION, number);
	return session_insert(place->batch, &id, &row);
}

static struct status put_invitation(struct place *place, size_t number)
{
	Orgd__V1__Invitation invitation = ORGD__V1__INVITATION__INIT;
	Orgd__Store__V1__Invitation row = ORGD__STORE__V1__INVITATION__INIT;
	struct id id = data_id(place->data, DATA_INVITATION, number);
	struct id organization_id = data_id(
		place->data, DATA_ORGANIZATION, number % place->data->count[DATA_ORGANIZATION]);

	TRY(put_account(place, DATA_INVITEE, "invitee", number, 0));
	TRY(put_session(place, number));
	invitation.email = row.canonical_email =
		arena_printf(place->arena, "invitee-%09zu@example.com", number);
	invitation.role = ORGD__V1__ROLE__ROLE_MEMBER;
	invitation.state = ORGD__V1__INVITATION_STATE__INVITATION_STATE_PENDING;
	invitation.create_time = invitation.update_time = time_of(place->arena, place->now_us);
	row.invitation = &invitation;
	row.organization_id = bytes_of_id(place->arena, &organization_id);
	row.secret_hash = hash_of(place, DATA_INVITATION, number);
	row.expire_us = place->now_us + 7 * US_PER_DAY;
	row.by_operator = row.reminded = true;
	return invitation_insert(place->batch, &id, &row);
}

static struct status put_api_key(struct place *place, size_t number)
{
	static char check[] = "check", *scopes[] = { check };
	Orgd__V1__ApiKey key = ORGD__V1__API_KEY__INIT;
	Orgd__Store__V1__ApiKey row = ORGD__STORE__V1__API_KEY__INIT;
	struct id id = data_id(place->data, DATA_API_KEY, number);

	key.display_name = title_of(place, "Service", number);
	key.scopes = scopes;
	key.n_scopes = COUNT_OF(scopes);
	key.create_time = key.update_time = time_of(place->arena, place->now_us);
	row.api_key = &key;
	row.scopes = SCOPE_CHECK;
	row.secret_hash = hash_of(place, DATA_API_KEY, number);
	return api_key_insert(place->batch, &id, &row);
}

/* --- organizations and documents --- */

MUST_USE static struct status put_title(struct place *place, enum data_thing thing, size_t number)
{
	Orgd__V1__Document document = ORGD__V1__DOCUMENT__INIT;
	Orgd__Store__V1__Document row = ORGD__STORE__V1__DOCUMENT__INIT;
	struct id id = data_id(place->data, thing, number);

	document.title = title_of(place, "Document", number);
	document.locator =
		arena_printf(place->arena, "https://documents.example/%d/%09zu", thing, number);
	document.create_time = document.update_time = time_of(place->arena, place->now_us);
	row.document = &document;
	row.create_us = place->now_us;
	return document_insert(place->batch, &id, &row);
}

MUST_USE static struct status put_grant(struct place *place, enum data_thing thing, size_t number,
	enum data_thing document, size_t organization)
{
	Orgd__V1__Grant grant = ORGD__V1__GRANT__INIT;
	Orgd__Store__V1__Grant row = ORGD__STORE__V1__GRANT__INIT;
	struct id id = data_id(place->data, thing, number);
	struct id organization_id = data_id(place->data, DATA_ORGANIZATION, organization);
	struct id document_id = data_id(place->data, document, number);

	grant.organization_id = id_text(place->arena, ID_ORGANIZATION, &organization_id);
	grant.resource_case = ORGD__V1__GRANT__RESOURCE_DOCUMENT_ID;
	grant.document_id = id_text(place->arena, ID_DOCUMENT, &document_id);
	grant.permission = ORGD__V1__PERMISSION__PERMISSION_READ;
	grant.create_time = grant.update_time = time_of(place->arena, place->now_us);
	row.grant = &grant;
	row.create_us = row.document_create_us = place->now_us;
	row.organization_id = bytes_of_id(place->arena, &organization_id);
	row.resource_id = bytes_of_id(place->arena, &document_id);
	return grant_insert(place->batch, &id, &row, 0);
}

static struct status put_shelf(struct place *place, size_t number)
{
	TRY(put_title(place, DATA_SHELF_DOCUMENT, number));
	return put_grant(place, DATA_SHELF_GRANT, number, DATA_SHELF_DOCUMENT, 0);
}

static struct status put_organization(struct place *place, size_t number)
{
	static char country[] = "DE", website[] = "https://example.com/";
	const struct data *data = place->data;
	Orgd__V1__Organization organization = ORGD__V1__ORGANIZATION__INIT;
	Orgd__Store__V1__Organization row = ORGD__STORE__V1__ORGANIZATION__INIT;
	struct id id = data_id(data, DATA_ORGANIZATION, number);
	struct id owner_id = data_id(data, DATA_MEMBER, number * data->members_each);
	ProtobufCBinaryData owner = bytes_of_id(place->arena, &owner_id);

	organization.handle = arena_printf(place->arena, "organization-%09zu", number);
	organization.display_name = organization.legal_name =
		title_of(place, "Organization", number);
	organization.website = website;
	organization.country = country;
	organization.verification = ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_VERIFIED;
	organization.lifecycle = ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE;
	organization.primary_contact = id_text(place->arena, ID_USER, &owner_id);
	organization.member_count = (uint32_t)data->members_each;
	organization.pending_count =
		(uint32_t)(data->count[DATA_INVITATION] / data->count[DATA_ORGANIZATION]);
	organization.create_time = organization.update_time = time_of(place->arena, place->now_us);
	row.organization = &organization;
	row.owner_ids = &owner;
	row.n_owner_ids = 1;
	row.creator_id = owner;
	row.verification_us = place->now_us;
	TRY(organization_insert(place->batch, &id, &row));
	TRY(put_title(place, DATA_DOCUMENT, number));
	return put_grant(place, DATA_GRANT, number, DATA_DOCUMENT, number);
}

static struct status put_study_collection(struct place *place, size_t number)
{
	Orgd__V1__Collection collection = ORGD__V1__COLLECTION__INIT;
	Orgd__Store__V1__Collection row = ORGD__STORE__V1__COLLECTION__INIT;
	struct id id = data_id(place->data, DATA_STUDY_COLLECTION, number);

	collection.title = title_of(place, "Collection", number);
	collection.create_time = collection.update_time = time_of(place->arena, place->now_us);
	row.collection = &collection;
	row.create_us = place->now_us;
	return collection_insert(place->batch, &id, &row);
}

static struct status put_study_document(struct place *place, size_t number)
{
	Orgd__Store__V1__DocumentCollections row = ORGD__STORE__V1__DOCUMENT_COLLECTIONS__INIT;
	struct id id = data_id(place->data, DATA_STUDY_DOCUMENT, number);
	ProtobufCBinaryData ids[DATA_STUDY_COLLECTIONS];

	row.create_us = place->now_us;
	row.collection_ids = ids;
	row.n_collection_ids = data_study_collections[number];
	TRY(put_title(place, DATA_STUDY_DOCUMENT, number));
	for (size_t i = 0; i < row.n_collection_ids; i++) {
		struct id collection = data_id(place->data, DATA_STUDY_COLLECTION, i);

		ids[i] = bytes_of_id(place->arena, &collection);
		TRY(collection_document_put(place->batch, &collection, &id, place->now_us));
	}
	return document_collections_put(place->batch, &id, &row);
}

/* --- the way into the store --- */

static struct status run(struct mutation *mutation, struct snapshot *snapshot, int64_t now_us)
{
	struct filling *filling = CONTAINER_OF(mutation, struct filling, mutation);
	struct place place = { filling->fill->data, snapshot_batch(snapshot), &filling->arena,
		now_us };

	for (size_t i = 0; i < filling->count; i++)
		TRY(filling->put(&place, filling->first + i));
	return OK;
}

static void done(struct mutation *mutation, struct status status, uint64_t revision, bool committed)
{
	struct filling *filling = CONTAINER_OF(mutation, struct filling, mutation);

	(void)revision;
	(void)committed;
	if (status.code)
		errx(1, "filling the database: %s", status.failure->message);
	arena_reset(&filling->arena);
	sem_post(&filling->fill->free);
}

static void wait_for_room(struct fill *fill)
{
	while (sem_wait(&fill->free))
		;
}

/* Writes the rows of `count` things, so many to a batch. */
static void put_all(struct fill *fill, size_t count, size_t per_batch,
	struct status (*put)(struct place *place, size_t number))
{
	for (size_t at = 0; at < count; at += per_batch) {
		struct filling *filling = &fill->fillings[fill->next++ % BATCHES_UNDER_WAY];

		wait_for_room(fill);
		filling->put = put;
		filling->first = at;
		filling->count = count - at < per_batch ? count - at : per_batch;
		store_submit(fill->store, &filling->mutation);
	}
}

static struct fill *fill_new(const struct data *data, struct store *store)
{
	struct fill *fill = calloc(1, sizeof(*fill));

	if (!fill || sem_init(&fill->free, 0, BATCHES_UNDER_WAY))
		err(1, "filling the database");
	fill->data = data;
	fill->store = store;
	for (size_t i = 0; i < BATCHES_UNDER_WAY; i++) {
		struct filling *filling = &fill->fillings[i];

		arena_init(&filling->arena);
		filling->fill = fill;
		filling->mutation =
			(struct mutation){ .arena = &filling->arena, .run = run, .done = done };
	}
	return fill;
}

static void fill_free(struct fill *fill)
{
	for (size_t i = 0; i < BATCHES_UNDER_WAY; i++)
		arena_clear(&fill->fillings[i].arena);
	sem_destroy(&fill->free);
	free(fill);
}

int64_t data_fill(const struct data *data, const char *directory)
{
	int64_t begun_us = clock_monotonic_us();
	struct clock clock = { 0 };
	struct store *store;
	struct fill *fill;
	struct status status = store_open(
		&(struct store_options){ .directory = directory, .clock = &clock }, &store);

	if (status.code)
		errx(1, "%s", status.failure->message);
	fill = fill_new(data, store);
	put_all(fill, data->count[DATA_ORGANIZATION], 8, put_organization);
	put_all(fill, data->count[DATA_MEMBER], 12, put_member);
	put_all(fill, data->count[DATA_SHELF_DOCUMENT], 8, put_shelf);
	put_all(fill, data->count[DATA_STUDY_COLLECTION], 1, put_study_collection);
	put_all(fill, data->count[DATA_STUDY_DOCUMENT], 1, put_study_document);
	put_all(fill, 2 * data->count[DATA_STUDY_USER], 1, put_study_user);
	put_all(fill, data->count[DATA_API_KEY], 1, put_api_key);
	put_all(fill, data->count[DATA_INVITATION], 8, put_invitation);
	store_close(store);
	fill_free(fill);
	return clock_monotonic_us() - begun_us;
}
