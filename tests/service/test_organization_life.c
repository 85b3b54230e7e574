/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/document_story.h"
#include "service/organization_story.h"
#include "store/store.h"
#include "store/tables.h"

static struct story *s;
static const char *acme;

/* Acme is verified; Ada owns it, Bob is an Admin. */
static void begin(void)
{
	s = people_begin();
	acme = story_organization(s, ADA, "acme");
	story_join(s, acme, BOB, ADMIN);
}

static void end(void)
{
	story_end(s);
}

TestSuite(organization_life, .init = begin, .fini = end);

#define SAW_ACME                                                                                   \
	STORY_REQUEST(GetOrganization, get_organization,                                           \
		.which_case = ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_ORGANIZATION_ID,           \
		.organization_id = acme)

static struct outcome try_delete(const char *who, const char *confirm_handle)
{
	return story_try(s, who, "OrganizationService/DeleteOrganization",
		STORY_REQUEST(DeleteOrganization, delete_organization, .organization_id = acme,
			.confirm_handle = confirm_handle));
}

static struct outcome try_undelete(const char *who)
{
	return story_try(s, who, "OrganizationService/UndeleteOrganization",
		STORY_REQUEST(
			UndeleteOrganization, undelete_organization, .organization_id = acme));
}

static struct outcome try_suspend(const char *who, const char *reason)
{
	return story_try(s, who, "OrganizationService/SuspendOrganization",
		STORY_REQUEST(SuspendOrganization, suspend_organization, .organization_id = acme,
			.reason = reason));
}

static struct outcome try_unsuspend(const char *who)
{
	return story_try(s, who, "OrganizationService/UnsuspendOrganization",
		STORY_REQUEST(
			UnsuspendOrganization, unsuspend_organization, .organization_id = acme));
}

static struct outcome try_contact(const char *who, const char *email)
{
	return story_try(s, who, "OrganizationService/SetPrimaryContact",
		STORY_REQUEST(SetPrimaryContact, set_primary_contact, .organization_id = acme,
			.user_id = story_id(s, email)));
}

static const Orgd__V1__Invitation *invite(const char *email)
{
	return ASK(s, ADA, InvitationService, CreateInvitation, create_invitation,
		.organization_id = acme, .email = email, .role = MEMBER)
		->invitation;
}

static Orgd__V1__InvitationState state_of(const Orgd__V1__Invitation *invitation)
{
	return ASK(s, "operator", InvitationService, GetInvitation, get_invitation,
		.organization_id = acme, .invitation_id = invitation->id)
		->invitation->state;
}

/* Deleting */

Test(rules, rule_28_deleting_needs_the_handle_typed_back, .init = begin, .fini = end)
{
	expect_reason(try_delete(ADA, ""), STATUS_INVALID_ARGUMENT, "CONFIRMATION_MISMATCH");
	expect_reason(try_delete(ADA, "beta"), STATUS_INVALID_ARGUMENT, "CONFIRMATION_MISMATCH");
	cr_expect_eq(organization_seen(s, acme)->lifecycle, ACTIVE);
	expect_done(try_delete(ADA, "acme"));
	cr_expect_eq(organization_seen(s, acme)->lifecycle, DELETED);
}

Test(rules, rule_28_validate_only_says_what_would_go, .init = begin, .fini = end)
{
	const Orgd__V1__DeleteOrganizationResponse *told;
	const char *etag;
	struct outcome outcome;

	grant_to(s, acme, a_document(s, "A Manual"), (struct terms){ .permission = READ });
	invite(EVE);
	etag = organization_seen(s, acme)->etag;
	outcome = story_try(s, ADA, "OrganizationService/DeleteOrganization",
		STORY_REQUEST(DeleteOrganization, delete_organization, .organization_id = acme,
			.validate_only = true));
	expect_done(outcome);
	told = (const Orgd__V1__DeleteOrganizationResponse *)outcome.response;
	cr_expect_not(outcome.committed);
	cr_expect_eq(told->members, 2);
	cr_expect_eq(told->invitations, 1);
	cr_expect_eq(told->grants, 1);
	cr_expect_null(told->organization);
	cr_expect_str_eq(organization_seen(s, acme)->etag, etag);
}

