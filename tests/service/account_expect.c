/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account_expect.h"

#include <string.h>

#include "base/arena.h"
#include "orgd/rpc/v1/rpc.pb-c.h"
#include "store/store.h"

char right_password[] = "correct horse battery";

/* Until the test's process ends. */
static struct arena *kept(void)
{
	static struct arena arena;

	if (!arena.allocator.alloc)
		arena_init(&arena);
	return &arena;
}

void expect_same_answer(const struct outcome *a, const struct outcome *b)
{
	size_t size;
	uint8_t *packed[2];

	cr_assert_eq(a->code, b->code);
	cr_assert_str_eq(a->reason, b->reason);
	cr_assert_str_eq(a->message, b->message);
	cr_assert_str_eq(a->field, b->field);
	cr_assert_str_eq(a->help, b->help);
	cr_assert_eq(a->retry_after_ms, b->retry_after_ms);
	cr_assert_eq(a->committed, b->committed);
	cr_assert_eq(!a->response, !b->response);
	if (!a->response)
		return;
	size = protobuf_c_message_get_packed_size(a->response);
	cr_assert_eq(protobuf_c_message_get_packed_size(b->response), size);
	packed[0] = arena_alloc(kept(), size + 1);
	packed[1] = arena_alloc(kept(), size + 1);
	protobuf_c_message_pack(a->response, packed[0]);
	protobuf_c_message_pack(b->response, packed[1]);
	cr_assert_arr_eq(packed[0], packed[1], size);
}

static bool holds(struct bytes hay, struct bytes needle)
{
	return memmem(hay.data, hay.size, needle.data, needle.size) != NULL;
}

static bool table_holds(struct snapshot *snapshot, uint8_t table, struct bytes needle)
{
	struct scan scan;
	struct key key;
	bool found = false;

	key_begin(&key, table);
	cr_assert_not(scan_begin(&scan, snapshot, &key, NULL).code);
	while (scan.found && !found) {
		found = holds(scan.key, needle) || holds(scan.value, needle);
		cr_assert_not(scan_next(&scan).code);
	}
	scan_end(&scan);
	return found;
}

bool store_holds(struct story *story, struct bytes needle)
{
	struct store_reader *reader;
	struct snapshot *snapshot;
	bool found = false;

	cr_assert_not(store_reader_new(story_store(story), &reader).code);
	cr_assert_not(store_snapshot_begin(reader, kept(), &snapshot).code);
	for (int table = 0; table <= UINT8_MAX && !found; table++)
		found = table_holds(snapshot, (uint8_t)table, needle);
	store_snapshot_end(snapshot);
	store_reader_free(reader);
	return found;
}

struct outcome try_sign_in(struct story *story, const char *email, const char *password)
{
	return story_try(story, NULL, "SessionService/SignIn",
		STORY_REQUEST(SignIn, sign_in, .email = email, .password = password));
}

const char *sign_in(struct story *story, const char *email, const char *password)
{
	const Orgd__V1__SignInResponse *response = ASK(
		story, NULL, SessionService, SignIn, sign_in, .email = email, .password = password);

	/* As good as a key: a bearer's token. */
	return arena_printf(kept(), "key:%s", response->session_token);
}

void sign_up(struct story *story, const char *email, const char *name)
{
	ASK(story, NULL, UserService, SignUp, sign_up, .email = email, .password = right_password,
		.display_name = name);
}

const char *make_key(struct story *story, const char *scope, const char *other_scope)
{
	Orgd__V1__ApiKey key = ORGD__V1__API_KEY__INIT;
	char *scopes[] = { arena_strdup(kept(), scope),
		arena_strdup(kept(), other_scope ? other_scope : scope) };
	const Orgd__V1__CreateApiKeyResponse *response;

	key.display_name = "A Service";
	key.scopes = scopes;
	key.n_scopes = COUNT_OF(scopes);
	response = ASK(
		story, "operator", ApiKeyService, CreateApiKey, create_api_key, .api_key = &key);
	return arena_printf(kept(), "key:%s", response->secret);
}

struct outcome try_on_behalf(struct story *story, const char *who, const char *user_id,
	const char *method, const ProtobufCMessage *request)
{
	static unsigned count;
	Orgd__Rpc__V1__Request envelope = ORGD__RPC__V1__REQUEST__INIT;

	envelope.authorization = arena_strdup(kept(), story_authorization(story, who));
	envelope.on_behalf_of = arena_strdup(kept(), user_id);
	envelope.request_id = arena_printf(kept(), "on-behalf-%012u", ++count);
	return story_try_envelope(story, method, request, &envelope);
}
