/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "domain/user.h"
#include "service/account.h"
#include "service/budget.h"
#include "service/member.h"
#include "service/services.h"
#include "store/rows/user.h"

#define SERVICE Orgd__V1__UserService_Service
RPC(SignUp, sign_up)
RPC(VerifyEmail, verify_email)
RPC(ResendVerificationMail, resend_verification_mail)
RPC(GetUser, get_user)
RPC(ListUsers, list_users)
RPC(UpdateUser, update_user)
RPC(DisableUser, disable_user)
RPC(EnableUser, enable_user)
RPC(EraseUser, erase_user)
RPC(SetPlatformRoles, set_platform_roles)
RPC(ChangePassword, change_password)
RPC(RequestPasswordReset, request_password_reset)
RPC(ResetPassword, reset_password)

enum {
	LOOKED_AT_A_PAGE = 10 * 1000 /* users; a page with a filter may come back short, or empty */
};

ProtobufCService *user_service(void)
{
	static SERVICE service = ORGD__V1__USER_SERVICE__INIT(rpc_);

	return &service.base;
}

static struct status sign_up(struct call *call, const Orgd__V1__SignUpRequest *request,
	Orgd__V1__SignUpResponse *response)
{
	TRY(authorize(call));
	return account_sign_up(call, request, response);
}

static struct status verify_email(struct call *call, const Orgd__V1__VerifyEmailRequest *request,
	Orgd__V1__VerifyEmailResponse *response)
{
	TRY(authorize(call));
	return account_verify_email(call, request, response);
}

/* The account of an address to which a mail is asked for by anyone; *user is NULL when there is
 * none that may get one. Takes the mail from the address's budget either way, so that the answer
 * tells nothing. */
MUST_USE static struct status find_to_mail(
	struct call *call, const char *email, struct id *user_id, Orgd__Store__V1__User **user)
{
	const char *typed, *canonical;

	TRY(authorize(call));
	TRY(text_check_email(call->arena, "email", email, &typed, &canonical));
	TRY(budget_take_address(call, BUDGET_ACCOUNT_MAILS, canonical,
		call->platform->settings->account_mails_per_address_per_day, "MAIL_LIMIT"));
	TRY(user_find(call->snapshot, canonical, user_id, user));
	if (*user && !user_is_active(*user))
		*user = NULL;
	return OK;
}

static struct status resend_verification_mail(struct call *call,
	const Orgd__V1__ResendVerificationMailRequest *request,
	Orgd__V1__ResendVerificationMailResponse *response)
{
	Orgd__Store__V1__User *user;
	struct id user_id;

	(void)response;
	TRY(find_to_mail(call, request->email, &user_id, &user));
	if (!user || user->user->email_verified)
		return OK;
	TRY(account_token_mail(call, TOKEN_VERIFICATION, &user_id, user));
	TRY(user_put(call->batch, &user_id, user));
	return event_append(
		call, &(struct event){ .action = "user.verification_resent", .user = &user_id });
}

static struct status get_user(struct call *call, const Orgd__V1__GetUserRequest *request,
	Orgd__V1__GetUserResponse *response)
{
	Orgd__Store__V1__User *user;
	struct id user_id;

	TRY(authorize_user(call, "user_id", request->user_id, &user, &user_id));
	response->user = user_message(call, &user_id, user);
	return OK;
}

/* The one with the address, if the filters let it through. */
MUST_USE static struct status list_one(struct call *call, const Orgd__V1__ListUsersRequest *request,
	Orgd__V1__ListUsersResponse *response)
{
	const char *typed, *canonical;
	Orgd__Store__V1__User *user;
	struct id user_id;

	TRY(text_check_email(call->arena, "email", request->email, &typed, &canonical));
	TRY(user_find(call->snapshot, canonical, &user_id, &user));
	if (!user || (request->state && request->state != user->user->state))
		return OK;
	response->users = ARENA_NEW(call->arena, Orgd__V1__User *);
	response->users[response->n_users++] = user_message(call, &user_id, user);
	return OK;
}