Test(rules, rule_28_deleting_hides_from_lists_and_ends_access_and_invitations, .init = begin,
	.fini = end)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	char *token = strdup(story_mail_token(s, EVE));
	const char *document = a_document(s, "A Manual");
	const Orgd__V1__Organization *gone;

	grant_to(s, acme, document, (struct terms){ .permission = READ });
	cr_expect(may(s, story_id(s, BOB), document, READ));
	expect_done(try_delete(ADA, "acme"));
	cr_expect_not(may(s, story_id(s, BOB), document, READ));
	cr_expect_eq(person_organization_count(s, ADA), 0);
	cr_expect_eq(person_organization_count(s, BOB), 0);
	cr_expect_eq(ASK(s, "operator", OrganizationService, ListOrganizations, list_organizations)
			     ->n_organizations,
		0);
	REFUSED(s, EVE, STATUS_NOT_FOUND, "TOKEN_INVALID", InvitationService, AcceptInvitation,
		accept_invitation, .token = token);
	cr_expect_eq(state_of(invitation), ORGD__V1__INVITATION_STATE__INVITATION_STATE_REVOKED);
	gone = organization_seen(s, acme);
	cr_expect_eq(gone->pending_count, 0);
	cr_assert(gone->delete_time && gone->purge_time);
	cr_expect_eq(gone->purge_time->seconds - gone->delete_time->seconds, 30 * 24 * 60 * 60);
	story_sweep(s);
	cr_expect_eq(state_of(invitation), ORGD__V1__INVITATION_STATE__INVITATION_STATE_REVOKED);
	cr_expect_eq(organization_seen(s, acme)->pending_count, 0);
	cr_expect_eq(event_count(s, acme, "organization.deleted", NULL), 1);
	free(token);
}

Test(rules, rule_28_undelete_restores_members_and_grants_but_not_invitations, .init = begin,
	.fini = end)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	const char *document = a_document(s, "A Manual");

	grant_to(s, acme, document, (struct terms){ .permission = READ });
	expect_done(try_delete(ADA, "acme"));
	story_advance(s, 29 * US_PER_DAY);
	expect_done(try_undelete("operator"));
	cr_expect_eq(organization_seen(s, acme)->lifecycle, ACTIVE);
	cr_expect_eq(organization_seen(s, acme)->verification, VERIFIED);
	cr_expect_null(organization_seen(s, acme)->delete_time);
	cr_expect_eq(organization_seen(s, acme)->pending_count, 0);
	cr_expect_eq(member_role(s, acme, ADA), OWNER);
	cr_expect_eq(member_role(s, acme, BOB), ADMIN);
	cr_expect_eq(person_organization_count(s, BOB), 1);
	cr_expect(may(s, story_id(s, BOB), document, READ));
	cr_expect_eq(state_of(invitation), ORGD__V1__INVITATION_STATE__INVITATION_STATE_REVOKED);
	cr_expect_eq(event_count(s, acme, "organization.undeleted", NULL), 1);
	/* The purge that was due does not come. */
	story_advance(s, 10 * US_PER_DAY);
	cr_expect_eq(member_role(s, acme, ADA), OWNER);
}

Test(rules, rule_28_undeleting_a_live_one_is_refused, .init = begin, .fini = end)
{
	expect_reason(try_undelete(ADA), STATUS_ALREADY_EXISTS, "ORGANIZATION_NOT_DELETED");
}

