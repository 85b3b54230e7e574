/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "service/document_story.h"
#include "service/import_story.h"

static struct story *s;

static void begin(void)
{
	s = import_story_begin();
	import_portal(s);
}

static void end(void)
{
	import_story_end(s);
}

TestSuite(export, .init = begin, .fini = end);

static struct outcome page_try(int size, const char *token)
{
	return story_try(s, "operator", "AdminService/Export",
		STORY_REQUEST(Export, export, .page_size = size, .page_token = token));
}

static const Orgd__V1__ExportResponse *page(int size, const char *token)
{
	struct outcome outcome = page_try(size, token);

	cr_assert(!outcome.code, "%s: %s", outcome.reason, outcome.message);
	return (const Orgd__V1__ExportResponse *)outcome.response;
}

static void expect_aborted(struct outcome outcome, const char *reason)
{
	cr_assert_eq((int)outcome.code, STATUS_ABORTED);
	cr_assert_str_eq(outcome.reason, reason);
}

Test(export, shows_everything_in_its_order)
{
	static const Orgd__V1__Record__KindCase kinds[] = { ORGD__V1__RECORD__KIND_USER,
		ORGD__V1__RECORD__KIND_USER, ORGD__V1__RECORD__KIND_ORGANIZATION,
		ORGD__V1__RECORD__KIND_MEMBER, ORGD__V1__RECORD__KIND_COLLECTION,
		ORGD__V1__RECORD__KIND_DOCUMENT, ORGD__V1__RECORD__KIND_GRANT };
	const Orgd__V1__ExportResponse *all;

	cr_assert_eq(IMPORT(s, a_user_record(USR_BOB, "bob@example.com"),
			     a_member_record("acme", USR_BOB, NULL)),
		2);
	all = page(0, "");
	cr_assert_eq(all->n_records, COUNT_OF(kinds));
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		cr_assert_eq(all->records[i]->kind_case, kinds[i]);
	cr_assert_str_eq(all->records[2]->owners[0]->user_id, USR_ADA);
	cr_assert_str_eq(all->records[5]->document->collections[0], COL_SHELF);
	cr_assert_str_eq(all->next_page_token, "");
}

Test(export, is_what_an_import_leaves_alone)
{
	const Orgd__V1__ExportResponse *all = page(0, "");
	struct outcome again = story_try(s, "operator", "AdminService/Import",
		STORY_REQUEST(
			Import, import, .n_records = all->n_records, .records = all->records));

	cr_assert_eq(import_done(again), 0);
}

Test(export, leaves_out_what_is_deleted_or_erased)
{
	cr_assert_eq(IMPORT(s, a_user_record(USR_BOB, "bob@example.com"),
			     a_member_record("acme", USR_BOB, NULL)),
		2);
	ASK(s, "operator", UserService, EraseUser, erase_user, .user_id = USR_BOB,
		.confirm_email = "bob@example.com");
	cr_assert_eq(page(0, "")->n_records, 5);
	story_sweep(s);
	cr_assert_eq(page(0, "")->n_records, 5);
	ASK(s, "operator", OrganizationService, DeleteOrganization, delete_organization,
		.organization_id = ORG_ACME, .confirm_handle = "acme");
	cr_assert_eq(page(0, "")->n_records, 3);
	ASK(s, "operator", DocumentService, DeleteDocument, delete_document,
		.document_id = DOC_MANUAL);
	cr_assert_eq(page(0, "")->n_records, 2);
}

Test(export, shows_one_state_on_all_pages)
{
	const Orgd__V1__ExportResponse *first = page(1, ""), *rest;

	cr_assert_eq(IMPORT(s, a_user_record(USR_BOB, "bob@example.com")), 1);
	ASK(s, "operator", DocumentService, DeleteDocument, delete_document,
		.document_id = DOC_MANUAL);
	rest = page(100, first->next_page_token);
	cr_assert_eq(rest->n_records, 4);
	cr_assert_eq(rest->records[2]->kind_case, ORGD__V1__RECORD__KIND_DOCUMENT);
	cr_assert_eq(rest->revision, first->revision);
}

Test(export, is_one_at_a_time)
{
	const Orgd__V1__ExportResponse *first = page(1, "");
	struct outcome refused = page_try(1, "");

	expect_aborted(refused, "EXPORT_RUNNING");
	cr_assert_gt(refused.retry_after_ms, 0);
	page(100, first->next_page_token);
	page(100, "");
}

Test(export, gives_its_first_page_again_under_the_same_request_id)
{
	struct outcome first = story_try_as(s, "operator", "AdminService/Export",
		STORY_REQUEST(Export, export, .page_size = 1), "the-first-page-of-all");
	struct outcome again = story_try_as(s, "operator", "AdminService/Export",
		STORY_REQUEST(Export, export, .page_size = 1), "the-first-page-of-all");

	cr_assert_not(first.code);
	cr_assert_not(again.code);
}

Test(export, that_nobody_reads_on_is_let_go_after_a_minute)
{
	const Orgd__V1__ExportResponse *first = page(1, "");

	story_skip(s, US_PER_MINUTE + US_PER_SECOND);
	expect_aborted(page_try(1, first->next_page_token), "EXPORT_EXPIRED");
	first = page(1, "");
	page(100, first->next_page_token);
	expect_aborted(page_try(1, first->next_page_token), "EXPORT_EXPIRED");
}

Test(export, refuses_a_page_that_is_none)
{
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_SIZE", AdminService, Export, export,
		.page_size = -1);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", AdminService, Export, export,
		.page_token = "bm90aGluZw");
}
