/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "secret/token.h"
#include "service/account_expect.h"
#include "service/settings.h"

static struct story *s;

static void begin(void)
{
	s = story_begin();
}

static void end(void)
{
	story_end(s);
}

TestSuite(user_sign_up, .init = begin, .fini = end);

#define SIGN_UP(...)                                                                               \
	STORY_REQUEST(                                                                             \
		SignUp, sign_up, .password = right_password, .display_name = "Ada", ##__VA_ARGS__)

static struct outcome try_sign_up(const char *email)
{
	return story_try(s, NULL, "UserService/SignUp", SIGN_UP(.email = email));
}

static const Orgd__V1__User *find_user(const char *email)
{
	const Orgd__V1__ListUsersResponse *list =
		ASK(s, "operator", UserService, ListUsers, list_users, .email = email);

	return list->n_users ? list->users[0] : NULL;
}

Test(user_sign_up, makes_an_account_that_can_sign_in_once_its_address_is_proved)
{
	const Orgd__V1__VerifyEmailResponse *verified;

	sign_up(s, "ada@example.com", "Ada");
	verified = ASK(s, NULL, UserService, VerifyEmail, verify_email,
		.token = story_mail_token(s, "ada@example.com"));

	cr_assert_str_eq(verified->user->email, "ada@example.com");
	cr_assert_str_eq(verified->user->display_name, "Ada");
	cr_assert(verified->user->email_verified);
	cr_assert_eq(verified->user->state, ORGD__V1__USER_STATE__USER_STATE_ACTIVE);
	cr_assert_not_null(verified->user->create_time);
	cr_assert(*verified->user->etag);
	cr_assert_not(try_sign_in(s, "ada@example.com", right_password).code);
}

Test(user_sign_up, refuses_what_is_no_address)
{
	expect_refused(s, NULL, "UserService/SignUp", SIGN_UP(.email = "ada at example"),
		STATUS_INVALID_ARGUMENT, "INVALID_EMAIL");
	expect_refused(s, NULL, "UserService/SignUp", SIGN_UP(.email = ""), STATUS_INVALID_ARGUMENT,
		"FIELD_REQUIRED");
}

Test(user_sign_up, refuses_a_password_that_is_short_long_or_guessable)
{
	char password[202 + 1];

	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "PASSWORD_TOO_SHORT", UserService, SignUp,
		sign_up, .email = "ada@example.com", .display_name = "Ada", .password = "short");
	memset(password, 'p', sizeof(password));
	password[0] = 'q';
	password[201] = '\0';
	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "PASSWORD_TOO_LONG", UserService, SignUp, sign_up,
		.email = "ada@example.com", .display_name = "Ada", .password = password);
	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "PASSWORD_TOO_COMMON", UserService, SignUp,
		sign_up, .email = "ada@example.com", .display_name = "Ada",
		.password = "ada@example.com");
}

Test(user_sign_up, refuses_a_name_that_is_empty_or_a_link)
{
	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", UserService, SignUp, sign_up,
		.email = "ada@example.com", .password = right_password);
	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "NAME_IS_A_URL", UserService, SignUp, sign_up,
		.email = "ada@example.com", .password = right_password,
		.display_name = "see https://evil.example");
}

Test(rules, rule_02_addresses_are_compared_in_canonical_form_and_shown_as_typed, .init = begin,
	.fini = end)
{
	sign_up(s, "Ada.Lovelace@Example.COM", "Ada");
	/* Mail servers are told the domain in its own form. */
	ASK(s, NULL, UserService, VerifyEmail, verify_email,
		.token = story_mail_token(s, "Ada.Lovelace@example.com"));

	cr_assert_str_eq(find_user("ada.lovelace@example.com")->email, "Ada.Lovelace@Example.COM");
	cr_assert_not(try_sign_in(s, "ADA.LOVELACE@example.com", right_password).code);
	sign_up(s, "ada.lovelace@EXAMPLE.com", "Another Ada");
	cr_assert_not_null(
		strstr(story_mail_text(s, "Ada.Lovelace@example.com"), "already have an account"));
	cr_assert_eq(ASK(s, "operator", UserService, ListUsers, list_users)->n_users, 1);
}

