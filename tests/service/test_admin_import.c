/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "service/document_story.h"
#include "service/import_story.h"

#define ACTIVE    ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE
#define DELETED   ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED
#define SUSPENDED ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_SUSPENDED
#define PENDING   ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_PENDING
#define DISABLED  ORGD__V1__USER_STATE__USER_STATE_DISABLED

static struct story *s;

static void begin(void)
{
	s = import_story_begin();
}

static void end(void)
{
	import_story_end(s);
}

TestSuite(import, .init = begin, .fini = end);

static const Orgd__V1__Organization *seen(const char *handle)
{
	return ASK(s, "operator", OrganizationService, GetOrganization, get_organization,
		.which_case = ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_HANDLE, .handle = handle)
		->organization;
}

static const char *user_id_of(const char *email)
{
	const Orgd__V1__ListUsersResponse *found =
		ASK(s, "operator", UserService, ListUsers, list_users, .email = email);

	return found->n_users ? found->users[0]->id : "";
}

Test(import, brings_people_organizations_and_what_they_may_read)
{
	const Orgd__V1__Organization *acme;

	import_portal(s);
	acme = seen("acme");
	cr_assert_str_eq(acme->id, ORG_ACME);
	cr_assert_str_eq(acme->primary_contact, USR_ADA);
	cr_assert_eq(acme->n_owners, 1);
	cr_assert_eq(acme->member_count, 1);
	cr_assert(may(s, USR_ADA, DOC_MANUAL, READ));
	cr_assert_not(may(s, USR_ADA, DOC_MANUAL, WRITE));
}

Test(import, keeps_ids_and_times)
{
	Orgd__V1__Member *owners[] = { an_owner(USR_ADA, days_ago(s, 300)) };
	Orgd__V1__Record *ada = a_user_record(USR_ADA, "Ada@Example.com");
	const Orgd__V1__Member *member;
	const Orgd__V1__User *user;

	ada->user->create_time = days_ago(s, 400);
	ada->user->update_time = days_ago(s, 350);
	cr_assert_eq(IMPORT(s, ada, an_organization_record(ORG_ACME, "acme", 1, owners)), 2);
	user = ASK(s, "operator", UserService, GetUser, get_user, .user_id = USR_ADA)->user;
	cr_assert_str_eq(user->email, "Ada@Example.com");
	cr_assert_eq(user->create_time->seconds, ada->user->create_time->seconds);
	cr_assert_eq(user->update_time->seconds, ada->user->update_time->seconds);
	member = ASK(s, "operator", MemberService, GetMember, get_member,
		.organization_id = ORG_ACME, .user_id = USR_ADA)
			 ->member;
	cr_assert_eq(member->join_time->seconds, owners[0]->join_time->seconds);
	cr_assert_eq(member->role, OWNER);
}

Test(import, tells_of_each_fact_as_if_it_was_done_one_by_one)
{
	import_portal(s);
	cr_assert_eq(count_events(s, "user.created"), 1);
	cr_assert_eq(count_events(s, "organization.created"), 1);
	cr_assert_eq(count_events(s, "member.joined"), 1);
	cr_assert_eq(count_events(s, "collection.created"), 1);
	cr_assert_eq(count_events(s, "document.created"), 1);
	cr_assert_eq(count_events(s, "grant.created"), 1);
}

Test(import, of_what_is_there_and_equal_changes_nothing)
{
	static const char *const shelf[] = { COL_SHELF };
	Orgd__V1__Member *owners[] = { an_owner("ADA@example.com", NULL) };
	Orgd__V1__Record *acme = an_organization_record("", "ACME", 1, owners);
	struct outcome again;

	import_portal(s);
	acme->organization->display_name = "acme";
	again = IMPORT_TRY(s, a_user_record("", "ada@example.com"), acme,
		a_collection_record(COL_SHELF), a_document_record(DOC_MANUAL, 1, shelf),
		a_grant_record("acme", COL_SHELF));
	cr_assert_eq(import_done(again), 0);
	cr_assert_not(again.committed);
}

