/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "account_expect.h"
#include "base/compiler.h"
#include "base/id.h"
#include "document_story.h"
#include "google/protobuf/timestamp.pb-c.h"

static struct story *s;
static const char *acme, *ada;

static void begin(void)
{
	s = story_begin();
	acme = story_organization(s, "ada@example.com", "acme");
	ada = story_id(s, "ada@example.com");
}

static void end(void)
{
	story_end(s);
}

TestSuite(grant, .init = begin, .fini = end);

#define DOCUMENT_ID   of_case = ORGD__V1__LIST_GRANTS_REQUEST__OF_DOCUMENT_ID, .document_id
#define COLLECTION_ID of_case = ORGD__V1__LIST_GRANTS_REQUEST__OF_COLLECTION_ID, .collection_id
#define ORGANIZATION_ID                                                                            \
	of_case = ORGD__V1__LIST_GRANTS_REQUEST__OF_ORGANIZATION_ID, .organization_id

/* The ids of a list's pages, in order. */
static size_t list(const Orgd__V1__ListGrantsRequest *of, const char *ids[], size_t max)
{
	Orgd__V1__ListGrantsRequest request = *of;
	const Orgd__V1__ListGrantsResponse *page;
	size_t count = 0;

	request.base.descriptor = &orgd__v1__list_grants_request__descriptor;
	request.page_size = 2;
	request.page_token = "";
	do {
		page = (const Orgd__V1__ListGrantsResponse *)story_call(
			s, "operator", "DocumentService/ListGrants", &request.base);
		for (size_t i = 0; i < page->n_grants && count < max; i++)
			ids[count++] = page->grants[i]->id;
		request.page_token = page->next_page_token;
	} while (*request.page_token);
	return count;
}

static void expect_refused_grant(Orgd__V1__Grant grant, enum status_code code, const char *reason)
{
	REFUSED(s, "operator", code, reason, DocumentService, CreateGrant, create_grant,
		.grant = &grant);
}

Test(grant, is_created_with_its_terms)
{
	const char *document = a_document(s, "The manual");
	int64_t expire_us = story_now_us(s) + US_PER_DAY;
	const Orgd__V1__Grant *grant =
		grant_to(s, acme, document, (struct terms){ COMMENT, ADMIN, expire_us });

	cr_expect_eq(strncmp(grant->id, "grt_", 4), 0);
	cr_expect_str_eq(grant->organization_id, acme);
	cr_expect_eq(grant->resource_case, ORGD__V1__GRANT__RESOURCE_DOCUMENT_ID);
	cr_expect_str_eq(grant->document_id, document);
	cr_expect_eq(grant->permission, COMMENT);
	cr_expect_eq(grant->minimum_role, ADMIN);
	cr_expect_eq(grant->expire_time->seconds, expire_us / US_PER_SECOND);
	cr_expect(grant->create_time && grant->update_time && *grant->etag);
	cr_expect_eq(count_events(s, "grant.created"), 1);
}

Test(rules, rule_33_granting_twice_is_harmless_and_makes_no_second_event, .init = begin,
	.fini = end)
{
	const char *resources[] = { a_document(s, "The manual"), a_collection(s, "Manuals") };

	for (size_t i = 0; i < COUNT_OF(resources); i++) {
		struct terms terms = { WRITE, ADMIN, story_now_us(s) + US_PER_DAY };
		Orgd__V1__Grant request = grant_request(acme, resources[i], terms);
		const Orgd__V1__Grant *first = grant_to(s, acme, resources[i], terms), *second;
		struct outcome again = story_try(s, "operator", "DocumentService/CreateGrant",
			STORY_REQUEST(CreateGrant, create_grant, .grant = &request));

		cr_assert_eq(again.code, STATUS_OK);
		cr_expect_not(again.committed);
		second = ((const Orgd__V1__CreateGrantResponse *)again.response)->grant;
		cr_expect_str_eq(second->id, first->id);
		cr_expect_str_eq(second->etag, first->etag);
		cr_expect_eq(count_events(s, "grant.created"), i + 1);
	}
	cr_expect_eq(count_events(s, "grant.updated"), 0);
}

Test(grant, on_the_same_thing_replaces_the_terms_and_keeps_the_id)
{
	const char *document = a_document(s, "The manual"), *ids[4];
	const Orgd__V1__Grant *first =
		grant_to(s, acme, document, (struct terms){ .permission = READ });
	static const struct terms others[] = { { WRITE, ANY, 0 }, { WRITE, OWNER, 0 },
		{ READ, ANY, 0 } };

	for (size_t i = 0; i < COUNT_OF(others); i++) {
		const Orgd__V1__Grant *next = grant_to(s, acme, document, others[i]);

		cr_expect_str_eq(next->id, first->id);
		cr_expect_str_neq(next->etag, first->etag);
		cr_expect_eq(next->create_time->nanos, first->create_time->nanos);
		cr_expect_eq(next->permission, others[i].permission);
		cr_expect_eq(next->minimum_role, others[i].minimum_role);
		cr_expect_eq(may(s, ada, document, WRITE), others[i].permission == WRITE);
	}
	cr_expect_eq(
		list(&(Orgd__V1__ListGrantsRequest){ .ORGANIZATION_ID = acme }, ids, COUNT_OF(ids)),
		1);
	cr_expect_eq(count_events(s, "grant.created"), 1);
	cr_expect_eq(count_events(s, "grant.updated"), 3);
}