Test(rules, rule_02_a_domain_is_the_same_in_unicode_and_in_ascii, .init = begin, .fini = end)
{
	sign_up(s,
		"ada@b\xc3\xbc"
		"cher.example",
		"Ada");

	cr_assert_not_null(find_user("ada@xn--bcher-kva.example"));
	cr_assert_not_null(find_user("ADA@B\xc3\x9c"
				     "CHER.example"));
}

Test(rules, rule_41_signing_up_answers_the_same_for_a_known_and_an_unknown_address, .init = begin,
	.fini = end)
{
	struct outcome known, unproved, unknown;

	story_person(s, "known@example.com", "Known");
	sign_up(s, "unproved@example.com", "Unproved");
	known = try_sign_up("known@example.com");
	unproved = try_sign_up("unproved@example.com");
	unknown = try_sign_up("unknown@example.com");

	cr_assert_not(known.code);
	expect_same_answer(&known, &unknown);
	expect_same_answer(&unproved, &unknown);
	cr_assert_not_null(
		strstr(story_mail_text(s, "known@example.com"), "already have an account"));
	cr_assert_null(story_mail_token(s, "known@example.com"));
	cr_assert_not_null(story_mail_token(s, "unknown@example.com"));
	cr_assert_not_null(story_mail_token(s, "unproved@example.com"));
}

Test(rules, rule_41_a_known_account_is_not_changed_by_a_sign_up, .init = begin, .fini = end)
{
	story_person(s, "ada@example.com", "Ada");
	ASK(s, NULL, UserService, SignUp, sign_up, .email = "ada@example.com",
		.password = "another password", .display_name = "Mallory");

	cr_assert_str_eq(find_user("ada@example.com")->display_name, "Ada");
	cr_assert_not(try_sign_in(s, "ada@example.com", right_password).code);
	cr_assert_str_eq(
		try_sign_in(s, "ada@example.com", "another password").reason, "SIGN_IN_FAILED");
}

Test(rules, rule_41_an_unproved_account_holds_no_session, .init = begin, .fini = end)
{
	struct outcome outcome;

	sign_up(s, "ada@example.com", "Ada");
	outcome = try_sign_in(s, "ada@example.com", right_password);

	cr_assert_eq(outcome.code, STATUS_FAILED_PRECONDITION);
	cr_assert_str_eq(outcome.reason, "EMAIL_NOT_VERIFIED");
	cr_assert_str_eq(
		try_sign_in(s, "ada@example.com", "a wrong password").reason, "SIGN_IN_FAILED");
}

/* Mallory and Ada sign up with the same address, which is Ada's; `last` is who comes second. */
static const char *sign_up_both(const char *last)
{
	for (int i = 0; i < 2; i++) {
		bool mallory = !strcmp(last, "Mallory") == (i == 1);

		ASK(s, NULL, UserService, SignUp, sign_up, .email = "ada@example.com",
			.password = mallory ? "mallorys password" : right_password,
			.display_name = mallory ? "Mallory" : "Ada");
	}
	return story_mail_token(s, "ada@example.com");
}

Test(rules, rule_41_of_two_sign_ups_neither_has_a_password_until_the_mailbox_owner_chooses,
	.init = begin, .fini = end)
{
	static const char *const lasts[] = { "Ada", "Mallory" };

	for (size_t i = 0; i < COUNT_OF(lasts); i++) {
		const char *token = sign_up_both(lasts[i]);

		cr_expect_str_eq(try_sign_in(s, "ada@example.com", "mallorys password").reason,
			"SIGN_IN_FAILED");
		REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "PASSWORD_REQUIRED", UserService,
			VerifyEmail, verify_email, .token = token);
		cr_expect_not(find_user("ada@example.com")->email_verified);
		ASK(s, NULL, UserService, VerifyEmail, verify_email, .token = token,
			.password = right_password);

		cr_expect_not(try_sign_in(s, "ada@example.com", right_password).code);
		cr_expect_str_eq(try_sign_in(s, "ada@example.com", "mallorys password").reason,
			"SIGN_IN_FAILED");
		end();
		begin();
	}
}

