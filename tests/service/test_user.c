/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "service/account_expect.h"

static struct story *s;

static void begin(void)
{
	s = story_begin();
	story_person(s, "ada@example.com", "Ada");
	story_person(s, "eve@example.com", "Eve");
}

static void end(void)
{
	story_end(s);
}

TestSuite(user, .init = begin, .fini = end);

static const Orgd__V1__User *get(const char *user_id)
{
	return ASK(s, "operator", UserService, GetUser, get_user, .user_id = user_id)->user;
}

static const char *ada(void)
{
	return story_id(s, "ada@example.com");
}

Test(user, reads_its_own_account_and_nobody_elses)
{
	const Orgd__V1__GetUserResponse *own =
		ASK(s, "ada@example.com", UserService, GetUser, get_user);

	cr_assert_str_eq(own->user->id, ada());
	cr_assert_str_eq(own->user->display_name, "Ada");
	ASK(s, "ada@example.com", UserService, GetUser, get_user, .user_id = ada());
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		GetUser, get_user, .user_id = ada());
	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", UserService, GetUser,
		get_user, .user_id = ada());
}

Test(user, whether_somebody_exists_is_told_to_administrators_alone)
{
	static const char nobody[] = "usr_00000000000000000000000001";

	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		GetUser, get_user, .user_id = nobody);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "USER_NOT_FOUND", UserService, GetUser, get_user,
		.user_id = nobody);
	REFUSED(s, "eve@example.com", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", UserService, GetUser,
		get_user, .user_id = "ada");
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", UserService, GetUser,
		get_user);
}

Test(user, lists_are_for_administrators_oldest_first_in_pages)
{
	const Orgd__V1__ListUsersResponse *page =
		ASK(s, "operator", UserService, ListUsers, list_users, .page_size = 1);

	cr_assert_eq(page->n_users, 1);
	cr_assert_str_eq(page->users[0]->email, "ada@example.com");
	page = ASK(s, "operator", UserService, ListUsers, list_users, .page_size = 1,
		.page_token = page->next_page_token);
	cr_assert_eq(page->n_users, 1);
	cr_assert_str_eq(page->users[0]->email, "eve@example.com");
	cr_assert_str_empty(page->next_page_token);
	REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		ListUsers, list_users);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_SIZE", UserService, ListUsers,
		list_users, .page_size = -1);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", UserService, ListUsers,
		list_users, .page_token = "mine");
}

Test(user, lists_filter_by_state_and_address)
{
	const Orgd__V1__ListUsersResponse *list;

	ASK(s, "operator", UserService, DisableUser, disable_user, .user_id = ada());
	list = ASK(s, "operator", UserService, ListUsers, list_users,
		.state = ORGD__V1__USER_STATE__USER_STATE_DISABLED);
	cr_assert_eq(list->n_users, 1);
	cr_assert_str_eq(list->users[0]->id, ada());
	list = ASK(s, "operator", UserService, ListUsers, list_users, .email = "ADA@example.com");
	cr_assert_eq(list->n_users, 1);
	list = ASK(s, "operator", UserService, ListUsers, list_users, .email = "ada@example.com",
		.state = ORGD__V1__USER_STATE__USER_STATE_ACTIVE);
	cr_assert_eq(list->n_users, 0);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "INVALID_EMAIL", UserService, ListUsers,
		list_users, .email = "ada");
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", UserService,
		ListUsers, list_users, .state = 99);
}

static struct outcome try_rename(
	const char *who, const char *user_id, const char *name, const char *etag)
{
	Orgd__V1__User user = ORGD__V1__USER__INIT;

	user.id = user_id;
	user.display_name = name;
	user.etag = etag;
	return story_try(s, who, "UserService/UpdateUser",
		STORY_REQUEST(UpdateUser, update_user, .user = &user));
}

Test(user, changes_its_name)
{
	cr_assert_not(try_rename("ada@example.com", ada(), "  Ada Lovelace ", "").code);
	cr_assert_str_eq(get(ada())->display_name, "Ada Lovelace");
	cr_assert_not(try_rename("operator", ada(), "Countess", "").code);
	cr_assert_str_eq(get(ada())->display_name, "Countess");
	cr_assert_str_eq(
		try_rename("eve@example.com", ada(), "Eve", "").reason, "PERMISSION_DENIED");
	cr_assert_str_eq(try_rename("ada@example.com", ada(), "www.evil.example", "").reason,
		"NAME_IS_A_URL");
}

Test(user, a_stale_etag_changes_nothing)
{
	const char *etag = get(ada())->etag;
	struct outcome outcome;

	cr_assert_not(try_rename("ada@example.com", ada(), "Ada L.", etag).code);
	outcome = try_rename("ada@example.com", ada(), "Ada M.", etag);

	cr_assert_eq(outcome.code, STATUS_ABORTED);
	cr_assert_str_eq(outcome.reason, "ETAG_MISMATCH");
	cr_assert_str_eq(get(ada())->display_name, "Ada L.");
}

Test(user, only_the_name_can_be_updated_and_the_same_name_changes_nothing)
{
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	Orgd__V1__User user = ORGD__V1__USER__INIT;
	char *paths[] = { "email" };
	struct outcome same;

	mask.paths = paths;
	mask.n_paths = 1;
	user.id = ada();
	user.email = "other@example.com";
	REFUSED(s, "ada@example.com", STATUS_INVALID_ARGUMENT, "UPDATE_MASK", UserService,
		UpdateUser, update_user, .user = &user, .update_mask = &mask);
	same = try_rename("ada@example.com", ada(), "Ada", "");
	cr_assert_not(same.code);
	cr_assert_not(same.committed);
}

