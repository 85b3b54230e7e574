/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session.h"

#include <stdio.h>

#include "base/text.h"
#include "secret/token.h"
#include "service/last_use.h"
#include "service/throttle.h"
#include "store/rows/api_key.h"
#include "store/rows/session.h"
#include "store/rows/user.h"

enum { FLUSHED_A_SWEEP = 100, FORGOTTEN_A_SWEEP = 30 /* three rows each */ };

Orgd__V1__Session *session_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__Session *row)
{
	Orgd__V1__Session *session = ARENA_NEW(call->arena, Orgd__V1__Session);
	struct id user_id = id_of_bytes(row->user_id);

	*session = *row->session;
	session->id = id_text(call->arena, ID_SESSION, id);
	session->user_id = id_text(call->arena, ID_USER, &user_id);
	session->etag = etag_of(call->arena, session->update_time);
	return session;
}

enum session_state session_look(struct call *call, const struct id *id,
	Orgd__Store__V1__Session *row, const Orgd__Store__V1__User *user)
{
	int64_t noted_us = last_use_noted(call->platform->last_use, id);

	if (noted_us > timestamp_us(row->session->last_use_time))
		row->session->last_use_time = timestamp_new(call->arena, noted_us);
	return session_judge(row, user, call->now_us);
}

struct status session_enter_attempt(struct call *call, const char *canonical_email)
{
	const struct settings *settings = call->platform->settings;
	struct throttle *throttle = call->platform->throttle;
	struct status status;

	TRY(throttle_enter(throttle, THROTTLE_ACCOUNT, canonical_email,
		settings->sign_in_failures_per_account, call->now_us));
	status = throttle_enter(throttle, THROTTLE_PEER, call->peer->address,
		settings->sign_in_failures_per_peer, call->now_us);
	if (status.code)
		throttle_leave(throttle, THROTTLE_ACCOUNT, canonical_email, call->now_us);
	return status;
}

void session_leave_attempt(struct call *call, const char *canonical_email)
{
	struct throttle *throttle = call->platform->throttle;

	throttle_leave(throttle, THROTTLE_ACCOUNT, canonical_email, call->now_us);
	throttle_leave(throttle, THROTTLE_PEER, call->peer->address, call->now_us);
}

struct status session_begin(struct call *call, const struct id *user_id,
	const Orgd__Store__V1__User *user, const char *client, char **token_text,
	Orgd__V1__Session **session)
{
	struct id id = entropy_draw_id(&call->entropy);
	struct token token = token_draw(TOKEN_SESSION, &id, &call->entropy);
	Orgd__Store__V1__Session row = ORGD__STORE__V1__SESSION__INIT;
	Orgd__V1__Session message = ORGD__V1__SESSION__INIT;
	uint8_t hash[KEYED_HASH_BYTES];

	assert(user->user->email_verified);
	call->actor = user;
	call->actor_id = *user_id;
	message.create_time = message.update_time = message.last_use_time = call_now(call);
	message.expire_time = timestamp_new(call->arena, call->now_us + SESSION_LIFE_US);
	message.peer = arena_strdup(call->arena, call->peer->address);
	message.client = arena_strdup(call->arena, client);
	token_hash(call->platform->keyring, &token, hash);
	row.session = &message;
	row.user_id = bytes_of_id(call->arena, user_id);
	row.secret_hash = (ProtobufCBinaryData){ sizeof(hash), hash };
	TRY(session_insert(call->batch, &id, &row));
	*token_text = arena_alloc(call->arena, TOKEN_TEXT_BYTES);
	token_format(&token, *token_text);
	wipe(&token, sizeof(token));
	*session = session_message(call, &id, &row);
	return event_append(call, &(struct event){ .action = "session.started", .user = user_id });
}

struct status session_sign_in_failed(void)
{
	return status_fail(STATUS_UNAUTHENTICATED, "SIGN_IN_FAILED",
		"the address or the password is wrong; try again, or set a new password by mail");
}

