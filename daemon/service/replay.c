/* SPDX-License-Identifier: Apache-2.0 */
#include "service/replay.h"

#include <string.h>

#include "service/caller.h"
#include "store/rows/request.h"

enum { REQUEST_ID_MIN = 16, REQUEST_ID_MAX = 64, WHOLE_CALL = -1 };

struct status replay_check_request_id(const char *request_id)
{
	size_t length = strlen(request_id);

	for (size_t i = 0; i < length; i++)
		if (request_id[i] < '!' || request_id[i] > '~')
			length = 0;
	if (length < REQUEST_ID_MIN || length > REQUEST_ID_MAX)
		return status_fail(STATUS_INVALID_ARGUMENT, "REQUEST_ID_REQUIRED",
			"a mutation needs a request_id of %d to %d printable ASCII characters, "
			"fresh for each intended effect",
			REQUEST_ID_MIN, REQUEST_ID_MAX);
	return OK;
}

static struct bytes row_identity(struct call *call, int64_t step)
{
	struct bytes parts[] = { caller_identity(call), bytes_of_string(call->method->path),
		bytes_of_string(call->envelope->request_id), bytes_of(&step, sizeof(step)) };
	uint8_t *out = arena_alloc(call->arena, 32);

	digest(parts, COUNT_OF(parts), out);
	return bytes_of(out, 32);
}

/* Of what the request asked, under whichever row it is kept. */
static struct bytes payload_identity(struct call *call)
{
	struct bytes parts[] = { bytes_of(
		call->envelope->payload.data, call->envelope->payload.len) };
	uint8_t *out = arena_alloc(call->arena, 32);

	digest(parts, COUNT_OF(parts), out);
	return bytes_of(out, 32);
}

MUST_USE static struct status find_step(
	struct call *call, int64_t step, bool *found, uint64_t *revision)
{
	const struct keyring *keyring = call->platform->keyring;
	struct bytes identity = row_identity(call, step);

	*found = false;
	for (size_t n = 0; n < keyring_count(keyring) && !*found; n++) {
		Orgd__Store__V1__Request *row;
		uint8_t hash[KEYED_HASH_BYTES];
		struct key key;

		keyed_hash_with(keyring, n, KEY_REQUEST, identity, hash);
		TRY(request_get(call->snapshot, hash, call->now_us, &row, revision, &key));
		if (!row)
			continue;
		if (!keyed_hash_verify(keyring, KEY_REQUEST, payload_identity(call),
			    bytes_of(row->payload_digest.data, row->payload_digest.len)))
			return status_fail(STATUS_INVALID_ARGUMENT, "REQUEST_ID_REUSED",
				"this request_id was used for another request; take a fresh one");
		TRY(unseal(keyring, KEY_REQUEST, key_bytes(&key),
			bytes_of(row->sealed_reply.data, row->sealed_reply.len), call->arena,
			&call->payload));
		*found = true;
	}
	return OK;
}

struct status replay_find(struct call *call, enum replay *replay, uint64_t *revision)
{
	bool found;

	*replay = REPLAY_NONE;
	TRY(find_step(call, WHOLE_CALL, &found, revision));
	if (found) {
		*replay = REPLAY_CALL;
		return OK;
	}
	if (!(call->rule->flags & RULE_STEPS))
		return OK;
	TRY(find_step(call, call->step, &found, revision));
	if (found)
		*replay = REPLAY_STEP;
	return OK;
}

struct status replay_keep(struct call *call, struct bytes payload)
{
	const struct keyring *keyring = call->platform->keyring;
	Orgd__Store__V1__Request row;
	uint8_t hash[KEYED_HASH_BYTES], payload_hash[KEYED_HASH_BYTES], nonce[24];
	struct bytes sealed;
	struct key key;

	orgd__store__v1__request__init(&row);
	keyed_hash(keyring, KEY_REQUEST,
		row_identity(call, call->more ? (int64_t)call->step : WHOLE_CALL), hash);
	keyed_hash(keyring, KEY_REQUEST, payload_identity(call), payload_hash);
	request_key(&key, call->now_us, hash);
	entropy_draw(&call->entropy, nonce, sizeof(nonce));
	sealed = seal(keyring, KEY_REQUEST, key_bytes(&key), nonce, payload, call->arena);
	row.payload_digest = (ProtobufCBinaryData){ sizeof(payload_hash), payload_hash };
	row.sealed_reply = (ProtobufCBinaryData){ sealed.size, (uint8_t *)(uintptr_t)sealed.data };
	row.time_us = call->now_us;
	return request_put(call->batch, &key, &row);
}
