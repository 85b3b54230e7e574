/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "service/account_expect.h"
#include "service/settings.h"

/* How protoc-c spells it after a lone capital. */
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

TestSuite(session, .init = begin, .fini = end);

static struct outcome try_read(const char *who)
{
	return story_try(s, who, "SessionService/WhoAmI", STORY_REQUEST(WhoAmI, who_am_i));
}

static const Orgd__V1__Session *session_of(const char *who)
{
	return ASK(s, who, SessionService, WhoAmI, who_am_i)->session;
}

Test(session, begins_with_what_the_client_and_the_kernel_say)
{
	const Orgd__V1__SignInResponse *response = ASK(s, NULL, SessionService, SignIn, sign_in,
		.email = "ada@example.com", .password = right_password, .client = "  a laptop ");

	cr_assert_str_eq(response->user->email, "ada@example.com");
	cr_assert_str_eq(response->session->client, "a laptop");
	cr_assert_str_eq(response->session->peer, "ipc:uid=4710");
	cr_assert_str_eq(response->session->user_id, story_id(s, "ada@example.com"));
	cr_assert_eq(
		response->session->expire_time->seconds - response->session->create_time->seconds,
		30 * 24 * 60 * 60);
	cr_assert_eq(
		response->session->last_use_time->seconds, response->session->create_time->seconds);
}

Test(rules, rule_41_a_wrong_password_and_an_unknown_address_get_one_answer, .init = begin,
	.fini = end)
{
	struct outcome wrong = try_sign_in(s, "ada@example.com", "not the password");
	struct outcome unknown = try_sign_in(s, "nobody@example.com", "not the password");
	struct outcome empty = try_sign_in(s, "ada@example.com", "");

	cr_assert_eq(wrong.code, STATUS_UNAUTHENTICATED);
	cr_assert_str_eq(wrong.reason, "SIGN_IN_FAILED");
	expect_same_answer(&wrong, &unknown);
	expect_same_answer(&wrong, &empty);
}

Test(session, signing_in_takes_an_address)
{
	cr_assert_str_eq(try_sign_in(s, "ada", right_password).reason, "INVALID_EMAIL");
	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "INVALID_TEXT", SessionService, SignIn, sign_in,
		.email = "ada@example.com", .password = right_password, .client = "two\nlines");
}