Test(rules, rule_41_a_link_sent_again_does_not_bring_back_a_strangers_password, .init = begin,
	.fini = end)
{
	const char *token = sign_up_both("Mallory");

	ASK(s, NULL, UserService, ResendVerificationMail, resend_verification_mail,
		.email = "ada@example.com");
	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, VerifyEmail,
		verify_email, .token = token, .password = right_password);
	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "PASSWORD_REQUIRED", UserService, VerifyEmail,
		verify_email, .token = story_mail_token(s, "ada@example.com"));
}

Test(rules, rule_41_a_reset_settles_who_of_two_it_is, .init = begin, .fini = end)
{
	sign_up_both("Mallory");
	ASK(s, NULL, UserService, RequestPasswordReset, request_password_reset,
		.email = "ada@example.com");
	ASK(s, NULL, UserService, ResetPassword, reset_password,
		.token = story_mail_token(s, "ada@example.com"), .new_password = right_password);

	cr_expect_not(try_sign_in(s, "ada@example.com", right_password).code);
}

Test(user_sign_up, the_password_that_comes_with_the_link_is_the_accounts)
{
	const char *token;

	sign_up(s, "ada@example.com", "Ada");
	token = story_mail_token(s, "ada@example.com");
	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "PASSWORD_TOO_SHORT", UserService, VerifyEmail,
		verify_email, .token = token, .password = "short");
	REFUSED(s, NULL, STATUS_INVALID_ARGUMENT, "PASSWORD_TOO_COMMON", UserService, VerifyEmail,
		verify_email, .token = token, .password = "ada@example.com");
	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, VerifyEmail,
		verify_email, .token = "made up", .password = "my own password");
	ASK(s, NULL, UserService, VerifyEmail, verify_email, .token = token,
		.password = "my own password");

	cr_expect_not(try_sign_in(s, "ada@example.com", "my own password").code);
	cr_expect_str_eq(
		try_sign_in(s, "ada@example.com", right_password).reason, "SIGN_IN_FAILED");
}

Test(user_sign_up, is_limited_for_each_address_alike_whether_known_or_not)
{
	struct outcome known, unknown;

	story_settings(s)->account_mails_per_address_per_day = 2;
	story_person(s, "known@example.com", "Known");
	cr_assert_not(try_sign_up("known@example.com").code);
	cr_assert_not(try_sign_up("unknown@example.com").code);
	cr_assert_not(try_sign_up("unknown@example.com").code);
	known = try_sign_up("known@example.com");
	unknown = try_sign_up("unknown@example.com");

	cr_assert_eq(known.code, STATUS_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(known.reason, "SIGN_UP_LIMIT");
	cr_assert_gt(known.retry_after_ms, 0);
	cr_assert_eq(known.retry_after_ms % (60 * 60 * 1000), 0, "in whole hours");
	expect_same_answer(&known, &unknown);
	cr_assert_eq(story_mail_count(s, "known@example.com"), 2);
	cr_assert_not(try_sign_up("stranger@example.com").code);
	story_advance(s, US_PER_DAY);
	cr_assert_not(try_sign_up("known@example.com").code);
}

Test(user_sign_up, a_link_is_good_for_a_day_and_once)
{
	const char *token;

	sign_up(s, "ada@example.com", "Ada");
	token = story_mail_token(s, "ada@example.com");
	story_advance(s, US_PER_DAY);
	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, VerifyEmail,
		verify_email, .token = token);
	ASK(s, NULL, UserService, ResendVerificationMail, resend_verification_mail,
		.email = "ada@example.com");
	token = story_mail_token(s, "ada@example.com");
	ASK(s, NULL, UserService, VerifyEmail, verify_email, .token = token);
	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, VerifyEmail,
		verify_email, .token = token);
}