Test(import, of_what_is_there_and_different_is_refused)
{
	Orgd__V1__Member *owners[] = { an_owner(USR_ADA, NULL) };
	Orgd__V1__Record *ada = a_user_record(USR_ADA, "ada@example.com");
	Orgd__V1__Record *acme = an_organization_record(ORG_ACME, "acme", 1, owners);
	Orgd__V1__Record *shelf = a_collection_record(COL_SHELF);
	Orgd__V1__Record *grant = a_grant_record("acme", COL_SHELF);
	Orgd__V1__Record *owner = a_member_record(ORG_ACME, USR_ADA, NULL);

	import_portal(s);
	ada->user->display_name = "Ada";
	acme->organization->country = "FR";
	shelf->collection->title = "Other manuals";
	grant->grant->permission = WRITE;
	IMPORT_REFUSED(s, STATUS_ALREADY_EXISTS, "RECORD_DIFFERS", ada);
	IMPORT_REFUSED(s, STATUS_ALREADY_EXISTS, "RECORD_DIFFERS", acme);
	IMPORT_REFUSED(s, STATUS_ALREADY_EXISTS, "RECORD_DIFFERS", owner);
	IMPORT_REFUSED(s, STATUS_ALREADY_EXISTS, "RECORD_DIFFERS", shelf);
	IMPORT_REFUSED(
		s, STATUS_ALREADY_EXISTS, "RECORD_DIFFERS", a_document_record(DOC_MANUAL, 0, NULL));
	IMPORT_REFUSED(s, STATUS_ALREADY_EXISTS, "RECORD_DIFFERS", grant);
	grant = a_grant_record("acme", COL_SHELF);
	grant->grant->id = GRT_FIRST;
	IMPORT_REFUSED(s, STATUS_ALREADY_EXISTS, "RECORD_DIFFERS", grant);
}

Test(import, adds_no_owner_to_an_organization_that_is_there)
{
	Orgd__V1__Member *ada_and_bob[] = { an_owner(USR_ADA, NULL), an_owner(USR_BOB, NULL) };
	Orgd__V1__Member *bob[] = { an_owner(USR_BOB, NULL) };
	Orgd__V1__Member *ada_of_yore[] = { an_owner(USR_ADA, days_ago(s, 9)) };

	import_portal(s);
	cr_assert_eq(IMPORT(s, a_user_record(USR_BOB, "bob@example.com")), 1);
	IMPORT_REFUSED(s, STATUS_ALREADY_EXISTS, "RECORD_DIFFERS",
		an_organization_record(ORG_ACME, "acme", COUNT_OF(ada_and_bob), ada_and_bob));
	IMPORT_REFUSED(s, STATUS_ALREADY_EXISTS, "RECORD_DIFFERS",
		an_organization_record(ORG_ACME, "acme", COUNT_OF(bob), bob));
	IMPORT_REFUSED(s, STATUS_ALREADY_EXISTS, "RECORD_DIFFERS",
		an_organization_record(ORG_ACME, "acme", COUNT_OF(ada_of_yore), ada_of_yore));
	cr_assert_eq(seen("acme")->n_owners, 1);
	cr_assert_eq(seen("acme")->member_count, 1);
	/* Nor does it make a member an Owner. */
	cr_assert_eq(IMPORT(s, a_member_record("acme", USR_BOB, NULL)), 1);
	IMPORT_REFUSED(s, STATUS_ALREADY_EXISTS, "RECORD_DIFFERS",
		an_organization_record(ORG_ACME, "acme", COUNT_OF(ada_and_bob), ada_and_bob));
	cr_assert_eq(seen("acme")->n_owners, 1);
}

Test(import, can_be_repeated_whoever_joined_by_it)
{
	Orgd__V1__Member *owners[] = { an_owner(USR_ADA, days_ago(s, 20)) };
	Orgd__V1__Record *acme = an_organization_record(ORG_ACME, "acme", 1, owners);
	Orgd__V1__Record *bob = a_member_record("acme", USR_BOB, NULL);

	acme->organization->create_time = days_ago(s, 30);
	acme->organization->update_time = days_ago(s, 10);
	cr_assert_eq(IMPORT(s, a_user_record(USR_ADA, "ada@example.com"),
			     a_user_record(USR_BOB, "bob@example.com"), acme, bob),
		4);
	cr_assert_eq(IMPORT(s, acme, bob), 0);
	cr_assert_eq(seen("acme")->update_time->seconds, acme->organization->update_time->seconds);
}

