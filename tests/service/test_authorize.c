/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "account_expect.h"
#include "document_story.h"
#include "organization_story.h"

/* SPEC 3: UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT, NOT_FOUND, then what the state
 * forbids; a malformed id names nothing, so it comes before all of them. */

#define PLATFORM_ADMIN ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_PLATFORM_ADMIN

static struct story *s;
static const char *acme, *ada, *eve;

static void begin(void)
{
	s = story_begin();
	acme = story_organization(s, "ada@example.com", "acme");
	story_person(s, "eve@example.com", "Eve");
	ada = story_id(s, "ada@example.com");
	eve = story_id(s, "eve@example.com");
}

static void end(void)
{
	story_end(s);
}

TestSuite(authorize, .init = begin, .fini = end);

Test(authorize, a_malformed_id_names_nothing_whoever_asks)
{
	static const char *const who[] = { NULL, "eve@example.com", "ada@example.com", "operator" };
	static const char *const malformed[] = { "", "acme", "org_",
		"usr_0123456789abcdefghjkmnpqrs", "org_0123456789abcdefghjkmnpqr",
		"org_0123456789ABCDEFGHJKMNPQRS", "org_8123456789abcdefghjkmnpqrs" };

	for (size_t w = 0; w < COUNT_OF(who); w++)
		for (size_t i = 0; i < COUNT_OF(malformed); i++)
			REFUSED(s, who[w], STATUS_INVALID_ARGUMENT, "MALFORMED_ID", MemberService,
				ListMembers, list_members, .organization_id = malformed[i]);
}

Test(authorize, then_comes_the_credential_and_then_the_permission)
{
	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", OrganizationService,
		SuspendOrganization, suspend_organization, .organization_id = acme);
	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", OrganizationService,
		SuspendOrganization, suspend_organization, .organization_id = no_such("org"));
	REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
		OrganizationService, SuspendOrganization, suspend_organization,
		.organization_id = acme);
	REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
		OrganizationService, SuspendOrganization, suspend_organization,
		.organization_id = no_such("org"));
}

Test(authorize, then_the_arguments_then_what_is_not_there_then_the_state)
{
	Orgd__V1__Grant grant = ORGD__V1__GRANT__INIT;

	grant.organization_id = no_such("org");
	grant.resource_case = ORGD__V1__GRANT__RESOURCE_DOCUMENT_ID;
	grant.document_id = no_such("doc");
	REFUSED(s, "ada@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
		DocumentService, CreateGrant, create_grant, .grant = &grant);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", DocumentService,
		CreateGrant, create_grant, .grant = &grant);
	grant.permission = READ;
	REFUSED(s, "operator", STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND", DocumentService,
		CreateGrant, create_grant, .grant = &grant);
	ASK(s, "operator", OrganizationService, DeleteOrganization, delete_organization,
		.organization_id = acme, .confirm_handle = "acme");
	grant.organization_id = acme;
	REFUSED(s, "operator", STATUS_NOT_FOUND, "DOCUMENT_NOT_FOUND", DocumentService, CreateGrant,
		create_grant, .grant = &grant);
	grant.document_id = (char *)(uintptr_t)a_document(s, "Manual");
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "ORGANIZATION_DELETED", DocumentService,
		CreateGrant, create_grant, .grant = &grant);
}

Test(authorize, an_organization_that_is_not_there_is_told_to_who_may_know)
{
	REFUSED(s, "operator", STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND", MemberService,
		ListMembers, list_members, .organization_id = no_such("org"));
	REFUSED(s, make_key(s, "organizations.read", NULL), STATUS_NOT_FOUND,
		"ORGANIZATION_NOT_FOUND", MemberService, ListMembers, list_members,
		.organization_id = no_such("org"));
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", MemberService,
		ListMembers, list_members, .organization_id = no_such("org"));
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", MemberService,
		ListMembers, list_members, .organization_id = acme);
}

Test(authorize, a_user_is_oneself_when_nobody_is_named)
{
	const Orgd__V1__GetUserResponse *got;

	got = ASK(s, "eve@example.com", UserService, GetUser, get_user);
	cr_expect_str_eq(got->user->id, eve);
	got = ASK(s, "eve@example.com", UserService, GetUser, get_user, .user_id = eve);
	cr_expect_str_eq(got->user->id, eve);
	got = ASK(s, "operator", UserService, GetUser, get_user, .user_id = ada);
	cr_expect_str_eq(got->user->id, ada);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", UserService, GetUser,
		get_user);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "USER_NOT_FOUND", UserService, GetUser, get_user,
		.user_id = no_such("usr"));
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		GetUser, get_user, .user_id = ada);
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", UserService,
		GetUser, get_user, .user_id = no_such("usr"));
	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", UserService, GetUser,
		get_user);
}

Test(authorize, nobody_disables_or_promotes_themself_by_naming_nobody)
{
	person_give_platform_role(s, "eve@example.com", PLATFORM_ADMIN);
	REFUSED(s, "eve@example.com", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", UserService,
		DisableUser, disable_user);
	REFUSED(s, "eve@example.com", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", UserService,
		EnableUser, enable_user);
	REFUSED(s, "eve@example.com", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", UserService,
		SetPlatformRoles, set_platform_roles);
}

Test(rules, rule_20_roles_are_read_anew_for_each_call, .init = begin, .fini = end)
{
	story_join(s, acme, "eve@example.com", ADMIN);
	ASK(s, "eve@example.com", InvitationService, ListInvitations, list_invitations,
		.organization_id = acme);
	ASK(s, "ada@example.com", MemberService, ChangeRole, change_role, .organization_id = acme,
		.user_id = eve, .role = MEMBER);
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
		InvitationService, ListInvitations, list_invitations, .organization_id = acme);
	ASK(s, "eve@example.com", MemberService, ListMembers, list_members,
		.organization_id = acme);
	ASK(s, "ada@example.com", MemberService, RemoveMember, remove_member,
		.organization_id = acme, .user_id = eve);
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", MemberService,
		ListMembers, list_members, .organization_id = acme);
}

Test(rules, rule_22_an_admin_elsewhere_is_an_outsider_here, .init = begin, .fini = end)
{
	const char *bolt = story_organization(s, "eve@example.com", "bolt");

	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", MemberService,
		GetMember, get_member, .organization_id = acme, .user_id = ada);
	REFUSED(s, "eve@example.com", STATUS_NOT_FOUND, "MEMBER_NOT_FOUND", MemberService,
		GetMember, get_member, .organization_id = bolt, .user_id = ada);
	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", MemberService,
		RemoveMember, remove_member, .organization_id = acme, .user_id = ada);
	REFUSED(s, "eve@example.com", STATUS_NOT_FOUND, "MEMBER_NOT_FOUND", MemberService,
		RemoveMember, remove_member, .organization_id = bolt, .user_id = ada);
}
