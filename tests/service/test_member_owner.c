/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "service/organization_story.h"
#include "service/settings.h"

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

TestSuite(member_owner, .init = begin, .fini = end);

static void erase(const char *email)
{
	ASK(s, "operator", UserService, EraseUser, erase_user, .user_id = story_id(s, email),
		.confirm_email = email);
}

static struct outcome try_disable(const char *email)
{
	return story_try(s, "operator", "UserService/DisableUser",
		STORY_REQUEST(DisableUser, disable_user, .user_id = story_id(s, email)));
}

/* The last Owner */

Test(rules, rule_16_the_last_owner_neither_leaves_nor_is_removed_nor_demoted, .init = begin,
	.fini = end)
{
	story_join(s, acme, BOB, ADMIN);
	expect_reason(member_try_leave(s, ADA, acme), STATUS_FAILED_PRECONDITION, "LAST_OWNER");
	expect_reason(member_try_remove(s, "operator", acme, ADA), STATUS_FAILED_PRECONDITION,
		"LAST_OWNER");
	expect_reason(member_try_change(s, ADA, acme, ADA, MEMBER), STATUS_FAILED_PRECONDITION,
		"LAST_OWNER");
	expect_reason(member_try_change(s, "operator", acme, ADA, ADMIN),
		STATUS_FAILED_PRECONDITION, "LAST_OWNER");
	cr_expect_eq(member_role(s, acme, ADA), OWNER);
}

Test(rules, rule_16_the_last_owners_account_is_neither_disabled_nor_erased, .init = begin,
	.fini = end)
{
	expect_reason(try_disable(ADA), STATUS_FAILED_PRECONDITION, "LAST_OWNER");
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "LAST_OWNER", UserService, EraseUser,
		erase_user, .user_id = story_id(s, ADA), .confirm_email = ADA);
	story_join(s, acme, BOB, OWNER);
	expect_done(try_disable(ADA));
	expect_reason(try_disable(BOB), STATUS_FAILED_PRECONDITION, "LAST_OWNER");
}

