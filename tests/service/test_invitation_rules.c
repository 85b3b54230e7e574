/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "invitation_scene.h"
#include "orgd/rpc/v1/rpc.pb-c.h"

/* SPEC section 4, rules 1 to 7. */

/* Every way to invite is refused with this reason. */
static void expect_nobody_can_be_invited(struct story *s, const char *org,
	const Orgd__V1__Invitation *pending, const char *reason, const char *who)
{
	char *emails[] = { "x@example.com", "y@example.com" };
	size_t mails = story_mail_count(s, ANN);
	struct outcome outcome = scene_try_invite(s, who, org, EVE, ROLE(MEMBER));

	scene_expect_refusal(outcome, STATUS_FAILED_PRECONDITION, reason);
	if (!strcmp(reason, "ORGANIZATION_NOT_VERIFIED"))
		cr_assert(strstr(outcome.help, "developer@example.com"), "%s", outcome.help);
	REFUSED(s, who, STATUS_FAILED_PRECONDITION, reason, InvitationService,
		BatchCreateInvitations, batch_create_invitations, .organization_id = org,
		.n_emails = 2, .emails = emails, .role = ROLE(MEMBER));
	scene_expect_refusal(
		scene_try_resend(s, who, org, pending->id), STATUS_FAILED_PRECONDITION, reason);
	cr_assert_eq(story_mail_count(s, EVE), 0);
	cr_assert_eq(story_mail_count(s, ANN), mails);
}

Test(rules, rule_01_an_organization_that_is_not_verified_invites_nobody)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *pending = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));

	scene_unverify(s, org);
	expect_nobody_can_be_invited(s, org, pending, "ORGANIZATION_NOT_VERIFIED", ADA);
	expect_nobody_can_be_invited(s, org, pending, "ORGANIZATION_NOT_VERIFIED", "operator");
	story_end(s);
}

Test(rules, rule_01_nor_does_a_suspended_or_deleted_one)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *pending = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));

	scene_suspend(s, org);
	expect_nobody_can_be_invited(s, org, pending, "ORGANIZATION_SUSPENDED", ADA);
	scene_unsuspend(s, org);
	ASK(s, ADA, OrganizationService, DeleteOrganization, delete_organization,
		.organization_id = org, .confirm_handle = "acme");
	expect_nobody_can_be_invited(s, org, pending, "ORGANIZATION_DELETED", "operator");
	story_end(s);
}

Test(rules, rule_01_accepting_waits_until_the_organization_is_verified_again)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *pending = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	const char *token = story_mail_token(s, ANN);

	story_person(s, ANN, "Ann");
	scene_unverify(s, org);
	scene_expect_refusal(scene_try_accept(s, ANN, token), STATUS_FAILED_PRECONDITION,
		"ORGANIZATION_NOT_VERIFIED");
	cr_assert_eq(scene_look_at(s, org, pending->id)->state, STATE(PENDING));
	ASK(s, "operator", VerificationService, VerifyOrganization, verify_organization,
		.organization_id = org);
	scene_expect_ok(scene_try_accept(s, ANN, token));
	story_end(s);
}

Test(rules, rule_03_a_member_is_not_invited_again)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_join(s, org, ANN, ROLE(MEMBER));
	scene_expect_refusal(scene_try_invite(s, ADA, org, "ANN@Example.COM", ROLE(MEMBER)),
		STATUS_ALREADY_EXISTS, "ALREADY_A_MEMBER");
	story_end(s);
}

Test(rules, rule_03_a_pending_address_is_not_invited_again)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *first =
		scene_invite(s, ADA, org, "Ann@Example.com", ROLE(MEMBER));
	struct outcome outcome = scene_try_invite(s, ADA, org, "ann@EXAMPLE.com", ROLE(ADMIN));
	char expected[64];

	scene_expect_refusal(outcome, STATUS_ALREADY_EXISTS, "ALREADY_INVITED");
	snprintf(expected, sizeof(expected), "invitation_id=%s;", first->id);
	cr_assert_str_eq(outcome.metadata, expected);
	cr_assert_eq(story_mail_count(s, "Ann@example.com"), 1);
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 1);
	story_end(s);
}

