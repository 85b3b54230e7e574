/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "service/account_expect.h"
#include "service/document_story.h"
#include "service/organization_story.h"

static struct story *s;
static const char *acme;

/* Acme is verified; Ada owns it. */
static void begin(void)
{
	s = people_begin();
	acme = story_organization(s, ADA, "acme");
}

static void end(void)
{
	story_end(s);
}

TestSuite(member, .init = begin, .fini = end);

#define GONE ORGD__V1__ROLE__ROLE_UNSPECIFIED

static const Orgd__V1__Invitation *invite_as(const char *who, const char *email)
{
	return ASK(s, who, InvitationService, CreateInvitation, create_invitation,
		.organization_id = acme, .email = email, .role = MEMBER)
		->invitation;
}

static void erase(const char *email)
{
	ASK(s, "operator", UserService, EraseUser, erase_user, .user_id = story_id(s, email),
		.confirm_email = email);
}

/* Looking */

Test(member, shows_who_they_are_and_since_when)
{
	const Orgd__V1__Member *member;

	ASK(s, ADA, InvitationService, CreateInvitation, create_invitation, .organization_id = acme,
		.email = BOB, .role = ADMIN);
	ASK(s, BOB, InvitationService, AcceptInvitation, accept_invitation,
		.token = story_mail_token(s, BOB));
	member = ASK(s, BOB, MemberService, GetMember, get_member, .organization_id = acme,
		.user_id = story_id(s, BOB))
			 ->member;
	cr_expect_str_eq(member->organization_id, acme);
	cr_expect_str_eq(member->user_id, story_id(s, BOB));
	cr_expect_eq(member->role, ADMIN);
	cr_expect_str_eq(member->display_name, "Bob");
	cr_expect_str_eq(member->email, BOB);
	cr_expect_str_eq(member->invited_by, story_id(s, ADA));
	cr_expect(member->join_time && member->create_time && member->update_time);
	cr_expect(*member->etag);
	cr_expect_not(member->primary_contact);
	member = member_seen(s, acme, ADA);
	cr_expect(member->primary_contact);
	cr_expect_str_eq(member->invited_by, "");
}

Test(member, is_seen_by_members_reviewers_administrators_and_services)
{
	story_join(s, acme, BOB, MEMBER);
	ASK(s, BOB, MemberService, ListMembers, list_members, .organization_id = acme);
	ASK(s, make_key(s, "organizations.read", NULL), MemberService, ListMembers, list_members,
		.organization_id = acme);
	REFUSED(s, EVE, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", MemberService, ListMembers,
		list_members, .organization_id = acme);
	REFUSED(s, EVE, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", MemberService, GetMember,
		get_member, .organization_id = acme, .user_id = story_id(s, ADA));
	person_give_platform_role(s, EVE, ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER);
	ASK(s, EVE, MemberService, ListMembers, list_members, .organization_id = acme);
}

Test(member, who_is_none_is_not_found)
{
	REFUSED(s, ADA, STATUS_NOT_FOUND, "MEMBER_NOT_FOUND", MemberService, GetMember, get_member,
		.organization_id = acme, .user_id = story_id(s, EVE));
	expect_reason(
		member_try_change(s, ADA, acme, EVE, ADMIN), STATUS_NOT_FOUND, "MEMBER_NOT_FOUND");
	expect_reason(member_try_remove(s, ADA, acme, EVE), STATUS_NOT_FOUND, "MEMBER_NOT_FOUND");
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "MALFORMED_ID", MemberService, GetMember,
		get_member, .organization_id = acme, .user_id = "ada");
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "MALFORMED_ID", MemberService, ChangeRole,
		change_role, .organization_id = acme, .user_id = "ada", .role = ADMIN);
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "MALFORMED_ID", MemberService, RemoveMember,
		remove_member, .organization_id = acme, .user_id = "ada");
}

Test(member, lists_come_in_the_order_of_joining_with_filters)
{
	const Orgd__V1__ListMembersResponse *list;

	story_join(s, acme, EVE, ADMIN);
	story_join(s, acme, BOB, MEMBER);
	list = ASK(s, BOB, MemberService, ListMembers, list_members, .organization_id = acme);
	cr_assert_eq(list->n_members, 3);
	cr_expect_str_eq(list->members[0]->email, ADA);
	cr_expect_str_eq(list->members[1]->email, EVE);
	cr_expect_str_eq(list->members[2]->email, BOB);
	list = ASK(s, BOB, MemberService, ListMembers, list_members, .organization_id = acme,
		.role = ADMIN);
	cr_assert_eq(list->n_members, 1);
	cr_expect_str_eq(list->members[0]->email, EVE);
	list = ASK(s, BOB, MemberService, ListMembers, list_members, .organization_id = acme,
		.name_prefix = "BOB@");
	cr_assert_eq(list->n_members, 1);
	list = ASK(s, BOB, MemberService, ListMembers, list_members, .organization_id = acme,
		.name_prefix = "ev");
	cr_assert_eq(list->n_members, 1);
}

