/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "invitation_scene.h"
#include "service/settings.h"

/* CreateInvitation, GetInvitation, the lists, and what each refuses. */

Test(invitation_service, an_admin_invites_and_the_answer_tells_everything)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation =
		scene_invite(s, ADA, org, "Ann@Example.com", ROLE(ADMIN));

	cr_assert_eq(strncmp(invitation->id, "inv_", 4), 0);
	cr_assert_str_eq(invitation->organization_id, org);
	cr_assert_str_eq(invitation->email, "Ann@Example.com");
	cr_assert_eq(invitation->role, ROLE(ADMIN));
	cr_assert_eq(invitation->state, STATE(PENDING));
	cr_assert_str_eq(invitation->invited_by, story_id(s, ADA));
	cr_assert_eq(invitation->delivery->state, ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_QUEUED);
	cr_assert_eq(
		invitation->expire_time->seconds - invitation->create_time->seconds, 7 * 86400);
	cr_assert(*invitation->etag);
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 1);
	story_end(s);
}

Test(invitation_service, an_operator_invites_under_the_platforms_name)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__LookUpInvitationResponse *found;

	cr_assert_str_eq(
		scene_invite(s, "operator", org, ANN, ROLE(OWNER))->invited_by, "operator");
	found = ASK(s, NULL, InvitationService, LookUpInvitation, look_up_invitation,
		.token = story_mail_token(s, ANN));
	cr_assert_str_eq(found->inviter_display_name, "the portal");
	story_end(s);
}

Test(invitation_service, a_message_and_an_expiry_are_taken)
{
	Google__Protobuf__Duration after;
	const Orgd__V1__CreateInvitationResponse *created;
	const char *org;
	struct story *s = acme_begin(&org);

	google__protobuf__duration__init(&after);
	after.seconds = 3600;
	created = ASK(s, ADA, InvitationService, CreateInvitation, create_invitation,
		.organization_id = org, .email = ANN, .role = ROLE(MEMBER),
		.message = "See you on Monday.\nBring tea.", .expire_after = &after);
	cr_assert_str_eq(created->invitation->message, "See you on Monday.\nBring tea.");
	cr_assert_eq(created->invitation->expire_time->seconds -
			     created->invitation->create_time->seconds,
		3600);
	story_end(s);
}