Test(rules, rule_41_guessing_is_limited_alike_for_any_account, .init = begin, .fini = end)
{
	struct outcome known, unknown;

	story_settings(s)->sign_in_failures_per_account = 3;
	for (int i = 0; i < 3; i++) {
		cr_assert_str_eq(
			try_sign_in(s, "ada@example.com", "a guess").reason, "SIGN_IN_FAILED");
		cr_assert_str_eq(
			try_sign_in(s, "nobody@example.com", "a guess").reason, "SIGN_IN_FAILED");
	}
	known = try_sign_in(s, "ada@example.com", right_password);
	unknown = try_sign_in(s, "nobody@example.com", right_password);

	cr_assert_eq(known.code, STATUS_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(known.reason, "SIGN_IN_LIMIT");
	cr_assert_gt(known.retry_after_ms, 0);
	expect_same_answer(&known, &unknown);
	story_advance(s, 15 * US_PER_MINUTE);
	cr_assert_not(try_sign_in(s, "ada@example.com", right_password).code);
}

Test(session, guessing_is_limited_for_a_peer_over_all_accounts)
{
	story_settings(s)->sign_in_failures_per_peer = 2;
	try_sign_in(s, "one@example.com", "a guess");
	try_sign_in(s, "two@example.com", "a guess");

	cr_assert_str_eq(try_sign_in(s, "three@example.com", "a guess").reason, "SIGN_IN_LIMIT");
}

Test(session, signing_in_rightly_is_not_limited)
{
	story_settings(s)->sign_in_failures_per_account = 2;

	for (int i = 0; i < 5; i++)
		cr_assert_not(try_sign_in(s, "ada@example.com", right_password).code);
}

Test(session, fourteen_days_without_use_end_it)
{
	story_advance(s, 14 * US_PER_DAY);

	cr_assert_str_eq(try_read("ada@example.com").reason, "SESSION_EXPIRED");
}

Test(session, use_keeps_it_for_thirty_days)
{
	for (int days = 0; days < 28; days += 7) {
		cr_assert_not(try_read("ada@example.com").code);
		story_advance(s, 7 * US_PER_DAY);
	}
	cr_assert_not(try_read("ada@example.com").code);
	story_advance(s, 2 * US_PER_DAY);

	cr_assert_str_eq(try_read("ada@example.com").reason, "SESSION_EXPIRED");
}

Test(session, a_read_never_writes_its_last_use_but_tells_it)
{
	struct outcome before, after;
	int64_t hour;

	story_advance(s, 3 * US_PER_HOUR);
	hour = story_now_us(s) / US_PER_HOUR * 3600;
	before = try_read("ada@example.com");
	after = try_read("ada@example.com");

	cr_assert_eq(after.revision, before.revision);
	cr_assert_eq(session_of("ada@example.com")->last_use_time->seconds, hour);
	story_sweep(s);
	after = try_read("ada@example.com");
	cr_assert_gt(after.revision, before.revision, "the sweep wrote it");
	cr_assert_eq(session_of("ada@example.com")->last_use_time->seconds, hour);
	story_sweep(s);
	cr_assert_eq(try_read("ada@example.com").revision, after.revision, "once");
}

Test(session, signing_out_ends_it_and_no_other)
{
	const char *other = sign_in(s, "ada@example.com", right_password);

	ASK(s, "ada@example.com", SessionService, SignOut, sign_out);

	cr_assert_str_eq(try_read("ada@example.com").reason, "SESSION_EXPIRED");
	cr_assert_not(try_read(other).code);
}

Test(session, only_a_session_signs_out)
{
	struct outcome outcome;

	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", SessionService, SignOut,
		sign_out);
	REFUSED(s, "operator", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", SessionService,
		SignOut, sign_out);
	outcome = try_on_behalf(s, make_key(s, "act", NULL), story_id(s, "ada@example.com"),
		"SessionService/SignOut", STORY_REQUEST(SignOut, sign_out));
	cr_assert_str_eq(outcome.reason, "ON_BEHALF_NOT_ALLOWED");
}

Test(rules, rule_34_a_sign_out_may_be_replayed_for_a_day_and_nothing_else, .init = begin,
	.fini = end)
{
	const ProtobufCMessage *request = STORY_REQUEST(SignOut, sign_out);
	struct outcome first, second;

	first = story_try_as(
		s, "ada@example.com", "SessionService/SignOut", request, "sign-me-out-once-1");
	second = story_try_as(
		s, "ada@example.com", "SessionService/SignOut", request, "sign-me-out-once-1");

	cr_assert(first.committed);
	cr_assert_not(second.code, "%s", second.reason);
	cr_assert_not(second.committed);
	cr_assert_eq(second.revision, first.revision);
	expect_refused(s, "ada@example.com", "SessionService/SignOut", request,
		STATUS_UNAUTHENTICATED, "SESSION_EXPIRED");
	REFUSED(s, "ada@example.com", STATUS_UNAUTHENTICATED, "SESSION_EXPIRED", SessionService,
		SignIn, sign_in, .email = "ada@example.com", .password = right_password);
	story_advance(s, US_PER_DAY);
	cr_assert_eq(story_try_as(s, "ada@example.com", "SessionService/SignOut", request,
			     "sign-me-out-once-1")
			     .code,
		STATUS_UNAUTHENTICATED);
}

Test(rules, rule_34_what_was_done_before_the_sign_out_may_be_replayed_after_it, .init = begin,
	.fini = end)
{
	Orgd__V1__User user = ORGD__V1__USER__INIT;
	const ProtobufCMessage *request = STORY_REQUEST(UpdateUser, update_user, .user = &user);
	struct outcome replayed;

	user.id = story_id(s, "ada@example.com");
	user.display_name = "Ada Lovelace";
	cr_assert(story_try_as(
		s, "ada@example.com", "UserService/UpdateUser", request, "rename-me-once-1")
			  .committed);
	ASK(s, "ada@example.com", SessionService, SignOut, sign_out);
	replayed = story_try_as(
		s, "ada@example.com", "UserService/UpdateUser", request, "rename-me-once-1");

	cr_assert_not(replayed.code, "%s", replayed.reason);
	cr_assert_not(replayed.committed);
}

