/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "google/rpc/error_details.pb-c.h"
#include "invitation_scene.h"
#include "service/settings.h"
#include "store/rows/invitation.h"

/* BatchCreateInvitations: SPEC rule 11. */

typedef Orgd__V1__BatchCreateInvitationsResponse Response;

static struct outcome try_bulk_as(struct story *s, const char *who, const char *org, char **emails,
	size_t count, const char *request_id)
{
	return story_try_as(s, who, "InvitationService/BatchCreateInvitations",
		STORY_REQUEST(BatchCreateInvitations, batch_create_invitations,
			.organization_id = org, .n_emails = count, .emails = emails,
			.role = ROLE(MEMBER)),
		request_id);
}

static const Response *bulk(struct story *s, const char *org, char **emails, size_t count)
{
	struct outcome outcome = try_bulk_as(s, ADA, org, emails, count, "a-bulk-invites-request");

	scene_expect_ok(outcome);
	return (const Response *)outcome.response;
}

static void expect_error(
	const Response *response, size_t n, enum status_code code, const char *reason)
{
	const Google__Rpc__Status *error = response->results[n]->error;
	Google__Rpc__ErrorInfo *info;

	cr_assert_not_null(error, "result %zu is no refusal", n);
	cr_assert_null(response->results[n]->invitation);
	cr_assert_eq(error->code, (int)code);
	cr_assert(*error->message);
	info = google__rpc__error_info__unpack(
		NULL, error->details[0]->value.len, error->details[0]->value.data);
	cr_assert_str_eq(info->reason, reason);
	cr_assert_str_eq(info->domain, "orgd");
	google__rpc__error_info__free_unpacked(info, NULL);
}

Test(rules, rule_11_each_address_has_its_result_and_none_keeps_the_others_back)
{
	char *emails[] = { "one@example.com", "no address", ADA, "one@EXAMPLE.com",
		"two@example.com" };
	const Response *response;
	const char *org;
	struct story *s = acme_begin(&org);

	response = bulk(s, org, emails, 5);
	cr_assert_eq(response->n_results, 5);
	for (int i = 0; i < 5; i++)
		cr_assert_str_eq(response->results[i]->email, emails[i]);
	cr_assert_str_eq(response->results[0]->invitation->email, "one@example.com");
	cr_assert_null(response->results[0]->error);
	expect_error(response, 1, STATUS_INVALID_ARGUMENT, "INVALID_EMAIL");
	expect_error(response, 2, STATUS_ALREADY_EXISTS, "ALREADY_A_MEMBER");
	expect_error(response, 3, STATUS_ALREADY_EXISTS, "ALREADY_INVITED");
	cr_assert_str_eq(response->results[4]->invitation->email, "two@example.com");
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 2);
	cr_assert_eq(story_mail_count(s, "one@example.com"), 1);
	cr_assert_eq(story_mail_count(s, "two@example.com"), 1);
	story_end(s);
}

Test(rules, rule_11_a_replay_gives_the_same_results_and_invites_nobody)
{
	char *emails[] = { "one@example.com", "no address", "two@example.com" };
	const Response *first, *second;
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome outcome;

	first = bulk(s, org, emails, 3);
	outcome = try_bulk_as(s, ADA, org, emails, 3, "a-bulk-invites-request");
	scene_expect_ok(outcome);
	cr_assert_not(outcome.committed);
	second = (const Response *)outcome.response;
	cr_assert_eq(second->n_results, 3);
	cr_assert_str_eq(second->results[0]->invitation->id, first->results[0]->invitation->id);
	expect_error(second, 1, STATUS_INVALID_ARGUMENT, "INVALID_EMAIL");
	cr_assert_str_eq(second->results[2]->invitation->id, first->results[2]->invitation->id);
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 2);
	scene_expect_refusal(try_bulk_as(s, ADA, org, emails, 2, "a-bulk-invites-request"),
		STATUS_INVALID_ARGUMENT, "REQUEST_ID_REUSED");
	story_end(s);
}

