/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "domain/user.h"
#include "service/services.h"
#include "service/session.h"
#include "service/user.h"
#include "store/rows/session.h"
#include "store/rows/user.h"

/* How protoc-c spells it after a lone capital. */
#define orgd__v1__who_am_i_response__init orgd__v1__who_am_iresponse__init

#define SERVICE Orgd__V1__SessionService_Service
RPC(SignIn, sign_in)
RPC(SignOut, sign_out)
RPC(WhoAmI, who_am_i)
RPC(ListSessions, list_sessions)
RPC(RevokeSession, revoke_session)

ProtobufCService *session_service(void)
{
	static SERVICE service = ORGD__V1__SESSION_SERVICE__INIT(rpc_);

	return &service.base;
}

static struct status sign_in(struct call *call, const Orgd__V1__SignInRequest *request,
	Orgd__V1__SignInResponse *response)
{
	const struct sign_in *found = call->prepared;
	Orgd__Store__V1__User *user;
	const char *client;

	TRY(authorize(call));
	TRY(text_check(
		call->arena, TEXT_LINE, "client", request->client, 0, TEXT_NAME_MAX, &client));
	TRY(user_get(call->snapshot, &found->user_id, &user));
	/* The password fitted a moment ago; it may have been changed, and the account erased,
	 * since. */
	if (!user || strcmp(user->password_hash, found->password_hash))
		return session_sign_in_failed();
	if (!user->user->email_verified)
		return status_fail(STATUS_FAILED_PRECONDITION, "EMAIL_NOT_VERIFIED",
			"this address is not verified yet; open the link in the mail, or ask for a "
			"new one");
	if (!user_is_active(user))
		return status_with_help(status_fail(STATUS_FAILED_PRECONDITION, "USER_DISABLED",
						"this account is disabled; ask %s",
						call->platform->settings->support_contact),
			call->platform->settings->support_contact);
	response->user = user_message(call, &found->user_id, user);
	return session_begin(
		call, &found->user_id, user, client, &response->session_token, &response->session);
}

static struct status sign_out(struct call *call, const Orgd__V1__SignOutRequest *request,
	Orgd__V1__SignOutResponse *response)
{
	const struct caller *caller = &call->caller;

	(void)request;
	(void)response;
	TRY(authorize(call));
	TRY(session_end(call->batch, &caller->session_id, caller->session, call->now_us));
	return event_append(
		call, &(struct event){ .action = "session.ended", .user = &caller->user_id });
}

static void tell_key(struct call *call, Orgd__V1__WhoAmIResponse *response)
{
	const struct caller *caller = &call->caller;

	response->api_key_id = id_text(call->arena, ID_API_KEY, &caller->key_id);
	response->scopes = ARENA_ARRAY(call->arena, char *, 32);
	for (unsigned bit = 0; bit < 32; bit++)
		if (caller->credentials.scopes & 1U << bit)
			response->scopes[response->n_scopes++] = arena_strdup(
				call->arena, policy_scope_name((enum scope)(1U << bit)));
}

static struct status who_am_i(struct call *call, const Orgd__V1__WhoAmIRequest *request,
	Orgd__V1__WhoAmIResponse *response)
{
	const struct caller *caller = &call->caller;
	const struct credentials *who = &caller->credentials;

	(void)request;
	TRY(authorize(call));
	response->kind = who->service     ? ORGD__V1__WHO_AM_IRESPONSE__KIND__KIND_SERVICE
			 : who->user      ? ORGD__V1__WHO_AM_IRESPONSE__KIND__KIND_USER
			 : who->operator_ ? ORGD__V1__WHO_AM_IRESPONSE__KIND__KIND_OPERATOR
					  : ORGD__V1__WHO_AM_IRESPONSE__KIND__KIND_COURIER;
	response->uid = caller->uid;
	if (caller->user)
		response->user = user_message(call, &caller->user_id, caller->user);
	if (caller->session)
		response->session = session_message(call, &caller->session_id, caller->session);
	if (who->service)
		tell_key(call, response);
	return OK;
}