Test(rules, rule_28_after_30_days_it_is_gone_for_good, .init = begin, .fini = end)
{
	expect_done(try_delete(ADA, "acme"));
	story_advance(s, 30 * US_PER_DAY - US_PER_MINUTE);
	cr_expect_eq(organization_seen(s, acme)->lifecycle, DELETED);
	story_advance(s, US_PER_MINUTE);
	expect_reason(story_try(s, "operator", "OrganizationService/GetOrganization", SAW_ACME),
		STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND");
	expect_reason(try_undelete("operator"), STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND");
	cr_expect_eq(ASK(s, "operator", OrganizationService, ListOrganizations, list_organizations,
			     .lifecycle = DELETED)
			     ->n_organizations,
		0);
}

Test(organization_life, an_owner_brings_back_what_they_deleted)
{
	expect_done(try_delete(ADA, "acme"));
	expect_done(try_undelete(ADA));
	cr_expect_eq(organization_seen(s, acme)->lifecycle, ACTIVE);
	cr_expect_eq(person_organization_count(s, ADA), 1);
}

Test(organization_life, a_restored_one_has_its_handle_for_itself_again)
{
	Orgd__V1__Organization form = organization_named("acme", "Acme");

	expect_done(try_delete(ADA, "acme"));
	expect_done(try_undelete(ADA));
	story_advance(s, 91 * US_PER_DAY);
	REFUSED(s, "operator", STATUS_ALREADY_EXISTS, "HANDLE_TAKEN", OrganizationService,
		CreateOrganization, create_organization, .organization = &form,
		.owner_user_id = story_id(s, EVE));
}

Test(organization_life, only_an_owner_or_the_platform_deletes_and_restores)
{
	expect_reason(try_delete(BOB, "acme"), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(try_delete(EVE, "acme"), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_done(try_delete(ADA, "acme"));
	expect_reason(try_undelete(BOB), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(try_undelete(EVE), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
}

Test(organization_life, a_deleted_one_is_not_deleted_again)
{
	expect_done(try_delete(ADA, "acme"));
	expect_reason(try_delete(ADA, "acme"), STATUS_FAILED_PRECONDITION, "ORGANIZATION_DELETED");
	expect_reason(
		try_delete("operator", "acme"), STATUS_FAILED_PRECONDITION, "ORGANIZATION_DELETED");
}

Test(organization_life, a_deleted_one_is_seen_by_its_owners_and_the_platform_alone)
{
	expect_done(try_delete(ADA, "acme"));
	cr_expect_not(story_try(s, ADA, "OrganizationService/GetOrganization", SAW_ACME).code);
	cr_expect_not(
		story_try(s, "operator", "OrganizationService/GetOrganization", SAW_ACME).code);
	expect_reason(story_try(s, BOB, "OrganizationService/GetOrganization", SAW_ACME),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", MemberService, ListMembers,
		list_members, .organization_id = acme);
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", MemberService, GetMember,
		get_member, .organization_id = acme, .user_id = story_id(s, BOB));
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", VerificationService,
		ListDecisions, list_decisions, .organization_id = acme);
}

Test(organization_life, a_deleted_one_hides_its_invitations_and_events_from_its_admins)
{
	const char *invitation = ASK(s, ADA, InvitationService, CreateInvitation, create_invitation,
		.organization_id = acme, .email = ZOE, .role = MEMBER)
					 ->invitation->id;

	ASK(s, BOB, EventService, ListEvents, list_events, .organization_id = acme);
	expect_done(try_delete(ADA, "acme"));
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", InvitationService,
		GetInvitation, get_invitation, .organization_id = acme,
		.invitation_id = invitation);
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", InvitationService,
		ListInvitations, list_invitations, .organization_id = acme);
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", EventService, ListEvents,
		list_events, .organization_id = acme);
	ASK(s, ADA, InvitationService, ListInvitations, list_invitations, .organization_id = acme);
	ASK(s, ADA, EventService, ListEvents, list_events, .organization_id = acme);
}

Test(organization_life, nobody_restores_one_without_an_active_owner)
{
	expect_done(try_delete(ADA, "acme"));
	person_disable(s, ADA);
	expect_reason(try_undelete("operator"), STATUS_FAILED_PRECONDITION, "NO_ACTIVE_OWNER");
	ASK(s, "operator", UserService, EnableUser, enable_user, .user_id = story_id(s, ADA));
	expect_done(try_undelete("operator"));
}

Test(organization_life, a_restored_one_waits_for_reviewers_since_when_it_did)
{
	const char *id = organization_made(s, EVE, "beta");
	const char *later;
	const Orgd__V1__ListQueueResponse *queue;

	story_advance(s, US_PER_HOUR);
	later = organization_made(s, EVE, "later");
	organization_deleted_by(s, EVE, id);
	queue = ASK(s, "operator", VerificationService, ListQueue, list_queue);
	cr_assert_eq(queue->n_entries, 1);
	ASK(s, EVE, OrganizationService, UndeleteOrganization, undelete_organization,
		.organization_id = id);
	queue = ASK(s, "operator", VerificationService, ListQueue, list_queue);
	cr_assert_eq(queue->n_entries, 2);
	cr_expect_str_eq(queue->entries[0]->organization->id, id);
	cr_expect_geq(queue->entries[0]->waiting->seconds, 3600);
	cr_expect_str_eq(queue->entries[1]->organization->id, later);
}

/* The purge */

/* How many rows name the organization, but for its events, its handle and replays. */
static unsigned rows_of_organization(const struct id *id)
{
	static const char tables[] = { TABLE_ORGANIZATION, TABLE_ORGANIZATION_BY_TIME, TABLE_QUEUE,
		TABLE_DECISION, TABLE_MEMBERSHIP, TABLE_MEMBERSHIP_BY_USER,
		TABLE_MEMBERSHIP_BY_TIME, TABLE_INVITATION, TABLE_INVITATION_BY_ORGANIZATION,
		TABLE_INVITATION_PENDING, TABLE_GRANT, TABLE_GRANT_BY_RESOURCE,
		TABLE_GRANT_BY_ORGANIZATION, TABLE_CHORE };
	struct store_reader *reader;
	struct snapshot *snapshot;
	struct arena arena;
	unsigned count = 0;

	arena_init(&arena);
	cr_assert_not(store_reader_new(story_store(s), &reader).code);
	cr_assert_not(store_snapshot_begin(reader, &arena, &snapshot).code);
	for (size_t i = 0; i < sizeof(tables); i++) {
		struct key prefix;
		struct scan scan;

		key_begin(&prefix, (uint8_t)tables[i]);
		cr_assert_not(scan_begin(&scan, snapshot, &prefix, NULL).code);
		while (scan.found) {
			count += memmem(scan.key.data, scan.key.size, id, sizeof(*id)) ||
				 memmem(scan.value.data, scan.value.size, id, sizeof(*id));
			cr_assert_not(scan_next(&scan).code);
		}
	}
	store_snapshot_end(snapshot);
	store_reader_free(reader);
	arena_clear(&arena);
	return count;
}

Test(organization_life, the_purge_takes_everything_but_the_events)
{
	struct id id;
	char email[32];
	const char *document = a_document(s, "A Manual");

	for (int i = 0; i < 20; i++) {
		snprintf(email, sizeof(email), "member%d@example.com", i);
		story_join(s, acme, email, MEMBER);
	}
	invite(EVE);
	grant_to(s, acme, document, (struct terms){ .permission = READ });
	cr_assert_not(id_parse(ID_ORGANIZATION, "id", acme, &id).code);
	cr_expect_gt(rows_of_organization(&id), 20 * 3);
	expect_done(try_delete(ADA, "acme"));
	story_advance(s, 30 * US_PER_DAY);
	cr_expect_eq(event_count(s, NULL, "organization.purged", NULL), 1);
	cr_expect_eq(event_count(s, NULL, "member.joined", NULL), 22);
	cr_expect_eq(rows_of_organization(&id), 0);
	/* The caps count it no more. */
	for (int i = 0; i < 5; i++) {
		Orgd__V1__Organization form = organization_named("x", "X");

		snprintf(email, sizeof(email), "acme-%d", i);
		form.handle = email;
		ASK(s, "operator", OrganizationService, CreateOrganization, create_organization,
			.organization = &form, .owner_user_id = story_id(s, ADA));
	}
	cr_expect_eq(person_organization_count(s, ADA), 5);
}

/* Suspending */

Test(rules, rule_29_suspension_ends_access_and_refuses_writes_at_once, .init = begin, .fini = end)
{
	const char *document = a_document(s, "A Manual");
	Orgd__V1__Organization form = organization_named("", "Changed");

	grant_to(s, acme, document, (struct terms){ .permission = READ });
	cr_expect(may(s, story_id(s, BOB), document, READ));
	expect_done(try_suspend("operator", "Spam."));
	cr_expect_not(may(s, story_id(s, BOB), document, READ));
	form.id = acme;
	expect_reason(organization_try_update(s, ADA, &form, NULL), STATUS_FAILED_PRECONDITION,
		"ORGANIZATION_SUSPENDED");
	expect_reason(member_try_change(s, ADA, acme, BOB, MEMBER), STATUS_FAILED_PRECONDITION,
		"ORGANIZATION_SUSPENDED");
	expect_reason(member_try_remove(s, ADA, acme, BOB), STATUS_FAILED_PRECONDITION,
		"ORGANIZATION_SUSPENDED");
	expect_reason(try_contact(ADA, ADA), STATUS_FAILED_PRECONDITION, "ORGANIZATION_SUSPENDED");
	expect_reason(
		try_delete(ADA, "acme"), STATUS_FAILED_PRECONDITION, "ORGANIZATION_SUSPENDED");
	REFUSED(s, ADA, STATUS_FAILED_PRECONDITION, "ORGANIZATION_SUSPENDED", InvitationService,
		CreateInvitation, create_invitation, .organization_id = acme, .email = EVE,
		.role = MEMBER);
}

Test(rules, rule_29_members_of_a_suspended_one_look_leave_and_accept_elsewhere, .init = begin,
	.fini = end)
{
	const char *beta = story_organization(s, EVE, "beta");
	const Orgd__V1__GetOrganizationResponse *seen;

	expect_done(try_suspend("operator", "Spam."));
	seen = ASK(s, BOB, OrganizationService, GetOrganization, get_organization,
		.which_case = ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_HANDLE, .handle = "acme");
	cr_expect_eq(seen->organization->lifecycle, SUSPENDED);
	cr_expect_str_eq(seen->organization->suspension_reason, "Spam.");
	cr_expect_eq(ASK(s, BOB, MemberService, ListMembers, list_members, .organization_id = acme)
			     ->n_members,
		2);
	story_join(s, beta, BOB, MEMBER);
	expect_done(member_try_leave(s, BOB, acme));
	cr_expect_eq(member_role(s, acme, BOB), ORGD__V1__ROLE__ROLE_UNSPECIFIED);
	cr_expect_eq(member_role(s, beta, BOB), MEMBER);
}

Test(rules, rule_07_suspending_kills_every_older_link, .init = begin, .fini = end)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	char *token = strdup(story_mail_token(s, EVE));

	expect_done(try_suspend("operator", "Spam."));
	REFUSED(s, EVE, STATUS_NOT_FOUND, "TOKEN_INVALID", InvitationService, AcceptInvitation,
		accept_invitation, .token = token);
	expect_done(try_unsuspend("operator"));
	REFUSED(s, EVE, STATUS_NOT_FOUND, "TOKEN_INVALID", InvitationService, AcceptInvitation,
		accept_invitation, .token = token);
	cr_expect_eq(state_of(invitation), ORGD__V1__INVITATION_STATE__INVITATION_STATE_REVOKED);
	cr_expect_eq(organization_seen(s, acme)->pending_count, 0);
	invite(EVE);
	cr_expect_eq(organization_seen(s, acme)->pending_count, 1);
	free(token);
}

