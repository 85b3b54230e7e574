/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "invitation_scene.h"

/* SPEC rule 36: lists. */

static struct outcome list(
	struct story *s, const char *who, const char *org, int32_t size, const char *token)
{
	return story_try(s, who, "InvitationService/ListInvitations",
		STORY_REQUEST(ListInvitations, list_invitations, .organization_id = org,
			.page_size = size, .page_token = token, .state = STATE(PENDING)));
}

static const Orgd__V1__ListInvitationsResponse *listed(struct outcome outcome)
{
	scene_expect_ok(outcome);
	return (const Orgd__V1__ListInvitationsResponse *)outcome.response;
}

static void invite_many(struct story *s, const char *org, int from, int to)
{
	char email[64];

	for (int i = from; i < to; i++) {
		snprintf(email, sizeof(email), "p%03d@example.com", i);
		scene_invite(s, ADA, org, email, ROLE(MEMBER));
	}
}

Test(rules, rule_36_a_page_has_fifty_rows_unless_asked_and_a_negative_size_is_refused)
{
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome outcome;

	invite_many(s, org, 0, 60);
	cr_assert_eq(listed(list(s, ADA, org, 0, ""))->n_invitations, 50);
	cr_assert_eq(listed(list(s, ADA, org, 5000, ""))->n_invitations, 60);
	cr_assert_eq(listed(list(s, ADA, org, 3, ""))->n_invitations, 3);
	cr_assert_str_eq(listed(list(s, ADA, org, 60, ""))->next_page_token, "");
	outcome = list(s, ADA, org, -1, "");
	scene_expect_refusal(outcome, STATUS_INVALID_ARGUMENT, "PAGE_SIZE");
	cr_assert_str_eq(outcome.field, "page_size");
	story_end(s);
}

Test(rules, rule_36_a_token_is_for_one_caller_and_the_same_arguments)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const char *other = story_organization(s, ADA, "other");
	char token[512];

	story_join(s, org, BOB, ROLE(ADMIN));
	invite_many(s, org, 0, 5);
	snprintf(token, sizeof(token), "%s", listed(list(s, ADA, org, 2, ""))->next_page_token);
	cr_assert_eq(listed(list(s, ADA, org, 2, token))->n_invitations, 2);
	cr_assert_eq(listed(list(s, ADA, org, 4, token))->n_invitations, 3, "the size may change");
	scene_expect_refusal(list(s, BOB, org, 2, token), STATUS_INVALID_ARGUMENT, "PAGE_TOKEN");
	scene_expect_refusal(list(s, ADA, other, 2, token), STATUS_INVALID_ARGUMENT, "PAGE_TOKEN");
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", InvitationService, ListInvitations,
		list_invitations, .organization_id = org, .page_token = token);
	scene_expect_refusal(
		list(s, ADA, org, 2, "nonsense"), STATUS_INVALID_ARGUMENT, "PAGE_TOKEN");
	token[10] = token[10] == 'A' ? 'B' : 'A';
	scene_expect_refusal(list(s, ADA, org, 2, token), STATUS_INVALID_ARGUMENT, "PAGE_TOKEN");
	story_end(s);
}

Test(rules, rule_36_what_exists_throughout_is_listed_once_while_others_come_and_go)
{
	const Orgd__V1__ListInvitationsResponse *page;
	const char *org, *token = "";
	struct story *s = acme_begin(&org);
	int seen[40] = { 0 }, next = 30;

	invite_many(s, org, 0, 30);
	do {
		page = listed(list(s, ADA, org, 4, token));
		for (size_t i = 0; i < page->n_invitations; i++) {
			int n = 0;

			cr_assert_eq(sscanf(page->invitations[i]->email, "p%d@", &n), 1);
			seen[n]++;
		}
		/* The last one of the page goes, and a new one comes at the end. */
		if (page->n_invitations == 4 && next < 34) {
			scene_expect_ok(scene_try_revoke(s, ADA, org, page->invitations[3]->id));
			invite_many(s, org, next, next + 1);
			next++;
		}
		token = page->next_page_token;
	} while (*token);
	for (int i = 0; i < next; i++)
		cr_assert_eq(seen[i], 1, "p%d was listed %d times", i, seen[i]);
	story_end(s);
}

Test(rules, rule_36_a_page_ends_before_a_reply_is_too_large)
{
	const Orgd__V1__ListInvitationsResponse *page;
	char message[1501], email[64];
	const char *org, *token = "";
	struct story *s = acme_begin(&org);
	size_t pages = 0, rows = 0;

	/* 500 characters of three bytes each. */
	for (int i = 0; i < 500; i++)
		memcpy(message + 3 * i, "\xe2\x82\xac", 3);
	message[1500] = '\0';
	for (int day = 0; day < 4; day++) {
		for (int i = 0; i < 200; i++) {
			snprintf(email, sizeof(email), "p%d-%d@example.com", day, i);
			ASK(s, ADA, InvitationService, CreateInvitation, create_invitation,
				.organization_id = org, .email = email, .role = ROLE(MEMBER),
				.message = message);
		}
		story_skip(s, INT64_C(86400) * 1000 * 1000);
	}
	do {
		page = listed(list(s, ADA, org, 1000, token));
		rows += page->n_invitations;
		pages++;
		token = page->next_page_token;
	} while (*token);
	cr_assert_eq(rows, 800);
	cr_assert_gt(pages, 1);
	story_end(s);
}
