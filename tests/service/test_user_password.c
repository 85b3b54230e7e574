/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "service/account_expect.h"
#include "service/settings.h"

static char other_password[] = "staple battery horse";
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

TestSuite(user_password, .init = begin, .fini = end);

static void change(const char *who)
{
	ASK(s, who, UserService, ChangePassword, change_password,
		.current_password = right_password, .new_password = other_password);
}

static bool is_signed_in(const char *who)
{
	return !story_try(s, who, "UserService/GetUser", STORY_REQUEST(GetUser, get_user)).code;
}

Test(user_password, changing_it_ends_every_session_but_the_one_it_is_changed_in)
{
	const char *other = sign_in(s, "ada@example.com", right_password);

	cr_assert(is_signed_in(other));
	change("ada@example.com");

	cr_assert(is_signed_in("ada@example.com"));
	cr_assert_not(is_signed_in(other));
	cr_assert_not(try_sign_in(s, "ada@example.com", other_password).code);
	cr_assert_str_eq(
		try_sign_in(s, "ada@example.com", right_password).reason, "SIGN_IN_FAILED");
}

Test(user_password, changing_it_takes_the_current_one)
{
	REFUSED(s, "ada@example.com", STATUS_FAILED_PRECONDITION, "WRONG_PASSWORD", UserService,
		ChangePassword, change_password, .current_password = "not the password",
		.new_password = other_password);
	cr_assert_not(try_sign_in(s, "ada@example.com", right_password).code);
}

Test(user_password, guessing_the_current_one_is_limited)
{
	struct outcome outcome;

	story_settings(s)->sign_in_failures_per_account = 3;
	for (int i = 0; i < 3; i++)
		REFUSED(s, "ada@example.com", STATUS_FAILED_PRECONDITION, "WRONG_PASSWORD",
			UserService, ChangePassword, change_password,
			.current_password = "not the password", .new_password = other_password);
	outcome = story_try(s, "ada@example.com", "UserService/ChangePassword",
		STORY_REQUEST(ChangePassword, change_password, .current_password = right_password,
			.new_password = other_password));

	cr_assert_eq(outcome.code, STATUS_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(outcome.reason, "SIGN_IN_LIMIT");
	cr_assert_gt(outcome.retry_after_ms, 0);
}

Test(user_password, a_new_one_is_checked)
{
	REFUSED(s, "ada@example.com", STATUS_INVALID_ARGUMENT, "PASSWORD_TOO_SHORT", UserService,
		ChangePassword, change_password, .current_password = right_password,
		.new_password = "short");
	REFUSED(s, "ada@example.com", STATUS_INVALID_ARGUMENT, "PASSWORD_TOO_COMMON", UserService,
		ChangePassword, change_password, .current_password = right_password,
		.new_password = "ada@example.com");
}

Test(user_password, nobody_else_changes_it)
{
	struct outcome outcome;

	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", UserService, ChangePassword,
		change_password, .current_password = right_password,
		.new_password = other_password);
	REFUSED(s, "operator", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		ChangePassword, change_password, .current_password = right_password,
		.new_password = other_password);
	outcome = try_on_behalf(s, make_key(s, "act", NULL), story_id(s, "ada@example.com"),
		"UserService/ChangePassword",
		STORY_REQUEST(ChangePassword, change_password, .current_password = right_password,
			.new_password = other_password));
	cr_assert_str_eq(outcome.reason, "ON_BEHALF_NOT_ALLOWED");
}

Test(user_password, changing_it_makes_an_older_reset_link_dead)
{
	ASK(s, NULL, UserService, RequestPasswordReset, request_password_reset,
		.email = "ada@example.com");
	change("ada@example.com");

	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, ResetPassword,
		reset_password, .token = story_mail_token(s, "ada@example.com"),
		.new_password = right_password);
}

Test(rules, rule_34_a_replayed_change_of_password_does_nothing, .init = begin, .fini = end)
{
	const ProtobufCMessage *request = STORY_REQUEST(ChangePassword, change_password,
		.current_password = right_password, .new_password = other_password);
	struct outcome first = story_try_as(
		s, "ada@example.com", "UserService/ChangePassword", request, "change-once-only");
	struct outcome second = story_try_as(
		s, "ada@example.com", "UserService/ChangePassword", request, "change-once-only");

	cr_assert(first.committed);
	cr_assert_not(second.code, "%s: the password is another by now", second.reason);
	cr_assert_not(second.committed);
}