/* The user that a scan stands on, if there is room; *stop when there is none. */
MUST_USE static struct status list_add(struct call *call, const struct scan *scan,
	Orgd__V1__UserState state, struct page *page, Orgd__V1__ListUsersResponse *response,
	bool *stop)
{
	struct id id = user_of_time_key(scan->key);
	Orgd__Store__V1__User *row;
	Orgd__V1__User *user;

	TRY(user_peek(call->snapshot, &id, &row));
	if (!row || (state && state != row->user->state))
		return OK;
	user = user_message(call, &id, row);
	*stop = !page_add(page, &user->base);
	if (!*stop)
		response->users[response->n_users++] = user;
	return OK;
}

static struct status list_users(struct call *call, const Orgd__V1__ListUsersRequest *request,
	Orgd__V1__ListUsersResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	bool stop = false;
	struct key prefix, last;
	struct page page;

	TRY(authorize(call));
	TRY(enum_check_optional("state", &orgd__v1__user_state__descriptor, request->state));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	if (*request->email)
		return list_one(call, request, response);
	response->users = ARENA_ARRAY(call->arena, Orgd__V1__User *, page.size);
	user_time_prefix(&prefix);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	for (unsigned looked_at = 0; scan.found && !stop; looked_at++) {
		if (looked_at == LOOKED_AT_A_PAGE)
			stop = true;
		else
			TRY(list_add(call, &scan, request->state, &page, response, &stop));
		if (stop) {
			response->next_page_token = page_token(call, &last);
			return OK;
		}
		last.size = 0;
		key_add_bytes(&last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
	}
	return OK;
}

MUST_USE static struct status check_not_erased(const Orgd__Store__V1__User *user)
{
	if (user->user->state != ORGD__V1__USER_STATE__USER_STATE_ERASED)
		return OK;
	return status_fail(STATUS_FAILED_PRECONDITION, "USER_ERASED",
		"this person was erased, which cannot be undone; only the id is left");
}

static struct status update_user(struct call *call, const Orgd__V1__UpdateUserRequest *request,
	Orgd__V1__UpdateUserResponse *response)
{
	static const char *const fields[] = { "display_name", NULL };
	Orgd__V1__User none = ORGD__V1__USER__INIT;
	const Orgd__V1__User *wanted = request->user ? request->user : &none;
	const char *display_name;
	Orgd__Store__V1__User *user;
	struct id user_id;
	uint64_t mask;

	TRY(authorize_user(call, "user.id", wanted->id, &user, &user_id));
	TRY(update_mask_read(request->update_mask, &wanted->base, fields, &mask));
	display_name = user->user->display_name;
	if (mask)
		TRY(text_check(call->arena, TEXT_NAME, "user.display_name", wanted->display_name, 1,
			TEXT_NAME_MAX, &display_name));
	TRY(check_not_erased(user));
	TRY(etag_check(call->arena, wanted->etag, user->user->update_time));
	if (strcmp(display_name, user->user->display_name)) {
		user->user->display_name = arena_strdup(call->arena, display_name);
		TRY(user_save(call, &user_id, user));
		TRY(event_append(call, &(struct event){ .action = "user.updated",
					       .user = &user_id,
					       .details = { { .key = "display_name",
						       .value = display_name,
						       .person = &user_id } } }));
	}
	response->user = user_message(call, &user_id, user);
	return OK;
}

MUST_USE static struct status disable(struct call *call, const struct id *user_id,
	Orgd__Store__V1__User *user, const char *reason)
{
	TRY(member_check_owned(call, user_id));
	user->user->state = ORGD__V1__USER_STATE__USER_STATE_DISABLED;
	user->sessions_end_us = call->now_us;
	TRY(account_token_drop(call, user));
	TRY(user_save(call, user_id, user));
	return event_append(call, &(struct event){ .action = "user.disabled",
					  .user = user_id,
					  .details = { { .key = *reason ? "reason" : NULL,
						  .value = reason,
						  .person = user_id } } });
}

static struct status disable_user(struct call *call, const Orgd__V1__DisableUserRequest *request,
	Orgd__V1__DisableUserResponse *response)
{
	Orgd__Store__V1__User *user;
	const char *reason;
	struct id user_id;

	TRY(authorize_user(call, "user_id", request->user_id, &user, &user_id));
	TRY(text_check(call->arena, TEXT_PARAGRAPHS, "reason", request->reason, 0, TEXT_NOTE_MAX,
		&reason));
	TRY(check_not_erased(user));
	if (user_is_active(user))
		TRY(disable(call, &user_id, user, reason));
	response->user = user_message(call, &user_id, user);
	return OK;
}

static struct status enable_user(struct call *call, const Orgd__V1__EnableUserRequest *request,
	Orgd__V1__EnableUserResponse *response)
{
	Orgd__Store__V1__User *user;
	struct id user_id;

	TRY(authorize_user(call, "user_id", request->user_id, &user, &user_id));
	TRY(check_not_erased(user));
	if (!user_is_active(user)) {
		user->user->state = ORGD__V1__USER_STATE__USER_STATE_ACTIVE;
		TRY(user_save(call, &user_id, user));
		TRY(event_append(
			call, &(struct event){ .action = "user.enabled", .user = &user_id }));
	}
	response->user = user_message(call, &user_id, user);
	return OK;
}

static struct status erase_user(struct call *call, const Orgd__V1__EraseUserRequest *request,
	Orgd__V1__EraseUserResponse *response)
{
	const char *typed, *canonical;
	Orgd__Store__V1__User *user;
	struct id user_id;

	TRY(authorize_user(call, "user_id", request->user_id, &user, &user_id));
	response->notice = arena_strdup(call->arena,
		"Backups that were made before keep the name and the address until they expire.");
	if (user->user->state == ORGD__V1__USER_STATE__USER_STATE_ERASED)
		return OK;
	if (text_check_email(
		    call->arena, "confirm_email", request->confirm_email, &typed, &canonical)
			.code ||
		strcmp(canonical, user->canonical_email))
		return status_invalid("confirm_email", "CONFIRMATION_MISMATCH",
			"confirm_email is not the account's address; type it to erase the account "
			"for ever");
	return account_erase(call, &user_id, user);
}

static struct status set_platform_roles(struct call *call,
	const Orgd__V1__SetPlatformRolesRequest *request,
	Orgd__V1__SetPlatformRolesResponse *response)
{
	const char *before, *after;
	Orgd__Store__V1__User *user;
	struct id user_id;

	TRY(authorize_user(call, "user_id", request->user_id, &user, &user_id));
	before = user_roles_text(call->arena, user->user);
	TRY(user_set_roles(call, "platform_roles", request->n_platform_roles,
		request->platform_roles, user->user));
	TRY(check_not_erased(user));
	after = user_roles_text(call->arena, user->user);
	if (strcmp(before, after)) {
		TRY(user_save(call, &user_id, user));
		TRY(event_append(
			call, &(struct event){ .action = "user.platform_roles_changed",
				      .user = &user_id,
				      .details = { { .key = "from", .value = before },
					      { .key = "platform_roles", .value = after } } }));
	}
	response->user = user_message(call, &user_id, user);
	return OK;
}

static struct status change_password(struct call *call,
	const Orgd__V1__ChangePasswordRequest *request, Orgd__V1__ChangePasswordResponse *response)
{
	(void)response;
	return account_change_password(call, request);
}

static struct status request_password_reset(struct call *call,
	const Orgd__V1__RequestPasswordResetRequest *request,
	Orgd__V1__RequestPasswordResetResponse *response)
{
	Orgd__Store__V1__User *user;
	struct id user_id;

	(void)response;
	TRY(find_to_mail(call, request->email, &user_id, &user));
	if (!user)
		return OK;
	TRY(account_token_mail(call, TOKEN_RESET, &user_id, user));
	TRY(user_put(call->batch, &user_id, user));
	return event_append(call,
		&(struct event){ .action = "user.password_reset_requested", .user = &user_id });
}

static struct status reset_password(struct call *call,
	const Orgd__V1__ResetPasswordRequest *request, Orgd__V1__ResetPasswordResponse *response)
{
	(void)response;
	TRY(authorize(call));
	return account_reset_password(call, request);
}