Test(rules, rule_34_a_replayed_sign_in_returns_the_same_session, .init = begin, .fini = end)
{
	const ProtobufCMessage *request = STORY_REQUEST(
		SignIn, sign_in, .email = "ada@example.com", .password = right_password);
	struct outcome first =
		story_try_as(s, NULL, "SessionService/SignIn", request, "sign-me-in-once-1");
	struct outcome second =
		story_try_as(s, NULL, "SessionService/SignIn", request, "sign-me-in-once-1");

	cr_assert_not(second.committed);
	cr_assert_str_eq(((const Orgd__V1__SignInResponse *)first.response)->session_token,
		((const Orgd__V1__SignInResponse *)second.response)->session_token);
}

Test(session, lists_are_the_live_ones_oldest_first_in_pages)
{
	const Orgd__V1__ListSessionsResponse *list;
	const char *second = sign_in(s, "ada@example.com", right_password);
	const char *third = sign_in(s, "ada@example.com", right_password);

	list = ASK(
		s, "ada@example.com", SessionService, ListSessions, list_sessions, .page_size = 2);
	cr_assert_eq(list->n_sessions, 2);
	cr_assert_str_eq(list->sessions[0]->id, session_of("ada@example.com")->id);
	cr_assert_str_eq(list->sessions[1]->id, session_of(second)->id);
	list = ASK(s, "ada@example.com", SessionService, ListSessions, list_sessions,
		.page_size = 2, .page_token = list->next_page_token);
	cr_assert_eq(list->n_sessions, 1);
	cr_assert_str_eq(list->sessions[0]->id, session_of(third)->id);
	ASK(s, second, SessionService, SignOut, sign_out);
	list = ASK(s, "operator", SessionService, ListSessions, list_sessions,
		.user_id = story_id(s, "ada@example.com"));
	cr_assert_eq(list->n_sessions, 2);
}

Test(session, lists_are_for_oneself_and_administrators)
{
	struct outcome outcome;

	story_person(s, "eve@example.com", "Eve");
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", SessionService,
		ListSessions, list_sessions, .user_id = story_id(s, "ada@example.com"));
	outcome = try_on_behalf(s, make_key(s, "act", NULL), story_id(s, "ada@example.com"),
		"SessionService/ListSessions", STORY_REQUEST(ListSessions, list_sessions));
	cr_assert_str_eq(outcome.reason, "ON_BEHALF_NOT_ALLOWED");
}

#define REVOKE_ONE(id)                                                                             \
	.which_case = ORGD__V1__REVOKE_SESSION_REQUEST__WHICH_SESSION_ID, .session_id = (id)
#define REVOKE_ALL .which_case = ORGD__V1__REVOKE_SESSION_REQUEST__WHICH_ALL, .all = true

Test(session, one_is_revoked)
{
	const char *other = sign_in(s, "ada@example.com", right_password);
	const char *id = session_of(other)->id;

	ASK(s, "ada@example.com", SessionService, RevokeSession, revoke_session, REVOKE_ONE(id));

	cr_assert_str_eq(try_read(other).reason, "SESSION_EXPIRED");
	cr_assert_not(try_read("ada@example.com").code);
	REFUSED(s, "ada@example.com", STATUS_NOT_FOUND, "SESSION_NOT_FOUND", SessionService,
		RevokeSession, revoke_session, REVOKE_ONE(id));
}