static struct outcome try_request(const char *email)
{
	return story_try(s, NULL, "UserService/RequestPasswordReset",
		STORY_REQUEST(RequestPasswordReset, request_password_reset, .email = email));
}

static const char *reset_token(const char *email)
{
	cr_assert_not(try_request(email).code);
	return story_mail_token(s, email);
}

Test(user_password, asking_for_a_reset_answers_the_same_for_any_address)
{
	struct outcome known, unknown;

	known = try_request("ada@example.com");
	unknown = try_request("unknown@example.com");

	cr_assert_not(known.code);
	expect_same_answer(&known, &unknown);
	cr_assert_eq(story_mail_count(s, "unknown@example.com"), 0);
	cr_assert_eq(story_mail_count(s, "ada@example.com"), 2);
}

Test(user_password, asking_for_a_reset_is_limited_for_each_address)
{
	struct outcome known, unknown;

	story_settings(s)->account_mails_per_address_per_day = 2;
	cr_assert_not(try_request("ada@example.com").code);
	cr_assert_not(try_request("unknown@example.com").code);
	cr_assert_not(try_request("unknown@example.com").code);
	known = try_request("ada@example.com");
	unknown = try_request("unknown@example.com");

	cr_assert_eq(known.code, STATUS_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(known.reason, "MAIL_LIMIT");
	expect_same_answer(&known, &unknown);
}

Test(user_password, a_reset_sets_it_and_ends_every_session)
{
	ASK(s, NULL, UserService, ResetPassword, reset_password,
		.token = reset_token("ada@example.com"), .new_password = other_password);

	cr_assert_not(is_signed_in("ada@example.com"));
	cr_assert_not(try_sign_in(s, "ada@example.com", other_password).code);
	cr_assert_str_eq(
		try_sign_in(s, "ada@example.com", right_password).reason, "SIGN_IN_FAILED");
}

Test(rules, rule_41_a_reset_proves_the_address_and_replaces_the_password, .init = begin,
	.fini = end)
{
	const char *verification;

	sign_up(s, "eve@example.com", "Eve");
	verification = story_mail_token(s, "eve@example.com");
	ASK(s, NULL, UserService, ResetPassword, reset_password,
		.token = reset_token("eve@example.com"), .new_password = other_password);

	cr_assert_not(try_sign_in(s, "eve@example.com", other_password).code);
	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, VerifyEmail,
		verify_email, .token = verification);
}

Test(user_password, a_reset_link_is_good_for_an_hour_once_and_until_a_newer_one)
{
	const char *first = reset_token("ada@example.com"),
		   *second = reset_token("ada@example.com");

	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, ResetPassword,
		reset_password, .token = first, .new_password = other_password);
	ASK(s, NULL, UserService, ResetPassword, reset_password, .token = second,
		.new_password = other_password);
	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, ResetPassword,
		reset_password, .token = second, .new_password = other_password);
	first = reset_token("ada@example.com");
	story_advance(s, US_PER_HOUR);
	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, ResetPassword,
		reset_password, .token = first, .new_password = other_password);
}

Test(user_password, a_reset_checks_the_new_one_first)
{
	const char *token = reset_token("ada@example.com");

	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "PASSWORD_TOO_SHORT", UserService, ResetPassword,
		reset_password, .token = token, .new_password = "short");
	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "PASSWORD_TOO_SHORT", UserService, ResetPassword,
		reset_password, .token = "nonsense", .new_password = "short");
	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "PASSWORD_TOO_COMMON", UserService, ResetPassword,
		reset_password, .token = token, .new_password = "Ada@Example.com");
	ASK(s, NULL, UserService, ResetPassword, reset_password, .token = token,
		.new_password = other_password);
}

Test(user_password, nobody_disabled_gets_a_reset_link)
{
	const char *token = reset_token("ada@example.com");

	ASK(s, "operator", UserService, DisableUser, disable_user,
		.user_id = story_id(s, "ada@example.com"));

	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, ResetPassword,
		reset_password, .token = token, .new_password = other_password);
	cr_assert_not(try_request("ada@example.com").code);
	cr_assert_eq(story_mail_count(s, "ada@example.com"), 2);
}