Test(organization_life, a_suspension_lifted_is_as_if_nothing_was)
{
	expect_done(try_suspend("operator", "Spam."));
	expect_done(try_unsuspend("operator"));
	cr_expect_eq(organization_seen(s, acme)->lifecycle, ACTIVE);
	cr_expect_str_eq(organization_seen(s, acme)->suspension_reason, "");
	invite(EVE);
	cr_expect_eq(event_count(s, acme, "organization.suspended", NULL), 1);
	cr_expect_eq(event_count(s, acme, "organization.unsuspended", NULL), 1);
}

Test(organization_life, suspending_and_lifting_twice_is_a_no_op)
{
	cr_expect_not(try_unsuspend("operator").committed);
	cr_expect(try_suspend("operator", "Spam.").committed);
	cr_expect_not(try_suspend("operator", "Other.").committed);
	cr_expect_str_eq(organization_seen(s, acme)->suspension_reason, "Spam.");
	cr_expect_eq(event_count(s, acme, "organization.suspended", NULL), 1);
}

Test(organization_life, suspending_needs_a_reason_and_a_platform_administrator)
{
	expect_reason(try_suspend("operator", ""), STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED");
	expect_reason(try_suspend(ADA, "Spam."), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(try_unsuspend(ADA), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	person_give_platform_role(s, EVE, ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER);
	expect_reason(try_suspend(EVE, "Spam."), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	person_give_platform_role(s, EVE, ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_PLATFORM_ADMIN);
	expect_done(try_suspend(EVE, "Spam."));
}

Test(organization_life, a_deleted_one_is_neither_suspended_nor_unsuspended)
{
	expect_done(try_delete(ADA, "acme"));
	expect_reason(try_suspend("operator", "Spam."), STATUS_FAILED_PRECONDITION,
		"ORGANIZATION_DELETED");
	expect_reason(
		try_unsuspend("operator"), STATUS_FAILED_PRECONDITION, "ORGANIZATION_DELETED");
}

Test(organization_life, the_platform_deletes_a_suspended_one_which_comes_back_suspended)
{
	expect_done(try_suspend("operator", "Spam."));
	expect_done(try_delete("operator", "acme"));
	expect_done(try_undelete(ADA));
	cr_expect_eq(organization_seen(s, acme)->lifecycle, SUSPENDED);
	cr_expect_str_eq(organization_seen(s, acme)->suspension_reason, "Spam.");
}

Test(organization_life, a_suspended_one_does_not_wait_for_reviewers)
{
	const char *id = organization_made(s, EVE, "beta");

	organization_suspend_for(s, id, "Spam.");
	cr_expect_eq(ASK(s, "operator", VerificationService, ListQueue, list_queue)->n_entries, 0);
	ASK(s, "operator", OrganizationService, UnsuspendOrganization, unsuspend_organization,
		.organization_id = id);
	cr_expect_eq(ASK(s, "operator", VerificationService, ListQueue, list_queue)->n_entries, 1);
}

/* The primary contact */

Test(organization_life, an_owner_makes_another_owner_the_primary_contact)
{
	const Orgd__V1__Event *event;

	expect_done(member_try_change(s, ADA, acme, BOB, OWNER));
	expect_done(try_contact(ADA, BOB));
	cr_expect_str_eq(organization_seen(s, acme)->primary_contact, story_id(s, BOB));
	cr_expect(member_seen(s, acme, BOB)->primary_contact);
	cr_expect_not(member_seen(s, acme, ADA)->primary_contact);
	cr_assert_eq(event_count(s, acme, "organization.primary_contact_changed", &event), 1);
	cr_expect_str_eq(event->user_id, story_id(s, BOB));
	cr_expect_str_eq(event_detail(event, "from"), story_id(s, ADA));
	cr_expect_not(try_contact(ADA, BOB).committed);
}

Test(rules, rule_19_the_primary_contact_is_an_active_owner, .init = begin, .fini = end)
{
	expect_reason(try_contact(ADA, BOB), STATUS_FAILED_PRECONDITION, "NOT_AN_OWNER");
	expect_reason(try_contact(ADA, EVE), STATUS_FAILED_PRECONDITION, "NOT_AN_OWNER");
	expect_done(member_try_change(s, ADA, acme, BOB, OWNER));
	person_disable(s, BOB);
	expect_reason(try_contact(ADA, BOB), STATUS_FAILED_PRECONDITION, "NOT_AN_OWNER");
	cr_expect_str_eq(organization_seen(s, acme)->primary_contact, story_id(s, ADA));
}

Test(organization_life, an_admin_does_not_choose_the_primary_contact)
{
	expect_reason(try_contact(BOB, ADA), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "MALFORMED_ID", OrganizationService,
		SetPrimaryContact, set_primary_contact, .organization_id = acme, .user_id = "ada");
	expect_done(try_delete(ADA, "acme"));
	expect_reason(try_contact(ADA, ADA), STATUS_FAILED_PRECONDITION, "ORGANIZATION_DELETED");
}