Test(session, nobody_revokes_another_persons)
{
	const char *id = session_of("ada@example.com")->id;

	story_person(s, "eve@example.com", "Eve");
	REFUSED(s, "eve@example.com", STATUS_NOT_FOUND, "SESSION_NOT_FOUND", SessionService,
		RevokeSession, revoke_session, REVOKE_ONE(id));
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", SessionService,
		RevokeSession, revoke_session, .user_id = story_id(s, "ada@example.com"),
		REVOKE_ONE(id));
	ASK(s, "operator", SessionService, RevokeSession, revoke_session,
		.user_id = story_id(s, "ada@example.com"), REVOKE_ONE(id));
	cr_assert_str_eq(try_read("ada@example.com").reason, "SESSION_EXPIRED");
}

Test(session, all_are_revoked_at_once_and_a_second_time_nothing_happens)
{
	const char *other = sign_in(s, "ada@example.com", right_password);
	const ProtobufCMessage *request = STORY_REQUEST(RevokeSession, revoke_session,
		.user_id = story_id(s, "ada@example.com"), REVOKE_ALL);

	cr_assert(story_try(s, "operator", "SessionService/RevokeSession", request).committed);
	cr_assert_str_eq(try_read("ada@example.com").reason, "SESSION_EXPIRED");
	cr_assert_str_eq(try_read(other).reason, "SESSION_EXPIRED");
	cr_assert_not(story_try(s, "operator", "SessionService/RevokeSession", request).committed);
	cr_assert_not(try_sign_in(s, "ada@example.com", right_password).code);
}

Test(session, revoking_says_what)
{
	REFUSED(s, "ada@example.com", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", SessionService,
		RevokeSession, revoke_session);
	REFUSED(s, "ada@example.com", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", SessionService,
		RevokeSession, revoke_session, REVOKE_ONE("ses_nonsense"));
}

Test(session, everybody_learns_who_they_are)
{
	const Orgd__V1__WhoAmIResponse *who =
		ASK(s, "ada@example.com", SessionService, WhoAmI, who_am_i);

	cr_assert_eq(who->kind, ORGD__V1__WHO_AM_IRESPONSE__KIND__KIND_USER);
	cr_assert_str_eq(who->user->email, "ada@example.com");
	cr_assert_not_null(who->session);
	who = ASK(s, "operator", SessionService, WhoAmI, who_am_i);
	cr_assert_eq(who->kind, ORGD__V1__WHO_AM_IRESPONSE__KIND__KIND_OPERATOR);
	cr_assert_eq(who->uid, 4710);
	cr_assert_null(who->user);
	who = ASK(s, make_key(s, "check", "events"), SessionService, WhoAmI, who_am_i);
	cr_assert_eq(who->kind, ORGD__V1__WHO_AM_IRESPONSE__KIND__KIND_SERVICE);
	cr_assert_eq(who->n_scopes, 2);
	cr_assert_str_eq(who->scopes[0], "check");
	cr_assert_str_eq(who->scopes[1], "events");
	cr_assert(*who->api_key_id);
	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", SessionService, WhoAmI,
		who_am_i);
}

Test(session, a_service_learns_for_whom_it_acts)
{
	struct outcome outcome =
		try_on_behalf(s, make_key(s, "act", NULL), story_id(s, "ada@example.com"),
			"SessionService/WhoAmI", STORY_REQUEST(WhoAmI, who_am_i));
	const Orgd__V1__WhoAmIResponse *who = (const Orgd__V1__WhoAmIResponse *)outcome.response;

	cr_assert_eq(who->kind, ORGD__V1__WHO_AM_IRESPONSE__KIND__KIND_SERVICE);
	cr_assert_str_eq(who->user->email, "ada@example.com");
	cr_assert_null(who->session);
}

Test(session, rows_of_ended_ones_go_a_day_later)
{
	const char *other = sign_in(s, "ada@example.com", right_password);

	ASK(s, "ada@example.com", SessionService, SignOut, sign_out);
	story_advance(s, US_PER_DAY);
	cr_assert_str_eq(try_read("ada@example.com").reason, "CREDENTIAL_INVALID");
	cr_assert_not(try_read(other).code);
	story_advance(s, 30 * US_PER_DAY);
	cr_assert_str_eq(try_read(other).reason, "CREDENTIAL_INVALID");
}
