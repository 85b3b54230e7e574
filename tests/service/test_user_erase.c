/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "service/account_expect.h"
#include "service/settings.h"

static struct story *s;

static void begin(void)
{
	s = story_begin();
	story_person(s, "ada@example.com", "Ada Lovelace");
}

static void end(void)
{
	story_end(s);
}

TestSuite(user_erase, .init = begin, .fini = end);

static const char *ada(void)
{
	return story_id(s, "ada@example.com");
}

static const Orgd__V1__EraseUserResponse *erase(const char *who)
{
	return ASK(s, who, UserService, EraseUser, erase_user, .user_id = ada(),
		.confirm_email = "ada@example.com");
}

static bool holds_text(const char *text)
{
	return store_holds(s, bytes_of_string(text));
}

Test(user_erase, takes_the_address_typed_back)
{
	REFUSED(s, "ada@example.com", STATUS_INVALID_ARGUMENT, "CONFIRMATION_MISMATCH", UserService,
		EraseUser, erase_user, .user_id = ada(), .confirm_email = "eve@example.com");
	REFUSED(s, "ada@example.com", STATUS_INVALID_ARGUMENT, "CONFIRMATION_MISMATCH", UserService,
		EraseUser, erase_user, .user_id = ada());
	ASK(s, "ada@example.com", UserService, EraseUser, erase_user, .user_id = ada(),
		.confirm_email = "Ada@Example.com");
}

Test(user_erase, is_for_the_person_and_administrators)
{
	struct outcome outcome;

	story_person(s, "eve@example.com", "Eve");
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		EraseUser, erase_user, .user_id = ada(), .confirm_email = "ada@example.com");
	outcome = try_on_behalf(s, make_key(s, "act", NULL), ada(), "UserService/EraseUser",
		STORY_REQUEST(EraseUser, erase_user, .user_id = ada(),
			.confirm_email = "ada@example.com"));
	cr_assert_str_eq(outcome.reason, "ON_BEHALF_NOT_ALLOWED");
	erase("operator");
}

Test(rules, rule_30_an_erased_person_has_no_access_from_that_call_on, .init = begin, .fini = end)
{
	const char *key = make_key(s, "act", NULL);
	const Orgd__V1__EraseUserResponse *response = erase("ada@example.com");
	const Orgd__V1__User *user;

	cr_assert_not_null(strstr(response->notice, "ackups"));
	REFUSED(s, "ada@example.com", STATUS_UNAUTHENTICATED, "SESSION_EXPIRED", UserService,
		GetUser, get_user);
	cr_assert_str_eq(
		try_sign_in(s, "ada@example.com", right_password).reason, "SIGN_IN_FAILED");
	cr_assert_eq(try_on_behalf(
			     s, key, ada(), "UserService/GetUser", STORY_REQUEST(GetUser, get_user))
			     .code,
		STATUS_PERMISSION_DENIED);
	user = ASK(s, "operator", UserService, GetUser, get_user, .user_id = ada())->user;
	cr_assert_eq(user->state, ORGD__V1__USER_STATE__USER_STATE_ERASED);
	cr_assert_str_empty(user->email);
	cr_assert_str_empty(user->display_name);
	cr_assert_not(user->email_verified);
}

Test(rules, rule_30_the_address_is_free_for_somebody_new, .init = begin, .fini = end)
{
	const Orgd__V1__ListUsersResponse *list;

	erase("ada@example.com");
	sign_up(s, "ada@example.com", "Another Ada");
	ASK(s, NULL, UserService, VerifyEmail, verify_email,
		.token = story_mail_token(s, "ada@example.com"));
	story_sweep(s);

	list = ASK(s, "operator", UserService, ListUsers, list_users, .email = "ada@example.com");
	cr_assert_eq(list->n_users, 1);
	cr_assert_str_neq(list->users[0]->id, ada());
	cr_assert_not(try_sign_in(s, "ada@example.com", right_password).code);
}

static const Orgd__V1__Organization *get_organization(const char *id)
{
	return ASK(s, "owner@example.com", OrganizationService, GetOrganization, get_organization,
		.which_case = ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_ORGANIZATION_ID,
		.organization_id = id)
		->organization;
}

Test(rules, rule_30_memberships_go_with_a_sweep, .init = begin, .fini = end)
{
	const char *organizations[7];
	char handle[] = "acme-0";

	story_settings(s)->invitations_per_recipient_per_day = COUNT_OF(organizations);
	for (size_t i = 0; i < COUNT_OF(organizations); i++) {
		handle[5] = (char)('0' + i);
		organizations[i] = story_organization(s, "owner@example.com", handle);
		story_join(s, organizations[i], "ada@example.com",
			i % 2 ? ORGD__V1__ROLE__ROLE_OWNER : ORGD__V1__ROLE__ROLE_MEMBER);
	}
	erase("ada@example.com");
	story_sweep(s);

	for (size_t i = 0; i < COUNT_OF(organizations); i++) {
		const Orgd__V1__ListMembersResponse *members =
			ASK(s, "owner@example.com", MemberService, ListMembers, list_members,
				.organization_id = organizations[i]);
		const Orgd__V1__Organization *organization = get_organization(organizations[i]);

		cr_assert_eq(members->n_members, 1);
		cr_assert_eq(organization->member_count, 1);
		cr_assert_str_eq(organization->primary_contact, story_id(s, "owner@example.com"));
	}
}

