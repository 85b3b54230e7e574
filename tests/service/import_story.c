/* SPDX-License-Identifier: Apache-2.0 */
#include "service/import_story.h"

#include <string.h>

#include "base/arena.h"
#include "service/call.h"

static struct arena arena;

struct story *import_story_begin(void)
{
	arena_init(&arena);
	return story_begin();
}

void import_story_end(struct story *s)
{
	story_end(s);
	arena_clear(&arena);
}

Google__Protobuf__Timestamp *days_ago(struct story *s, int days)
{
	return timestamp_new(&arena, story_now_us(s) - days * US_PER_DAY);
}

Google__Protobuf__Timestamp *in_days(struct story *s, int days)
{
	return days_ago(s, -days);
}

static Orgd__V1__Record *record_of(Orgd__V1__Record__KindCase kind)
{
	Orgd__V1__Record *record = ARENA_NEW(&arena, Orgd__V1__Record);

	orgd__v1__record__init(record);
	record->kind_case = kind;
	return record;
}

Orgd__V1__Record *a_user_record(const char *id, const char *email)
{
	Orgd__V1__Record *record = record_of(ORGD__V1__RECORD__KIND_USER);

	record->user = ARENA_NEW(&arena, Orgd__V1__User);
	orgd__v1__user__init(record->user);
	record->user->id = id;
	record->user->email = email;
	record->user->email_verified = true;
	record->user->display_name = "Somebody";
	return record;
}

static void name(Orgd__V1__Member *member, const char *who)
{
	if (strchr(who, '@'))
		member->email = who;
	else
		member->user_id = who;
}

Orgd__V1__Member *an_owner(const char *who, Google__Protobuf__Timestamp *join_time)
{
	Orgd__V1__Member *owner = ARENA_NEW(&arena, Orgd__V1__Member);

	orgd__v1__member__init(owner);
	name(owner, who);
	owner->join_time = join_time;
	return owner;
}

Orgd__V1__Record *an_organization_record(
	const char *id, const char *handle, size_t count, Orgd__V1__Member **owners)
{
	Orgd__V1__Record *record = record_of(ORGD__V1__RECORD__KIND_ORGANIZATION);

	record->organization = ARENA_NEW(&arena, Orgd__V1__Organization);
	orgd__v1__organization__init(record->organization);
	record->organization->id = id;
	record->organization->handle = handle;
	record->organization->display_name = handle;
	record->organization->verification =
		ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_VERIFIED;
	record->n_owners = count;
	record->owners = ARENA_ARRAY(&arena, Orgd__V1__Member *, count + 1);
	for (size_t i = 0; i < count; i++)
		record->owners[i] = owners[i];
	return record;
}

Orgd__V1__Record *a_member_record(
	const char *organization, const char *who, Google__Protobuf__Timestamp *join_time)
{
	Orgd__V1__Record *record = record_of(ORGD__V1__RECORD__KIND_MEMBER);

	record->member = an_owner(who, join_time);
	record->member->role = ORGD__V1__ROLE__ROLE_MEMBER;
	if (strncmp(organization, "org_", 4))
		record->handle = organization;
	else
		record->member->organization_id = organization;
	return record;
}

Orgd__V1__Record *a_collection_record(const char *id)
{
	Orgd__V1__Record *record = record_of(ORGD__V1__RECORD__KIND_COLLECTION);

	record->collection = ARENA_NEW(&arena, Orgd__V1__Collection);
	orgd__v1__collection__init(record->collection);
	record->collection->id = id;
	record->collection->title = "Manuals";
	return record;
}

Orgd__V1__Record *a_document_record(const char *id, size_t count, const char *const *collections)
{
	Orgd__V1__Record *record = record_of(ORGD__V1__RECORD__KIND_DOCUMENT);

	record->document = ARENA_NEW(&arena, Orgd__V1__Document);
	orgd__v1__document__init(record->document);
	record->document->id = id;
	record->document->title = "The manual";
	record->document->locator = "manual/1";
	record->document->n_collections = count;
	record->document->collections = ARENA_ARRAY(&arena, char *, count + 1);
	for (size_t i = 0; i < count; i++)
		record->document->collections[i] = collections[i];
	return record;
}

Orgd__V1__Record *a_grant_record(const char *organization, const char *resource)
{
	Orgd__V1__Record *record = record_of(ORGD__V1__RECORD__KIND_GRANT);

	record->grant = ARENA_NEW(&arena, Orgd__V1__Grant);
	orgd__v1__grant__init(record->grant);
	record->grant->permission = ORGD__V1__PERMISSION__PERMISSION_READ;
	record->grant->resource_case = strncmp(resource, "doc_", 4)
					       ? ORGD__V1__GRANT__RESOURCE_COLLECTION_ID
					       : ORGD__V1__GRANT__RESOURCE_DOCUMENT_ID;
	record->grant->document_id = resource;
	if (strncmp(organization, "org_", 4))
		record->handle = organization;
	else
		record->grant->organization_id = organization;
	return record;
}

struct outcome import_try(struct story *s, Orgd__V1__Record *const records[])
{
	size_t count = 0;

	while (records[count])
		count++;
	return story_try(s, "operator", "AdminService/Import",
		STORY_REQUEST(Import, import, .n_records = count,
			.records = (Orgd__V1__Record **)(uintptr_t)records));
}

size_t import_done(struct outcome outcome)
{
	const Orgd__V1__ImportResponse *response =
		(const Orgd__V1__ImportResponse *)outcome.response;
	size_t imported = 0;

	cr_assert(!outcome.code, "%s: %s", outcome.reason, outcome.message);
	for (size_t i = 0; i < response->n_outcomes; i++)
		imported +=
			response->outcomes[i] == ORGD__V1__IMPORT_OUTCOME__IMPORT_OUTCOME_IMPORTED;
	return imported;
}

void import_portal(struct story *s)
{
	static const char *const shelf[] = { COL_SHELF };
	Orgd__V1__Member *owners[] = { an_owner(USR_ADA, NULL) };

	cr_assert_eq(
		IMPORT(s, a_user_record(USR_ADA, "ada@example.com"),
			an_organization_record(ORG_ACME, "acme", 1, owners),
			a_collection_record(COL_SHELF), a_document_record(DOC_MANUAL, 1, shelf),
			a_grant_record(ORG_ACME, COL_SHELF)),
		5);
}
