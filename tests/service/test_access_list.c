/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "document_story.h"

static struct story *s;
static const char *acme, *bob;

static void begin(void)
{
	s = story_begin();
	acme = story_organization(s, "ada@example.com", "acme");
	story_join(s, acme, "bob@example.com", MEMBER);
	bob = story_id(s, "bob@example.com");
}

static void end(void)
{
	story_end(s);
}

TestSuite(access_list, .init = begin, .fini = end);

enum { LISTED_MAX = 64 };
struct listed {
	size_t count, pages;
	char ids[LISTED_MAX][40];
	Orgd__V1__Permission permissions[LISTED_MAX];
};

static void note(struct listed *listed, const char *id, Orgd__V1__Permission permission)
{
	for (size_t i = 0; i < listed->count; i++)
		cr_assert_str_neq(listed->ids[i], id, "%s is listed twice", id);
	cr_assert_lt(listed->count, LISTED_MAX);
	snprintf(listed->ids[listed->count], sizeof(listed->ids[0]), "%s", id);
	listed->permissions[listed->count++] = permission;
}

/* Notes one page, and returns the token of the next. */
static const char *documents_page(
	struct listed *listed, Orgd__V1__Permission wanted, int32_t size, const char *token)
{
	const Orgd__V1__ListUserDocumentsResponse *page = ASK(s, "operator", AccessService,
		ListUserDocuments, list_user_documents, .user_id = bob, .permission = wanted,
		.page_size = size, .page_token = token);

	cr_assert_leq(page->n_documents, (size_t)size);
	for (size_t i = 0; i < page->n_documents; i++)
		note(listed, page->documents[i]->document->id, page->documents[i]->permission);
	listed->pages++;
	return page->next_page_token;
}

static struct listed documents(Orgd__V1__Permission wanted, int32_t size)
{
	struct listed listed = { 0 };
	const char *token = "";

	do
		token = documents_page(&listed, wanted, size, token);
	while (*token);
	return listed;
}

static struct listed users(const char *document, Orgd__V1__Permission wanted, int32_t size)
{
	struct listed listed = { 0 };
	const char *token = "";

	do {
		const Orgd__V1__ListDocumentUsersResponse *page = ASK(s, "operator", AccessService,
			ListDocumentUsers, list_document_users, .document_id = document,
			.permission = wanted, .page_size = size, .page_token = token);

		for (size_t i = 0; i < page->n_users; i++)
			note(&listed, page->users[i]->user_id, page->users[i]->permission);
		listed.pages++;
		token = page->next_page_token;
	} while (*token);
	return listed;
}

Test(rules, rule_32_the_documents_of_a_user_are_complete_over_pages_each_once, .init = begin,
	.fini = end)
{
	const char *bolt = story_organization(s, "bob@example.com", "bolt");
	const char *collections[2] = { a_collection(s, "Manuals"), a_collection(s, "Guides") },
		   *ids[12];

	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ids[i] = a_document(s, "A manual");
	/* By every way at once: 0-3 direct, 2-7 by both organizations and both collections, 8
	 * not at all, 9 for Owners of Acme only, 10 and 11 to write. */
	for (size_t i = 0; i < 4; i++)
		grant_to(s, acme, ids[i], (struct terms){ .permission = READ });
	for (size_t i = 2; i < 8; i++) {
		put_into(s, collections[0], ids[i]);
		put_into(s, collections[1], ids[9 - i]);
	}
	for (size_t c = 0; c < 2; c++) {
		grant_to(s, acme, collections[c], (struct terms){ .permission = READ });
		grant_to(s, bolt, collections[c], (struct terms){ .permission = COMMENT });
	}
	grant_to(s, acme, ids[9], (struct terms){ READ, OWNER, 0 });
	for (size_t i = 10; i < 12; i++) {
		grant_to(s, acme, ids[i], (struct terms){ .permission = READ });
		grant_to(s, bolt, ids[i], (struct terms){ .permission = WRITE });
	}
	for (int32_t size = 1; size < 13; size++) {
		struct listed all = documents(NONE, size), commented = documents(COMMENT, size);
		struct listed written = documents(WRITE, size);

		cr_assert_eq(all.count, 10);
		for (size_t i = 0; i < 10; i++) {
			cr_expect_str_eq(all.ids[i], ids[i < 8 ? i : i + 2], "by creation");
			cr_expect_eq(all.permissions[i], i < 2 ? READ : i < 8 ? COMMENT : WRITE);
		}
		cr_expect_eq(commented.count, 8);
		cr_assert_eq(written.count, 2);
		cr_expect_str_eq(written.ids[0], ids[10]);
	}
}