Test(rules, rule_11_a_replay_goes_on_where_the_first_call_broke_off)
{
	char *emails[] = { "one@example.com", "two@example.com", "three@example.com" };
	const Orgd__V1__ListInvitationsResponse *list;
	const Response *response;
	struct id organization_id;
	const char *org;
	struct story *s = acme_begin(&org);
	struct key key;

	/* The second address meets a row that nobody can read. */
	cr_assert_eq(id_parse(ID_ORGANIZATION, "id", org, &organization_id).code, STATUS_OK);
	invitation_pending_prefix(&key, &organization_id);
	key_add_string(&key, emails[1]);
	scene_tamper(s, &key, "x");
	scene_expect_refusal(try_bulk_as(s, ADA, org, emails, 3, "a-bulk-invites-request"),
		STATUS_DATA_LOSS, "ROW_CORRUPT");
	list = ASK(s, ADA, InvitationService, ListInvitations, list_invitations,
		.organization_id = org);
	cr_assert_eq(list->n_invitations, 1);
	scene_tamper(s, &key, NULL);
	response = bulk(s, org, emails, 3);
	cr_assert_eq(response->n_results, 3);
	cr_assert_str_eq(response->results[0]->invitation->id, list->invitations[0]->id);
	cr_assert_str_eq(response->results[2]->invitation->email, emails[2]);
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 3);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(story_mail_count(s, emails[i]), 1);
	story_end(s);
}

Test(rules, rule_11_a_hundred_addresses_and_not_one_more)
{
	char *emails[101], text[101][32];
	const Response *response;
	const char *org;
	struct story *s = acme_begin(&org);

	for (int i = 0; i < 101; i++) {
		snprintf(text[i], sizeof(text[i]), "bulk%03d@example.com", i);
		emails[i] = text[i];
	}
	scene_expect_refusal(try_bulk_as(s, ADA, org, emails, 101, "a-bulk-of-too-many"),
		STATUS_INVALID_ARGUMENT, "BATCH_SIZE");
	scene_expect_refusal(try_bulk_as(s, ADA, org, emails, 0, "a-bulk-of-none-at-all"),
		STATUS_INVALID_ARGUMENT, "BATCH_SIZE");
	response = bulk(s, org, emails, 100);
	cr_assert_eq(response->n_results, 100);
	for (int i = 0; i < 100; i++)
		cr_assert_str_eq(response->results[i]->invitation->email, emails[i]);
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 100);
	story_end(s);
}

Test(rules, rule_11_limits_are_results_of_the_addresses_that_meet_them)
{
	char *emails[] = { "one@example.com", "two@example.com", "three@example.com" };
	const Response *response;
	const char *org;
	struct story *s = acme_begin(&org);

	scene_set_seat_limit(s, org, 3);
	response = bulk(s, org, emails, 3);
	cr_assert_not_null(response->results[1]->invitation);
	expect_error(response, 2, STATUS_RESOURCE_EXHAUSTED, "SEAT_LIMIT");
	story_end(s);

	s = acme_begin(&org);
	story_settings(s)->invitations_per_organization_per_day = 1;
	response = bulk(s, org, emails, 2);
	cr_assert_not_null(response->results[0]->invitation);
	expect_error(response, 1, STATUS_RESOURCE_EXHAUSTED, "INVITATION_LIMIT");
	story_end(s);
}

Test(rules, rule_11_a_refused_address_uses_up_no_budget)
{
	char *emails[] = { ADA, "no address", "one@example.com" };
	const Response *response;
	const char *org;
	struct story *s = acme_begin(&org);

	story_settings(s)->invitations_per_recipient_per_day = 0;
	story_settings(s)->invitations_per_organization_per_day = 1;
	expect_error(bulk(s, org, emails, 3), 2, STATUS_RESOURCE_EXHAUSTED, "INVITATION_LIMIT");
	story_settings(s)->invitations_per_recipient_per_day = 5;
	response = (const Response *)try_bulk_as(s, ADA, org, emails, 3, "another-bulk-invite")
			   .response;
	cr_assert_not_null(response->results[2]->invitation);
	story_end(s);
}

Test(invitation_service, a_bulk_invite_is_refused_as_a_whole_for_what_concerns_all)
{
	char *emails[] = { "one@example.com" };
	const char *org;
	struct story *s = acme_begin(&org);

	story_join(s, org, BOB, ROLE(ADMIN));
	story_person(s, EVE, "Eve");
	scene_expect_refusal(try_bulk_as(s, EVE, org, emails, 1, "a-request-by-a-stranger"),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", InvitationService,
		BatchCreateInvitations, batch_create_invitations, .organization_id = org,
		.n_emails = 1, .emails = emails, .role = ROLE(OWNER));
	REFUSED(s, BOB, STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", InvitationService,
		BatchCreateInvitations, batch_create_invitations, .organization_id = org,
		.n_emails = 1, .emails = emails);
	story_end(s);
}

Test(invitation_service, an_endless_address_is_echoed_in_part)
{
	char *emails[1], text[5000];
	const Response *response;
	const char *org;
	struct story *s = acme_begin(&org);

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	emails[0] = text;
	response = bulk(s, org, emails, 1);
	cr_assert_eq(strlen(response->results[0]->email), 254);
	expect_error(response, 0, STATUS_INVALID_ARGUMENT, "INVALID_EMAIL");
	story_end(s);
}
