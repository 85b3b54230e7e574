/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "orgd/rpc/v1/rpc.pb-c.h"
#include "secret/token.h"
#include "service/account_expect.h"

#define orgd__v1__who_am_i_request__descriptor orgd__v1__who_am_irequest__descriptor

static struct story *s;

static void begin(void)
{
	s = story_begin();
	story_person(s, "ada@example.com", "Ada");
}

static void end(void)
{
	story_end(s);
}

TestSuite(caller, .init = begin, .fini = end);

static struct outcome try_as(const char *authorization, const char *on_behalf_of)
{
	Orgd__Rpc__V1__Request envelope = ORGD__RPC__V1__REQUEST__INIT;

	envelope.authorization = authorization;
	envelope.on_behalf_of = on_behalf_of;
	return story_try_envelope(
		s, "SessionService/WhoAmI", STORY_REQUEST(WhoAmI, who_am_i), &envelope);
}

static const char *ada(void)
{
	return story_id(s, "ada@example.com");
}

Test(caller, a_credential_has_one_of_three_forms)
{
	cr_assert_str_eq(try_as("Basic YWRhOnNlY3JldA==", "").reason, "CREDENTIAL_MALFORMED");
	cr_assert_str_eq(try_as("bearer x", "").reason, "CREDENTIAL_MALFORMED");
	cr_assert_str_eq(try_as("Peer ", "").reason, "CREDENTIAL_MALFORMED");
	cr_assert_eq(try_as("Peerless", "").code, STATUS_UNAUTHENTICATED);
}

Test(caller, a_wrong_credential_never_falls_back_to_another_kind)
{
	char authorization[128];

	cr_assert_str_eq(try_as("Bearer ", "").reason, "CREDENTIAL_INVALID");
	cr_assert_str_eq(try_as("Bearer orgd_s_nonsense", "").reason, "CREDENTIAL_INVALID");
	/* The right row with another secret. */
	snprintf(authorization, sizeof(authorization), "%s",
		story_authorization(s, "ada@example.com"));
	authorization[strlen(authorization) - 1] ^= 1;
	cr_assert_str_eq(try_as(authorization, "").reason, "CREDENTIAL_INVALID");
}

Test(caller, a_wrong_credential_is_refused_where_none_is_needed)
{
	Orgd__Rpc__V1__Request envelope = ORGD__RPC__V1__REQUEST__INIT;
	struct outcome outcome;

	envelope.authorization = "Bearer orgd_s_nonsense";
	envelope.request_id = "a-request-id-of-16";
	outcome = story_try_envelope(s, "UserService/RequestPasswordReset",
		STORY_REQUEST(
			RequestPasswordReset, request_password_reset, .email = "ada@example.com"),
		&envelope);

	cr_assert_str_eq(outcome.reason, "CREDENTIAL_INVALID");
}

Test(caller, an_invitations_token_is_no_credential)
{
	const char *organization_id = story_organization(s, "ada@example.com", "acme");
	char authorization[128];

	ASK(s, "ada@example.com", InvitationService, CreateInvitation, create_invitation,
		.organization_id = organization_id, .email = "eve@example.com",
		.role = ORGD__V1__ROLE__ROLE_MEMBER);
	snprintf(authorization, sizeof(authorization), "Bearer %s",
		story_mail_token(s, "eve@example.com"));

	cr_assert_str_eq(try_as(authorization, "").reason, "CREDENTIAL_INVALID");
}

Test(caller, acting_for_a_user_takes_a_key_with_that_scope)
{
	const char *acting = story_authorization(s, make_key(s, "act", NULL));
	const char *checking = story_authorization(s, make_key(s, "check", NULL));

	cr_assert_not(try_as(acting, ada()).code);
	cr_assert_str_eq(try_as(checking, ada()).reason, "ON_BEHALF_NOT_ALLOWED");
	cr_assert_str_eq(try_as(story_authorization(s, "ada@example.com"), ada()).reason,
		"ON_BEHALF_NOT_ALLOWED");
	cr_assert_str_eq(try_as("Peer", ada()).reason, "ON_BEHALF_NOT_ALLOWED");
	cr_assert_eq(try_as("", ada()).code, STATUS_PERMISSION_DENIED);
	cr_assert_str_eq(try_as(acting, "ada@example.com").reason, "MALFORMED_ID");
}

