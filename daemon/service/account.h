/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "secret/token.h"
#include "service/user.h"

/* What the files of UserService share. */

/* Signing up: account_sign_up.c. */
MUST_USE struct status account_sign_up(struct call *call, const Orgd__V1__SignUpRequest *request,
	Orgd__V1__SignUpResponse *response);

/* Proving the address; acts on what its prepare step left. */
MUST_USE struct status account_verify_email(struct call *call,
	const Orgd__V1__VerifyEmailRequest *request, Orgd__V1__VerifyEmailResponse *response);

/* Passwords: account_password.c. Each acts on what its prepare step left. */
MUST_USE struct status account_change_password(
	struct call *call, const Orgd__V1__ChangePasswordRequest *request);
MUST_USE struct status account_reset_password(
	struct call *call, const Orgd__V1__ResetPasswordRequest *request);

/* The end of an account: account_erase.c. `user` is not erased yet. */
MUST_USE struct status account_erase(
	struct call *call, const struct id *user_id, Orgd__Store__V1__User *user);

/*
 * Mailed secrets: account_token.c. A user has at most one of each type, since a newer one
 * replaces the older; whoever changes the user in these saves it.
 */

/* A mailed token that holds, and whose it is. */
struct mailed_token {
	struct id id, user_id;
	Orgd__Store__V1__Token *row;
	Orgd__Store__V1__User *user; /* active */
};

/* Makes a token (TOKEN_VERIFICATION or TOKEN_RESET) for the user and mails it to their address.
 * A verification carries the user's password, which may be none, and name of now, which become the
 * account's. */
MUST_USE struct status account_token_mail(struct call *call, enum token_type type,
	const struct id *user_id, Orgd__Store__V1__User *user);
/* Unknown, malformed, expired, used and replaced tokens get one answer.
 *
 *   FAILED_PRECONDITION TOKEN_INVALID */
MUST_USE struct status account_token_find(
	struct call *call, enum token_type type, const char *text, struct mailed_token *found);
/* Deletes both of the user's tokens. */
MUST_USE struct status account_token_drop(struct call *call, Orgd__Store__V1__User *user);