Test(user_sign_up, no_made_up_link_proves_anything)
{
	const char *token;
	char wrong[TOKEN_TEXT_BYTES];

	sign_up(s, "ada@example.com", "Ada");
	token = story_mail_token(s, "ada@example.com");
	strcpy(wrong, token);
	wrong[TOKEN_TEXT_BYTES - 2] = wrong[TOKEN_TEXT_BYTES - 2] == 'A' ? 'B' : 'A';

	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, VerifyEmail,
		verify_email, .token = wrong);
	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, VerifyEmail,
		verify_email, .token = "");
	/* A link that proves an address does not set a password. */
	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, ResetPassword,
		reset_password, .token = token, .new_password = right_password);
}

static struct outcome try_resend(const char *email)
{
	return story_try(s, NULL, "UserService/ResendVerificationMail",
		STORY_REQUEST(ResendVerificationMail, resend_verification_mail, .email = email));
}

Test(user_sign_up, resending_answers_the_same_for_any_address)
{
	struct outcome proved, unproved, unknown;

	story_person(s, "proved@example.com", "Proved");
	sign_up(s, "unproved@example.com", "Unproved");
	cr_assert_eq(story_mail_count(s, "unproved@example.com"), 1);
	proved = try_resend("proved@example.com");
	unproved = try_resend("unproved@example.com");
	unknown = try_resend("unknown@example.com");

	cr_assert_not(unknown.code);
	expect_same_answer(&proved, &unknown);
	expect_same_answer(&unproved, &unknown);
	cr_assert_eq(story_mail_count(s, "proved@example.com"), 1);
	cr_assert_eq(story_mail_count(s, "unproved@example.com"), 2);
	cr_assert_eq(story_mail_count(s, "unknown@example.com"), 0);
}

Test(user_sign_up, resending_makes_the_older_link_dead)
{
	const char *first, *second;

	sign_up(s, "ada@example.com", "Ada");
	first = story_mail_token(s, "ada@example.com");
	cr_assert_not(try_resend("ada@example.com").code);
	second = story_mail_token(s, "ada@example.com");

	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, VerifyEmail,
		verify_email, .token = first);
	ASK(s, NULL, UserService, VerifyEmail, verify_email, .token = second);
	cr_assert_not(try_sign_in(s, "ada@example.com", right_password).code);
}