Test(grant, needs_an_organization_a_resource_a_permission_and_a_future)
{
	const char *document = a_document(s, "The manual"),
		   *collection = a_collection(s, "Manuals");
	struct terms reading = { .permission = READ };
	Orgd__V1__Grant request = grant_request(acme, document, reading);

	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", DocumentService,
		CreateGrant, create_grant);
	request.resource_case = ORGD__V1__GRANT__RESOURCE__NOT_SET;
	expect_refused_grant(request, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
	request = grant_request(acme, document, reading);
	request.document_id = collection;
	expect_refused_grant(request, STATUS_INVALID_ARGUMENT, "MALFORMED_ID");
	expect_refused_grant(grant_request(document, document, reading), STATUS_INVALID_ARGUMENT,
		"MALFORMED_ID");
	expect_refused_grant(grant_request(no_such("org"), document, reading), STATUS_NOT_FOUND,
		"ORGANIZATION_NOT_FOUND");
	expect_refused_grant(grant_request(acme, no_such("doc"), reading), STATUS_NOT_FOUND,
		"DOCUMENT_NOT_FOUND");
	expect_refused_grant(grant_request(acme, no_such("col"), reading), STATUS_NOT_FOUND,
		"COLLECTION_NOT_FOUND");
	expect_refused_grant(
		grant_request(acme, document, (struct terms){ READ, ANY, story_now_us(s) }),
		STATUS_INVALID_ARGUMENT, "EXPIRE_TIME_PAST");
	request = grant_request(acme, document, (struct terms){ READ, ANY, 1 });
	request.expire_time->seconds = 0;
	request.expire_time->nanos = 0;
	expect_refused_grant(request, STATUS_INVALID_ARGUMENT, "EXPIRE_TIME_PAST");
	request.expire_time->nanos = -1;
	expect_refused_grant(request, STATUS_INVALID_ARGUMENT, "INVALID_TIME");
	cr_expect_eq(count_events(s, "grant.created"), 0);
}

Test(rules, rule_23_unknown_and_unspecified_enum_values_are_refused_in_grants, .init = begin,
	.fini = end)
{
	const char *document = a_document(s, "The manual");

	expect_refused_grant(grant_request(acme, document, (struct terms){ .permission = NONE }),
		STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE");
	expect_refused_grant(grant_request(acme, document, (struct terms){ .permission = 4 }),
		STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE");
	expect_refused_grant(grant_request(acme, document, (struct terms){ READ, 4, 0 }),
		STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE");
	cr_expect_not(may(s, ada, document, READ));
}

Test(grant, of_a_deleted_organization_is_refused_and_of_a_suspended_one_waits)
{
	const char *document = a_document(s, "The manual");
	struct terms reading = { .permission = READ };

	ASK(s, "operator", OrganizationService, SuspendOrganization, suspend_organization,
		.organization_id = acme, .reason = "unpaid");
	grant_to(s, acme, document, reading);
	cr_expect_not(may(s, ada, document, READ));
	ASK(s, "operator", OrganizationService, UnsuspendOrganization, unsuspend_organization,
		.organization_id = acme);
	cr_expect(may(s, ada, document, READ));
	ASK(s, "operator", OrganizationService, DeleteOrganization, delete_organization,
		.organization_id = acme, .confirm_handle = "acme");
	expect_refused_grant(grant_request(acme, document, reading), STATUS_FAILED_PRECONDITION,
		"ORGANIZATION_DELETED");
}

Test(grant, lists_by_creation_of_an_organization_a_document_and_a_collection)
{
	const char *documents[3], *collection = a_collection(s, "Manuals");
	const char *organizations[3] = { acme, story_organization(s, "bob@example.com", "bolt"),
		story_organization(s, "cyd@example.com", "core") };
	const char *made[3][4], *ids[8];

	for (size_t d = 0; d < 3; d++)
		documents[d] = a_document(s, "A manual");
	for (size_t o = 0; o < 3; o++)
		for (size_t r = 0; r < 4; r++)
			made[o][r] =
				grant_to(s, organizations[o], r == 3 ? collection : documents[r],
					(struct terms){ .permission = READ })
					->id;
	for (size_t o = 0; o < 3; o++) {
		cr_assert_eq(
			list(&(Orgd__V1__ListGrantsRequest){ .ORGANIZATION_ID = organizations[o] },
				ids, COUNT_OF(ids)),
			4);
		for (size_t r = 0; r < 4; r++)
			cr_expect_str_eq(ids[r], made[o][r]);
	}
	for (size_t r = 0; r < 3; r++) {
		cr_assert_eq(list(&(Orgd__V1__ListGrantsRequest){ .DOCUMENT_ID = documents[r] },
				     ids, COUNT_OF(ids)),
			3);
		for (size_t o = 0; o < 3; o++)
			cr_expect_str_eq(ids[o], made[o][r]);
	}
	cr_assert_eq(list(&(Orgd__V1__ListGrantsRequest){ .COLLECTION_ID = collection }, ids,
			     COUNT_OF(ids)),
		3);
	for (size_t o = 0; o < 3; o++)
		cr_expect_str_eq(ids[o], made[o][3]);
}

Test(grant, lists_of_what_is_not_there_or_of_nothing_are_refused)
{
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", DocumentService,
		ListGrants, list_grants);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND", DocumentService,
		ListGrants, list_grants, .ORGANIZATION_ID = no_such("org"));
	REFUSED(s, "operator", STATUS_NOT_FOUND, "DOCUMENT_NOT_FOUND", DocumentService, ListGrants,
		list_grants, .DOCUMENT_ID = no_such("doc"));
	REFUSED(s, "operator", STATUS_NOT_FOUND, "COLLECTION_NOT_FOUND", DocumentService,
		ListGrants, list_grants, .COLLECTION_ID = no_such("col"));
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", DocumentService, ListGrants,
		list_grants, .COLLECTION_ID = acme);
}

