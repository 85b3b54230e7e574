/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "service/account_expect.h"
#include "service/organization_story.h"

static struct story *s;

static void begin(void)
{
	s = people_begin();
}

static void end(void)
{
	story_end(s);
}

TestSuite(organization_list, .init = begin, .fini = end);

static const Orgd__V1__ListOrganizationsResponse *list(
	Orgd__V1__VerificationState verification, Orgd__V1__OrganizationState lifecycle)
{
	return ASK(s, "operator", OrganizationService, ListOrganizations, list_organizations,
		.verification = verification, .lifecycle = lifecycle);
}

Test(organization_list, lists_come_by_creation_and_are_filtered_by_state)
{
	const char *acme = story_organization(s, ADA, "acme");
	const char *beta = organization_made(s, ADA, "beta");
	const char *gone = organization_made(s, BOB, "gone");

	organization_deleted_by(s, BOB, gone);
	organization_suspend_for(s, beta, "Spam.");
	cr_assert_eq(list(0, 0)->n_organizations, 2);
	cr_expect_str_eq(list(0, 0)->organizations[0]->id, acme);
	cr_expect_str_eq(list(0, 0)->organizations[1]->id, beta);
	cr_assert_eq(list(VERIFIED, 0)->n_organizations, 1);
	cr_expect_str_eq(list(VERIFIED, 0)->organizations[0]->id, acme);
	cr_assert_eq(list(0, SUSPENDED)->n_organizations, 1);
	cr_expect_str_eq(list(0, SUSPENDED)->organizations[0]->id, beta);
	cr_assert_eq(list(0, DELETED)->n_organizations, 1);
	cr_expect_str_eq(list(0, DELETED)->organizations[0]->id, gone);
	cr_expect_eq(list(REJECTED, 0)->n_organizations, 0);
}

Test(organization_list, lists_are_filtered_by_the_beginning_of_handle_or_name)
{
	static const struct {
		const char *prefix;
		size_t found;
	} cases[] = { { "ac", 2 }, { "ACME", 2 }, { "acme-two", 1 }, { "zweite", 1 }, { "me", 0 } };
	Orgd__V1__Organization form = organization_named("acme-two", "Zweite Acme");

	organization_made(s, ADA, "acme");
	expect_done(organization_try_create(s, ADA, &form));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		cr_expect_eq(ASK(s, "operator", OrganizationService, ListOrganizations,
				     list_organizations, .name_prefix = cases[i].prefix)
				     ->n_organizations,
			cases[i].found, "%s", cases[i].prefix);
}

Test(organization_list, lists_are_for_reviewers_administrators_and_services)
{
	organization_made(s, ADA, "acme");
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", OrganizationService,
		ListOrganizations, list_organizations);
	person_give_platform_role(s, EVE, ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER);
	cr_expect_eq(ASK(s, EVE, OrganizationService, ListOrganizations, list_organizations)
			     ->n_organizations,
		1);
	cr_expect_eq(ASK(s, make_key(s, "organizations.read", NULL), OrganizationService,
			     ListOrganizations, list_organizations)
			     ->n_organizations,
		1);
}

Test(organization_list, a_user_sees_their_own_with_the_role_in_each)
{
	const char *acme = story_organization(s, ADA, "acme");
	const char *beta = story_organization(s, BOB, "beta");
	const Orgd__V1__ListMyOrganizationsResponse *mine;

	story_join(s, beta, ADA, ADMIN);
	organization_suspend_for(s, beta, "Spam.");
	mine = ASK(s, ADA, OrganizationService, ListMyOrganizations, list_my_organizations);
	cr_assert_eq(mine->n_organizations, 2);
	cr_expect_str_eq(mine->organizations[0]->organization->id, acme);
	cr_expect_eq(mine->organizations[0]->role, OWNER);
	cr_expect_str_eq(mine->organizations[1]->organization->id, beta);
	cr_expect_eq(mine->organizations[1]->role, ADMIN);
	cr_expect_str_eq(mine->organizations[1]->organization->suspension_reason, "Spam.");
	cr_expect(mine->organizations[1]->join_time);
}