Test(import, brings_nothing_back_before_its_leftovers_are_removed)
{
	static const char *const shelf[] = { COL_SHELF };
	Orgd__V1__Record *manual = a_document_record(DOC_MANUAL, 0, NULL);
	struct outcome refused;

	import_portal(s);
	cr_assert_eq(IMPORT(s, a_grant_record("acme", DOC_MANUAL)), 1);
	ASK(s, "operator", DocumentService, DeleteCollection, delete_collection,
		.collection_id = COL_SHELF);
	ASK(s, "operator", DocumentService, DeleteDocument, delete_document,
		.document_id = DOC_MANUAL);
	refused = IMPORT_TRY(s, a_collection_record(COL_SHELF));
	cr_assert_eq(refused.code, STATUS_ABORTED);
	cr_assert_str_eq(refused.reason, "LEFTOVERS_BEING_REMOVED");
	cr_assert(strstr(refused.message, COL_SHELF));
	cr_assert_eq(refused.retry_after_ms, 1000);
	refused = IMPORT_TRY(s, manual);
	cr_assert_eq(refused.code, STATUS_ABORTED);
	cr_assert_str_eq(refused.reason, "LEFTOVERS_BEING_REMOVED");
	cr_assert(strstr(refused.message, DOC_MANUAL));
	story_sweep(s);
	cr_assert_eq(
		IMPORT(s, a_collection_record(COL_SHELF), a_document_record(DOC_MANUAL, 1, shelf)),
		2);
	cr_assert_not(may(s, USR_ADA, DOC_MANUAL, READ));
}

Test(import, of_what_came_back_is_not_swept_away)
{
	static const char *const shelf[] = { COL_SHELF };

	import_portal(s);
	ASK(s, "operator", DocumentService, DeleteDocument, delete_document,
		.document_id = DOC_MANUAL);
	/* Nothing is left of it but what the sweep has to look for. */
	cr_assert_eq(IMPORT(s, a_document_record(DOC_MANUAL, 1, shelf),
			     a_grant_record("acme", DOC_MANUAL)),
		2);
	cr_assert_eq(IMPORT(s, a_collection_record("col_00000000000000000000000001")), 1);
	ASK(s, "operator", DocumentService, DeleteCollection, delete_collection,
		.collection_id = "col_00000000000000000000000001");
	cr_assert_eq(IMPORT(s, a_collection_record("col_00000000000000000000000001"),
			     a_grant_record("acme", "col_00000000000000000000000001")),
		2);
	put_into(s, "col_00000000000000000000000001", DOC_MANUAL);
	story_sweep(s);
	cr_assert_eq(count_events(s, "grant.deleted"), 0);
	cr_assert_eq(IMPORT(s, a_grant_record("acme", DOC_MANUAL),
			     a_grant_record("acme", "col_00000000000000000000000001")),
		0);
	cr_assert(may(s, USR_ADA, DOC_MANUAL, READ));
}

Test(import, takes_no_name_from_another)
{
	Orgd__V1__Member *owners[] = { an_owner(USR_ADA, NULL) };

	import_portal(s);
	IMPORT_REFUSED(
		s, STATUS_ALREADY_EXISTS, "EMAIL_TAKEN", a_user_record(USR_BOB, "ADA@example.com"));
	IMPORT_REFUSED(s, STATUS_ALREADY_EXISTS, "HANDLE_TAKEN",
		an_organization_record(no_such("org_"), "acme", 1, owners));
}

Test(import, needs_records_that_say_something)
{
	Orgd__V1__Record nothing = ORGD__V1__RECORD__INIT;
	Orgd__V1__Record *erased = a_user_record(USR_BOB, "bob@example.com");
	Orgd__V1__Member *owners[] = { an_owner(USR_ADA, NULL) };
	Orgd__V1__Record *deleted = an_organization_record("", "gone", 1, owners);

	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "BATCH_SIZE", NULL);
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", &nothing);
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED",
		an_organization_record("", "acme", 0, NULL));
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "MALFORMED_ID", a_collection_record(""));
	erased->user->state = ORGD__V1__USER_STATE__USER_STATE_ERASED;
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", erased);
	deleted->organization->lifecycle = DELETED;
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", deleted);
}

Test(import, checks_every_text_as_elsewhere)
{
	Orgd__V1__Member *owners[] = { an_owner(USR_ADA, NULL) };
	Orgd__V1__Record *ada = a_user_record(USR_BOB, "bob@example.com");
	Orgd__V1__Record *organization = an_organization_record("", "www", 1, owners);

	import_portal(s);
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "INVALID_EMAIL", a_user_record("", "bob"));
	ada->user->display_name = "https://evil.example/";
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "NAME_IS_A_URL", ada);
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "RESERVED_HANDLE", organization);
	organization->organization->handle = "globex";
	organization->organization->country = "XX";
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "INVALID_COUNTRY", organization);
}

