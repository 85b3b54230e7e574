/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "invitation_scene.h"
#include "service/settings.h"

/* SPEC section 4, rules 10 to 28 as far as they are about invitations. */

Test(rules, rule_10_looking_a_link_up_changes_nothing)
{
	const Orgd__V1__LookUpInvitationResponse *found;
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation = scene_invite(s, ADA, org, ANN, ROLE(ADMIN)),
				   *after;
	const char *token = story_mail_token(s, ANN);
	const Orgd__V1__Invitation *before = scene_look_at(s, org, invitation->id);
	uint64_t revision;

	revision = story_try(
		s, "operator", "AdminService/GetStatus", STORY_REQUEST(GetStatus, get_status))
			   .revision;
	found = ASK(
		s, NULL, InvitationService, LookUpInvitation, look_up_invitation, .token = token);
	cr_assert_str_eq(found->invitation_id, invitation->id);
	cr_assert_str_eq(found->organization_display_name, "acme");
	cr_assert_str_eq(found->organization_handle, "acme");
	cr_assert_str_eq(found->inviter_display_name, "The Owner");
	cr_assert_str_eq(found->email, ANN);
	cr_assert_eq(found->role, ROLE(ADMIN));
	cr_assert_eq(found->expire_time->seconds, invitation->expire_time->seconds);
	after = scene_look_at(s, org, invitation->id);
	cr_assert_str_eq(after->etag, before->etag);
	cr_assert_eq(revision, story_try(s, "operator", "AdminService/GetStatus",
				       STORY_REQUEST(GetStatus, get_status))
				       .revision);
	story_end(s);
}

Test(rules, rule_12_an_organization_has_a_budget_a_day_and_resending_draws_on_it)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *first;
	struct outcome outcome;

	story_settings(s)->invitations_per_organization_per_day = 2;
	first = scene_invite(s, ADA, org, "a@example.com", ROLE(MEMBER));
	scene_expect_ok(scene_try_resend(s, ADA, org, first->id));
	outcome = scene_try_invite(s, ADA, org, "b@example.com", ROLE(MEMBER));
	scene_expect_refusal(outcome, STATUS_RESOURCE_EXHAUSTED, "INVITATION_LIMIT");
	cr_assert_gt(outcome.retry_after_ms, 0);
	cr_assert_eq(outcome.retry_after_ms % (3600 * 1000), 0, "rounded to the hour");
	scene_expect_refusal(scene_try_resend(s, ADA, org, first->id), STATUS_RESOURCE_EXHAUSTED,
		"INVITATION_LIMIT");
	story_advance(s, US_PER_DAY);
	scene_expect_ok(scene_try_invite(s, ADA, org, "b@example.com", ROLE(MEMBER)));
	story_end(s);
}

Test(rules, rule_12_a_recipient_has_a_budget_over_all_organizations_and_the_refusal_is_the_same)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const char *other = story_organization(s, BOB, "other");
	struct outcome by_recipient, by_organization;

	story_settings(s)->invitations_per_recipient_per_day = 1;
	scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	by_recipient = scene_try_invite(s, BOB, other, "ANN@example.com", ROLE(MEMBER));
	scene_expect_refusal(by_recipient, STATUS_RESOURCE_EXHAUSTED, "INVITATION_LIMIT");
	story_settings(s)->invitations_per_organization_per_day = 1;
	by_organization = scene_try_invite(s, ADA, org, EVE, ROLE(MEMBER));
	scene_expect_refusal(by_organization, STATUS_RESOURCE_EXHAUSTED, "INVITATION_LIMIT");
	cr_assert_str_eq(by_recipient.message, by_organization.message);
	cr_assert_eq(by_recipient.retry_after_ms, by_organization.retry_after_ms);
	story_end(s);
}

Test(rules, rule_12_seats_are_members_and_pending_invitations_and_ones_own_always_fits)
{
	const char *org;
	struct story *s = acme_begin(&org);

	scene_set_seat_limit(s, org, 2);
	scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	scene_expect_refusal(scene_try_invite(s, ADA, org, EVE, ROLE(MEMBER)),
		STATUS_RESOURCE_EXHAUSTED, "SEAT_LIMIT");
	scene_set_seat_limit(s, org, 1);
	story_person(s, ANN, "Ann");
	scene_expect_refusal(scene_try_invite(s, ADA, org, EVE, ROLE(MEMBER)),
		STATUS_RESOURCE_EXHAUSTED, "SEAT_LIMIT");
	scene_expect_refusal(scene_try_invite(s, "operator", org, EVE, ROLE(MEMBER)),
		STATUS_RESOURCE_EXHAUSTED, "SEAT_LIMIT");
	story_end(s);
}

Test(rules, rule_12_accepting_takes_ones_own_seat_below_a_lowered_limit)
{
	const char *org, *token;
	struct story *s = acme_begin(&org);

	scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	token = story_mail_token(s, ANN);
	scene_set_seat_limit(s, org, 1);
	story_person(s, ANN, "Ann");
	scene_expect_ok(scene_try_accept(s, ANN, token));
	cr_assert_eq(scene_look_at_organization(s, org)->member_count, 2);
	scene_set_seat_limit(s, org, 0);
	scene_expect_ok(scene_try_invite(s, ADA, org, EVE, ROLE(MEMBER)));
	story_end(s);
}

Test(rules, rule_12_a_refused_invitation_uses_up_nothing)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_settings(s)->invitations_per_organization_per_day = 1;
	scene_set_seat_limit(s, org, 1);
	for (int i = 0; i < 3; i++)
		scene_expect_refusal(scene_try_invite(s, ADA, org, ANN, ROLE(MEMBER)),
			STATUS_RESOURCE_EXHAUSTED, "SEAT_LIMIT");
	scene_set_seat_limit(s, org, 2);
	scene_expect_ok(scene_try_invite(s, ADA, org, ANN, ROLE(MEMBER)));
	story_end(s);
}

Test(rules, rule_13_the_answer_is_the_same_whether_or_not_there_is_an_account)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *with, *without;

	story_person(s, ANN, "Ann");
	with = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	without = scene_invite(s, ADA, org, EVE, ROLE(MEMBER));
	cr_assert_eq(with->state, without->state);
	cr_assert_eq(with->delivery->state, without->delivery->state);
	cr_assert_eq(with->delivery->attempts, without->delivery->attempts);
	cr_assert_eq(protobuf_c_message_get_packed_size(&with->base),
		protobuf_c_message_get_packed_size(&without->base));
	story_end(s);
}

Test(rules, rule_15_a_revoked_invitation_that_was_not_sent_yet_is_never_sent)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));

	scene_expect_ok(scene_try_revoke(s, ADA, org, invitation->id));
	cr_assert_eq(story_mail_count(s, ANN), 0);
	story_end(s);
}

Test(rules, rule_28_the_invitations_that_a_member_made_are_counted_before_they_are_removed)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_join(s, org, BOB, ROLE(ADMIN));
	scene_invite(s, BOB, org, "x@example.com", ROLE(MEMBER));
	scene_invite(s, BOB, org, "y@example.com", ROLE(MEMBER));
	scene_invite(s, ADA, org, "z@example.com", ROLE(MEMBER));
	cr_assert_eq(ASK(s, ADA, MemberService, RemoveMember, remove_member, .organization_id = org,
			     .user_id = story_id(s, BOB), .validate_only = true)
			     ->invitations,
		2);
	story_end(s);
}