struct status session_prepare_sign_in(struct call *call)
{
	const Orgd__V1__SignInRequest *request = (const Orgd__V1__SignInRequest *)call->request;
	struct sign_in *found = ARENA_NEW(call->arena, struct sign_in);
	const char *typed, *canonical;
	Orgd__Store__V1__User *user;

	TRY(text_check_email(call->arena, "email", request->email, &typed, &canonical));
	TRY(call_look(call));
	TRY(session_enter_attempt(call, canonical));
	TRY(user_find(call->snapshot, canonical, &found->user_id, &user));
	call_look_away(call);
	if (user)
		snprintf(found->password_hash, sizeof(found->password_hash), "%s",
			user->password_hash);
	/* Without an account, as much work for nothing. */
	if (!password_verify(request->password, found->password_hash))
		return session_sign_in_failed();
	session_leave_attempt(call, canonical);
	call->prepared = found;
	return OK;
}

/* What a note came to. */
enum flush {
	FLUSH_WRITTEN, /* into the row, by this batch */
	FLUSH_NOTHING, /* the row has it, or a later one */
	FLUSH_NO_ROW,
};

MUST_USE static struct status flush_session(
	struct call *call, const struct last_use_note *note, enum flush *flush)
{
	Orgd__Store__V1__Session *row;

	TRY(session_peek(call->snapshot, &note->id, &row));
	*flush = row ? FLUSH_NOTHING : FLUSH_NO_ROW;
	if (!row || row->end_us || timestamp_us(row->session->last_use_time) >= note->hour_us)
		return OK;
	*flush = FLUSH_WRITTEN;
	TRY(session_get(call->snapshot, &note->id, &row));
	row->session->last_use_time = timestamp_new(call->arena, note->hour_us);
	return session_put(call->batch, &note->id, row);
}

MUST_USE static struct status flush_api_key(
	struct call *call, const struct last_use_note *note, enum flush *flush)
{
	Orgd__Store__V1__ApiKey *row;

	TRY(api_key_peek(call->snapshot, &note->id, &row));
	*flush = row ? FLUSH_NOTHING : FLUSH_NO_ROW;
	if (!row || timestamp_us(row->api_key->last_use_time) >= note->hour_us)
		return OK;
	*flush = FLUSH_WRITTEN;
	TRY(api_key_get(call->snapshot, &note->id, &row));
	row->api_key->last_use_time = timestamp_new(call->arena, note->hour_us);
	return api_key_put(call->batch, &note->id, row);
}

/* A note goes once its row is seen to have it, not before the batch that wrote it is certain; one
 * without a row goes with its hour, since the row may be younger than this snapshot. */
struct status session_sweep_last_use(struct call *call, bool *more)
{
	struct last_use *last_use = call->platform->last_use;
	unsigned count = 0;
	size_t cursor = 0;
	struct last_use_note note;

	while (count < FLUSHED_A_SWEEP && last_use_next(last_use, &cursor, &note)) {
		enum flush flush = FLUSH_NO_ROW;

		switch (note.kind) {
		case CREDENTIAL_SESSION:
			TRY(flush_session(call, &note, &flush));
			break;
		case CREDENTIAL_API_KEY:
			TRY(flush_api_key(call, &note, &flush));
			break;
		}
		if (flush == FLUSH_WRITTEN)
			count++;
		else if (flush == FLUSH_NOTHING || note.hour_us < last_use_hour(call->now_us))
			last_use_forget(last_use, &note);
	}
	*more = count == FLUSHED_A_SWEEP;
	return OK;
}

struct status session_sweep_ended(struct call *call, bool *more)
{
	unsigned deleted;

	TRY(session_delete_ended(call->snapshot, call->now_us, FORGOTTEN_A_SWEEP, &deleted));
	*more = deleted == FORGOTTEN_A_SWEEP;
	return OK;
}
