/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/user.h"
#include "service/account.h"
#include "service/mail.h"
#include "store/rows/token.h"
#include "store/rows/user.h"

#define VERIFICATION_LIFE_US US_PER_DAY
#define RESET_LIFE_US        US_PER_HOUR

/* Where the user's row names the live token of this type. */
static ProtobufCBinaryData *place_of(Orgd__Store__V1__User *user, enum token_type type)
{
	return type == TOKEN_RESET ? &user->reset_token_id : &user->verification_token_id;
}

MUST_USE static struct status drop(
	struct call *call, enum token_type type, Orgd__Store__V1__User *user)
{
	ProtobufCBinaryData *place = place_of(user, type);
	struct id id = id_of_bytes(*place);

	if (!place->len)
		return OK;
	*place = (ProtobufCBinaryData){ 0 };
	return token_delete(call->batch, &id);
}

struct status account_token_drop(struct call *call, Orgd__Store__V1__User *user)
{
	TRY(drop(call, TOKEN_VERIFICATION, user));
	return drop(call, TOKEN_RESET, user);
}

struct status account_token_mail(struct call *call, enum token_type type, const struct id *user_id,
	Orgd__Store__V1__User *user)
{
	bool reset = type == TOKEN_RESET;
	Orgd__Store__V1__Token row = ORGD__STORE__V1__TOKEN__INIT;
	struct id id = entropy_draw_id(&call->entropy), delivery_id;
	struct token token = token_draw(type, &id, &call->entropy);
	uint8_t hash[KEYED_HASH_BYTES];

	TRY(drop(call, type, user));
	*place_of(user, type) = bytes_of_id(call->arena, &id);
	token_hash(call->platform->keyring, &token, hash);
	row.user_id = bytes_of_id(call->arena, user_id);
	row.secret_hash = (ProtobufCBinaryData){ sizeof(hash), hash };
	row.expire_us = call->now_us + (reset ? RESET_LIFE_US : VERIFICATION_LIFE_US);
	if (!reset) {
		row.password_hash = user->password_hash;
		row.display_name = user->user->display_name;
	}
	TRY(token_put(call->batch, &id, &row));
	return mail_queue(call,
		&(struct mail){ .kind = reset ? MAIL_PASSWORD_RESET : MAIL_VERIFY_EMAIL,
			.recipient = user->user->email,
			.token = &token,
			.facts = { { "name", user->user->display_name } } },
		&delivery_id);
}

MUST_USE static struct status invalid(void)
{
	return status_fail(STATUS_FAILED_PRECONDITION, "TOKEN_INVALID",
		"this link has expired, or was used or replaced; ask for a new mail");
}

struct status account_token_find(
	struct call *call, enum token_type type, const char *text, struct mailed_token *found)
{
	struct token token;
	struct id live;

	if (!token_parse(type, text, &token))
		return invalid();
	found->id = token.id;
	TRY(token_get(call->snapshot, &found->id, &found->row));
	if (!found->row || found->row->expire_us <= call->now_us ||
		!token_verify(call->platform->keyring, &token,
			bytes_of(found->row->secret_hash.data, found->row->secret_hash.len)))
		return invalid();
	found->user_id = id_of_bytes(found->row->user_id);
	TRY(user_get(call->snapshot, &found->user_id, &found->user));
	if (!found->user || !user_is_active(found->user))
		return invalid();
	live = id_of_bytes(*place_of(found->user, type));
	return id_equal(&live, &found->id) ? OK : invalid();
}
