/* SPDX-License-Identifier: Apache-2.0 */
#include "service/caller.h"

#include <stdlib.h>
#include <string.h>

#include "domain/user.h"
#include "secret/token_cache.h"
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

/* What authentication needs of an API key. */
struct key_view {
	struct id id;
	uint64_t since; /* as of this revision; 0: not to be used again */
	bool exists;
	uint8_t secret_hash[KEYED_HASH_BYTES];
	enum scope scopes;
	int64_t expire_us, revoke_us, last_use_us;
};

enum { KEY_VIEWS = 64 /* a power of two */ };
struct caller_cache {
	struct token_cache *tokens;
	struct key_view keys[KEY_VIEWS];
};

struct caller_cache *caller_cache_new(void)
{
	struct caller_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		abort();
	cache->tokens = token_cache_new();
	return cache;
}

void caller_cache_free(struct caller_cache *cache)
{
	if (cache)
		token_cache_free(cache->tokens);
	free(cache);
}

/* A token as it came, and what is known of it. */
struct bearer {
	const char *text;
	enum token_type type;
	struct id id;
	const struct verified_token *verified; /* NULL: not lately */
};

MUST_USE static bool read_bearer(struct call *call, const char *text, struct bearer *bearer)
{
	struct token token;

	bearer->text = text;
	bearer->verified = call->desk ? token_cache_find(call->desk->callers->tokens, text) : NULL;
	if (bearer->verified) {
		bearer->type = bearer->verified->type;
		bearer->id = bearer->verified->id;
		return true;
	}
	if (!token_parse(TOKEN_SESSION, text, &token) && !token_parse(TOKEN_API_KEY, text, &token))
		return false;
	bearer->type = token.type;
	bearer->id = token.id;
	wipe(&token, sizeof(token));
	return true;
}

/* Is it the secret whose hash is stored? */
MUST_USE static bool verify(struct call *call, const struct bearer *bearer, struct bytes stored)
{
	struct token token;
	bool fits;

	if (stored.size != KEYED_HASH_BYTES)
		return false;
	if (bearer->verified && !memcmp(bearer->verified->hash, stored.data, stored.size))
		return true;
	fits = token_parse(bearer->type, bearer->text, &token) &&
	       token_verify(call->platform->keyring, &token, stored);
	if (fits && call->desk)
		token_cache_keep(call->desk->callers->tokens, bearer->text, &token, stored.data);
	wipe(&token, sizeof(token));
	return fits;
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
static void note_use(
	struct call *call, enum credential_kind kind, const struct id *id, int64_t last_use_us)
{
	if (last_use_us < last_use_hour(call->now_us))
		last_use_note(call->platform->last_use, kind, id, call->now_us);
}

MUST_USE static struct status authenticate_session(struct call *call, const struct bearer *bearer)
{
	struct caller *caller = &call->caller;
	Orgd__Store__V1__Session *session;
	Orgd__Store__V1__User *user;
	struct id user_id;

	TRY(session_get(call->snapshot, &bearer->id, &session));
	if (!session || !verify(call, bearer,
				bytes_of(session->secret_hash.data, session->secret_hash.len)))
		return invalid_credential();
	user_id = id_of_bytes(session->user_id);
	TRY(user_get(call->snapshot, &user_id, &user));
	if (!user)
		return invalid_credential();
	switch (session_look(call, &bearer->id, session, user)) {
	case SESSION_LIVE:
		note_use(call, CREDENTIAL_SESSION, &bearer->id,
			timestamp_us(session->session->last_use_time));
		break;
	case SESSION_ENDED_LESS_THAN_A_DAY_AGO:
		caller->replay_only = true;
		break;
	case SESSION_OVER:
		return status_fail(STATUS_UNAUTHENTICATED, "SESSION_EXPIRED",
			"this session is over; sign in again");
	}
	caller->session_id = bearer->id;
	caller->session = session;
	take_user(caller, &user_id, user);
	return OK;
}

MUST_USE static struct status read_key(struct call *call, const struct id *id, struct key_view *key)
{
	Orgd__Store__V1__ApiKeyView *row;

	*key = (struct key_view){ .id = *id };
	TRY(api_key_view(call->snapshot, id, &row));
	key->exists = row && row->secret_hash.len == sizeof(key->secret_hash);
	if (key->exists) {
		memcpy(key->secret_hash, row->secret_hash.data, sizeof(key->secret_hash));
		key->scopes = row->scopes;
		key->expire_us = row->expire_us;
		key->revoke_us = row->revoke_us;
		key->last_use_us = timestamp_us(row->api_key->last_use_time);
	}
	key->since = snapshot_revision(call->snapshot);
	return OK;
}

MUST_USE static struct status find_key(
	struct call *call, const struct id *id, const struct key_view **out)
{
	struct key_view *key;
	struct key row;

	*out = key = call->desk ? &call->desk->callers->keys[id->bytes[0] % KEY_VIEWS]
				: ARENA_NEW(call->arena, struct key_view);
	api_key_key(&row, id);
	if (key->since && id_equal(&key->id, id) &&
		snapshot_unchanged(call->snapshot, &row, key->since))
		return OK;
	return read_key(call, id, key);
}

MUST_USE static struct status authenticate_key(struct call *call, const struct bearer *bearer)
{
	struct caller *caller = &call->caller;
	const struct key_view *key;

	TRY(find_key(call, &bearer->id, &key));
	if (!key->exists ||
		!verify(call, bearer, bytes_of(key->secret_hash, sizeof(key->secret_hash))) ||
		key->revoke_us || (key->expire_us && key->expire_us <= call->now_us))
		return invalid_credential();
	note_use(call, CREDENTIAL_API_KEY, &bearer->id, key->last_use_us);
	caller->key_id = bearer->id;
	caller->credentials.service = true;
	caller->credentials.scopes = key->scopes;
	return OK;
}

MUST_USE static struct status authenticate_bearer(struct call *call, const char *text)
{
	struct bearer bearer;

	if (!read_bearer(call, text, &bearer))
		return invalid_credential();
	return bearer.type == TOKEN_SESSION ? authenticate_session(call, &bearer)
					    : authenticate_key(call, &bearer);
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
