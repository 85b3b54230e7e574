/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "invitation_scene.h"

/* SPEC rule 34: request ids. */

static const char id[] = "one-request-id-of-many";

static struct outcome invite_as(struct story *s, const char *who, const char *org,
	const char *email, const char *request_id)
{
	return story_try_as(s, who, "InvitationService/CreateInvitation",
		STORY_REQUEST(CreateInvitation, create_invitation, .organization_id = org,
			.email = email, .role = ROLE(MEMBER)),
		request_id);
}

static const char *invitation_id(struct outcome outcome)
{
	scene_expect_ok(outcome);
	return ((const Orgd__V1__CreateInvitationResponse *)outcome.response)->invitation->id;
}

Test(rules, rule_34_a_mutation_needs_a_request_id)
{
	static const char long_one[] =
		"a-request-id-of-sixty-five-characters-which-is-one-more-than-it-m";
	const char *const wrong[] = { "", "fifteen-letters", "sixteen letters!",
		"sixteen-letters\xc3\xa4", long_one };
	const char *org;
	struct story *s = acme_begin(&org);

	cr_assert_eq(strlen(long_one), 65);
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		scene_expect_refusal(invite_as(s, ADA, org, ANN, wrong[i]), STATUS_INVALID_ARGUMENT,
			"REQUEST_ID_REQUIRED");
	scene_expect_ok(invite_as(s, ADA, org, ANN, "sixteen-letters!"));
	story_end(s);
}

Test(rules, rule_34_a_read_needs_none)
{
	const char *org;
	struct story *s = acme_begin(&org);

	scene_expect_ok(
		story_try_as(s, ADA, "UserService/GetUser", STORY_REQUEST(GetUser, get_user), ""));
	story_end(s);
}

Test(rules, rule_34_a_replay_returns_the_first_success_and_does_nothing)
{
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome first = invite_as(s, ADA, org, ANN, id), second;

	cr_assert(first.committed);
	scene_expect_ok(scene_try_invite(s, ADA, org, BOB, ROLE(MEMBER)));
	second = invite_as(s, ADA, org, ANN, id);
	cr_assert_str_eq(invitation_id(second), invitation_id(first));
	cr_assert_not(second.committed);
	cr_assert_eq(second.revision, first.revision);
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 2);
	story_end(s);
}

Test(rules, rule_34_a_refusal_is_decided_anew)
{
	const char *org;
	struct story *s = acme_begin(&org);

	scene_suspend(s, org);
	scene_expect_refusal(invite_as(s, ADA, org, ANN, id), STATUS_FAILED_PRECONDITION,
		"ORGANIZATION_SUSPENDED");
	scene_unsuspend(s, org);
	scene_expect_ok(invite_as(s, ADA, org, ANN, id));
	story_end(s);
}

Test(rules, rule_34_the_same_id_with_another_payload_is_refused)
{
	const char *org;
	struct story *s = acme_begin(&org);

	scene_expect_ok(invite_as(s, ADA, org, ANN, id));
	scene_expect_refusal(
		invite_as(s, ADA, org, BOB, id), STATUS_INVALID_ARGUMENT, "REQUEST_ID_REUSED");
	story_end(s);
}

Test(rules, rule_34_nobody_replays_what_another_did_nor_another_method)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const char *first;

	story_join(s, org, BOB, ROLE(ADMIN));
	first = invitation_id(invite_as(s, ADA, org, ANN, id));
	scene_expect_refusal(
		invite_as(s, BOB, org, ANN, id), STATUS_ALREADY_EXISTS, "ALREADY_INVITED");
	scene_expect_ok(story_try_as(s, ADA, "InvitationService/RevokeInvitation",
		STORY_REQUEST(RevokeInvitation, revoke_invitation, .organization_id = org,
			.invitation_id = first),
		id));
	story_end(s);
}

Test(rules, rule_34_a_no_op_and_a_replay_commit_nothing)
{
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome outcome;

	scene_suspend(s, org);
	outcome = story_try(s, "operator", "OrganizationService/SuspendOrganization",
		STORY_REQUEST(SuspendOrganization, suspend_organization, .organization_id = org,
			.reason = "unpaid"));
	scene_expect_ok(outcome);
	cr_assert_not(outcome.committed);
	story_end(s);
}

Test(rules, rule_34_a_replay_is_good_for_a_day)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const char *first = invitation_id(invite_as(s, ADA, org, ANN, id));

	story_advance(s, US_PER_DAY - US_PER_MINUTE);
	cr_assert_str_eq(invitation_id(invite_as(s, ADA, org, ANN, id)), first);
	story_advance(s, US_PER_MINUTE);
	scene_expect_refusal(
		invite_as(s, ADA, org, ANN, id), STATUS_ALREADY_EXISTS, "ALREADY_INVITED");
	story_end(s);
}

Test(rules, rule_34_a_session_that_has_just_ended_may_replay_and_nothing_else)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const char *first = invitation_id(invite_as(s, ADA, org, ANN, id));

	ASK(s, ADA, SessionService, SignOut, sign_out);
	cr_assert_str_eq(invitation_id(invite_as(s, ADA, org, ANN, id)), first);
	scene_expect_refusal(invite_as(s, ADA, org, BOB, "another-request-id"),
		STATUS_UNAUTHENTICATED, "SESSION_EXPIRED");
	scene_expect_refusal(
		invite_as(s, ADA, org, BOB, ""), STATUS_UNAUTHENTICATED, "SESSION_EXPIRED");
	REFUSED(s, ADA, STATUS_UNAUTHENTICATED, "SESSION_EXPIRED", UserService, GetUser, get_user);
	story_skip(s, US_PER_DAY);
	scene_expect_refusal(
		invite_as(s, ADA, org, ANN, id), STATUS_UNAUTHENTICATED, "SESSION_EXPIRED");
	story_end(s);
}

Test(rules, rule_34_what_a_prepare_step_finds_wrong_does_not_beat_a_replay)
{
	struct story *s = story_begin();
	struct outcome first, second;
	const ProtobufCMessage *request = STORY_REQUEST(ChangePassword, change_password,
		.current_password = "correct horse battery",
		.new_password = "incorrect horse battery");

	story_person(s, ANN, "Ann");
	first = story_try_as(s, ANN, "UserService/ChangePassword", request, id);
	scene_expect_ok(first);
	second = story_try_as(s, ANN, "UserService/ChangePassword", request, id);
	scene_expect_ok(second);
	cr_assert_not(second.committed);
	cr_assert_eq(second.revision, first.revision);
	story_end(s);
}