Test(rules, rule_36_members_are_listed_once_each_while_others_come_and_go, .init = begin,
	.fini = end)
{
	const Orgd__V1__ListMembersResponse *page;
	const char *token = "";
	unsigned ada = 0, eve = 0, zoe = 0, pages = 0;

	story_join(s, acme, BOB, MEMBER);
	story_join(s, acme, EVE, MEMBER);
	do {
		page = ASK(s, ADA, MemberService, ListMembers, list_members,
			.organization_id = acme, .page_size = 1, .page_token = token);
		cr_assert_eq(page->n_members, 1);
		ada += !strcmp(page->members[0]->email, ADA);
		eve += !strcmp(page->members[0]->email, EVE);
		zoe += !strcmp(page->members[0]->email, ZOE);
		if (++pages == 2) {
			expect_done(member_try_remove(s, ADA, acme, BOB));
			story_join(s, acme, ZOE, MEMBER);
		}
		token = page->next_page_token;
	} while (*token);
	cr_expect_eq(ada, 1);
	cr_expect_eq(eve, 1);
	cr_expect_eq(zoe, 1);
	cr_expect_eq(pages, 4);
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "PAGE_SIZE", MemberService, ListMembers,
		list_members, .organization_id = acme, .page_size = -1);
}

Test(rules, rule_22_an_id_of_another_organization_is_refused_even_to_its_admin, .init = begin,
	.fini = end)
{
	const char *beta = story_organization(s, EVE, "beta");

	story_join(s, beta, BOB, MEMBER);
	expect_reason(
		member_try_change(s, ADA, acme, BOB, ADMIN), STATUS_NOT_FOUND, "MEMBER_NOT_FOUND");
	expect_reason(member_try_change(s, ADA, beta, BOB, ADMIN), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	expect_reason(member_try_remove(s, ADA, beta, BOB), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	expect_reason(
		member_try_leave(s, ADA, beta), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	cr_expect_eq(member_role(s, beta, BOB), MEMBER);
}

/* Roles */

Test(member, an_owner_makes_admins_and_owners_and_takes_it_back)
{
	const Orgd__V1__Event *event;

	story_join(s, acme, BOB, MEMBER);
	expect_done(member_try_change(s, ADA, acme, BOB, ADMIN));
	cr_expect_eq(member_role(s, acme, BOB), ADMIN);
	cr_assert_eq(event_count(s, acme, "member.role_changed", &event), 1);
	cr_expect_str_eq(event_detail(event, "from"), "MEMBER");
	cr_expect_str_eq(event_detail(event, "role"), "ADMIN");
	cr_expect_str_eq(event_detail(event, "display_name"), "Bob");
	expect_done(member_try_change(s, ADA, acme, BOB, OWNER));
	cr_assert_eq(organization_seen(s, acme)->n_owners, 2);
	cr_expect_str_eq(organization_seen(s, acme)->owners[1], story_id(s, BOB));
	expect_done(member_try_change(s, ADA, acme, BOB, MEMBER));
	cr_assert_eq(organization_seen(s, acme)->n_owners, 1);
	cr_expect_str_eq(organization_seen(s, acme)->owners[0], story_id(s, ADA));
}

Test(member, the_role_that_they_have_is_no_change)
{
	story_join(s, acme, BOB, MEMBER);
	cr_expect_not(member_try_change(s, ADA, acme, BOB, MEMBER).committed);
	cr_expect_not(member_try_change(s, ADA, acme, ADA, OWNER).committed);
	cr_expect_eq(event_count(s, acme, "member.role_changed", NULL), 0);
}

Test(rules, rule_18_an_admin_cannot_mint_demote_or_remove_an_owner, .init = begin, .fini = end)
{
	story_join(s, acme, BOB, ADMIN);
	story_join(s, acme, EVE, MEMBER);
	expect_reason(member_try_change(s, BOB, acme, EVE, OWNER), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	expect_reason(member_try_change(s, BOB, acme, BOB, OWNER), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	expect_reason(member_try_change(s, BOB, acme, ADA, ADMIN), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	expect_reason(member_try_remove(s, BOB, acme, ADA), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", InvitationService,
		CreateInvitation, create_invitation, .organization_id = acme, .email = ZOE,
		.role = OWNER);
	cr_expect_eq(member_role(s, acme, ADA), OWNER);
	expect_done(member_try_change(s, BOB, acme, EVE, ADMIN));
	expect_done(member_try_change(s, BOB, acme, EVE, MEMBER));
	expect_done(member_try_remove(s, BOB, acme, EVE));
}

Test(rules, rule_18_an_admin_is_told_so_before_it_is_looked_for_whom, .init = begin, .fini = end)
{
	story_join(s, acme, BOB, ADMIN);
	expect_reason(member_try_change(s, BOB, acme, EVE, OWNER), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	expect_reason(
		member_try_change(s, BOB, acme, EVE, ADMIN), STATUS_NOT_FOUND, "MEMBER_NOT_FOUND");
}

Test(member, a_member_changes_and_removes_nobody)
{
	story_join(s, acme, BOB, MEMBER);
	story_join(s, acme, EVE, MEMBER);
	expect_reason(member_try_change(s, BOB, acme, EVE, ADMIN), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	expect_reason(member_try_change(s, BOB, acme, BOB, ADMIN), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	expect_reason(member_try_remove(s, BOB, acme, EVE), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
}

Test(rules, rule_23_unknown_roles_are_refused_and_nothing_stored, .init = begin, .fini = end)
{
	story_join(s, acme, BOB, MEMBER);
	expect_reason(member_try_change(s, ADA, acme, BOB, 0), STATUS_INVALID_ARGUMENT,
		"UNKNOWN_ENUM_VALUE");
	expect_reason(member_try_change(s, ADA, acme, BOB, 4), STATUS_INVALID_ARGUMENT,
		"UNKNOWN_ENUM_VALUE");
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", MemberService, ListMembers,
		list_members, .organization_id = acme, .role = 4);
	cr_expect_eq(member_role(s, acme, BOB), MEMBER);
}

Test(rules, rule_37_a_members_stale_etag_is_aborted, .init = begin, .fini = end)
{
	const char *etag;

	story_join(s, acme, BOB, MEMBER);
	etag = member_seen(s, acme, BOB)->etag;
	expect_done(member_try_change(s, ADA, acme, BOB, ADMIN));
	REFUSED(s, ADA, STATUS_ABORTED, "ETAG_MISMATCH", MemberService, ChangeRole, change_role,
		.organization_id = acme, .user_id = story_id(s, BOB), .role = MEMBER, .etag = etag);
	cr_expect_eq(member_role(s, acme, BOB), ADMIN);
	ASK(s, ADA, MemberService, ChangeRole, change_role, .organization_id = acme,
		.user_id = story_id(s, BOB), .role = MEMBER,
		.etag = member_seen(s, acme, BOB)->etag);
}

Test(rules, rule_20_a_demotion_counts_from_the_next_call, .init = begin, .fini = end)
{
	story_join(s, acme, BOB, ADMIN);
	invite_as(BOB, EVE);
	expect_done(member_try_change(s, ADA, acme, BOB, MEMBER));
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", InvitationService,
		CreateInvitation, create_invitation, .organization_id = acme, .email = ZOE,
		.role = MEMBER);
}

Test(rules, rule_20_a_removal_counts_from_the_next_call, .init = begin, .fini = end)
{
	const char *document = a_document(s, "A Manual");

	story_join(s, acme, BOB, MEMBER);
	grant_to(s, acme, document, (struct terms){ .permission = READ });
	cr_expect(may(s, story_id(s, BOB), document, READ));
	expect_done(member_try_remove(s, ADA, acme, BOB));
	cr_expect_not(may(s, story_id(s, BOB), document, READ));
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", MemberService, ListMembers,
		list_members, .organization_id = acme);
	cr_expect_eq(person_organization_count(s, BOB), 0);
	cr_expect_eq(event_count(s, acme, "member.removed", NULL), 1);
}

Test(rules, rule_21_a_removed_member_does_not_come_back_with_the_old_link, .init = begin,
	.fini = end)
{
	char *token;

	invite_as(ADA, BOB);
	token = strdup(story_mail_token(s, BOB));
	ASK(s, BOB, InvitationService, AcceptInvitation, accept_invitation, .token = token);
	expect_done(member_try_remove(s, ADA, acme, BOB));
	REFUSED(s, BOB, STATUS_NOT_FOUND, "TOKEN_INVALID", InvitationService, AcceptInvitation,
		accept_invitation, .token = token);
	cr_expect_eq(member_role(s, acme, BOB), GONE);
	invite_as(ADA, BOB);
	free(token);
}

/* Removing and leaving */

Test(member, nobody_removes_themself)
{
	story_join(s, acme, BOB, ADMIN);
	expect_reason(member_try_remove(s, BOB, acme, BOB), STATUS_INVALID_ARGUMENT, "USE_LEAVE");
	cr_expect_eq(member_role(s, acme, BOB), ADMIN);
}

Test(rules, rule_28_removing_says_beforehand_what_it_does, .init = begin, .fini = end)
{
	const Orgd__V1__RemoveMemberResponse *told;
	struct outcome outcome;

	story_join(s, acme, BOB, ADMIN);
	invite_as(BOB, EVE);
	invite_as(BOB, ZOE);
	invite_as(ADA, "other@example.com");
	outcome = story_try(s, ADA, "MemberService/RemoveMember",
		STORY_REQUEST(RemoveMember, remove_member, .organization_id = acme,
			.user_id = story_id(s, BOB), .validate_only = true));
	expect_done(outcome);
	told = (const Orgd__V1__RemoveMemberResponse *)outcome.response;
	cr_expect_not(outcome.committed);
	cr_expect_str_eq(told->member->user_id, story_id(s, BOB));
	cr_expect_eq(told->invitations, 2);
	cr_expect_eq(member_role(s, acme, BOB), ADMIN);
	outcome = member_try_remove(s, ADA, acme, BOB);
	expect_done(outcome);
	told = (const Orgd__V1__RemoveMemberResponse *)outcome.response;
	cr_expect_eq(told->invitations, 2);
	cr_expect_eq(organization_seen(s, acme)->pending_count, 3);
}

Test(rules, rule_08_a_platform_administrators_invitations_outlive_their_membership, .init = begin,
	.fini = end)
{
	const Orgd__V1__RemoveMemberResponse *told;
	struct outcome outcome;

	story_join(s, acme, BOB, ADMIN);
	invite_as(BOB, EVE);
	person_give_platform_role(s, BOB, ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_PLATFORM_ADMIN);
	outcome = member_try_remove(s, ADA, acme, BOB);
	expect_done(outcome);
	told = (const Orgd__V1__RemoveMemberResponse *)outcome.response;
	cr_expect_eq(told->invitations, 0);
	ASK(s, EVE, InvitationService, AcceptInvitation, accept_invitation,
		.token = story_mail_token(s, EVE));
	cr_expect_eq(member_role(s, acme, EVE), MEMBER);
}

Test(rules, rule_28_validate_only_refuses_what_the_removal_would, .init = begin, .fini = end)
{
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "LAST_OWNER", MemberService,
		RemoveMember, remove_member, .organization_id = acme, .user_id = story_id(s, ADA),
		.validate_only = true);
}

Test(member, who_leaves_is_gone_and_may_be_invited_again)
{
	story_join(s, acme, BOB, MEMBER);
	cr_expect_eq(organization_seen(s, acme)->member_count, 2);
	expect_done(member_try_leave(s, BOB, acme));
	cr_expect_eq(organization_seen(s, acme)->member_count, 1);
	cr_expect_eq(event_count(s, acme, "member.left", NULL), 1);
	expect_reason(
		member_try_leave(s, BOB, acme), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	story_join(s, acme, BOB, ADMIN);
	cr_expect_eq(member_role(s, acme, BOB), ADMIN);
}

Test(member, the_last_owner_leaves_what_they_deleted)
{
	organization_deleted_by(s, ADA, acme);
	expect_done(member_try_leave(s, ADA, acme));
	cr_expect_str_eq(organization_seen(s, acme)->primary_contact, "");
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "NO_ACTIVE_OWNER", OrganizationService,
		UndeleteOrganization, undelete_organization, .organization_id = acme);
}

Test(member, an_account_can_be_erased_once_what_it_owned_is_deleted)
{
	organization_deleted_by(s, ADA, acme);
	erase(ADA);
	story_sweep(s);
	story_advance(s, 31 * US_PER_DAY);
	cr_expect_eq(event_count(s, NULL, "organization.purged", NULL), 1);
}

Test(member, nothing_changes_in_a_deleted_organization)
{
	story_join(s, acme, BOB, ADMIN);
	organization_deleted_by(s, ADA, acme);
	expect_reason(member_try_change(s, ADA, acme, BOB, MEMBER), STATUS_FAILED_PRECONDITION,
		"ORGANIZATION_DELETED");
	expect_reason(member_try_remove(s, ADA, acme, BOB), STATUS_FAILED_PRECONDITION,
		"ORGANIZATION_DELETED");
	expect_done(member_try_leave(s, BOB, acme));
}