Test(rules, rule_30_open_invitations_go_with_a_sweep, .init = begin, .fini = end)
{
	const char *organization_id = story_organization(s, "owner@example.com", "acme");
	const char *token;

	ASK(s, "owner@example.com", InvitationService, CreateInvitation, create_invitation,
		.organization_id = organization_id, .email = "ada@example.com",
		.role = ORGD__V1__ROLE__ROLE_MEMBER);
	token = story_mail_token(s, "ada@example.com");
	erase("ada@example.com");
	story_sweep(s);

	REFUSED(s, NULL, STATUS_NOT_FOUND, "TOKEN_INVALID", InvitationService, LookUpInvitation,
		look_up_invitation, .token = token);
	cr_assert_eq(get_organization(organization_id)->pending_count, 0);
}

/* Whether an event says this about somebody. */
static bool is_told(const char *text)
{
	const Orgd__V1__ListEventsResponse *events =
		ASK(s, "operator", EventService, ListEvents, list_events, .page_size = 1000);
	bool told = false;

	cr_assert_gt(events->n_events, 0);
	for (size_t i = 0; i < events->n_events; i++) {
		const Orgd__V1__Event *event = events->events[i];

		told |= !strcmp(event->actor->display_name, text);
		for (size_t d = 0; d < event->n_details; d++)
			told |= !strcmp(event->details[d]->value, text);
	}
	return told;
}

Test(rules, rule_30_names_in_past_events_can_no_longer_be_read, .init = begin, .fini = end)
{
	const char *organization_id = story_organization(s, "owner@example.com", "acme");

	story_join(s, organization_id, "ada@example.com", ORGD__V1__ROLE__ROLE_MEMBER);
	cr_assert(is_told("Ada Lovelace"));
	cr_assert(is_told("ada@example.com"));
	erase("ada@example.com");

	cr_assert_not(is_told("Ada Lovelace"));
	cr_assert_not(is_told("ada@example.com"));
	cr_assert(is_told("(erased)"));
	story_sweep(s);
	cr_assert_not(is_told("Ada Lovelace"));
	cr_assert_not(is_told("ada@example.com"));
	ASK(s, "operator", EventService, VerifyEvents, verify_events);
}

Test(rules, rule_30_events_stay_readable_when_the_address_is_invited_anew, .init = begin,
	.fini = end)
{
	const char *organization_id = story_organization(s, "owner@example.com", "acme");

	story_join(s, organization_id, "ada@example.com", ORGD__V1__ROLE__ROLE_MEMBER);
	erase("ada@example.com");
	story_sweep(s);
	cr_assert_not(is_told("ada@example.com"));
	ASK(s, "owner@example.com", InvitationService, CreateInvitation, create_invitation,
		.organization_id = organization_id, .email = "ada@example.com",
		.role = ORGD__V1__ROLE__ROLE_MEMBER);

	cr_assert(is_told("ada@example.com"));
	cr_assert(is_told("(erased)"));
	ASK(s, "owner@example.com", EventService, ListEvents, list_events,
		.organization_id = organization_id);
}

Test(rules, rule_30_the_database_forgets_the_name_and_the_password, .init = begin, .fini = end)
{
	cr_assert(holds_text("Ada Lovelace"));
	cr_assert(holds_text("$argon2id$"));
	story_mail_count(s, "ada@example.com");
	erase("ada@example.com");
	story_sweep(s);

	cr_assert_not(holds_text("$argon2id$"));
}

Test(rules, rule_30_erasing_twice_changes_nothing, .init = begin, .fini = end)
{
	struct outcome outcome;

	erase("operator");
	outcome = story_try(s, "operator", "UserService/EraseUser",
		STORY_REQUEST(EraseUser, erase_user, .user_id = ada(),
			.confirm_email = "ada@example.com"));

	cr_assert_not(outcome.code);
	cr_assert_not(outcome.committed);
}

Test(user_erase, cannot_be_undone)
{
	Orgd__V1__User user = ORGD__V1__USER__INIT;

	erase("operator");

	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "USER_ERASED", UserService, EnableUser,
		enable_user, .user_id = ada());
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "USER_ERASED", UserService, DisableUser,
		disable_user, .user_id = ada());
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "USER_ERASED", UserService,
		SetPlatformRoles, set_platform_roles, .user_id = ada());
	user.id = ada();
	user.display_name = "Ada";
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "USER_ERASED", UserService, UpdateUser,
		update_user, .user = &user);
}

Test(rules, rule_34_an_erased_person_gets_the_answer_again_and_nothing_else, .init = begin,
	.fini = end)
{
	const ProtobufCMessage *request = STORY_REQUEST(
		EraseUser, erase_user, .user_id = ada(), .confirm_email = "ada@example.com");
	struct outcome first, second;

	first = story_try_as(
		s, "ada@example.com", "UserService/EraseUser", request, "erase-me-for-ever-1");
	story_sweep(s);
	story_advance(s, 23 * US_PER_HOUR);
	second = story_try_as(
		s, "ada@example.com", "UserService/EraseUser", request, "erase-me-for-ever-1");

	cr_assert(first.committed);
	cr_assert_not(second.code, "%s", second.reason);
	cr_assert_not(second.committed);
	expect_refused(s, "ada@example.com", "UserService/EraseUser", request,
		STATUS_UNAUTHENTICATED, "SESSION_EXPIRED");
	story_advance(s, 2 * US_PER_HOUR);
	cr_assert_eq(story_try_as(s, "ada@example.com", "UserService/EraseUser", request,
			     "erase-me-for-ever-1")
			     .code,
		STATUS_UNAUTHENTICATED);
}