Test(import, takes_no_time_that_cannot_have_been)
{
	Orgd__V1__Record *ada = a_user_record(USR_ADA, "ada@example.com");

	ada->user->create_time = in_days(s, 1);
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "INVALID_TIME", ada);
	ada->user->create_time = days_ago(s, 30000);
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "INVALID_TIME", ada);
}

Test(import, names_what_is_not_there)
{
	const char *nowhere = no_such("col_");
	struct outcome refused;

	import_portal(s);
	refused = IMPORT_TRY(s, a_member_record("acme", "nobody@example.com", NULL));
	cr_assert_str_eq(refused.reason, "USER_NOT_FOUND");
	cr_assert(strstr(refused.message, "nobody@example.com"));
	IMPORT_REFUSED(s, STATUS_NOT_FOUND, "USER_NOT_FOUND",
		a_member_record("acme", no_such("usr_"), NULL));
	IMPORT_REFUSED(s, STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND",
		a_member_record("globex", USR_ADA, NULL));
	IMPORT_REFUSED(s, STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND",
		a_grant_record(no_such("org_"), DOC_MANUAL));
	IMPORT_REFUSED(s, STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND",
		a_document_record(no_such("doc_"), 1, &nowhere));
	IMPORT_REFUSED(s, STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND",
		a_grant_record("acme", no_such("col_")));
	IMPORT_REFUSED(
		s, STATUS_NOT_FOUND, "DOCUMENT_NOT_FOUND", a_grant_record("acme", no_such("doc_")));
}

/* --- who belongs --- */

Test(rules, rule_01_an_import_adds_nobody_to_an_organization_that_is_not_verified, .init = begin,
	.fini = end)
{
	Orgd__V1__Member *owners[] = { an_owner(USR_ADA, NULL) };
	Orgd__V1__Record *globex = an_organization_record("", "globex", 1, owners);

	globex->organization->verification = PENDING;
	cr_assert_eq(IMPORT(s, a_user_record(USR_ADA, "ada@example.com"),
			     a_user_record(USR_BOB, "bob@example.com"), globex),
		3);
	IMPORT_REFUSED(s, STATUS_FAILED_PRECONDITION, "ORGANIZATION_NOT_VERIFIED",
		a_member_record("globex", USR_BOB, NULL));
}

Test(import, restores_a_membership_whatever_became_of_the_organization)
{
	Orgd__V1__Member *owners[] = { an_owner(USR_ADA, NULL) };
	Orgd__V1__Record *globex = an_organization_record("", "globex", 1, owners);

	globex->organization->lifecycle = SUSPENDED;
	globex->organization->suspension_reason = "unpaid";
	cr_assert_eq(IMPORT(s, a_user_record(USR_ADA, "ada@example.com"),
			     a_user_record(USR_BOB, "bob@example.com"), globex,
			     a_member_record("globex", "bob@example.com", days_ago(s, 10))),
		4);
	cr_assert_eq(seen("globex")->member_count, 2);
	cr_assert_eq(seen("globex")->lifecycle, SUSPENDED);
}

Test(import, adds_nobody_to_what_is_suspended_deleted_or_full)
{
	Orgd__V1__Member *owners[] = { an_owner(USR_ADA, NULL) };
	Orgd__V1__Record *full = an_organization_record("", "full", 1, owners);

	import_portal(s);
	full->organization->seat_limit = 1;
	cr_assert_eq(IMPORT(s, a_user_record(USR_BOB, "bob@example.com"), full), 2);
	IMPORT_REFUSED(
		s, STATUS_RESOURCE_EXHAUSTED, "SEAT_LIMIT", a_member_record("full", USR_BOB, NULL));
	cr_assert_eq(IMPORT(s, a_member_record("full", USR_BOB, days_ago(s, 1))), 1);
	ASK(s, "operator", OrganizationService, SuspendOrganization, suspend_organization,
		.organization_id = ORG_ACME, .reason = "unpaid");
	IMPORT_REFUSED(s, STATUS_FAILED_PRECONDITION, "ORGANIZATION_SUSPENDED",
		a_member_record("acme", USR_BOB, NULL));
	ASK(s, "operator", OrganizationService, DeleteOrganization, delete_organization,
		.organization_id = ORG_ACME, .confirm_handle = "acme");
	IMPORT_REFUSED(s, STATUS_FAILED_PRECONDITION, "ORGANIZATION_DELETED",
		a_member_record("acme", USR_BOB, days_ago(s, 1)));
	IMPORT_REFUSED(s, STATUS_FAILED_PRECONDITION, "ORGANIZATION_DELETED",
		a_grant_record("acme", DOC_MANUAL));
}