Test(user_sign_up, resending_is_limited_for_each_address)
{
	struct outcome known, unknown;

	story_settings(s)->account_mails_per_address_per_day = 1;
	sign_up(s, "known@example.com", "Known");
	cr_assert_not(try_resend("unknown@example.com").code);
	known = try_resend("known@example.com");
	unknown = try_resend("unknown@example.com");

	cr_assert_eq(known.code, STATUS_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(known.reason, "MAIL_LIMIT");
	expect_same_answer(&known, &unknown);
}

/* Invites an address into a fresh organization; returns the link's token. */
static const char *invite(const char *email, const char **organization_id)
{
	*organization_id = story_organization(s, "owner@example.com", "acme");
	ASK(s, "owner@example.com", InvitationService, CreateInvitation, create_invitation,
		.organization_id = *organization_id, .email = email,
		.role = ORGD__V1__ROLE__ROLE_MEMBER);
	return story_mail_token(s, email);
}

Test(rules, rule_05_an_invited_sign_up_proves_the_address_joins_and_signs_in, .init = begin,
	.fini = end)
{
	const char *organization_id, *token = invite("Ada@example.com", &organization_id), *who;
	const Orgd__V1__SignUpResponse *response;
	struct outcome self;
	char bearer[128];

	response = ASK(s, NULL, UserService, SignUp, sign_up, .password = right_password,
		.display_name = "Ada", .invitation_token = token);
	cr_assert_str_eq(response->user->email, "Ada@example.com");
	cr_assert(response->user->email_verified);
	cr_assert_str_eq(response->organization_id, organization_id);
	snprintf(bearer, sizeof(bearer), "key:%s", response->session_token);
	who = bearer;
	self = story_try(s, who, "MemberService/GetMember",
		STORY_REQUEST(GetMember, get_member, .organization_id = organization_id,
			.user_id = response->user->id));
	cr_assert_not(self.code, "%s", self.message);
	cr_assert_not(try_sign_in(s, "ada@example.com", right_password).code);
}

Test(rules, rule_05_an_invitation_fixes_the_address, .init = begin, .fini = end)
{
	const char *organization_id, *token = invite("ada@example.com", &organization_id);

	expect_refused(s, NULL, "UserService/SignUp",
		SIGN_UP(.email = "eve@example.com", .invitation_token = token),
		STATUS_INVALID_ARGUMENT, "EMAIL_MISMATCH");
	ASK(s, NULL, UserService, SignUp, sign_up, .email = "ADA@example.com",
		.password = right_password, .display_name = "Ada", .invitation_token = token);
}

Test(rules, rule_05_an_invited_sign_up_takes_over_an_unproved_account, .init = begin, .fini = end)
{
	const char *organization_id, *token, *verification;

	ASK(s, NULL, UserService, SignUp, sign_up, .email = "ada@example.com",
		.password = "mallorys password", .display_name = "Mallory");
	verification = story_mail_token(s, "ada@example.com");
	token = invite("ada@example.com", &organization_id);
	ASK(s, NULL, UserService, SignUp, sign_up, .password = right_password,
		.display_name = "Ada", .invitation_token = token);

	cr_assert_str_eq(find_user("ada@example.com")->display_name, "Ada");
	cr_assert_not(try_sign_in(s, "ada@example.com", right_password).code);
	cr_assert_str_eq(
		try_sign_in(s, "ada@example.com", "mallorys password").reason, "SIGN_IN_FAILED");
	REFUSED(s, NULL, STATUS_FAILED_PRECONDITION, "TOKEN_INVALID", UserService, VerifyEmail,
		verify_email, .token = verification);
}

Test(user_sign_up, an_invited_address_with_an_account_signs_in_instead)
{
	const char *organization_id, *token;

	story_person(s, "ada@example.com", "Ada");
	token = invite("ada@example.com", &organization_id);

	expect_refused(s, NULL, "UserService/SignUp", SIGN_UP(.invitation_token = token),
		STATUS_ALREADY_EXISTS, "ACCOUNT_EXISTS");
}

Test(user_sign_up, a_dead_invitation_signs_nobody_up)
{
	const char *organization_id, *token = invite("ada@example.com", &organization_id);

	expect_refused(s, NULL, "UserService/SignUp",
		SIGN_UP(.invitation_token = "orgd_i_nonsense"), STATUS_NOT_FOUND, "TOKEN_INVALID");
	story_advance(s, 8 * US_PER_DAY);
	expect_refused(s, NULL, "UserService/SignUp", SIGN_UP(.invitation_token = token),
		STATUS_NOT_FOUND, "TOKEN_INVALID");
	cr_assert_null(find_user("ada@example.com"));
}

Test(user_sign_up, an_organization_that_lost_its_verification_takes_nobody_in)
{
	const char *organization_id, *token = invite("ada@example.com", &organization_id);

	ASK(s, "operator", VerificationService, RejectOrganization, reject_organization,
		.organization_id = organization_id,
		.reason = ORGD__V1__DECISION_REASON__DECISION_REASON_OTHER, .note = "No.");

	expect_refused(s, NULL, "UserService/SignUp", SIGN_UP(.invitation_token = token),
		STATUS_FAILED_PRECONDITION, "ORGANIZATION_NOT_VERIFIED");
	cr_assert_null(find_user("ada@example.com"), "nothing is half done");
}

Test(rules, rule_34_a_replayed_sign_up_returns_the_same_session, .init = begin, .fini = end)
{
	const char *organization_id, *token = invite("ada@example.com", &organization_id);
	const ProtobufCMessage *request = SIGN_UP(.invitation_token = token);
	struct outcome first =
		story_try_as(s, NULL, "UserService/SignUp", request, "a-sign-up-of-ada-1");
	struct outcome second =
		story_try_as(s, NULL, "UserService/SignUp", request, "a-sign-up-of-ada-1");

	cr_assert_not(first.code, "%s", first.message);
	cr_assert(first.committed);
	cr_assert_not(second.code, "%s", second.message);
	cr_assert_not(second.committed);
	cr_assert_str_eq(((const Orgd__V1__SignUpResponse *)first.response)->session_token,
		((const Orgd__V1__SignUpResponse *)second.response)->session_token);
}