Test(caller, nobody_acts_for_somebody_who_is_disabled_or_not_there)
{
	const char *acting = story_authorization(s, make_key(s, "act", NULL));
	struct outcome disabled, nobody;

	ASK(s, "operator", UserService, DisableUser, disable_user, .user_id = ada());
	disabled = try_as(acting, ada());
	nobody = try_as(acting, "usr_00000000000000000000000001");

	cr_assert_eq(disabled.code, STATUS_PERMISSION_DENIED);
	expect_same_answer(&disabled, &nobody);
}

Test(caller, platform_roles_are_off_on_behalf)
{
	Orgd__V1__PlatformRole admin[] = { ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_PLATFORM_ADMIN };
	const char *key = make_key(s, "act", "check");

	ASK(s, "operator", UserService, SetPlatformRoles, set_platform_roles, .user_id = ada(),
		.n_platform_roles = 1, .platform_roles = admin);
	ASK(s, "ada@example.com", UserService, ListUsers, list_users);

	cr_assert_eq(try_on_behalf(s, key, ada(), "UserService/ListUsers",
			     STORY_REQUEST(ListUsers, list_users))
			     .code,
		STATUS_PERMISSION_DENIED);
	cr_assert_eq(try_on_behalf(s, key, ada(), "VerificationService/ListQueue",
			     STORY_REQUEST(ListQueue, list_queue))
			     .code,
		STATUS_PERMISSION_DENIED);
}

Test(caller, on_behalf_the_rights_are_those_of_the_user_within_the_scopes)
{
	const char *acting = make_key(s, "act", NULL);
	const char *reading = make_key(s, "act", "organizations.read");
	const char *organization_id = story_organization(s, "ada@example.com", "acme");
	const char *foreign_id = story_organization(s, "eve@example.com", "other");
	const ProtobufCMessage *own =
		STORY_REQUEST(ListMembers, list_members, .organization_id = organization_id);
	const ProtobufCMessage *foreign =
		STORY_REQUEST(ListMembers, list_members, .organization_id = foreign_id);
	static const char method[] = "MemberService/ListMembers";

	cr_assert_not(try_on_behalf(s, reading, ada(), method, own).code);
	cr_assert_eq(try_on_behalf(s, acting, ada(), method, own).code, STATUS_PERMISSION_DENIED,
		"no scope");
	cr_assert_eq(try_on_behalf(s, reading, ada(), method, foreign).code,
		STATUS_PERMISSION_DENIED, "in its own right the service may, on behalf of her not");
	cr_assert_not(story_try(s, reading, method, foreign).code);
}

Test(caller, events_name_both_the_user_and_the_service)
{
	const char *key = make_key(s, "act", NULL);
	Orgd__V1__Organization organization = ORGD__V1__ORGANIZATION__INIT;
	const Orgd__V1__ListEventsResponse *events;
	struct outcome outcome;

	organization.handle = "acme";
	organization.display_name = organization.legal_name = "Acme";
	organization.website = "https://example.com/";
	organization.country = "DE";
	organization.intended_use = "To read.";
	outcome = try_on_behalf(s, key, ada(), "OrganizationService/CreateOrganization",
		STORY_REQUEST(
			CreateOrganization, create_organization, .organization = &organization));
	cr_assert_not(outcome.code, "%s", outcome.message);
	events = ASK(s, "operator", EventService, ListEvents, list_events, .page_size = 1000,
		.action_prefix = "organization.created");

	cr_assert_eq(events->n_events, 1);
	cr_assert_str_eq(events->events[0]->actor->kind, "service");
	cr_assert_str_eq(events->events[0]->actor->user_id, ada());
	cr_assert(id_matches(ID_API_KEY, events->events[0]->actor->api_key_id));
}

