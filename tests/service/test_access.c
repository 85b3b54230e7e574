/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account_expect.h"
#include "base/compiler.h"
#include "document_story.h"

#define REASON(name) ORGD__V1__ACCESS_REASON__ACCESS_REASON_##name

static struct story *s;
static const char *acme, *ada, *bob, *eve, *manual;

/* Ada owns Acme, Bob is a member of it, Eve belongs nowhere. */
static void begin(void)
{
	s = story_begin();
	acme = story_organization(s, "ada@example.com", "acme");
	story_join(s, acme, "bob@example.com", MEMBER);
	story_person(s, "eve@example.com", "Eve");
	ada = story_id(s, "ada@example.com");
	bob = story_id(s, "bob@example.com");
	eve = story_id(s, "eve@example.com");
	manual = a_document(s, "The manual");
}

static void end(void)
{
	story_end(s);
}

TestSuite(access, .init = begin, .fini = end);

static const Orgd__V1__ExplainAccessResponse *explain(const char *user, const char *document)
{
	return ASK(s, "operator", AccessService, ExplainAccess, explain_access, .user_id = user,
		.document_id = document);
}

/* Check and ExplainAccess give the same reason. */
static void expect_reason(const char *user, const char *document, Orgd__V1__Permission wanted,
	Orgd__V1__AccessReason reason)
{
	const Orgd__V1__CheckResponse *check = ask_why(s, user, document, wanted);
	const Orgd__V1__ExplainAccessResponse *whole =
		ASK(s, "operator", AccessService, ExplainAccess, explain_access, .user_id = user,
			.document_id = document, .permission = wanted);
	bool given = reason == REASON(DOCUMENT_GRANT) || reason == REASON(COLLECTION_GRANT);

	cr_expect_eq(check->reason, reason, "Check says %d, not %d", check->reason, reason);
	cr_expect_eq(whole->reason, reason, "ExplainAccess says %d, not %d", whole->reason, reason);
	cr_expect_eq(check->allowed, given);
	cr_expect_eq(whole->allowed, given);
	cr_expect_eq(may(s, user, document, wanted), given);
}

Test(rules, rule_31_a_member_reads_what_the_organization_was_granted, .init = begin, .fini = end)
{
	const char *collection = a_collection(s, "Manuals"), *other = a_document(s, "Another");
	const Orgd__V1__CheckResponse *check;
	const char *on_document, *on_collection;

	expect_reason(bob, manual, READ, REASON(NO_GRANT));
	on_document = grant_to(s, acme, manual, (struct terms){ .permission = READ })->id;
	expect_reason(bob, manual, READ, REASON(DOCUMENT_GRANT));
	check = ask_why(s, bob, manual, READ);
	cr_expect_str_eq(check->organization_id, acme);
	cr_expect_str_eq(check->grant_id, on_document);

	put_into(s, collection, other);
	expect_reason(bob, other, READ, REASON(NO_GRANT));
	on_collection = grant_to(s, acme, collection, (struct terms){ .permission = READ })->id;
	expect_reason(bob, other, READ, REASON(COLLECTION_GRANT));
	check = ask_why(s, bob, other, READ);
	cr_expect_str_eq(check->grant_id, on_collection);
	cr_expect_gt(check->revision, 0);
	take_out(s, collection, other);
	expect_reason(bob, other, READ, REASON(NO_GRANT));
	expect_reason(eve, manual, READ, REASON(NOT_A_MEMBER));
}

Test(rules, rule_31_an_unknown_user_or_document_is_not_allowed_and_never_not_found, .init = begin,
	.fini = end)
{
	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	expect_reason(no_such("usr"), manual, READ, REASON(NO_SUCH_USER));
	expect_reason(bob, no_such("doc"), READ, REASON(NO_SUCH_DOCUMENT));
	cr_expect_eq(ASK(s, "operator", AccessService, ListUserDocuments, list_user_documents,
			     .user_id = no_such("usr"))
			     ->n_documents,
		0);
	cr_expect_eq(ASK(s, "operator", AccessService, ListDocumentUsers, list_document_users,
			     .document_id = no_such("doc"))
			     ->n_users,
		0);
}