Test(rules, rule_32_the_users_of_a_document_are_complete_over_pages_each_once, .init = begin,
	.fini = end)
{
	const char *bolt = story_organization(s, "bob@example.com", "bolt");
	const char *core = story_organization(s, "cyd@example.com", "core");
	const char *collection = a_collection(s, "Manuals"), *manual = a_document(s, "The manual");

	story_join(s, bolt, "ada@example.com", ADMIN);
	story_join(s, bolt, "dan@example.com", MEMBER);
	put_into(s, collection, manual);
	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	grant_to(s, bolt, collection, (struct terms){ WRITE, ADMIN, 0 });
	grant_to(s, core, collection, (struct terms){ READ, ANY, story_now_us(s) + US_PER_HOUR });
	for (int32_t size = 1; size < 6; size++) {
		/* Ada and Bob by both, Cyd by Core; Dan's role in Bolt is too low. */
		struct listed all = users(manual, NONE, size), written = users(manual, WRITE, size);

		cr_assert_eq(all.count, 3);
		cr_assert_eq(written.count, 2);
		for (size_t i = 0; i < all.count; i++)
			cr_expect_eq(all.permissions[i],
				!strcmp(all.ids[i], story_id(s, "cyd@example.com")) ? READ : WRITE);
	}
	story_advance(s, 2 * US_PER_HOUR);
	cr_expect_eq(users(manual, NONE, 10).count, 2);
	ASK(s, "operator", UserService, DisableUser, disable_user,
		.user_id = story_id(s, "dan@example.com"));
	ASK(s, "operator", OrganizationService, SuspendOrganization, suspend_organization,
		.organization_id = acme, .reason = "unpaid");
	cr_expect_eq(users(manual, NONE, 10).count, 2);
	ASK(s, "operator", OrganizationService, SuspendOrganization, suspend_organization,
		.organization_id = bolt, .reason = "unpaid");
	cr_expect_eq(users(manual, NONE, 10).count, 0);
}

Test(rules, rule_36_what_a_user_reaches_throughout_is_listed_once_while_grants_come_and_go,
	.init = begin, .fini = end)
{
	const char *bolt = story_organization(s, "bob@example.com", "bolt");
	const char *collection = a_collection(s, "Manuals"), *ids[8], *token, *doomed[4];
	struct listed listed = { 0 };

	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		ids[i] = a_document(s, "A manual");
		put_into(s, collection, ids[i]);
		doomed[i / 2] = grant_to(s, acme, ids[i], (struct terms){ .permission = READ })->id;
	}
	token = documents_page(&listed, NONE, 3, "");
	/* All remain reachable, by another way than before: whatever was listed is not listed
	 * again, and whatever was not is not missed. */
	grant_to(s, bolt, collection, (struct terms){ .permission = READ });
	for (size_t i = 0; i < COUNT_OF(doomed); i++)
		ASK(s, "operator", DocumentService, DeleteGrant, delete_grant,
			.grant_id = doomed[i]);
	a_document(s, "Nobody's");
	ASK(s, "operator", DocumentService, DeleteDocument, delete_document, .document_id = ids[2]);
	while (*token)
		token = documents_page(&listed, NONE, 3, token);
	cr_assert_eq(listed.count, COUNT_OF(ids));
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		cr_expect_str_eq(listed.ids[i], ids[i]);
}