/* The address can be invited, and is afterwards pending once. */
static void expect_invitable(struct story *s, const char *org, const char *email)
{
	uint32_t pending = scene_look_at_organization(s, org)->pending_count;

	scene_invite(s, ADA, org, email, ROLE(MEMBER));
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, pending + 1);
}

Test(rules, rule_03_a_finished_invitation_never_blocks_a_new_one)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *revoked =
		scene_invite(s, ADA, org, "r@example.com", ROLE(MEMBER));

	scene_expect_ok(scene_try_revoke(s, ADA, org, revoked->id));
	expect_invitable(s, org, "r@example.com");

	scene_invite(s, ADA, org, "d@example.com", ROLE(MEMBER));
	ASK(s, NULL, InvitationService, DeclineInvitation, decline_invitation,
		.which_case = ORGD__V1__DECLINE_INVITATION_REQUEST__WHICH_TOKEN,
		.token = story_mail_token(s, "d@example.com"));
	expect_invitable(s, org, "d@example.com");

	story_join(s, org, ANN, ROLE(MEMBER));
	ASK(s, ADA, MemberService, RemoveMember, remove_member, .organization_id = org,
		.user_id = story_id(s, ANN));
	expect_invitable(s, org, ANN);
	story_end(s);
}

Test(rules, rule_03_nor_does_one_that_expired_or_whose_epoch_died_before_a_sweep_came_by)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *dead = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));

	scene_suspend(s, org);
	scene_unsuspend(s, org);
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 0);
	expect_invitable(s, org, ANN);
	cr_assert_eq(scene_look_at(s, org, dead->id)->state, STATE(REVOKED));
	story_skip(s, 8 * US_PER_DAY);
	scene_expect_ok(scene_try_invite(s, ADA, org, ANN, ROLE(MEMBER)));
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 1);
	story_end(s);
}

Test(rules, rule_04_accepting_takes_the_invited_address_and_leaves_the_invitation_pending_otherwise)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	const char *token = story_mail_token(s, ANN);

	story_person(s, EVE, "Eve");
	scene_expect_refusal(
		scene_try_accept(s, EVE, token), STATUS_FAILED_PRECONDITION, "EMAIL_MISMATCH");
	cr_assert_eq(scene_look_at(s, org, invitation->id)->state, STATE(PENDING));
	scene_expect_refusal(
		scene_try_accept(s, NULL, token), STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED");
	scene_expect_refusal(scene_try_accept(s, "operator", token), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	story_person(s, ANN, "Ann");
	scene_expect_ok(scene_try_accept(s, ANN, token));
	cr_assert_eq(scene_look_at(s, org, invitation->id)->state, STATE(ACCEPTED));
	cr_assert_eq(scene_role_of(s, org, ANN), ROLE(MEMBER));
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 0);
	cr_assert_eq(scene_look_at_organization(s, org)->member_count, 2);
	story_end(s);
}

Test(rules, rule_04_and_rule_06_unknown_spent_expired_and_malformed_tokens_get_one_answer)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const char *tokens[5] = { "", "orgd_i_AAAA",
		"orgd_i_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	struct outcome first = { 0 };

	story_person(s, EVE, "Eve");
	story_join(s, org, ANN, ROLE(MEMBER));
	tokens[3] = story_mail_token(s, ANN); /* spent by someone else */
	scene_invite(s, ADA, org, BOB, ROLE(MEMBER));
	tokens[4] = story_mail_token(s, BOB); /* expired */
	story_advance(s, 8 * US_PER_DAY);
	for (int i = 0; i < 5; i++) {
		struct outcome outcome = scene_try_accept(s, EVE, tokens[i]);

		scene_expect_refusal(outcome, STATUS_NOT_FOUND, "TOKEN_INVALID");
		if (!i)
			first = outcome;
		cr_assert_str_eq(outcome.message, first.message);
		cr_assert_str_eq(outcome.metadata, "");
		REFUSED(s, NULL, STATUS_NOT_FOUND, "TOKEN_INVALID", InvitationService,
			LookUpInvitation, look_up_invitation, .token = tokens[i]);
		REFUSED(s, NULL, STATUS_NOT_FOUND, "TOKEN_INVALID", InvitationService,
			DeclineInvitation, decline_invitation,
			.which_case = ORGD__V1__DECLINE_INVITATION_REQUEST__WHICH_TOKEN,
			.token = tokens[i]);
	}
	story_end(s);
}

