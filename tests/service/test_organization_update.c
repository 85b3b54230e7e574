/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "service/organization_story.h"
#include "service/settings.h"

static struct story *s;

static void begin(void)
{
	s = people_begin();
}

static void end(void)
{
	story_end(s);
}

TestSuite(organization_update, .init = begin, .fini = end);

Test(organization_update, an_admin_updates_what_the_mask_names_and_nothing_else)
{
	const char *id = story_organization(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("other", "Acme Corporation");
	const Orgd__V1__Organization *seen;

	story_join(s, id, BOB, ADMIN);
	form.id = id;
	form.description = "Not in the mask.";
	expect_done(organization_try_update(s, BOB, &form, "display_name"));
	seen = organization_seen(s, id);
	cr_expect_str_eq(seen->display_name, "Acme Corporation");
	cr_expect_str_eq(seen->description, "");
	cr_expect_str_eq(seen->handle, "acme");
	cr_expect_eq(event_count(s, id, "organization.updated", NULL), 1);
}

Test(organization_update, a_member_and_an_outsider_update_nothing)
{
	const char *id = story_organization(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("", "Changed");

	story_join(s, id, BOB, MEMBER);
	form.id = id;
	expect_reason(organization_try_update(s, BOB, &form, "display_name"),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(organization_try_update(s, EVE, &form, "display_name"),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	cr_expect_str_eq(organization_seen(s, id)->display_name, "acme");
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", OrganizationService,
		UpdateOrganization, update_organization, .organization = NULL);
}

Test(organization_update, an_update_that_changes_nothing_writes_nothing)
{
	const char *id = story_organization(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("", "acme");
	const char *etag = organization_seen(s, id)->etag;
	struct outcome outcome;

	form.id = id;
	outcome = organization_try_update(s, ADA, &form, "display_name");
	expect_done(outcome);
	cr_expect_not(outcome.committed);
	cr_expect_str_eq(organization_seen(s, id)->etag, etag);
	cr_expect_eq(event_count(s, id, "organization.updated", NULL), 0);
}

Test(organization_update, the_event_of_an_update_names_the_fields)
{
	const char *id = story_organization(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("", "New Name");
	const Orgd__V1__Event *event;

	form.id = id;
	form.description = "New.";
	expect_done(organization_try_update(s, ADA, &form, NULL));
	cr_assert_eq(event_count(s, id, "organization.updated", &event), 1);
	cr_expect_str_eq(event_detail(event, "fields"), "display_name,description");
}

Test(organization_update, a_suspended_or_deleted_one_is_not_updated)
{
	const char *id = story_organization(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("", "Changed");

	form.id = id;
	organization_suspend_for(s, id, "Spam.");
	expect_reason(organization_try_update(s, ADA, &form, NULL), STATUS_FAILED_PRECONDITION,
		"ORGANIZATION_SUSPENDED");
	ASK(s, "operator", OrganizationService, DeleteOrganization, delete_organization,
		.organization_id = id, .confirm_handle = "acme");
	expect_reason(organization_try_update(s, ADA, &form, NULL), STATUS_FAILED_PRECONDITION,
		"ORGANIZATION_DELETED");
}

Test(organization_update, metadata_is_replaced_as_a_whole)
{
	const char *id = story_organization(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("", "");
	Orgd__V1__Organization__MetadataEntry entry = ORGD__V1__ORGANIZATION__METADATA_ENTRY__INIT;
	Orgd__V1__Organization__MetadataEntry *pairs = &entry;
	const Orgd__V1__Organization *seen;

	entry.key = "cost-centre";
	entry.value = "42";
	form.id = id;
	form.metadata = &pairs;
	form.n_metadata = 1;
	expect_done(organization_try_update(s, ADA, &form, "metadata"));
	cr_expect_not(organization_try_update(s, ADA, &form, "metadata").committed);
	entry.value = "43";
	cr_expect(organization_try_update(s, ADA, &form, "metadata").committed);
	seen = organization_seen(s, id);
	cr_assert_eq(seen->n_metadata, 1);
	cr_expect_str_eq(seen->metadata[0]->value, "43");
	form.n_metadata = 0;
	expect_done(organization_try_update(s, ADA, &form, "metadata"));
	cr_expect_eq(organization_seen(s, id)->n_metadata, 0);
}

Test(organization_update, the_seat_limit_is_a_platform_administrators)
{
	const char *id = story_organization(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("", "Acme");

	form.id = id;
	form.seat_limit = 3;
	expect_reason(organization_try_update(s, ADA, &form, "seat_limit"),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(organization_try_update(s, ADA, &form, NULL), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
	expect_done(organization_try_update(s, "operator", &form, "seat_limit"));
	cr_expect_eq(organization_seen(s, id)->seat_limit, 3);
}

Test(organization_update, a_member_who_sends_back_what_they_read_is_not_refused_for_the_seat_limit)
{
	const char *id = story_organization(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("", "Acme");

	form.id = id;
	form.seat_limit = 3;
	expect_done(organization_try_update(s, "operator", &form, "seat_limit"));
	form.display_name = "Renamed";
	expect_done(organization_try_update(s, ADA, &form, NULL));
	form.seat_limit = 0;
	form.display_name = "Renamed again";
	expect_done(organization_try_update(s, ADA, &form, "*"));
	cr_expect_eq(organization_seen(s, id)->seat_limit, 3);
	cr_expect_str_eq(organization_seen(s, id)->display_name, "Renamed again");
}

Test(rules, rule_24_no_mask_sets_verification_or_lifecycle, .init = begin, .fini = end)
{
	static const char *const output_only[] = { "verification", "lifecycle", "id", "handle",
		"owners", "primary_contact", "member_count", "pending_count", "create_time", "etag",
		"suspension_reason", "metadata.key", "" };
	Orgd__V1__Organization form = organization_named("acme", "Acme");
	struct outcome made;
	const char *id;

	form.verification = VERIFIED;
	form.lifecycle = SUSPENDED;
	form.member_count = 99;
	made = organization_try_create(s, ADA, &form);
	expect_done(made);
	id = ((const Orgd__V1__CreateOrganizationResponse *)made.response)->organization->id;
	cr_expect_eq(organization_seen(s, id)->verification, PENDING);
	cr_expect_eq(organization_seen(s, id)->lifecycle, ACTIVE);
	cr_expect_eq(organization_seen(s, id)->member_count, 1);
	form.id = id;
	for (size_t i = 0; i < sizeof(output_only) / sizeof(*output_only); i++)
		expect_reason(organization_try_update(s, ADA, &form, output_only[i]),
			STATUS_INVALID_ARGUMENT, "UPDATE_MASK");
	expect_done(organization_try_update(s, ADA, &form, "*"));
	expect_done(organization_try_update(s, ADA, &form, NULL));
	cr_expect_eq(organization_seen(s, id)->verification, PENDING);
	cr_expect_eq(organization_seen(s, id)->lifecycle, ACTIVE);
}

Test(rules, rule_37_a_stale_etag_is_aborted_and_nothing_written, .init = begin, .fini = end)
{
	const char *id = story_organization(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("", "First");

	form.id = id;
	form.etag = organization_seen(s, id)->etag;
	expect_done(organization_try_update(s, ADA, &form, "display_name"));
	form.display_name = "Second";
	expect_reason(organization_try_update(s, ADA, &form, "display_name"), STATUS_ABORTED,
		"ETAG_MISMATCH");
	cr_expect_str_eq(organization_seen(s, id)->display_name, "First");
	form.etag = organization_seen(s, id)->etag;
	expect_done(organization_try_update(s, ADA, &form, "display_name"));
}

Test(rules, rule_37_a_star_means_every_field_and_clears_the_empty_ones, .init = begin, .fini = end)
{
	const char *id = organization_made(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("", "Acme");

	form.id = id;
	form.description = "Anvils.";
	expect_done(organization_try_update(s, ADA, &form, NULL));
	cr_expect_str_eq(organization_seen(s, id)->description, "Anvils.");
	form.description = "";
	expect_done(organization_try_update(s, ADA, &form, NULL));
	cr_expect_str_eq(organization_seen(s, id)->description, "Anvils.");
	expect_done(organization_try_update(s, ADA, &form, "*"));
	cr_expect_str_eq(organization_seen(s, id)->description, "");
	form.display_name = "";
	expect_reason(organization_try_update(s, ADA, &form, "*"), STATUS_INVALID_ARGUMENT,
		"FIELD_REQUIRED");
}

Test(rules, rule_26_editing_a_verified_field_starts_reverifying, .init = begin, .fini = end)
{
	static const char *const fields[] = { "legal_name", "website", "country" };

	for (size_t i = 0; i < 3; i++) {
		char handle[16];
		const char *id;
		Orgd__V1__Organization form = organization_named("", "Changed");

		snprintf(handle, sizeof(handle), "acme-%zu", i);
		id = story_organization(s, ADA, handle);
		form.id = id;
		form.legal_name = "Another";
		form.website = "https://another.example/";
		form.country = "FR";
		expect_done(organization_try_update(s, ADA, &form, "display_name"));
		cr_expect_eq(organization_seen(s, id)->verification, VERIFIED);
		expect_done(organization_try_update(s, ADA, &form, fields[i]));
		cr_expect_eq(organization_seen(s, id)->verification, REVERIFYING, "%s", fields[i]);
		cr_expect_eq(event_count(s, id, "organization.reverification_started", NULL), 1);
	}
	cr_expect_eq(ASK(s, "operator", VerificationService, ListQueue, list_queue)->n_entries, 3);
}

Test(rules, rule_26_new_invitations_wait_while_it_is_verified_again, .init = begin, .fini = end)
{
	const char *id = story_organization(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("", "");

	story_join(s, id, BOB, MEMBER);
	form.id = id;
	form.country = "FR";
	expect_done(organization_try_update(s, ADA, &form, "country"));
	REFUSED(s, ADA, STATUS_FAILED_PRECONDITION, "ORGANIZATION_NOT_VERIFIED", InvitationService,
		CreateInvitation, create_invitation, .organization_id = id, .email = EVE,
		.role = MEMBER);
	cr_expect_eq(member_role(s, id, BOB), MEMBER);
	ASK(s, "operator", VerificationService, VerifyOrganization, verify_organization,
		.organization_id = id);
	ASK(s, ADA, InvitationService, CreateInvitation, create_invitation, .organization_id = id,
		.email = EVE, .role = MEMBER);
}

Test(rules, rule_26_the_platform_may_say_that_edits_change_nothing, .init = begin, .fini = end)
{
	const char *id;
	Orgd__V1__Organization form = organization_named("", "");

	story_settings(s)->reverify_on_change = false;
	id = story_organization(s, ADA, "acme");
	form.id = id;
	form.country = "FR";
	expect_done(organization_try_update(s, ADA, &form, "country"));
	cr_expect_eq(organization_seen(s, id)->verification, VERIFIED);
}
