/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "service/account_expect.h"

#define orgd__v1__who_am_i_request__descriptor orgd__v1__who_am_irequest__descriptor

static struct story *s;

static void begin(void)
{
	s = story_begin();
}

static void end(void)
{
	story_end(s);
}

TestSuite(api_key, .init = begin, .fini = end);

static struct outcome try_create(const char *who, Orgd__V1__ApiKey *key)
{
	return story_try(s, who, "ApiKeyService/CreateApiKey",
		STORY_REQUEST(CreateApiKey, create_api_key, .api_key = key));
}

static struct outcome try_read(const char *who)
{
	return story_try(s, who, "SessionService/WhoAmI", STORY_REQUEST(WhoAmI, who_am_i));
}

static const char *id_of(const char *who)
{
	return ((const Orgd__V1__WhoAmIResponse *)try_read(who).response)->api_key_id;
}

static const Orgd__V1__ListApiKeysResponse *list(void)
{
	return ASK(s, "operator", ApiKeyService, ListApiKeys, list_api_keys);
}

Test(api_key, is_made_with_its_secret_shown_once)
{
	Orgd__V1__ApiKey key = ORGD__V1__API_KEY__INIT;
	char *scopes[] = { "documents", "check", "documents" };
	const Orgd__V1__CreateApiKeyResponse *made;

	key.display_name = " The Wiki ";
	key.scopes = scopes;
	key.n_scopes = COUNT_OF(scopes);
	made = ASK(s, "operator", ApiKeyService, CreateApiKey, create_api_key, .api_key = &key);

	cr_assert_str_eq(made->api_key->display_name, "The Wiki");
	cr_assert_eq(made->api_key->n_scopes, 2, "each once");
	cr_assert_str_eq(made->api_key->scopes[0], "documents");
	cr_assert_null(made->api_key->expire_time);
	cr_assert_null(made->api_key->last_use_time);
	cr_assert_not(strncmp(made->secret, "orgd_k_", 7));
	cr_assert_eq(list()->n_api_keys, 1);
	cr_assert_str_eq(list()->api_keys[0]->id, made->api_key->id);
}

Test(api_key, refuses_scopes_that_nobody_knows)
{
	Orgd__V1__ApiKey key = ORGD__V1__API_KEY__INIT;
	char *scopes[] = { "check", "everything" };

	key.display_name = "The Wiki";
	key.scopes = scopes;
	key.n_scopes = COUNT_OF(scopes);

	cr_assert_str_eq(try_create("operator", &key).reason, "UNKNOWN_SCOPE");
}

Test(api_key, refuses_an_expiry_that_is_over_and_no_time_at_all)
{
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Orgd__V1__ApiKey key = ORGD__V1__API_KEY__INIT;

	key.display_name = "The Wiki";
	key.expire_time = &time;
	time.seconds = story_now_us(s) / US_PER_SECOND - 1;
	cr_assert_str_eq(try_create("operator", &key).reason, "EXPIRE_TIME_PAST");
	time.seconds = 0;
	cr_assert_str_eq(try_create("operator", &key).reason, "EXPIRE_TIME_PAST");
	time.nanos = -1;
	cr_assert_str_eq(try_create("operator", &key).reason, "INVALID_TIME");
}

Test(api_key, takes_a_name)
{
	Orgd__V1__ApiKey key = ORGD__V1__API_KEY__INIT;

	cr_assert_str_eq(try_create("operator", &key).reason, "FIELD_REQUIRED");
	cr_assert_str_eq(try_create("operator", NULL).reason, "FIELD_REQUIRED");
}

Test(api_key, is_for_platform_administrators_alone)
{
	Orgd__V1__ApiKey key = ORGD__V1__API_KEY__INIT;
	const char *id = id_of(make_key(s, "act", NULL));

	key.display_name = "The Wiki";
	story_person(s, "ada@example.com", "Ada");
	cr_assert_str_eq(try_create("ada@example.com", &key).reason, "PERMISSION_DENIED");
	cr_assert_str_eq(try_create(make_key(s, "act", NULL), &key).reason, "PERMISSION_DENIED");
	REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", ApiKeyService,
		ListApiKeys, list_api_keys);
	REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", ApiKeyService,
		RevokeApiKey, revoke_api_key, .api_key_id = id);
}

Test(api_key, ends_with_its_revocation)
{
	const char *key = make_key(s, "check", NULL), *id = id_of(key);
	const Orgd__V1__RevokeApiKeyResponse *revoked;
	struct outcome again;

	revoked = ASK(s, "operator", ApiKeyService, RevokeApiKey, revoke_api_key, .api_key_id = id);
	cr_assert(revoked->api_key->revoked);
	cr_assert_eq(try_read(key).code, STATUS_UNAUTHENTICATED);
	cr_assert_str_eq(try_read(key).reason, "CREDENTIAL_INVALID");
	again = story_try(s, "operator", "ApiKeyService/RevokeApiKey",
		STORY_REQUEST(RevokeApiKey, revoke_api_key, .api_key_id = id));
	cr_assert_not(again.code);
	cr_assert_not(again.committed);
	cr_assert(list()->api_keys[0]->revoked);
}

Test(api_key, revoking_names_one_that_exists)
{
	REFUSED(s, "operator", STATUS_NOT_FOUND, "API_KEY_NOT_FOUND", ApiKeyService, RevokeApiKey,
		revoke_api_key, .api_key_id = "key_00000000000000000000000001");
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", ApiKeyService, RevokeApiKey,
		revoke_api_key, .api_key_id = "usr_00000000000000000000000001");
}

Test(api_key, ends_with_its_time)
{
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Orgd__V1__ApiKey key = ORGD__V1__API_KEY__INIT;
	const Orgd__V1__CreateApiKeyResponse *made;
	char who[128] = "key:";

	key.display_name = "The Wiki";
	key.expire_time = &time;
	time.seconds = (story_now_us(s) + US_PER_HOUR) / US_PER_SECOND;
	made = ASK(s, "operator", ApiKeyService, CreateApiKey, create_api_key, .api_key = &key);
	cr_assert_eq(made->api_key->expire_time->seconds, time.seconds);
	strcat(who, made->secret);
	cr_assert_not(try_read(who).code);
	story_advance(s, US_PER_HOUR);

	cr_assert_str_eq(try_read(who).reason, "CREDENTIAL_INVALID");
}

Test(api_key, shows_its_last_use_to_the_hour_after_a_sweep)
{
	const char *key = make_key(s, "check", NULL);
	int64_t hour;

	story_advance(s, 5 * US_PER_HOUR);
	hour = story_now_us(s) / US_PER_HOUR * 3600;
	cr_assert_not(try_read(key).code);
	story_sweep(s);

	cr_assert_eq(list()->api_keys[0]->last_use_time->seconds, hour);
}

Test(api_key, lists_come_in_pages)
{
	const Orgd__V1__ListApiKeysResponse *page;

	for (int i = 0; i < 3; i++)
		make_key(s, "check", NULL);
	page = ASK(s, "operator", ApiKeyService, ListApiKeys, list_api_keys, .page_size = 2);
	cr_assert_eq(page->n_api_keys, 2);
	page = ASK(s, "operator", ApiKeyService, ListApiKeys, list_api_keys, .page_size = 2,
		.page_token = page->next_page_token);
	cr_assert_eq(page->n_api_keys, 1);
	cr_assert_str_empty(page->next_page_token);
}