Test(rules, rule_31_the_permission_and_the_minimum_role_count, .init = begin, .fini = end)
{
	grant_to(s, acme, manual, (struct terms){ .permission = COMMENT });
	expect_reason(bob, manual, COMMENT, REASON(DOCUMENT_GRANT));
	expect_reason(bob, manual, WRITE, REASON(PERMISSION_TOO_LOW));
	grant_to(s, acme, manual, (struct terms){ WRITE, ADMIN, 0 });
	expect_reason(bob, manual, READ, REASON(ROLE_TOO_LOW));
	expect_reason(ada, manual, WRITE, REASON(DOCUMENT_GRANT));
	ASK(s, "ada@example.com", MemberService, ChangeRole, change_role, .organization_id = acme,
		.user_id = bob, .role = ADMIN);
	expect_reason(bob, manual, WRITE, REASON(DOCUMENT_GRANT));
}

Test(rules, rule_31_a_grant_ends_at_its_time, .init = begin, .fini = end)
{
	grant_to(s, acme, manual, (struct terms){ READ, ANY, story_now_us(s) + US_PER_HOUR });
	expect_reason(bob, manual, READ, REASON(DOCUMENT_GRANT));
	story_advance(s, 2 * US_PER_HOUR);
	expect_reason(bob, manual, READ, REASON(GRANT_EXPIRED));
	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	expect_reason(bob, manual, READ, REASON(DOCUMENT_GRANT));
}

static const char *an_unverified_organization(const char *owner, const char *handle)
{
	Orgd__V1__Organization organization = ORGD__V1__ORGANIZATION__INIT;

	organization.handle = handle;
	organization.display_name = handle;
	return ASK(s, owner, OrganizationService, CreateOrganization, create_organization,
		.organization = &organization)
		->organization->id;
}

Test(rules, rule_31_only_a_verified_organization_gives_access, .init = begin, .fini = end)
{
	const char *bolt = an_unverified_organization("eve@example.com", "bolt");

	grant_to(s, bolt, manual, (struct terms){ .permission = READ });
	expect_reason(eve, manual, READ, REASON(ORGANIZATION_NOT_VERIFIED));
	ASK(s, "operator", VerificationService, VerifyOrganization, verify_organization,
		.organization_id = bolt);
	expect_reason(eve, manual, READ, REASON(DOCUMENT_GRANT));
	ASK(s, "operator", VerificationService, RejectOrganization, reject_organization,
		.organization_id = bolt, .reason = ORGD__V1__DECISION_REASON__DECISION_REASON_ABUSE,
		.note = "No longer.");
	expect_reason(eve, manual, READ, REASON(ORGANIZATION_NOT_VERIFIED));
}

Test(rules, rule_26_members_read_on_for_the_grace_time_while_it_reverifies, .init = begin,
	.fini = end)
{
	Orgd__V1__Organization change = ORGD__V1__ORGANIZATION__INIT;

	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	story_advance(s, 100 * US_PER_DAY);
	story_person(s, "new@example.com", "A New Session");
	change.id = acme;
	change.legal_name = "Acme of old";
	ASK(s, "operator", OrganizationService, UpdateOrganization, update_organization,
		.organization = &change);
	expect_reason(bob, manual, READ, REASON(DOCUMENT_GRANT));
	story_advance(s, 14 * US_PER_DAY - US_PER_MINUTE);
	expect_reason(bob, manual, READ, REASON(DOCUMENT_GRANT));
	story_advance(s, 2 * US_PER_MINUTE);
	expect_reason(bob, manual, READ, REASON(REVERIFICATION_OVERDUE));
	ASK(s, "operator", VerificationService, VerifyOrganization, verify_organization,
		.organization_id = acme);
	expect_reason(bob, manual, READ, REASON(DOCUMENT_GRANT));
}

Test(rules, rule_29_suspension_ends_document_access_at_once, .init = begin, .fini = end)
{
	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	ASK(s, "operator", OrganizationService, SuspendOrganization, suspend_organization,
		.organization_id = acme, .reason = "unpaid");
	expect_reason(ada, manual, READ, REASON(ORGANIZATION_SUSPENDED));
	ASK(s, "operator", OrganizationService, UnsuspendOrganization, unsuspend_organization,
		.organization_id = acme);
	expect_reason(ada, manual, READ, REASON(DOCUMENT_GRANT));
}

Test(rules, rule_28_deletion_ends_access_and_undeletion_brings_it_back, .init = begin, .fini = end)
{
	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	ASK(s, "ada@example.com", OrganizationService, DeleteOrganization, delete_organization,
		.organization_id = acme, .confirm_handle = "acme");
	expect_reason(bob, manual, READ, REASON(ORGANIZATION_DELETED));
	ASK(s, "operator", OrganizationService, UndeleteOrganization, undelete_organization,
		.organization_id = acme);
	expect_reason(bob, manual, READ, REASON(DOCUMENT_GRANT));
}