Test(rules, rule_05_signing_up_through_an_invitation_proves_the_address_and_joins_in_one_call)
{
	const Orgd__V1__SignUpResponse *signed_up;
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation = scene_invite(s, ADA, org, ANN, ROLE(ADMIN));

	signed_up = ASK(s, NULL, UserService, SignUp, sign_up,
		.invitation_token = story_mail_token(s, ANN), .password = "correct horse battery",
		.display_name = "Ann");
	cr_assert_str_eq(signed_up->user->email, ANN);
	cr_assert(signed_up->user->email_verified);
	cr_assert_str_eq(signed_up->organization_id, org);
	cr_assert(*signed_up->session_token);
	cr_assert_eq(scene_role_of(s, org, ANN), ROLE(ADMIN));
	cr_assert_eq(scene_look_at(s, org, invitation->id)->state, STATE(ACCEPTED));
	story_end(s);
}

Test(rules, rule_06_only_the_account_that_accepted_is_told_that_it_belongs_already)
{
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome outcome;
	const char *token;
	char expected[64];

	story_join(s, org, ANN, ROLE(MEMBER));
	token = story_mail_token(s, ANN);
	outcome = scene_try_accept(s, ANN, token);
	scene_expect_refusal(outcome, STATUS_ALREADY_EXISTS, "ALREADY_A_MEMBER");
	snprintf(expected, sizeof(expected), "organization_id=%s;", org);
	cr_assert_str_eq(outcome.metadata, expected);
	scene_expect_refusal(scene_try_accept(s, ADA, token), STATUS_NOT_FOUND, "TOKEN_INVALID");
	story_end(s);
}

Test(rules, rule_06_a_spent_token_is_forgotten_after_thirty_days)
{
	Orgd__Rpc__V1__Request envelope;
	char bearer[128];
	const char *org;
	struct story *s = acme_begin(&org);
	const char *token;

	orgd__rpc__v1__request__init(&envelope);
	story_join(s, org, ANN, ROLE(MEMBER));
	token = story_mail_token(s, ANN);
	for (int week = 0; week < 4; week++) {
		story_advance(s, 7 * US_PER_DAY);
		/* A session lives through this only when it is used. */
		ASK(s, ANN, UserService, GetUser, get_user);
	}
	scene_expect_refusal(
		scene_try_accept(s, ANN, token), STATUS_ALREADY_EXISTS, "ALREADY_A_MEMBER");
	story_advance(s, 3 * US_PER_DAY);
	/* The session is over by now, too. */
	envelope.authorization = bearer;
	envelope.request_id = "a-request-of-this-test";
	snprintf(bearer, sizeof(bearer), "Bearer %s",
		ASK(s, NULL, SessionService, SignIn, sign_in, .email = ANN,
			.password = "correct horse battery")
			->session_token);
	scene_expect_refusal(
		story_try_envelope(s, "InvitationService/AcceptInvitation",
			STORY_REQUEST(AcceptInvitation, accept_invitation, .token = token),
			&envelope),
		STATUS_NOT_FOUND, "TOKEN_INVALID");
	story_end(s);
}

Test(rules, rule_07_resending_keeps_the_id_replaces_the_link_and_renews_the_expiry)
{
	const Orgd__V1__Invitation *again;
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *first = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	const char *old_token = story_mail_token(s, ANN), *new_token;
	struct outcome outcome;

	story_person(s, ANN, "Ann");
	story_join(s, org, BOB, ROLE(ADMIN));
	story_advance(s, 6 * US_PER_DAY);
	outcome = scene_try_resend(s, BOB, org, first->id);
	scene_expect_ok(outcome);
	again = ((const Orgd__V1__ResendInvitationResponse *)outcome.response)->invitation;
	cr_assert_str_eq(again->id, first->id);
	cr_assert_str_eq(again->invited_by, story_id(s, BOB));
	cr_assert_eq(again->delivery->state, ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_QUEUED);
	cr_assert_str_neq(again->delivery->delivery_id, first->delivery->delivery_id);
	cr_assert_geq(again->expire_time->seconds - first->expire_time->seconds, 6 * 86400);
	new_token = story_mail_token(s, ANN);
	cr_assert_str_neq(new_token, old_token);
	scene_expect_refusal(
		scene_try_accept(s, ANN, old_token), STATUS_NOT_FOUND, "TOKEN_INVALID");
	story_advance(s, 3 * US_PER_DAY);
	scene_expect_ok(scene_try_accept(s, ANN, new_token));
	story_end(s);
}

