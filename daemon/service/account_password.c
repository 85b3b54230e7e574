/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "secret/password.h"
#include "service/account.h"
#include "service/session.h"
#include "store/rows/session.h"

/* What a prepare step found out. */
struct prepared_password {
	const char *current; /* the hash that the current password fitted; of a change only */
	char hash[PASSWORD_HASH_BYTES];
};

MUST_USE static struct status wrong_password(void)
{
	return status_fail(STATUS_FAILED_PRECONDITION, "WRONG_PASSWORD",
		"the current password does not match; try again, or set a new one by mail");
}

MUST_USE static struct status check_change(
	struct call *call, const Orgd__V1__ChangePasswordRequest *request)
{
	TRY(authorize(call));
	return password_check(
		"new_password", request->new_password, call->caller.user->user->email);
}

struct status user_prepare_change_password(struct call *call)
{
	const Orgd__V1__ChangePasswordRequest *request =
		(const Orgd__V1__ChangePasswordRequest *)call->request;
	struct prepared_password *prepared = ARENA_NEW(call->arena, struct prepared_password);
	const Orgd__Store__V1__User *user = call->caller.user;

	TRY(check_change(call, request));
	TRY(session_enter_attempt(call, user->canonical_email));
	if (!password_verify(request->current_password, user->password_hash))
		return wrong_password();
	session_leave_attempt(call, user->canonical_email);
	prepared->current = user->password_hash;
	TRY(password_hash(request->new_password, prepared->hash));
	call->prepared = prepared;
	return OK;
}

struct status account_change_password(
	struct call *call, const Orgd__V1__ChangePasswordRequest *request)
{
	struct caller *caller = &call->caller;
	struct prepared_password *prepared = call->prepared;

	TRY(check_change(call, request));
	if (strcmp(caller->user->password_hash, prepared->current))
		return wrong_password(); /* changed a moment ago */
	caller->user->password_hash = prepared->hash;
	caller->user->sessions_end_us = call->now_us;
	/* A link that was asked for earlier would undo the change. */
	TRY(account_token_drop(call, caller->user));
	TRY(user_save(call, &caller->user_id, caller->user));
	caller->session->kept_us = call->now_us;
	TRY(session_put(call->batch, &caller->session_id, caller->session));
	return event_append(call,
		&(struct event){ .action = "user.password_changed", .user = &caller->user_id });
}

MUST_USE static struct status check_reset(struct call *call,
	const Orgd__V1__ResetPasswordRequest *request, struct mailed_token *found)
{
	TRY(password_check("new_password", request->new_password, ""));
	TRY(account_token_find(call, TOKEN_RESET, request->token, found));
	return password_check("new_password", request->new_password, found->user->user->email);
}

struct status user_prepare_reset_password(struct call *call)
{
	const Orgd__V1__ResetPasswordRequest *request =
		(const Orgd__V1__ResetPasswordRequest *)call->request;
	struct prepared_password *prepared = ARENA_NEW(call->arena, struct prepared_password);
	struct mailed_token found;

	TRY(call_look(call));
	TRY(check_reset(call, request, &found));
	call_look_away(call);
	TRY(password_hash(request->new_password, prepared->hash));
	call->prepared = prepared;
	return OK;
}

struct status account_reset_password(
	struct call *call, const Orgd__V1__ResetPasswordRequest *request)
{
	struct prepared_password *prepared = call->prepared;
	struct mailed_token found;

	TRY(check_reset(call, request, &found));
	found.user->password_hash = prepared->hash;
	found.user->user->email_verified = true;
	found.user->sessions_end_us = call->now_us;
	TRY(account_token_drop(call, found.user));
	TRY(user_save(call, &found.user_id, found.user));
	return event_append(
		call, &(struct event){ .action = "user.password_reset", .user = &found.user_id });
}