Test(rules, rule_34_somebody_who_was_disabled_may_replay_for_a_day_and_nothing_else, .init = begin,
	.fini = end)
{
	Orgd__V1__User user = ORGD__V1__USER__INIT;
	const ProtobufCMessage *request = STORY_REQUEST(UpdateUser, update_user, .user = &user);
	static const char id[] = "rename-me-once-only";
	struct outcome first, second;

	user.id = ada();
	user.display_name = "Ada Lovelace";
	first = story_try_as(s, "ada@example.com", "UserService/UpdateUser", request, id);
	ASK(s, "operator", UserService, DisableUser, disable_user, .user_id = ada());
	second = story_try_as(s, "ada@example.com", "UserService/UpdateUser", request, id);

	cr_assert(first.committed);
	cr_assert_not(second.code, "%s", second.reason);
	cr_assert_eq(second.revision, first.revision);
	expect_refused(s, "ada@example.com", "UserService/UpdateUser", request,
		STATUS_UNAUTHENTICATED, "SESSION_EXPIRED");
	cr_assert_str_eq(
		try_as(story_authorization(s, "ada@example.com"), "").reason, "SESSION_EXPIRED");
	story_advance(s, US_PER_DAY);
	cr_assert_eq(story_try_as(s, "ada@example.com", "UserService/UpdateUser", request, id).code,
		STATUS_UNAUTHENTICATED);
}

Test(rules, rule_34_nobody_replays_anothers_call, .init = begin, .fini = end)
{
	Orgd__V1__User user = ORGD__V1__USER__INIT;
	const ProtobufCMessage *request = STORY_REQUEST(UpdateUser, update_user, .user = &user);
	static const char id[] = "rename-me-once-only";

	story_person(s, "eve@example.com", "Eve");
	user.id = ada();
	user.display_name = "Ada Lovelace";
	cr_assert(story_try_as(s, "ada@example.com", "UserService/UpdateUser", request, id)
			  .committed);

	cr_assert_eq(story_try_as(s, "eve@example.com", "UserService/UpdateUser", request, id).code,
		STATUS_PERMISSION_DENIED);
}

Test(rules, rule_40_no_token_key_or_password_is_in_the_database, .init = begin, .fini = end)
{
	enum token_type types[] = { TOKEN_SESSION, TOKEN_API_KEY, TOKEN_VERIFICATION, TOKEN_RESET,
		TOKEN_INVITATION };
	const char *organization_id = story_organization(s, "ada@example.com", "acme");
	const char *texts[COUNT_OF(types)];

	texts[0] = sign_in(s, "ada@example.com", right_password) + strlen("key:");
	texts[1] = make_key(s, "act", NULL) + strlen("key:");
	sign_up(s, "eve@example.com", "Eve");
	texts[2] = story_mail_token(s, "eve@example.com");
	ASK(s, NULL, UserService, RequestPasswordReset, request_password_reset,
		.email = "ada@example.com");
	texts[3] = story_mail_token(s, "ada@example.com");
	ASK(s, "ada@example.com", InvitationService, CreateInvitation, create_invitation,
		.organization_id = organization_id, .email = "bob@example.com",
		.role = ORGD__V1__ROLE__ROLE_MEMBER);
	texts[4] = story_mail_token(s, "bob@example.com");

	cr_assert(store_holds(s, bytes_of_string("eve@example.com")),
		"the search finds what is there");
	cr_assert_not(store_holds(s, bytes_of_string(right_password)));
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct token token;

		cr_assert(token_parse(types[i], texts[i], &token));
		cr_assert_not(store_holds(s, bytes_of_string(texts[i])), "%s", texts[i]);
		cr_assert_not(store_holds(s, bytes_of(token.secret, sizeof(token.secret))), "%s",
			texts[i]);
	}
}

Test(rules, rule_40_a_queued_mails_link_and_a_stored_reply_are_sealed, .init = begin, .fini = end)
{
	/* Not leased yet: the link waits in the outbox. */
	sign_up(s, "eve@example.com", "Eve");

	cr_assert(store_holds(s, bytes_of_string("verify_email")));
	cr_assert_not(store_holds(s, bytes_of_string("orgd_v_")));
	cr_assert_not(store_holds(s, bytes_of_string("orgd_s_")));
}
