/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "invitation_scene.h"
#include "orgd/rpc/v1/rpc.pb-c.h"

/* Accepting and declining: what they refuse, and what happens when many do it at once. */

static struct outcome decline_by_id(struct story *s, const char *who, const char *invitation_id)
{
	return story_try(s, who, "InvitationService/DeclineInvitation",
		STORY_REQUEST(DeclineInvitation, decline_invitation,
			.which_case = ORGD__V1__DECLINE_INVITATION_REQUEST__WHICH_INVITATION_ID,
			.invitation_id = invitation_id));
}

static struct outcome decline_by_token(struct story *s, const char *who, const char *token)
{
	return story_try(s, who, "InvitationService/DeclineInvitation",
		STORY_REQUEST(DeclineInvitation, decline_invitation,
			.which_case = ORGD__V1__DECLINE_INVITATION_REQUEST__WHICH_TOKEN,
			.token = token));
}

Test(invitation_service, the_holder_of_the_link_declines_without_an_account)
{
	const char *org, *token;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));

	token = story_mail_token(s, ANN);
	scene_expect_ok(decline_by_token(s, NULL, token));
	cr_assert_eq(scene_look_at(s, org, invitation->id)->state, STATE(DECLINED));
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 0);
	scene_expect_refusal(decline_by_token(s, NULL, token), STATUS_NOT_FOUND, "TOKEN_INVALID");
	story_person(s, ANN, "Ann");
	scene_expect_refusal(scene_try_accept(s, ANN, token), STATUS_NOT_FOUND, "TOKEN_INVALID");
	story_end(s);
}

Test(invitation_service, the_invited_person_declines_by_id_and_nobody_else)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));

	story_person(s, ANN, "Ann");
	story_person(s, EVE, "Eve");
	scene_expect_refusal(decline_by_id(s, EVE, invitation->id), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	scene_expect_refusal(decline_by_id(s, NULL, invitation->id), STATUS_UNAUTHENTICATED,
		"CREDENTIAL_REQUIRED");
	scene_expect_refusal(decline_by_id(s, EVE, "inv_00000000000000000000000001"),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	scene_expect_refusal(
		decline_by_id(s, ANN, "inv_1"), STATUS_INVALID_ARGUMENT, "MALFORMED_ID");
	scene_expect_ok(decline_by_id(s, ANN, invitation->id));
	scene_expect_refusal(decline_by_id(s, ANN, invitation->id), STATUS_FAILED_PRECONDITION,
		"INVITATION_FINISHED");
	cr_assert_eq(scene_look_at(s, org, invitation->id)->state, STATE(DECLINED));
	story_end(s);
}

Test(invitation_service, declining_says_which_invitation)
{
	struct story *s = story_begin();

	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", InvitationService,
		DeclineInvitation, decline_invitation);
	story_end(s);
}

Test(invitation_service, who_accepted_declines_nothing_any_more)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_join(s, org, ANN, ROLE(MEMBER));
	scene_expect_refusal(decline_by_token(s, ANN, story_mail_token(s, ANN)),
		STATUS_ALREADY_EXISTS, "ALREADY_A_MEMBER");
	cr_assert_eq(scene_role_of(s, org, ANN), ROLE(MEMBER));
	story_end(s);
}

Test(invitation_service, accepting_gives_the_membership_and_who_invited)
{
	const Orgd__V1__AcceptInvitationResponse *accepted;
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome outcome;

	scene_invite(s, ADA, org, ANN, ROLE(OWNER));
	story_person(s, BOB, "Bob");
	(void)story_mail_token(s, ANN);
	story_person(s, EVE, "Eve");
	outcome = scene_try_accept(s, BOB, story_mail_token(s, ANN));
	scene_expect_refusal(outcome, STATUS_FAILED_PRECONDITION, "EMAIL_MISMATCH");
	cr_assert(outcome.committed == false);
	story_end(s);

	s = acme_begin(&org);
	story_person(s, ANN, "Ann");
	scene_invite(s, ADA, org, ANN, ROLE(OWNER));
	outcome = scene_try_accept(s, ANN, story_mail_token(s, ANN));
	scene_expect_ok(outcome);
	accepted = (const Orgd__V1__AcceptInvitationResponse *)outcome.response;
	cr_assert_str_eq(accepted->member->organization_id, org);
	cr_assert_str_eq(accepted->member->user_id, story_id(s, ANN));
	cr_assert_eq(accepted->member->role, ROLE(OWNER));
	cr_assert_str_eq(accepted->member->invited_by, story_id(s, ADA));
	cr_assert_eq(scene_look_at_organization(s, org)->n_owners, 2);
	story_end(s);
}

Test(invitation_service, an_operators_invitation_outlives_every_role)
{
	const Orgd__V1__AcceptInvitationResponse *accepted;
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome outcome;

	story_person(s, ANN, "Ann");
	scene_invite(s, "operator", org, ANN, ROLE(OWNER));
	outcome = scene_try_accept(s, ANN, story_mail_token(s, ANN));
	scene_expect_ok(outcome);
	accepted = (const Orgd__V1__AcceptInvitationResponse *)outcome.response;
	cr_assert_str_eq(accepted->member->invited_by, "");
	story_end(s);
}

enum { RIVALS = 12 };

/* One of many that do the same at the same time. */
struct rival {
	pthread_t thread;
	pthread_barrier_t *barrier;
	struct story *s;
	const char *method;
	const ProtobufCMessage *request;
	char *authorization, request_id[32];
	struct outcome outcome;
};