Test(grant, deleting_it_ends_the_access_with_that_call)
{
	const char *document = a_document(s, "The manual");
	const char *id = grant_to(s, acme, document, (struct terms){ .permission = READ })->id;

	cr_expect(may(s, ada, document, READ));
	ASK(s, "operator", DocumentService, DeleteGrant, delete_grant, .grant_id = id);
	cr_expect_not(may(s, ada, document, READ));
	REFUSED(s, "operator", STATUS_NOT_FOUND, "GRANT_NOT_FOUND", DocumentService, DeleteGrant,
		delete_grant, .grant_id = id);
	/* Granting anew is a new grant. */
	cr_expect_str_neq(
		grant_to(s, acme, document, (struct terms){ .permission = READ })->id, id);
	cr_expect_eq(count_events(s, "grant.created"), 2);
	cr_expect_eq(count_events(s, "grant.deleted"), 1);
}

static void expect_no_row_of(enum id_type type, const char *text)
{
	struct id id;

	cr_assert_not(id_parse(type, "id", text, &id).code);
	cr_expect_not(store_holds(s, bytes_of(id.bytes, sizeof(id.bytes))));
}

Test(grant, goes_with_its_document_at_once_and_its_row_with_the_sweep)
{
	enum { ORGANIZATIONS = 15 };
	const char *document = a_document(s, "The manual"),
		   *collection = a_collection(s, "Manuals"), *ids[2];
	const char *grants[2] = {
		grant_to(s, acme, document, (struct terms){ .permission = READ })->id,
		grant_to(s, acme, collection, (struct terms){ .permission = READ })->id
	};

	/* More than one chunk of a sweep. */
	for (int i = 0; i < ORGANIZATIONS; i++) {
		char email[32], handle[16];
		const char *organization;

		snprintf(email, sizeof(email), "owner%d@example.com", i);
		snprintf(handle, sizeof(handle), "org-%d", i);
		organization = story_organization(s, email, handle);
		grant_to(s, organization, document, (struct terms){ .permission = READ });
		grant_to(s, organization, collection, (struct terms){ .permission = READ });
	}
	ASK(s, "operator", DocumentService, DeleteDocument, delete_document,
		.document_id = document);
	ASK(s, "operator", DocumentService, DeleteCollection, delete_collection,
		.collection_id = collection);
	for (int swept = 0; swept < 2; swept++) {
		for (size_t i = 0; i < 2; i++)
			REFUSED(s, "operator", STATUS_NOT_FOUND, "GRANT_NOT_FOUND", DocumentService,
				DeleteGrant, delete_grant, .grant_id = grants[i]);
		cr_expect_eq(
			list(&(Orgd__V1__ListGrantsRequest){ .ORGANIZATION_ID = acme }, ids, 2), 0);
		cr_expect_eq(count_events(s, "grant.deleted"), swept ? 2 * (ORGANIZATIONS + 1) : 0);
		story_sweep(s);
	}
	expect_no_row_of(ID_DOCUMENT, document);
	expect_no_row_of(ID_COLLECTION, collection);
}