Test(rules, rule_20_access_ends_with_the_removal_itself, .init = begin, .fini = end)
{
	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	ASK(s, "ada@example.com", MemberService, RemoveMember, remove_member,
		.organization_id = acme, .user_id = bob);
	expect_reason(bob, manual, READ, REASON(NOT_A_MEMBER));
	cr_expect_not(ASK(s, "bob@example.com", AccessService, Check, check, .document_id = manual)
			      ->allowed);
}

Test(rules, rule_30_a_disabled_or_erased_user_reads_nothing, .init = begin, .fini = end)
{
	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	ASK(s, "operator", UserService, DisableUser, disable_user, .user_id = bob);
	expect_reason(bob, manual, READ, REASON(USER_NOT_ACTIVE));
	cr_expect_eq(explain(bob, manual)->n_paths, 1);
	cr_expect_not(explain(bob, manual)->paths[0]->allowed);
	ASK(s, "operator", UserService, EnableUser, enable_user, .user_id = bob);
	expect_reason(bob, manual, READ, REASON(DOCUMENT_GRANT));
	ASK(s, "operator", UserService, EraseUser, erase_user, .user_id = bob,
		.confirm_email = "bob@example.com");
	expect_reason(bob, manual, READ, REASON(USER_NOT_ACTIVE));
	story_sweep(s);
	expect_reason(bob, manual, READ, REASON(USER_NOT_ACTIVE));
}

Test(rules, rule_22_another_organizations_grants_give_nothing_to_an_admin_elsewhere, .init = begin,
	.fini = end)
{
	const char *bolt = story_organization(s, "cyd@example.com", "bolt");

	grant_to(s, bolt, manual, (struct terms){ .permission = READ });
	expect_reason(ada, manual, READ, REASON(NO_GRANT));
	REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
		DocumentService, ListGrants, list_grants,
		.of_case = ORGD__V1__LIST_GRANTS_REQUEST__OF_ORGANIZATION_ID,
		.organization_id = bolt);
	REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", AccessService,
		ListDocumentUsers, list_document_users, .document_id = manual);
}

Test(access, a_deleted_document_or_collection_gives_nothing_before_any_sweep)
{
	const char *collection = a_collection(s, "Manuals"), *other = a_document(s, "Another");

	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	grant_to(s, acme, collection, (struct terms){ .permission = READ });
	put_into(s, collection, other);
	ASK(s, "operator", DocumentService, DeleteDocument, delete_document, .document_id = manual);
	ASK(s, "operator", DocumentService, DeleteCollection, delete_collection,
		.collection_id = collection);
	for (int swept = 0; swept < 2; swept++) {
		expect_reason(bob, manual, READ, REASON(NO_SUCH_DOCUMENT));
		expect_reason(bob, other, READ, REASON(NO_GRANT));
		cr_expect_eq(ASK(s, "bob@example.com", AccessService, ListUserDocuments,
				     list_user_documents)
				     ->n_documents,
			0);
		cr_expect_eq(ASK(s, "operator", AccessService, ListDocumentUsers,
				     list_document_users, .document_id = other)
				     ->n_users,
			0);
		story_sweep(s);
	}
}