static void *compete(void *argument)
{
	struct rival *rival = argument;
	Orgd__Rpc__V1__Request envelope;

	orgd__rpc__v1__request__init(&envelope);
	envelope.authorization = rival->authorization;
	envelope.request_id = rival->request_id;
	pthread_barrier_wait(rival->barrier);
	rival->outcome = story_try_envelope(rival->s, rival->method, rival->request, &envelope);
	return NULL;
}

/* All rivals call at once, each with a request id of its own or all with one. */
static void let_compete(struct story *s, const char *who, const char *method,
	const ProtobufCMessage *request, bool one_id, struct rival rivals[RIVALS])
{
	pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, RIVALS);
	for (int i = 0; i < RIVALS; i++) {
		rivals[i] = (struct rival){ .barrier = &barrier,
			.s = s,
			.method = method,
			.request = request,
			.authorization = strdup(story_authorization(s, who)) };
		snprintf(rivals[i].request_id, sizeof(rivals[i].request_id),
			"a-rivals-request-%02d", one_id ? 0 : i);
		cr_assert_eq(pthread_create(&rivals[i].thread, NULL, compete, &rivals[i]), 0);
	}
	for (int i = 0; i < RIVALS; i++) {
		pthread_join(rivals[i].thread, NULL);
		free(rivals[i].authorization);
	}
	pthread_barrier_destroy(&barrier);
}

Test(rules, rule_06_exactly_one_of_many_concurrent_accepts_succeeds)
{
	const char *org;
	struct story *s = acme_begin(&org);
	struct rival rivals[RIVALS];
	int won = 0;

	story_person(s, ANN, "Ann");
	scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	let_compete(s, ANN, "InvitationService/AcceptInvitation",
		STORY_REQUEST(
			AcceptInvitation, accept_invitation, .token = story_mail_token(s, ANN)),
		false, rivals);
	for (int i = 0; i < RIVALS; i++) {
		won += rivals[i].outcome.code == STATUS_OK;
		if (rivals[i].outcome.code)
			scene_expect_refusal(
				rivals[i].outcome, STATUS_ALREADY_EXISTS, "ALREADY_A_MEMBER");
	}
	cr_assert_eq(won, 1);
	cr_assert_eq(scene_look_at_organization(s, org)->member_count, 2);
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 0);
	story_end(s);
}

Test(rules, rule_34_many_at_once_with_one_request_id_get_one_reply_and_one_effect)
{
	const char *org;
	struct story *s = acme_begin(&org);
	struct rival rivals[RIVALS];
	int committed = 0;

	let_compete(s, ADA, "InvitationService/CreateInvitation",
		STORY_REQUEST(CreateInvitation, create_invitation, .organization_id = org,
			.email = ANN, .role = ROLE(MEMBER)),
		true, rivals);
	for (int i = 0; i < RIVALS; i++) {
		const Orgd__V1__CreateInvitationResponse *created =
			(const Orgd__V1__CreateInvitationResponse *)rivals[i].outcome.response;

		scene_expect_ok(rivals[i].outcome);
		committed += rivals[i].outcome.committed;
		cr_assert_str_eq(created->invitation->id,
			((const Orgd__V1__CreateInvitationResponse *)rivals[0].outcome.response)
				->invitation->id);
		cr_assert_eq(rivals[i].outcome.revision, rivals[0].outcome.revision);
	}
	cr_assert_eq(committed, 1);
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 1);
	story_end(s);
}

Test(rules, rule_34_many_at_once_with_one_request_id_while_a_password_is_hashed)
{
	struct rival rivals[RIVALS];
	struct story *s = story_begin();
	int committed = 0;

	story_person(s, ANN, "Ann");
	let_compete(s, NULL, "SessionService/SignIn",
		STORY_REQUEST(SignIn, sign_in, .email = ANN, .password = "correct horse battery"),
		true, rivals);
	for (int i = 0; i < RIVALS; i++) {
		const Orgd__V1__SignInResponse *session =
			(const Orgd__V1__SignInResponse *)rivals[i].outcome.response;

		scene_expect_ok(rivals[i].outcome);
		committed += rivals[i].outcome.committed;
		cr_assert_str_eq(session->session_token,
			((const Orgd__V1__SignInResponse *)rivals[0].outcome.response)
				->session_token);
	}
	cr_assert_eq(committed, 1);
	story_end(s);
}

Test(rules, rule_11_many_at_once_with_one_request_id_share_the_steps_of_a_bulk_invite)
{
	char *emails[20], text[20][32];
	const char *org;
	struct story *s = acme_begin(&org);
	struct rival rivals[RIVALS];

	for (int i = 0; i < 20; i++) {
		snprintf(text[i], sizeof(text[i]), "bulk%02d@example.com", i);
		emails[i] = text[i];
	}
	let_compete(s, ADA, "InvitationService/BatchCreateInvitations",
		STORY_REQUEST(BatchCreateInvitations, batch_create_invitations,
			.organization_id = org, .n_emails = 20, .emails = emails,
			.role = ROLE(MEMBER)),
		true, rivals);
	for (int i = 0; i < RIVALS; i++) {
		const Orgd__V1__BatchCreateInvitationsResponse *response =
			(const Orgd__V1__BatchCreateInvitationsResponse *)rivals[i]
				.outcome.response;

		scene_expect_ok(rivals[i].outcome);
		cr_assert_eq(response->n_results, 20);
		for (int n = 0; n < 20; n++) {
			cr_assert_str_eq(response->results[n]->email, emails[n]);
			cr_assert_not_null(response->results[n]->invitation);
		}
	}
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 20);
	story_end(s);
}