Test(access_list, tokens_belong_to_the_caller_and_the_arguments)
{
	const char *token, *manual = a_document(s, "The manual");

	for (int i = 0; i < 3; i++)
		grant_to(s, acme, a_document(s, "A manual"), (struct terms){ .permission = READ });
	grant_to(s, acme, manual, (struct terms){ .permission = READ });
	token = ASK(s, "bob@example.com", AccessService, ListUserDocuments, list_user_documents,
		.page_size = 2)
			->next_page_token;
	cr_assert(*token);
	ASK(s, "bob@example.com", AccessService, ListUserDocuments, list_user_documents,
		.page_size = 1, .page_token = token);
	REFUSED(s, "ada@example.com", STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", AccessService,
		ListUserDocuments, list_user_documents, .page_token = token);
	REFUSED(s, "bob@example.com", STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", AccessService,
		ListUserDocuments, list_user_documents, .page_token = token, .permission = WRITE);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", AccessService,
		ListDocumentUsers, list_document_users, .document_id = manual, .page_token = token);
	REFUSED(s, "bob@example.com", STATUS_INVALID_ARGUMENT, "PAGE_SIZE", AccessService,
		ListUserDocuments, list_user_documents, .page_size = -1);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_SIZE", AccessService,
		ListDocumentUsers, list_document_users, .document_id = manual, .page_size = -1);
}

Test(access_list, of_more_collections_than_are_merged_is_as_complete, .timeout = 120)
{
	enum { GRANTED = 501, DOCUMENTS = 250 };
	const char *collections[16], *ids[DOCUMENTS];
	static char *batch[50];
	struct listed listed;

	/* Bob has many ways to nothing, 250 documents that are none of his in as many
	 * collections as can be, and three that are his. The work for a page is bounded, so some
	 * pages end early. */
	for (int i = 0; i < 4; i++) {
		char email[32], handle[16];

		snprintf(email, sizeof(email), "owner%d@example.com", i);
		snprintf(handle, sizeof(handle), "org-%d", i);
		story_join(s, story_organization(s, email, handle), "bob@example.com", MEMBER);
	}
	for (int i = 0; i < GRANTED; i++)
		grant_to(s, acme, a_collection(s, "Empty"), (struct terms){ .permission = READ });
	for (size_t i = 0; i < DOCUMENTS; i++)
		ids[i] = a_document(s, "A manual");
	for (size_t c = 0; c < COUNT_OF(collections); c++) {
		collections[c] = a_collection(s, "Manuals");
		for (size_t i = 0; i < DOCUMENTS; i++) {
			batch[i % 50] = (char *)(uintptr_t)ids[i];
			if (i % 50 == 49)
				ASK(s, "operator", DocumentService, AddDocuments, add_documents,
					.collection_id = collections[c], .n_document_ids = 50,
					.document_ids = batch);
		}
	}
	for (size_t i = 0; i < 3; i++)
		grant_to(s, acme, ids[i * (DOCUMENTS - 1) / 2],
			(struct terms){ .permission = READ });
	listed = documents(NONE, 1000);
	cr_assert_eq(listed.count, 3);
	for (size_t i = 0; i < 3; i++)
		cr_expect_str_eq(listed.ids[i], ids[i * (DOCUMENTS - 1) / 2]);
	cr_expect_gt(listed.pages, 1);
	listed = documents(NONE, 1);
	cr_expect_eq(listed.count, 3);
}

Test(access_list, of_more_holders_than_are_merged_is_as_complete, .timeout = 120)
{
	enum { ORGANIZATIONS = 32, COLLECTIONS = 16 };
	const char *manual = a_document(s, "The manual"), *collections[COLLECTIONS];

	for (size_t c = 0; c < COLLECTIONS; c++) {
		collections[c] = a_collection(s, "Manuals");
		put_into(s, collections[c], manual);
	}
	for (size_t o = 0; o < ORGANIZATIONS; o++) {
		char email[32], handle[16];
		const char *organization;

		snprintf(email, sizeof(email), "owner%zu@example.com", o % 8);
		snprintf(handle, sizeof(handle), "org-%zu", o);
		organization = story_organization(s, email, handle);
		for (size_t c = 0; c < COLLECTIONS; c++)
			grant_to(s, organization, collections[c],
				(struct terms){ .permission = READ });
	}
	for (int32_t size = 3; size < 1000; size += 900)
		cr_expect_eq(users(manual, NONE, size).count, 8);
}
