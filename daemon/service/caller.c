/* SPDX-License-Identifier: Apache-2.0 */
#include "service/caller.h"

#include <string.h>

#include "domain/user.h"
#include "secret/token.h"
#include "service/last_use.h"
#include "service/session.h"
#include "store/rows/api_key.h"
#include "store/rows/session.h"
#include "store/rows/user.h"

/* What the kernel reports for a uid that has no place in this user namespace. */
enum { UID_OVERFLOW = 65534 };

static struct status invalid_credential(void)
{
	return status_fail(STATUS_UNAUTHENTICATED, "CREDENTIAL_INVALID",
		"there is no such session or key; sign in again");
}

static struct bytes stored(ProtobufCBinaryData data)
{
	return bytes_of(data.data, data.len);
}

static void take_user(struct caller *caller, const struct id *id, Orgd__Store__V1__User *user)
{
	caller->user_id = *id;
	caller->user = user;
	caller->credentials.user = true;
	for (size_t i = 0; i < user->user->n_platform_roles; i++) {
		if (user->user->platform_roles[i] ==
			ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER)
			caller->credentials.reviewer = true;
		if (user->user->platform_roles[i] ==
			ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_PLATFORM_ADMIN)
			caller->credentials.platform_admin = true;
	}
}

/* Only once an hour, as far as the row tells. */
static void note_use(struct call *call, enum credential_kind kind, const struct id *id,
	const Google__Protobuf__Timestamp *last_use_time)
{
	if (timestamp_us(last_use_time) < last_use_hour(call->now_us))
		last_use_note(call->platform->last_use, kind, id, call->now_us);
}

MUST_USE static struct status authenticate_session(struct call *call, const struct token *token)
{
	struct caller *caller = &call->caller;
	Orgd__Store__V1__Session *session;
	Orgd__Store__V1__User *user;
	struct id user_id;

	TRY(session_get(call->snapshot, &token->id, &session));
	if (!session || !token_verify(call->platform->keyring, token, stored(session->secret_hash)))
		return invalid_credential();
	user_id = id_of_bytes(session->user_id);
	TRY(user_get(call->snapshot, &user_id, &user));
	if (!user)
		return invalid_credential();
	switch (session_look(call, &token->id, session, user)) {
	case SESSION_LIVE:
		note_use(call, CREDENTIAL_SESSION, &token->id, session->session->last_use_time);
		break;
	case SESSION_ENDED_LESS_THAN_A_DAY_AGO:
		caller->replay_only = true;
		break;
	case SESSION_OVER:
		return status_fail(STATUS_UNAUTHENTICATED, "SESSION_EXPIRED",
			"this session is over; sign in again");
	}
	caller->session_id = token->id;
	caller->session = session;
	take_user(caller, &user_id, user);
	return OK;
}

MUST_USE static struct status authenticate_key(struct call *call, const struct token *token)
{
	struct caller *caller = &call->caller;
	Orgd__Store__V1__ApiKeyView *key;

	TRY(api_key_view(call->snapshot, &token->id, &key));
	if (!key || !token_verify(call->platform->keyring, token, stored(key->secret_hash)) ||
		key->revoke_us || (key->expire_us && key->expire_us <= call->now_us))
		return invalid_credential();
	note_use(call, CREDENTIAL_API_KEY, &token->id, key->api_key->last_use_time);
	caller->key_id = token->id;
	caller->credentials.service = true;
	caller->credentials.scopes = key->scopes;
	return OK;
}

MUST_USE static struct status authenticate_bearer(struct call *call, const char *text)
{
	struct token token;

	if (token_parse(TOKEN_SESSION, text, &token))
		return authenticate_session(call, &token);
	if (token_parse(TOKEN_API_KEY, text, &token))
		return authenticate_key(call, &token);
	return invalid_credential();
}

MUST_USE static struct status authenticate_peer(struct call *call)
{
	const struct settings *settings = call->platform->settings;
	struct credentials *credentials = &call->caller.credentials;
	uid_t uid = call->peer->uid;

	if (call->peer->local && uid != UID_OVERFLOW) {
		for (size_t i = 0; i < settings->operator_count; i++)
			if (settings->operators[i] == uid)
				credentials->operator_ = true;
		credentials->courier =
			settings->courier_uid != (uid_t)-1 && settings->courier_uid == uid;
	}
	if (!credentials->operator_ && !credentials->courier)
		return status_fail(STATUS_UNAUTHENTICATED, "PEER_UNKNOWN",
			"\"Peer\" is for operators and the courier on the local socket; sign in "
			"instead");
	call->caller.uid = uid;
	return OK;
}

MUST_USE static struct status take_on_behalf(struct call *call, const char *text)
{
	struct caller *caller = &call->caller;
	Orgd__Store__V1__User *user;
	struct id id;

	TRY(id_parse(ID_USER, "on_behalf_of", text, &id));
	if (!caller->credentials.service || !(caller->credentials.scopes & SCOPE_ACT))
		return status_fail(STATUS_PERMISSION_DENIED, "ON_BEHALF_NOT_ALLOWED",
			"calling on behalf of a user takes an API key with the scope \"act\"");
	TRY(user_get(call->snapshot, &id, &user));
	if (!user || !user_is_active(user))
		return policy_denied();
	take_user(caller, &id, user);
	caller->credentials.on_behalf = true;
	return OK;
}

struct status caller_authenticate(struct call *call)
{
	static const char bearer[] = "Bearer ";
	const char *authorization = call->envelope->authorization;

	memset(&call->caller, 0, sizeof(call->caller));
	if (!strncmp(authorization, bearer, strlen(bearer)))
		TRY(authenticate_bearer(call, authorization + strlen(bearer)));
	else if (!strcmp(authorization, "Peer"))
		TRY(authenticate_peer(call));
	else if (*authorization)
		return status_fail(STATUS_UNAUTHENTICATED, "CREDENTIAL_MALFORMED",
			"authorization is neither \"Bearer <token>\" nor \"Peer\"");
	if (*call->envelope->on_behalf_of)
		TRY(take_on_behalf(call, call->envelope->on_behalf_of));
	return OK;
}

struct bytes caller_identity(struct call *call)
{
	const struct caller *caller = &call->caller;
	struct {
		struct id user, key;
		uint32_t uid;
		uint8_t peer;
	} __attribute__((packed)) identity = { caller->user_id, caller->key_id, caller->uid,
		caller->credentials.operator_ || caller->credentials.courier };

	return arena_copy(call->arena, bytes_of(&identity, sizeof(identity)));
}