Test(rules, rule_16_of_two_owners_who_demote_each_other_one_stays, .init = begin, .fini = end)
{
	struct outcome one, other;

	story_join(s, acme, BOB, OWNER);
	one = member_try_change(s, ADA, acme, BOB, MEMBER);
	other = member_try_change(s, BOB, acme, ADA, MEMBER);
	expect_done(one);
	expect_reason(other, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	cr_expect_eq(member_role(s, acme, ADA), OWNER);
	cr_expect_eq(organization_seen(s, acme)->n_owners, 1);
}

Test(rules, rule_16_of_two_owners_who_leave_one_stays, .init = begin, .fini = end)
{
	story_join(s, acme, BOB, OWNER);
	expect_done(member_try_leave(s, ADA, acme));
	expect_reason(member_try_leave(s, BOB, acme), STATUS_FAILED_PRECONDITION, "LAST_OWNER");
}

Test(rules, rule_16_no_owner_is_disabled_after_the_other_one_left, .init = begin, .fini = end)
{
	story_join(s, acme, BOB, OWNER);
	expect_done(member_try_leave(s, BOB, acme));
	expect_reason(try_disable(ADA), STATUS_FAILED_PRECONDITION, "LAST_OWNER");
}

Test(rules, rule_17_invited_owners_do_not_count, .init = begin, .fini = end)
{
	ASK(s, ADA, InvitationService, CreateInvitation, create_invitation, .organization_id = acme,
		.email = BOB, .role = OWNER);
	expect_reason(member_try_leave(s, ADA, acme), STATUS_FAILED_PRECONDITION, "LAST_OWNER");
}

Test(rules, rule_17_disabled_owners_do_not_count, .init = begin, .fini = end)
{
	story_join(s, acme, BOB, OWNER);
	expect_done(try_disable(BOB));
	expect_reason(member_try_leave(s, ADA, acme), STATUS_FAILED_PRECONDITION, "LAST_OWNER");
	ASK(s, "operator", UserService, EnableUser, enable_user, .user_id = story_id(s, BOB));
	expect_done(member_try_leave(s, ADA, acme));
}

Test(rules, rule_17_a_disabled_owner_can_be_removed, .init = begin, .fini = end)
{
	story_join(s, acme, BOB, OWNER);
	expect_done(try_disable(BOB));
	expect_done(member_try_remove(s, ADA, acme, BOB));
	cr_expect_eq(organization_seen(s, acme)->n_owners, 1);
}

Test(rules, rule_19_who_is_not_active_becomes_no_owner, .init = begin, .fini = end)
{
	story_join(s, acme, BOB, ADMIN);
	expect_done(try_disable(BOB));
	expect_reason(member_try_change(s, ADA, acme, BOB, OWNER), STATUS_FAILED_PRECONDITION,
		"USER_NOT_ACTIVE");
	expect_done(member_try_change(s, ADA, acme, BOB, MEMBER));
}

Test(rules, rule_19_the_longest_standing_owner_follows_the_primary_contact, .init = begin,
	.fini = end)
{
	const Orgd__V1__Event *event;
	struct outcome left;

	story_join(s, acme, EVE, OWNER);
	story_join(s, acme, BOB, OWNER);
	left = member_try_leave(s, ADA, acme);
	expect_done(left);
	cr_expect_str_eq(organization_seen(s, acme)->primary_contact, story_id(s, EVE));
	cr_assert_eq(event_count(s, acme, "organization.primary_contact_changed", &event), 1);
	cr_expect_eq(event->revision, left.revision);
	cr_expect_str_eq(event->user_id, story_id(s, EVE));
	cr_expect_str_eq(event_detail(event, "from"), story_id(s, ADA));
	expect_done(member_try_change(s, BOB, acme, EVE, ADMIN));
	cr_expect_str_eq(organization_seen(s, acme)->primary_contact, story_id(s, BOB));
}

Test(rules, rule_19_a_disabled_owner_is_passed_over, .init = begin, .fini = end)
{
	story_join(s, acme, EVE, OWNER);
	story_join(s, acme, BOB, OWNER);
	expect_done(try_disable(EVE));
	expect_done(member_try_leave(s, ADA, acme));
	cr_expect_str_eq(organization_seen(s, acme)->primary_contact, story_id(s, BOB));
}

Test(rules, rule_19_an_owner_who_leaves_without_being_the_contact_hands_nothing_over, .init = begin,
	.fini = end)
{
	story_join(s, acme, BOB, OWNER);
	expect_done(member_try_leave(s, BOB, acme));
	cr_expect_str_eq(organization_seen(s, acme)->primary_contact, story_id(s, ADA));
	cr_expect_eq(event_count(s, acme, "organization.primary_contact_changed", NULL), 0);
}

Test(rules, rule_30_an_erased_contact_hands_over_in_the_sweep, .init = begin, .fini = end)
{
	const Orgd__V1__Event *event;

	story_join(s, acme, BOB, OWNER);
	erase(ADA);
	story_sweep(s);
	cr_expect_str_eq(organization_seen(s, acme)->primary_contact, story_id(s, BOB));
	cr_expect_eq(organization_seen(s, acme)->member_count, 1);
	cr_assert_eq(event_count(s, acme, "member.erased", &event), 1);
	cr_expect_str_eq(event->actor->kind, "system");
	cr_expect_str_eq(event_detail(event, "display_name"), "");
}

/* Caps */

Test(member_owner, an_organization_has_at_most_32_owners)
{
	char email[32];

	story_join(s, acme, BOB, MEMBER);
	for (int i = 1; i < 32; i++) {
		snprintf(email, sizeof(email), "owner%d@example.com", i);
		story_join(s, acme, email, OWNER);
	}
	expect_reason(member_try_change(s, ADA, acme, BOB, OWNER), STATUS_RESOURCE_EXHAUSTED,
		"OWNER_LIMIT");
	expect_done(member_try_change(s, ADA, acme, "owner1@example.com", ADMIN));
	expect_done(member_try_change(s, ADA, acme, BOB, OWNER));
}

Test(member_owner, a_user_owns_at_most_50_and_belongs_to_at_most_100)
{
	Orgd__V1__Organization form = organization_named("", "Acme");
	const char *beta = story_organization(s, BOB, "beta");
	char handle[16];

	story_settings(s)->invitations_per_recipient_per_day = 100;
	story_join(s, beta, ADA, MEMBER);
	for (int i = 2; i <= 50; i++) {
		snprintf(handle, sizeof(handle), "ada-%d", i);
		story_organization(s, ADA, handle);
	}
	expect_reason(member_try_change(s, BOB, beta, ADA, OWNER), STATUS_RESOURCE_EXHAUSTED,
		"OWNED_ORGANIZATION_LIMIT");
	for (int i = 52; i <= 100; i++) {
		snprintf(handle, sizeof(handle), "eve-%d", i);
		story_join(s, story_organization(s, i % 2 ? EVE : BOB, handle), ADA, MEMBER);
	}
	form.handle = "one-too-many";
	REFUSED(s, "operator", STATUS_RESOURCE_EXHAUSTED, "ORGANIZATION_LIMIT", OrganizationService,
		CreateOrganization, create_organization, .organization = &form,
		.owner_user_id = story_id(s, ADA));
	cr_expect_eq(ASK(s, ADA, OrganizationService, ListMyOrganizations, list_my_organizations,
			     .page_size = 1000)
			     ->n_organizations,
		100);
}

Test(member_owner, whoever_owns_50_each_with_another_owner_can_be_disabled_and_erased)
{
	char handle[16], email[32];

	for (int i = 2; i <= 50; i++) {
		snprintf(handle, sizeof(handle), "ada-%d", i);
		snprintf(email, sizeof(email), "owner%d@example.com", i);
		story_join(s, story_organization(s, ADA, handle), email, OWNER);
	}
	story_join(s, acme, BOB, OWNER);
	expect_done(try_disable(ADA));
	erase(ADA);
	story_sweep(s);
	cr_expect_eq(event_count(s, NULL, "member.erased", NULL), 50);
	cr_expect_str_eq(organization_seen(s, acme)->primary_contact, story_id(s, BOB));
}