Test(rules, rule_07_a_mail_that_was_not_sent_yet_is_never_sent_once_its_link_was_replaced)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *first = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));

	scene_expect_ok(scene_try_resend(s, ADA, org, first->id));
	cr_assert_eq(story_mail_count(s, ANN), 1);
	story_person(s, ANN, "Ann");
	story_end(s);
}

Test(rules, rule_07_a_finished_invitation_is_neither_resent_nor_revoked)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *gone[4] = { scene_invite(
							s, ADA, org, "a@example.com", ROLE(MEMBER)),
		scene_invite(s, ADA, org, "b@example.com", ROLE(MEMBER)),
		scene_invite(s, ADA, org, "c@example.com", ROLE(MEMBER)), NULL };
	static const char *const states[] = { "state=REVOKED;", "state=DECLINED;", "state=EXPIRED;",
		"state=ACCEPTED;" };
	const Orgd__V1__ListInvitationsResponse *list;

	story_join(s, org, ANN, ROLE(MEMBER));
	list = ASK(s, ADA, InvitationService, ListInvitations, list_invitations,
		.organization_id = org);
	gone[3] = list->invitations[3];
	scene_expect_ok(scene_try_revoke(s, ADA, org, gone[0]->id));
	ASK(s, NULL, InvitationService, DeclineInvitation, decline_invitation,
		.which_case = ORGD__V1__DECLINE_INVITATION_REQUEST__WHICH_TOKEN,
		.token = story_mail_token(s, "b@example.com"));
	story_advance(s, 7 * US_PER_DAY);
	for (int i = 0; i < 4; i++) {
		struct outcome outcome = scene_try_resend(s, ADA, org, gone[i]->id);

		scene_expect_refusal(outcome, STATUS_FAILED_PRECONDITION, "INVITATION_FINISHED");
		cr_assert_str_eq(outcome.metadata, states[i]);
		scene_expect_refusal(scene_try_revoke(s, ADA, org, gone[i]->id),
			STATUS_FAILED_PRECONDITION, "INVITATION_FINISHED");
	}
	story_end(s);
}

Test(rules, rule_07_suspending_kills_every_older_link_at_once)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *old = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	const char *token = story_mail_token(s, ANN);

	story_person(s, ANN, "Ann");
	scene_suspend(s, org);
	cr_assert_eq(scene_look_at(s, org, old->id)->state, STATE(REVOKED));
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 0);
	scene_expect_refusal(scene_try_accept(s, ANN, token), STATUS_NOT_FOUND, "TOKEN_INVALID");
	scene_unsuspend(s, org);
	scene_expect_refusal(scene_try_accept(s, ANN, token), STATUS_NOT_FOUND, "TOKEN_INVALID");
	cr_assert_eq(scene_look_at(s, org, old->id)->state, STATE(REVOKED));
	story_end(s);
}

Test(rules, rule_07_a_sweep_rewrites_the_rows_of_a_dead_epoch_with_an_event_each)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *fresh;
	char email[64];

	for (int i = 0; i < 20; i++) {
		snprintf(email, sizeof(email), "p%d@example.com", i);
		scene_invite(s, ADA, org, email, ROLE(MEMBER));
	}
	ASK(s, ADA, OrganizationService, DeleteOrganization, delete_organization,
		.organization_id = org, .confirm_handle = "acme");
	cr_assert_eq(scene_count_events(s, org, "invitation.revoked"), 0);
	ASK(s, ADA, OrganizationService, UndeleteOrganization, undelete_organization,
		.organization_id = org);
	fresh = scene_invite(s, ADA, org, "fresh@example.com", ROLE(MEMBER));
	story_sweep(s);
	cr_assert_eq(scene_count_events(s, org, "invitation.revoked"), 20);
	cr_assert_eq(scene_look_at(s, org, fresh->id)->state, STATE(PENDING));
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 1);
	story_sweep(s);
	cr_assert_eq(scene_count_events(s, org, "invitation.revoked"), 20);
	story_end(s);
}