/* The session that a scan of the user's stands on; *row is NULL when it is over. */
MUST_USE static struct status live_session(struct call *call, const struct scan *scan,
	const Orgd__Store__V1__User *user, struct id *id, Orgd__Store__V1__Session **row)
{
	*id = session_of_user_key(scan->key);
	TRY(session_peek(call->snapshot, id, row));
	if (*row && session_look(call, id, *row, user) != SESSION_LIVE)
		*row = NULL;
	return OK;
}

static struct status list_sessions(struct call *call, const Orgd__V1__ListSessionsRequest *request,
	Orgd__V1__ListSessionsResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	Orgd__Store__V1__User *user;
	struct key prefix, last;
	struct page page;
	struct id user_id;

	TRY(authorize_user(call, "user_id", request->user_id, &user, &user_id));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	response->sessions = ARENA_ARRAY(call->arena, Orgd__V1__Session *, page.size);
	session_user_prefix(&prefix, &user_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found) {
		Orgd__Store__V1__Session *row;
		Orgd__V1__Session *session;
		struct id id;

		TRY(live_session(call, &scan, user, &id, &row));
		if (row) {
			session = session_message(call, &id, row);
			if (!page_add(&page, &session->base)) {
				response->next_page_token = page_token(call, &last);
				return OK;
			}
			response->sessions[response->n_sessions++] = session;
		}
		last.size = 0;
		key_add_bytes(&last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
	}
	return OK;
}

MUST_USE static struct status revoke_one(struct call *call, const struct id *session_id,
	const struct id *user_id, const Orgd__Store__V1__User *user)
{
	Orgd__Store__V1__Session *row;
	struct id owner_id;

	TRY(session_get(call->snapshot, session_id, &row));
	if (row)
		owner_id = id_of_bytes(row->user_id);
	if (!row || !id_equal(&owner_id, user_id) ||
		session_look(call, session_id, row, user) != SESSION_LIVE)
		return status_fail(STATUS_NOT_FOUND, "SESSION_NOT_FOUND",
			"the user has no such session, or it is over already");
	TRY(session_end(call->batch, session_id, row, call->now_us));
	return event_append(call, &(struct event){ .action = "session.revoked", .user = user_id });
}

MUST_USE static struct status has_session(
	struct call *call, const struct id *user_id, const Orgd__Store__V1__User *user, bool *found)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	*found = false;
	session_user_prefix(&prefix, user_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found && !*found) {
		Orgd__Store__V1__Session *row;
		struct id id;

		TRY(live_session(call, &scan, user, &id, &row));
		*found = row != NULL;
		TRY(scan_next(&scan));
	}
	return OK;
}

MUST_USE static struct status revoke_all(
	struct call *call, const struct id *user_id, Orgd__Store__V1__User *user)
{
	bool found;

	TRY(has_session(call, user_id, user, &found));
	if (!found)
		return OK;
	user->sessions_end_us = call->now_us;
	TRY(user_put(call->batch, user_id, user));
	return event_append(
		call, &(struct event){ .action = "session.all_revoked", .user = user_id });
}

static struct status revoke_session(struct call *call,
	const Orgd__V1__RevokeSessionRequest *request, Orgd__V1__RevokeSessionResponse *response)
{
	bool one = request->which_case == ORGD__V1__REVOKE_SESSION_REQUEST__WHICH_SESSION_ID;
	bool all =
		request->which_case == ORGD__V1__REVOKE_SESSION_REQUEST__WHICH_ALL && request->all;
	Orgd__Store__V1__User *user;
	struct id user_id, session_id;

	(void)response;
	if (one)
		TRY(id_parse(ID_SESSION, "session_id", request->session_id, &session_id));
	TRY(authorize_user(call, "user_id", request->user_id, &user, &user_id));
	if (one)
		return revoke_one(call, &session_id, &user_id, user);
	if (all)
		return revoke_all(call, &user_id, user);
	return status_invalid(
		"session_id", "FIELD_REQUIRED", "say which session is to end, or all of them");
}