Test(invitation_service, a_member_and_a_stranger_may_not_invite)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_join(s, org, BOB, ROLE(MEMBER));
	story_person(s, EVE, "Eve");
	scene_expect_refusal(scene_try_invite(s, BOB, org, ANN, ROLE(MEMBER)),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	scene_expect_refusal(scene_try_invite(s, EVE, org, ANN, ROLE(MEMBER)),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	scene_expect_refusal(scene_try_invite(s, NULL, org, ANN, ROLE(MEMBER)),
		STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED");
	story_end(s);
}

Test(invitation_service, an_admin_invites_no_owner_nor_resends_or_revokes_the_invitation_of_one)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *owner = scene_invite(s, ADA, org, ANN, ROLE(OWNER));

	story_join(s, org, BOB, ROLE(ADMIN));
	scene_expect_refusal(scene_try_invite(s, BOB, org, EVE, ROLE(OWNER)),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	scene_expect_refusal(scene_try_resend(s, BOB, org, owner->id), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	scene_expect_refusal(scene_try_revoke(s, BOB, org, owner->id), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	story_end(s);
}

static void expect_invalid(struct story *s, const char *org, const char *email, int role,
	const char *message, int64_t after_s, const char *reason, const char *field)
{
	Google__Protobuf__Duration after;
	struct outcome outcome;

	google__protobuf__duration__init(&after);
	after.seconds = after_s;
	outcome = story_try(s, ADA, "InvitationService/CreateInvitation",
		STORY_REQUEST(CreateInvitation, create_invitation, .organization_id = org,
			.email = email, .role = (Orgd__V1__Role)role, .message = message,
			.expire_after = &after));
	scene_expect_refusal(outcome, STATUS_INVALID_ARGUMENT, reason);
	cr_assert_str_eq(outcome.field, field);
}

Test(invitation_service, what_is_malformed_is_refused_by_field)
{
	const char *org;
	struct story *s = acme_begin(&org);
	char long_message[502];

	memset(long_message, 'x', 501);
	long_message[501] = '\0';
	expect_invalid(s, org, "", ROLE(MEMBER), "", 7200, "FIELD_REQUIRED", "email");
	expect_invalid(s, org, "ann", ROLE(MEMBER), "", 7200, "INVALID_EMAIL", "email");
	expect_invalid(s, org, "ann@example.com\r\nBcc: eve@example.com", ROLE(MEMBER), "", 7200,
		"INVALID_EMAIL", "email");
	expect_invalid(s, org, ANN, 0, "", 7200, "UNKNOWN_ENUM_VALUE", "role");
	expect_invalid(s, org, ANN, 9, "", 7200, "UNKNOWN_ENUM_VALUE", "role");
	expect_invalid(s, org, ANN, ROLE(MEMBER), long_message, 7200, "FIELD_TOO_LONG", "message");
	expect_invalid(s, org, ANN, ROLE(MEMBER), "", 3599, "EXPIRY_OUT_OF_RANGE", "expire_after");
	expect_invalid(
		s, org, ANN, ROLE(MEMBER), "", 2592001, "EXPIRY_OUT_OF_RANGE", "expire_after");
	expect_invalid(s, "org_", ANN, ROLE(MEMBER), "", 7200, "MALFORMED_ID", "organization_id");
	story_end(s);
}

Test(invitation_service, an_unknown_organization_is_told_to_the_platform_alone)
{
	static const char unknown[] = "org_00000000000000000000000001";
	const char *org;
	struct story *s = acme_begin(&org);

	scene_expect_refusal(scene_try_invite(s, ADA, unknown, ANN, ROLE(MEMBER)),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	scene_expect_refusal(scene_try_invite(s, "operator", unknown, ANN, ROLE(MEMBER)),
		STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND");
	story_end(s);
}

Test(invitation_service, nothing_is_revoked_in_a_suspended_or_deleted_organization)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));

	scene_suspend(s, org);
	scene_expect_refusal(scene_try_revoke(s, ADA, org, invitation->id),
		STATUS_FAILED_PRECONDITION, "ORGANIZATION_SUSPENDED");
	scene_unsuspend(s, org);
	ASK(s, ADA, OrganizationService, DeleteOrganization, delete_organization,
		.organization_id = org, .confirm_handle = "acme");
	scene_expect_refusal(scene_try_revoke(s, "operator", org, invitation->id),
		STATUS_FAILED_PRECONDITION, "ORGANIZATION_DELETED");
	story_end(s);
}

Test(invitation_service, revoking_ends_the_link_and_frees_the_seat)
{
	const char *org, *token;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	struct outcome outcome;

	token = story_mail_token(s, ANN);
	outcome = scene_try_revoke(s, ADA, org, invitation->id);
	scene_expect_ok(outcome);
	cr_assert_eq(
		((const Orgd__V1__RevokeInvitationResponse *)outcome.response)->invitation->state,
		STATE(REVOKED));
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 0);
	REFUSED(s, NULL, STATUS_NOT_FOUND, "TOKEN_INVALID", InvitationService, LookUpInvitation,
		look_up_invitation, .token = token);
	story_end(s);
}

Test(invitation_service, no_owner_is_invited_past_the_thirty_second)
{
	const char *org;
	struct story *s = acme_begin(&org);
	char email[64];

	for (int i = 1; i < 32; i++) {
		snprintf(email, sizeof(email), "owner%d@example.com", i);
		story_join(s, org, email, ROLE(OWNER));
	}
	scene_expect_refusal(scene_try_invite(s, ADA, org, ANN, ROLE(OWNER)),
		STATUS_RESOURCE_EXHAUSTED, "OWNER_LIMIT");
	scene_expect_ok(scene_try_invite(s, ADA, org, ANN, ROLE(ADMIN)));
	story_end(s);
}

Test(invitation_service, get_finds_only_what_belongs_to_the_organization)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const char *other = story_organization(s, BOB, "other");
	const Orgd__V1__Invitation *theirs = scene_invite(s, BOB, other, ANN, ROLE(MEMBER));

	REFUSED(s, ADA, STATUS_NOT_FOUND, "INVITATION_NOT_FOUND", InvitationService, GetInvitation,
		get_invitation, .organization_id = org, .invitation_id = theirs->id);
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", InvitationService,
		GetInvitation, get_invitation, .organization_id = other,
		.invitation_id = theirs->id);
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "MALFORMED_ID", InvitationService, GetInvitation,
		get_invitation, .organization_id = org, .invitation_id = "inv_1");
	scene_expect_refusal(scene_try_resend(s, ADA, org, theirs->id), STATUS_NOT_FOUND,
		"INVITATION_NOT_FOUND");
	scene_expect_refusal(scene_try_revoke(s, ADA, org, theirs->id), STATUS_NOT_FOUND,
		"INVITATION_NOT_FOUND");
	cr_assert_eq(scene_look_at(s, other, theirs->id)->state, STATE(PENDING));
	story_end(s);
}