Test(access, of_oneself_anybody_asks_and_of_others_who_may)
{
	const char *checker = make_key(s, "check", NULL),
		   *other_key = make_key(s, "documents", "act");
	Orgd__V1__BatchCheckRequest__Check one = ORGD__V1__BATCH_CHECK_REQUEST__CHECK__INIT,
					   other = one;

	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	cr_expect(ASK(s, "bob@example.com", AccessService, Check, check, .document_id = manual)
			  ->allowed);
	cr_expect(ASK(s, "bob@example.com", AccessService, Check, check, .user_id = bob,
		.document_id = manual)
			  ->allowed);
	cr_expect(ASK(s, "bob@example.com", AccessService, ExplainAccess, explain_access,
		.document_id = manual)
			  ->allowed);
	cr_expect_eq(
		ASK(s, "bob@example.com", AccessService, ListUserDocuments, list_user_documents)
			->n_documents,
		1);
	cr_expect(
		ASK(s, checker, AccessService, Check, check, .user_id = bob, .document_id = manual)
			->allowed);

	/* Not even the Owner asks about a member; and it is no oracle for who exists. */
	for (int i = 0; i < 2; i++) {
		const char *whom = i ? no_such("usr") : bob;

		REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
			AccessService, Check, check, .user_id = whom, .document_id = manual);
		REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
			AccessService, ExplainAccess, explain_access, .user_id = whom,
			.document_id = manual);
		REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
			AccessService, ListUserDocuments, list_user_documents, .user_id = whom);
		REFUSED(s, other_key, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", AccessService,
			Check, check, .user_id = whom, .document_id = manual);
	}
	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", AccessService, Check, check,
		.document_id = manual);
	/* An operator and a service are nobody themselves. */
	REFUSED(s, checker, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", AccessService, Check, check,
		.document_id = manual);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", AccessService,
		ListUserDocuments, list_user_documents);

	/* One check about somebody else denies the batch. */
	one.document_id = other.document_id = manual;
	other.user_id = ada;
	cr_expect_eq(
		ASK(s, "bob@example.com", AccessService, BatchCheck, batch_check, .n_checks = 1,
			.checks = (Orgd__V1__BatchCheckRequest__Check *[]){ &one })
			->n_allowed,
		1);
	REFUSED(s, "bob@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", AccessService,
		BatchCheck, batch_check, .n_checks = 2,
		.checks = (Orgd__V1__BatchCheckRequest__Check *[]){ &one, &other });
	REFUSED(s, checker, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", AccessService, BatchCheck,
		batch_check, .n_checks = 1,
		.checks = (Orgd__V1__BatchCheckRequest__Check *[]){ &one });
}

Test(access, on_behalf_of_a_user_takes_the_scope_and_stays_with_that_user)
{
	const char *acting = make_key(s, "act", NULL), *both = make_key(s, "act", "check");
	struct outcome outcome;

	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	outcome = try_on_behalf(s, acting, bob, "AccessService/Check",
		STORY_REQUEST(Check, check, .document_id = manual));
	cr_expect_eq(outcome.code, STATUS_PERMISSION_DENIED);
	outcome = try_on_behalf(s, both, bob, "AccessService/Check",
		STORY_REQUEST(Check, check, .document_id = manual));
	cr_assert_eq(outcome.code, STATUS_OK);
	cr_expect(((const Orgd__V1__CheckResponse *)outcome.response)->allowed);
	outcome = try_on_behalf(s, both, bob, "AccessService/Check",
		STORY_REQUEST(Check, check, .user_id = ada, .document_id = manual));
	cr_expect_eq(outcome.code, STATUS_PERMISSION_DENIED);
}

Test(rules, rule_23_an_unknown_permission_is_refused_wherever_it_is_asked_for, .init = begin,
	.fini = end)
{
	Orgd__V1__BatchCheckRequest__Check one = ORGD__V1__BATCH_CHECK_REQUEST__CHECK__INIT;
	struct outcome outcome;

	one.user_id = bob;
	one.document_id = manual;
	one.permission = 4;
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", AccessService, Check,
		check, .user_id = bob, .document_id = manual, .permission = 4);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", AccessService,
		ExplainAccess, explain_access, .user_id = bob, .document_id = manual,
		.permission = 4);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", AccessService,
		ListUserDocuments, list_user_documents, .user_id = bob, .permission = 4);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", AccessService,
		ListDocumentUsers, list_document_users, .document_id = manual, .permission = 4);
	outcome = story_try(s, "operator", "AccessService/BatchCheck",
		STORY_REQUEST(BatchCheck, batch_check, .n_checks = 1,
			.checks = (Orgd__V1__BatchCheckRequest__Check *[]){ &one }));
	cr_expect_str_eq(outcome.reason, "UNKNOWN_ENUM_VALUE");
	cr_expect_str_eq(outcome.field, "checks[0].permission");
}

