/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "secret/token.h"
#include "service/call.h"
#include "service/services.h"
#include "service/waiting.h"
#include "store/rows/api_key.h"

#define SERVICE Orgd__V1__ApiKeyService_Service
RPC(CreateApiKey, create_api_key)
RPC(ListApiKeys, list_api_keys)
RPC(RevokeApiKey, revoke_api_key)

ProtobufCService *api_key_service(void)
{
	static SERVICE service = ORGD__V1__API_KEY_SERVICE__INIT(rpc_);

	return &service.base;
}

/* The contract's message of the row: id and etag filled in. */
static Orgd__V1__ApiKey *api_key_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__ApiKey *row)
{
	Orgd__V1__ApiKey *key = ARENA_NEW(call->arena, Orgd__V1__ApiKey);

	*key = *row->api_key;
	key->id = id_text(call->arena, ID_API_KEY, id);
	key->etag = etag_of(call->arena, key->update_time);
	return key;
}

MUST_USE static struct status append(
	struct call *call, const char *action, const struct id *id, const Orgd__V1__ApiKey *key)
{
	waiting_tell(call->platform->waiting, id);
	return event_append(
		call, &(struct event){ .action = action,
			      .details = { { .key = "api_key_id",
						   .value = id_text(call->arena, ID_API_KEY, id) },
				      { .key = "display_name", .value = key->display_name } } });
}

/* Checks the scopes and keeps each once, as bits and as words. */
MUST_USE static struct status read_scopes(
	struct call *call, const Orgd__V1__ApiKey *wanted, Orgd__Store__V1__ApiKey *row)
{
	row->api_key->scopes = ARENA_ARRAY(call->arena, char *, wanted->n_scopes);
	for (size_t i = 0; i < wanted->n_scopes; i++) {
		enum scope scope = policy_scope(wanted->scopes[i]);

		if (!scope)
			return status_invalid("api_key.scopes", "UNKNOWN_SCOPE",
				"\"%.60s\" is no scope; there are act, check, documents, events "
				"and "
				"organizations.read",
				wanted->scopes[i]);
		if (row->scopes & (unsigned)scope)
			continue;
		row->scopes |= (unsigned)scope;
		row->api_key->scopes[row->api_key->n_scopes++] = wanted->scopes[i];
	}
	return OK;
}

MUST_USE static struct status read_expiry(
	struct call *call, const Orgd__V1__ApiKey *wanted, Orgd__Store__V1__ApiKey *row)
{
	TRY(timestamp_check("api_key.expire_time", wanted->expire_time, &row->expire_us));
	if (wanted->expire_time && row->expire_us <= call->now_us)
		return status_invalid("api_key.expire_time", "EXPIRE_TIME_PAST",
			"api_key.expire_time is over already; leave it away for a key that never "
			"expires");
	row->api_key->expire_time = timestamp_new(call->arena, row->expire_us);
	return OK;
}

static struct status create_api_key(struct call *call, const Orgd__V1__CreateApiKeyRequest *request,
	Orgd__V1__CreateApiKeyResponse *response)
{
	Orgd__V1__ApiKey none = ORGD__V1__API_KEY__INIT, key = ORGD__V1__API_KEY__INIT;
	const Orgd__V1__ApiKey *wanted = request->api_key ? request->api_key : &none;
	Orgd__Store__V1__ApiKey row = ORGD__STORE__V1__API_KEY__INIT;
	uint8_t hash[KEYED_HASH_BYTES];
	const char *display_name;
	struct token token;
	struct id id;

	row.api_key = &key;
	TRY(authorize(call));
	TRY(text_check(call->arena, TEXT_NAME, "api_key.display_name", wanted->display_name, 1,
		TEXT_NAME_MAX, &display_name));
	TRY(read_scopes(call, wanted, &row));
	TRY(read_expiry(call, wanted, &row));
	key.display_name = arena_strdup(call->arena, display_name);
	key.create_time = key.update_time = call_now(call);
	id = entropy_draw_id(&call->entropy);
	token = token_draw(TOKEN_API_KEY, &id, &call->entropy);
	token_hash(call->platform->keyring, &token, hash);
	row.secret_hash = (ProtobufCBinaryData){ sizeof(hash), hash };
	TRY(api_key_insert(call->batch, &id, &row));
	response->secret = arena_alloc(call->arena, TOKEN_TEXT_BYTES);
	token_format(&token, response->secret);
	wipe(&token, sizeof(token));
	response->api_key = api_key_message(call, &id, &row);
	return append(call, "api_key.created", &id, &key);
}

static struct status list_api_keys(struct call *call, const Orgd__V1__ListApiKeysRequest *request,
	Orgd__V1__ListApiKeysResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix, last;
	struct page page;

	TRY(authorize(call));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	response->api_keys = ARENA_ARRAY(call->arena, Orgd__V1__ApiKey *, page.size);
	api_key_time_prefix(&prefix);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found) {
		struct id id = api_key_of_time_key(scan.key);
		Orgd__Store__V1__ApiKey *row;
		Orgd__V1__ApiKey *key;

		TRY(api_key_peek(call->snapshot, &id, &row));
		if (!row)
			return status_internal("an API key without a row");
		key = api_key_message(call, &id, row);
		if (!page_add(&page, &key->base)) {
			response->next_page_token = page_token(call, &last);
			return OK;
		}
		response->api_keys[response->n_api_keys++] = key;
		last.size = 0;
		key_add_bytes(&last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
	}
	return OK;
}

static struct status revoke_api_key(struct call *call, const Orgd__V1__RevokeApiKeyRequest *request,
	Orgd__V1__RevokeApiKeyResponse *response)
{
	Orgd__Store__V1__ApiKey *row;
	struct id id;

	TRY(id_parse(ID_API_KEY, "api_key_id", request->api_key_id, &id));
	TRY(authorize(call));
	TRY(api_key_get(call->snapshot, &id, &row));
	if (!row)
		return status_fail(STATUS_NOT_FOUND, "API_KEY_NOT_FOUND", "there is no API key %s",
			request->api_key_id);
	if (!row->revoke_us) {
		row->revoke_us = call->now_us;
		row->api_key->revoked = true;
		row->api_key->update_time = call_now(call);
		TRY(api_key_put(call->batch, &id, row));
		TRY(append(call, "api_key.revoked", &id, row->api_key));
	}
	response->api_key = api_key_message(call, &id, row);
	return OK;
}