Test(invitation_service, the_list_has_all_of_them_newest_last_and_filters_by_state_as_it_is_now)
{
	const Orgd__V1__ListInvitationsResponse *list;
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *first = scene_invite(s, ADA, org, ANN, ROLE(MEMBER)),
				   *second = scene_invite(s, ADA, org, EVE, ROLE(MEMBER));

	scene_expect_ok(scene_try_revoke(s, ADA, org, first->id));
	list = ASK(s, ADA, InvitationService, ListInvitations, list_invitations,
		.organization_id = org);
	cr_assert_eq(list->n_invitations, 2);
	cr_assert_str_eq(list->invitations[0]->id, first->id);
	cr_assert_eq(list->invitations[0]->state, STATE(REVOKED));
	cr_assert_str_eq(list->invitations[1]->id, second->id);
	cr_assert_str_eq(list->next_page_token, "");
	list = ASK(s, ADA, InvitationService, ListInvitations, list_invitations,
		.organization_id = org, .state = STATE(PENDING));
	cr_assert_eq(list->n_invitations, 1);
	cr_assert_str_eq(list->invitations[0]->id, second->id);
	scene_suspend(s, org);
	list = ASK(s, ADA, InvitationService, ListInvitations, list_invitations,
		.organization_id = org, .state = STATE(REVOKED));
	cr_assert_eq(list->n_invitations, 2);
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", InvitationService,
		ListInvitations, list_invitations, .organization_id = org,
		.state = (Orgd__V1__InvitationState)77);
	story_end(s);
}

Test(invitation_service, lists_are_for_admins)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_join(s, org, BOB, ROLE(MEMBER));
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", InvitationService,
		ListInvitations, list_invitations, .organization_id = org);
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", InvitationService,
		GetInvitation, get_invitation, .organization_id = org,
		.invitation_id = scene_invite(s, ADA, org, ANN, ROLE(MEMBER))->id);
	story_end(s);
}

Test(invitation_service, people_see_the_pending_invitations_to_their_own_address)
{
	const Orgd__V1__ListMyInvitationsResponse *mine;
	const char *org;
	struct story *s = acme_begin(&org);
	const char *other = story_organization(s, BOB, "other");
	const Orgd__V1__Invitation *one = scene_invite(s, ADA, org, "ANN@example.com", ROLE(ADMIN)),
				   *two = scene_invite(s, BOB, other, ANN, ROLE(MEMBER));

	story_person(s, ANN, "Ann");
	scene_invite(s, ADA, org, EVE, ROLE(MEMBER));
	mine = ASK(s, ANN, InvitationService, ListMyInvitations, list_my_invitations);
	cr_assert_eq(mine->n_invitations, 2);
	cr_assert_str_eq(mine->invitations[0]->invitation->id, one->id);
	cr_assert_str_eq(mine->invitations[0]->organization_handle, "acme");
	cr_assert_str_eq(mine->invitations[0]->organization_display_name, "acme");
	cr_assert_null(mine->invitations[0]->invitation->delivery);
	cr_assert_str_eq(mine->invitations[1]->invitation->id, two->id);
	scene_expect_ok(scene_try_revoke(s, ADA, org, one->id));
	scene_suspend(s, other);
	mine = ASK(s, ANN, InvitationService, ListMyInvitations, list_my_invitations);
	cr_assert_eq(mine->n_invitations, 0);
	REFUSED(s, "operator", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", InvitationService,
		ListMyInvitations, list_my_invitations);
	story_end(s);
}

Test(invitation_service, the_mail_is_in_the_outbox_and_its_state_in_the_invitation)
{
	const Orgd__V1__Invitation *invitation;
	const char *org;
	struct story *s = acme_begin(&org);

	invitation = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	cr_assert_eq(story_mail_count(s, ANN), 1);
	cr_assert_eq(scene_look_at(s, org, invitation->id)->delivery->state,
		ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_SENT);
	story_end(s);
}

Test(invitation_service, without_mail_the_answer_says_that_nothing_is_sent)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_settings(s)->mail = false;
	cr_assert_eq(scene_invite(s, ADA, org, ANN, ROLE(MEMBER))->delivery->state,
		ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_NOT_CONFIGURED);
	story_end(s);
}
