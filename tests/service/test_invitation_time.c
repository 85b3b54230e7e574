/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "invitation_scene.h"

/* SPEC section 4, rules 8 and 9: what becomes of an invitation that nobody answers. */

Test(rules, rule_08_who_may_no_longer_give_the_role_has_invited_nobody)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation;
	const char *token;

	story_join(s, org, BOB, ROLE(ADMIN));
	invitation = scene_invite(s, BOB, org, ANN, ROLE(ADMIN));
	token = story_mail_token(s, ANN);
	story_person(s, ANN, "Ann");
	ASK(s, ADA, MemberService, ChangeRole, change_role, .organization_id = org,
		.user_id = story_id(s, BOB), .role = ROLE(MEMBER));
	scene_expect_refusal(scene_try_accept(s, ANN, token), STATUS_FAILED_PRECONDITION,
		"INVITER_NOT_AUTHORIZED");
	cr_assert_eq(scene_look_at(s, org, invitation->id)->state, STATE(PENDING));
	scene_expect_ok(scene_try_resend(s, ADA, org, invitation->id));
	scene_expect_ok(scene_try_accept(s, ANN, story_mail_token(s, ANN)));
	story_end(s);
}

Test(rules, rule_08_the_same_for_who_was_removed_and_for_who_was_disabled)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const char *first, *second;

	story_join(s, org, BOB, ROLE(ADMIN));
	story_join(s, org, EVE, ROLE(ADMIN));
	scene_invite(s, BOB, org, ANN, ROLE(MEMBER));
	scene_invite(s, EVE, org, "cid@example.com", ROLE(MEMBER));
	first = story_mail_token(s, ANN);
	second = story_mail_token(s, "cid@example.com");
	story_person(s, ANN, "Ann");
	story_person(s, "cid@example.com", "Cid");
	ASK(s, ADA, MemberService, RemoveMember, remove_member, .organization_id = org,
		.user_id = story_id(s, BOB));
	ASK(s, "operator", UserService, DisableUser, disable_user, .user_id = story_id(s, EVE));
	scene_expect_refusal(scene_try_accept(s, ANN, first), STATUS_FAILED_PRECONDITION,
		"INVITER_NOT_AUTHORIZED");
	scene_expect_refusal(scene_try_accept(s, "cid@example.com", second),
		STATUS_FAILED_PRECONDITION, "INVITER_NOT_AUTHORIZED");
	story_end(s);
}

Test(rules, rule_08_an_owners_invitation_of_an_owner_dies_with_the_demotion_to_admin)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const char *token;

	story_join(s, org, BOB, ROLE(OWNER));
	scene_invite(s, BOB, org, ANN, ROLE(OWNER));
	token = story_mail_token(s, ANN);
	story_person(s, ANN, "Ann");
	ASK(s, ADA, MemberService, ChangeRole, change_role, .organization_id = org,
		.user_id = story_id(s, BOB), .role = ROLE(ADMIN));
	scene_expect_refusal(scene_try_accept(s, ANN, token), STATUS_FAILED_PRECONDITION,
		"INVITER_NOT_AUTHORIZED");
	story_end(s);
}

Test(rules, rule_09_expiry_is_seen_from_its_moment_and_becomes_an_event)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));

	story_advance(s, 7 * US_PER_DAY - US_PER_MINUTE);
	cr_assert_eq(scene_look_at(s, org, invitation->id)->state, STATE(PENDING));
	story_advance(s, US_PER_MINUTE);
	cr_assert_eq(scene_look_at(s, org, invitation->id)->state, STATE(EXPIRED));
	cr_assert_eq(scene_count_events(s, org, "invitation.expired"), 1);
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 0);
	story_sweep(s);
	cr_assert_eq(scene_count_events(s, org, "invitation.expired"), 1);
	story_end(s);
}

Test(rules, rule_09_a_reminder_goes_out_once_a_day_before)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const char *first, *second;

	scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	first = story_mail_token(s, ANN);
	story_advance(s, 6 * US_PER_DAY - US_PER_MINUTE);
	cr_assert_eq(story_mail_count(s, ANN), 1);
	story_advance(s, US_PER_MINUTE);
	cr_assert_eq(story_mail_count(s, ANN), 2);
	cr_assert(strstr(story_mail_text(s, ANN), "eminder") ||
		  strstr(story_mail_text(s, ANN), "xpires"));
	cr_assert_eq(scene_count_events(s, org, "invitation.reminded"), 1);
	second = story_mail_token(s, ANN);
	cr_assert_str_neq(first, second);
	ASK(s, NULL, InvitationService, LookUpInvitation, look_up_invitation, .token = first);
	ASK(s, NULL, InvitationService, LookUpInvitation, look_up_invitation, .token = second);
	story_advance(s, US_PER_HOUR);
	cr_assert_eq(story_mail_count(s, ANN), 2);
	story_person(s, ANN, "Ann");
	scene_expect_ok(scene_try_accept(s, ANN, second));
	REFUSED(s, NULL, STATUS_NOT_FOUND, "TOKEN_INVALID", InvitationService, LookUpInvitation,
		look_up_invitation, .token = first);
	story_end(s);
}

Test(rules, rule_09_nobody_is_reminded_of_what_is_over_or_too_short)
{
	Google__Protobuf__Duration day;
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *revoked = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));

	google__protobuf__duration__init(&day);
	day.seconds = 86400;
	ASK(s, ADA, InvitationService, CreateInvitation, create_invitation, .organization_id = org,
		.email = BOB, .role = ROLE(MEMBER), .expire_after = &day);
	scene_expect_ok(scene_try_revoke(s, ADA, org, revoked->id));
	(void)story_mail_count(s, BOB);
	for (int i = 0; i < 7; i++)
		story_advance(s, US_PER_DAY);
	cr_assert_eq(scene_count_events(s, org, "invitation.reminded"), 0);
	cr_assert_eq(story_mail_count(s, ANN), 0);
	cr_assert_eq(story_mail_count(s, BOB), 1);
	story_end(s);
}