Test(import, adds_nobody_who_is_disabled_or_has_proved_no_address)
{
	Orgd__V1__Record *bob = a_user_record(USR_BOB, "bob@example.com");
	Orgd__V1__Record *eve = a_user_record("", "eve@example.com");

	import_portal(s);
	bob->user->state = DISABLED;
	eve->user->email_verified = false;
	cr_assert_eq(IMPORT(s, bob, eve), 2);
	IMPORT_REFUSED(s, STATUS_FAILED_PRECONDITION, "USER_NOT_ACTIVE",
		a_member_record("acme", USR_BOB, NULL));
	IMPORT_REFUSED(s, STATUS_FAILED_PRECONDITION, "EMAIL_NOT_VERIFIED",
		a_member_record("acme", "eve@example.com", days_ago(s, 1)));
}

Test(import, makes_no_organization_without_an_active_owner)
{
	Orgd__V1__Record *bob = a_user_record(USR_BOB, "bob@example.com");
	Orgd__V1__Member *owners[] = { an_owner(USR_BOB, days_ago(s, 1)) };
	Orgd__V1__Record *globex = an_organization_record("", "globex", 1, owners);

	bob->user->state = DISABLED;
	cr_assert_eq(IMPORT(s, bob), 1);
	IMPORT_REFUSED(s, STATUS_FAILED_PRECONDITION, "NO_ACTIVE_OWNER", globex);
	globex->organization->primary_contact = USR_ADA;
	IMPORT_REFUSED(s, STATUS_FAILED_PRECONDITION, "NOT_AN_OWNER", globex);
}

Test(import, keeps_the_order_of_owners_and_the_contact_who_is_disabled)
{
	const char *ids[] = { "usr_000000000000000000000000z9", USR_BOB, USR_ADA,
		"usr_00000000000000000000000001" };
	Orgd__V1__Member *owners[COUNT_OF(ids)];
	Orgd__V1__Record *globex;

	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		Orgd__V1__Record *user =
			a_user_record(ids[i], (const char *[]){ "a@x.example", "b@x.example",
						      "c@x.example", "d@x.example" }[i]);

		owners[i] = an_owner(ids[i], days_ago(s, 10 + (int)i));
		/* The first two are not active, and the second one is the contact. */
		user->user->state = i < 2 ? DISABLED : ORGD__V1__USER_STATE__USER_STATE_ACTIVE;
		cr_assert_eq(IMPORT(s, user), 1);
	}
	globex = an_organization_record("", "globex", COUNT_OF(ids), owners);
	globex->organization->primary_contact = USR_BOB;
	cr_assert_eq(IMPORT(s, globex), 1);
	cr_assert_eq(seen("globex")->n_owners, COUNT_OF(ids));
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		cr_assert_str_eq(seen("globex")->owners[i], ids[i]);
	cr_assert_str_eq(seen("globex")->primary_contact, USR_BOB);
	cr_assert_eq(IMPORT(s, globex), 0);
}

Test(import, holds_to_the_caps)
{
	Orgd__V1__Member *owners[33];
	const char *shelves[17];

	for (size_t i = 0; i < COUNT_OF(owners); i++)
		owners[i] = an_owner(USR_ADA, NULL);
	for (size_t i = 0; i < COUNT_OF(shelves); i++)
		shelves[i] = COL_SHELF;
	import_portal(s);
	IMPORT_REFUSED(s, STATUS_RESOURCE_EXHAUSTED, "OWNER_LIMIT",
		an_organization_record("", "globex", COUNT_OF(owners), owners));
	IMPORT_REFUSED(s, STATUS_RESOURCE_EXHAUSTED, "COLLECTION_LIMIT",
		a_document_record(no_such("doc_"), COUNT_OF(shelves), shelves));
	for (int i = 0; i < 49; i++) {
		char handle[16];

		snprintf(handle, sizeof(handle), "more-%d", i);
		cr_assert_eq(IMPORT(s, an_organization_record("", handle, 1, owners)), 1);
	}
	IMPORT_REFUSED(s, STATUS_RESOURCE_EXHAUSTED, "OWNED_ORGANIZATION_LIMIT",
		an_organization_record("", "one-too-many", 1, owners));
}