Test(user, is_not_renamed_on_behalf)
{
	Orgd__V1__User user = ORGD__V1__USER__INIT;
	struct outcome outcome;

	user.id = ada();
	user.display_name = "Other";
	outcome = try_on_behalf(s, make_key(s, "act", NULL), ada(), "UserService/UpdateUser",
		STORY_REQUEST(UpdateUser, update_user, .user = &user));

	cr_assert_eq(outcome.code, STATUS_PERMISSION_DENIED);
	cr_assert_str_eq(outcome.reason, "ON_BEHALF_NOT_ALLOWED");
}

Test(user, disabling_ends_all_sessions_until_enabled)
{
	const Orgd__V1__DisableUserResponse *response = ASK(s, "operator", UserService, DisableUser,
		disable_user, .user_id = ada(), .reason = "A complaint.\nA second line.");

	cr_assert_eq(response->user->state, ORGD__V1__USER_STATE__USER_STATE_DISABLED);
	REFUSED(s, "ada@example.com", STATUS_UNAUTHENTICATED, "SESSION_EXPIRED", UserService,
		GetUser, get_user);
	cr_assert_str_eq(try_sign_in(s, "ada@example.com", right_password).reason, "USER_DISABLED");
	cr_assert_str_eq(
		try_sign_in(s, "ada@example.com", "a wrong password").reason, "SIGN_IN_FAILED");
	ASK(s, "operator", UserService, EnableUser, enable_user, .user_id = ada());
	cr_assert_not(try_sign_in(s, "ada@example.com", right_password).code);
	REFUSED(s, "ada@example.com", STATUS_UNAUTHENTICATED, "SESSION_EXPIRED", UserService,
		GetUser, get_user);
}

Test(user, disabling_and_enabling_twice_change_nothing)
{
	const ProtobufCMessage *disable =
		STORY_REQUEST(DisableUser, disable_user, .user_id = ada());
	const ProtobufCMessage *enable = STORY_REQUEST(EnableUser, enable_user, .user_id = ada());

	cr_assert_not(story_try(s, "operator", "UserService/EnableUser", enable).committed);
	cr_assert(story_try(s, "operator", "UserService/DisableUser", disable).committed);
	cr_assert_not(story_try(s, "operator", "UserService/DisableUser", disable).committed);
	cr_assert(story_try(s, "operator", "UserService/EnableUser", enable).committed);
}

Test(user, is_disabled_and_enabled_by_administrators_alone)
{
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		DisableUser, disable_user, .user_id = ada());
	REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		DisableUser, disable_user, .user_id = ada());
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		EnableUser, enable_user, .user_id = ada());
}

Test(user, the_last_owner_is_neither_disabled_nor_erased)
{
	const char *organization_id = story_organization(s, "ada@example.com", "acme");

	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "LAST_OWNER", UserService, DisableUser,
		disable_user, .user_id = ada());
	REFUSED(s, "ada@example.com", STATUS_FAILED_PRECONDITION, "LAST_OWNER", UserService,
		EraseUser, erase_user, .user_id = ada(), .confirm_email = "ada@example.com");
	story_join(s, organization_id, "eve@example.com", ORGD__V1__ROLE__ROLE_OWNER);
	ASK(s, "operator", UserService, DisableUser, disable_user, .user_id = ada());
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "LAST_OWNER", UserService, DisableUser,
		disable_user, .user_id = story_id(s, "eve@example.com"));
}

static void set_roles(const char *user_id, size_t count, Orgd__V1__PlatformRole *roles)
{
	ASK(s, "operator", UserService, SetPlatformRoles, set_platform_roles, .user_id = user_id,
		.n_platform_roles = count, .platform_roles = roles);
}

Test(user, platform_roles_give_and_take_rights_with_the_next_call)
{
	Orgd__V1__PlatformRole admin[] = { ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_PLATFORM_ADMIN,
		ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER,
		ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_PLATFORM_ADMIN };

	set_roles(ada(), COUNT_OF(admin), admin);
	cr_assert_eq(get(ada())->n_platform_roles, 2, "each once");
	ASK(s, "ada@example.com", UserService, ListUsers, list_users);
	set_roles(ada(), 1, &admin[1]);
	REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		ListUsers, list_users);
	ASK(s, "ada@example.com", VerificationService, ListQueue, list_queue);
	set_roles(ada(), 0, NULL);
	REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
		VerificationService, ListQueue, list_queue);
}

Test(user, platform_roles_that_nobody_knows_are_refused)
{
	Orgd__V1__PlatformRole unknown[] = { 99 }, unspecified[] = { 0 };

	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", UserService,
		SetPlatformRoles, set_platform_roles, .user_id = ada(), .n_platform_roles = 1,
		.platform_roles = unknown);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", UserService,
		SetPlatformRoles, set_platform_roles, .user_id = ada(), .n_platform_roles = 1,
		.platform_roles = unspecified);
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		SetPlatformRoles, set_platform_roles, .user_id = story_id(s, "eve@example.com"));
}

Test(user, platform_roles_that_stay_change_nothing)
{
	Orgd__V1__PlatformRole reviewer[] = { ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER };
	const ProtobufCMessage *request = STORY_REQUEST(SetPlatformRoles, set_platform_roles,
		.user_id = ada(), .n_platform_roles = 1, .platform_roles = reviewer);

	cr_assert(story_try(s, "operator", "UserService/SetPlatformRoles", request).committed);
	cr_assert_not(story_try(s, "operator", "UserService/SetPlatformRoles", request).committed);
}