Test(organization_list, nobody_else_sees_what_a_user_belongs_to)
{
	REFUSED(s, EVE, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", OrganizationService,
		ListMyOrganizations, list_my_organizations, .user_id = story_id(s, ADA));
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", OrganizationService,
		ListMyOrganizations, list_my_organizations);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "USER_NOT_FOUND", OrganizationService,
		ListMyOrganizations, list_my_organizations,
		.user_id = "usr_00000000000000000000000001");
}

Test(rules, rule_36_my_organizations_are_listed_once_each_page_by_page, .init = begin, .fini = end)
{
	const Orgd__V1__ListMyOrganizationsResponse *page;
	const char *token = "", *ids[5];
	char handle[16];
	size_t seen = 0;

	for (int i = 0; i < 5; i++) {
		snprintf(handle, sizeof(handle), "acme-%d", i);
		ids[i] = organization_made(s, ADA, handle);
	}
	do {
		page = ASK(s, ADA, OrganizationService, ListMyOrganizations, list_my_organizations,
			.page_size = 2, .page_token = token);
		for (size_t i = 0; i < page->n_organizations; i++)
			cr_expect_str_eq(page->organizations[i]->organization->id, ids[seen++]);
		/* One that is gone before its turn is not listed, and shifts no other. */
		if (seen == 2)
			organization_deleted_by(s, ADA, ids[0]);
		token = page->next_page_token;
	} while (*token);
	cr_expect_eq(seen, 5);
}

Test(rules, rule_36_a_row_that_exists_throughout_is_listed_once_while_others_come_and_go,
	.init = begin, .fini = end)
{
	const Orgd__V1__ListOrganizationsResponse *page;
	const char *token = "", *stays[4], *goes = NULL;
	char handle[16];
	size_t seen[4] = { 0 }, pages = 0;

	for (int i = 0; i < 4; i++) {
		if (i == 2)
			goes = organization_made(s, BOB, "goes");
		snprintf(handle, sizeof(handle), "stays-%d", i);
		stays[i] = organization_made(s, ADA, handle);
	}
	do {
		page = ASK(s, "operator", OrganizationService, ListOrganizations,
			list_organizations, .page_size = 1, .page_token = token);
		for (size_t i = 0; i < page->n_organizations; i++)
			for (size_t k = 0; k < 4; k++)
				seen[k] += !strcmp(page->organizations[i]->id, stays[k]);
		if (++pages == 2) {
			organization_deleted_by(s, BOB, goes);
			organization_made(s, EVE, "comes");
		}
		token = page->next_page_token;
	} while (*token);
	for (size_t k = 0; k < 4; k++)
		cr_expect_eq(seen[k], 1);
	cr_expect_eq(pages, 5);
}

Test(rules, rule_36_a_page_token_is_for_one_caller_and_one_list, .init = begin, .fini = end)
{
	const Orgd__V1__ListOrganizationsResponse *page;

	organization_made(s, ADA, "acme");
	organization_made(s, ADA, "beta");
	person_give_platform_role(s, EVE, ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER);
	page = ASK(s, "operator", OrganizationService, ListOrganizations, list_organizations,
		.page_size = 1);
	cr_assert(*page->next_page_token);
	REFUSED(s, EVE, STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", OrganizationService,
		ListOrganizations, list_organizations, .page_token = page->next_page_token);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", OrganizationService,
		ListOrganizations, list_organizations, .page_token = page->next_page_token,
		.verification = PENDING);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", VerificationService,
		ListQueue, list_queue, .page_token = page->next_page_token);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_SIZE", OrganizationService,
		ListOrganizations, list_organizations, .page_size = -1);
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "PAGE_SIZE", OrganizationService,
		ListMyOrganizations, list_my_organizations, .page_size = -1);
}

Test(rules, rule_23_filters_refuse_unknown_states, .init = begin, .fini = end)
{
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", OrganizationService,
		ListOrganizations, list_organizations, .verification = 99);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", OrganizationService,
		ListOrganizations, list_organizations, .lifecycle = 99);
}