Test(import, of_a_grant_that_begins_now_ends_later)
{
	Orgd__V1__Record *grant = a_grant_record("acme", DOC_MANUAL);

	import_portal(s);
	grant->grant->expire_time = days_ago(s, 1);
	IMPORT_REFUSED(s, STATUS_INVALID_ARGUMENT, "EXPIRE_TIME_PAST", grant);
	grant->grant->create_time = days_ago(s, 30);
	cr_assert_eq(IMPORT(s, grant), 1);
}

/* --- many at once --- */

enum { CROWD = 100 };

/* Users, of whom one has no address. */
static void crowd(Orgd__V1__Record *records[CROWD + 1], char emails[CROWD][32], size_t bad)
{
	for (size_t i = 0; i < CROWD; i++) {
		snprintf(emails[i], sizeof(emails[i]), "person-%zu@example.com", i);
		records[i] = a_user_record("", i == bad ? "" : emails[i]);
	}
	records[CROWD] = NULL;
}

Test(import, of_many_takes_several_batches_and_says_where_it_stopped)
{
	Orgd__V1__Record *records[CROWD + 1];
	static char emails[CROWD][32];
	struct outcome stopped;

	crowd(records, emails, 50);
	stopped = import_try(s, records);
	cr_assert_str_eq(stopped.reason, "FIELD_REQUIRED");
	cr_assert_str_eq(stopped.metadata, "record=50;imported=48;");
	cr_assert_str_neq(user_id_of(emails[47]), "");
	cr_assert_str_eq(user_id_of(emails[48]), "");
	crowd(records, emails, CROWD);
	cr_assert_eq(import_done(import_try(s, records)), CROWD - 48);
}

Test(import, that_was_stopped_goes_on_under_its_request_id)
{
	Orgd__V1__Member *owners[] = { an_owner("person-0@example.com", NULL) };
	Orgd__V1__Record *records[CROWD + 1];
	static char emails[CROWD][32];
	struct outcome done, again;

	crowd(records, emails, CROWD);
	records[60] = an_organization_record("", "acme", 1, owners);
	records[61] = a_grant_record("acme", DOC_MANUAL);
	done = story_try_as(s, "operator", "AdminService/Import",
		STORY_REQUEST(Import, import, .n_records = CROWD, .records = records),
		"one-import-of-many");
	cr_assert_str_eq(done.reason, "DOCUMENT_NOT_FOUND");
	cr_assert_eq(IMPORT(s, a_document_record(DOC_MANUAL, 0, NULL)), 1);
	again = story_try_as(s, "operator", "AdminService/Import",
		STORY_REQUEST(Import, import, .n_records = CROWD, .records = records),
		"one-import-of-many");
	cr_assert_eq(import_done(again), CROWD);
	cr_assert_eq(count_events(s, "organization.created"), 1);
	cr_assert_eq(count_events(s, "grant.created"), 1);
}

/* --- validation --- */

Test(import, is_told_beforehand_what_would_come_of_it)
{
	Orgd__V1__Member *owners[] = { an_owner("bob@example.com", NULL) };
	Orgd__V1__Record *records[] = { a_user_record("", "ada@example.com"),
		a_user_record("", "bob@example.com"), a_user_record("", "bob"),
		an_organization_record("", "globex", 1, owners),
		a_member_record("globex", "carl@example.com", NULL) };
	const Orgd__V1__ValidateImportResponse *said;
	struct outcome before, after;

	import_portal(s);
	before = story_try(
		s, "operator", "AdminService/GetStatus", STORY_REQUEST(GetStatus, get_status));
	said = ASK(s, "operator", AdminService, ValidateImport, validate_import,
		.n_records = COUNT_OF(records), .records = records);
	after = story_try(
		s, "operator", "AdminService/GetStatus", STORY_REQUEST(GetStatus, get_status));
	cr_assert_eq(before.revision, after.revision);
	cr_assert_eq(said->n_results, COUNT_OF(records));
	cr_assert_eq(said->results[0]->outcome, ORGD__V1__IMPORT_OUTCOME__IMPORT_OUTCOME_UNCHANGED);
	cr_assert_eq(said->results[1]->outcome, ORGD__V1__IMPORT_OUTCOME__IMPORT_OUTCOME_IMPORTED);
	cr_assert_eq(said->results[2]->error->code, STATUS_INVALID_ARGUMENT);
	cr_assert_eq(said->results[3]->n_missing, 1);
	cr_assert_str_eq(said->results[3]->missing[0], "bob@example.com");
	cr_assert_eq(said->results[4]->n_missing, 2);
	cr_assert_str_eq(said->results[4]->missing[1], "globex");
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "BATCH_SIZE", AdminService, ValidateImport,
		validate_import);
}