Test(rules, rule_32_a_batch_is_answered_in_order_and_has_1000_checks_at_most, .init = begin,
	.fini = end)
{
	enum { MAX = 1000 };
	static Orgd__V1__BatchCheckRequest__Check checks[MAX + 1], *pointers[MAX + 1];
	const char *other = a_document(s, "Another"), *users[] = { ada, bob, eve, no_such("usr") };
	const Orgd__V1__BatchCheckResponse *batch;

	grant_to(s, acme, manual, (struct terms){ READ, ANY, 0 });
	grant_to(s, acme, other, (struct terms){ WRITE, OWNER, 0 });
	for (size_t i = 0; i <= MAX; i++) {
		orgd__v1__batch_check_request__check__init(&checks[i]);
		checks[i].user_id = users[i % 4];
		checks[i].document_id = i / 4 % 2 ? other : manual;
		checks[i].permission = (Orgd__V1__Permission)(i / 8 % 4);
		pointers[i] = &checks[i];
	}
	batch = ASK(s, "operator", AccessService, BatchCheck, batch_check, .n_checks = MAX,
		.checks = pointers);
	cr_assert_eq(batch->n_allowed, MAX);
	for (size_t i = 0; i < MAX; i++) {
		bool reads_manual = i % 4 < 2 && i / 4 % 2 == 0 && i / 8 % 4 <= READ;
		bool writes_other = i % 4 == 0 && i / 4 % 2 == 1;

		cr_expect_eq(batch->allowed[i], reads_manual || writes_other, "check %zu", i);
	}
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "BATCH_SIZE", AccessService, BatchCheck,
		batch_check, .n_checks = MAX + 1, .checks = pointers);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "BATCH_SIZE", AccessService, BatchCheck,
		batch_check);
	REFUSED(s, "eve@example.com", STATUS_INVALID_ARGUMENT, "BATCH_SIZE", AccessService,
		BatchCheck, batch_check);
	checks[1].document_id = "manual";
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", AccessService, BatchCheck,
		batch_check, .n_checks = 2, .checks = pointers);
}

Test(access, explaining_tells_what_each_organization_contributes)
{
	const char *bolt = story_organization(s, "bob@example.com", "bolt");
	const char *core = an_unverified_organization("bob@example.com", "core");
	const char *collection = a_collection(s, "Manuals");
	const Orgd__V1__ExplainAccessResponse *explanation;
	const char *grant;
	unsigned seen = 0;

	put_into(s, collection, manual);
	grant = grant_to(s, bolt, collection, (struct terms){ .permission = READ })->id;
	grant_to(s, core, manual, (struct terms){ .permission = WRITE });
	explanation = explain(bob, manual);
	cr_expect(explanation->allowed);
	cr_expect_eq(explanation->reason, REASON(COLLECTION_GRANT));
	cr_assert_eq(explanation->n_paths, 3);
	for (size_t i = 0; i < 3; i++) {
		const Orgd__V1__ExplainAccessResponse__Path *path = explanation->paths[i];

		cr_expect(!i || strcmp(explanation->paths[i - 1]->organization_id,
					path->organization_id) < 0);
		if (!strcmp(path->organization_id, acme)) {
			cr_expect_eq(path->role, MEMBER);
			cr_expect_eq(path->reason, REASON(NO_GRANT));
			cr_expect_str_eq(path->grant_id, "");
			seen |= 1;
		} else if (!strcmp(path->organization_id, bolt)) {
			cr_expect_eq(path->role, OWNER);
			cr_expect(path->allowed);
			cr_expect_eq(path->reason, REASON(COLLECTION_GRANT));
			cr_expect_str_eq(path->organization_handle, "bolt");
			cr_expect_str_eq(path->grant_id, grant);
			cr_expect_str_eq(path->collection_id, collection);
			seen |= 2;
		} else if (!strcmp(path->organization_id, core)) {
			cr_expect_not(path->allowed);
			cr_expect_eq(path->reason, REASON(ORGANIZATION_NOT_VERIFIED));
			seen |= 4;
		}
	}
	cr_expect_eq(seen, 7);
	cr_expect_eq(explain(eve, manual)->n_paths, 0);
}

Test(access, of_many_organizations_each_counts)
{
	enum { MANY = 4 }; /* with Acme, more than are kept */
	const char *organizations[MANY];

	for (int i = 0; i < MANY; i++) {
		char handle[16];

		snprintf(handle, sizeof(handle), "team-%d", i);
		organizations[i] = story_organization(s, "ada@example.com", handle);
		story_join(s, organizations[i], "bob@example.com", MEMBER);
	}
	for (int i = 0; i < MANY; i++) {
		const Orgd__V1__Grant *grant =
			grant_to(s, organizations[i], manual, (struct terms){ .permission = READ });

		cr_expect(may(s, bob, manual, READ), "%d", i);
		cr_expect_not(may(s, eve, manual, READ));
		ASK(s, "operator", DocumentService, DeleteGrant, delete_grant,
			.grant_id = grant->id);
		cr_expect_not(may(s, bob, manual, READ), "%d", i);
	}
}
