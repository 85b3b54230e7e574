/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "service/account_expect.h"
#include "service/organization_story.h"

static struct story *s;

static void begin(void)
{
	s = people_begin();
}

static void end(void)
{
	story_end(s);
}

TestSuite(organization, .init = begin, .fini = end);

#define BY_ID(id)                                                                                  \
	.which_case = ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_ORGANIZATION_ID,                   \
	.organization_id = (id)
#define BY_HANDLE(name)                                                                            \
	.which_case = ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_HANDLE, .handle = (name)

/* Creating */

Test(organization, whoever_creates_it_is_its_owner_and_primary_contact)
{
	Orgd__V1__Organization form = organization_named("acme", "Acme");
	const Orgd__V1__Organization *made;

	form.legal_name = "Acme Limited";
	form.website = "https://acme.example/";
	form.country = "GB";
	form.description = "Anvils.\r\nAnd more.";
	form.intended_use = "To read.";
	made = ASK(s, ADA, OrganizationService, CreateOrganization, create_organization,
		.organization = &form)
		       ->organization;
	cr_expect_str_eq(made->handle, "acme");
	cr_expect_str_eq(made->display_name, "Acme");
	cr_expect_str_eq(made->legal_name, "Acme Limited");
	cr_expect_str_eq(made->website, "https://acme.example/");
	cr_expect_str_eq(made->country, "GB");
	cr_expect_str_eq(made->description, "Anvils.\nAnd more.");
	cr_expect_str_eq(made->intended_use, "To read.");
	cr_expect_eq(made->verification, PENDING);
	cr_expect_eq(made->lifecycle, ACTIVE);
	cr_expect_str_eq(made->primary_contact, story_id(s, ADA));
	cr_assert_eq(made->n_owners, 1);
	cr_expect_str_eq(made->owners[0], story_id(s, ADA));
	cr_expect_eq(made->member_count, 1);
	cr_expect_eq(made->pending_count, 0);
	cr_expect(made->create_time && made->update_time && made->verification_time);
	cr_expect(*made->etag);
	cr_expect_eq(member_role(s, made->id, ADA), OWNER);
}

Test(organization, creating_one_appends_what_happened)
{
	const char *id = organization_made(s, ADA, "acme");
	const Orgd__V1__Event *event;

	cr_assert_eq(event_count(s, id, "", NULL), 2);
	cr_assert_eq(event_count(s, id, "organization.created", &event), 1);
	cr_expect_str_eq(event_detail(event, "handle"), "acme");
	cr_expect_str_eq(event->actor->user_id, story_id(s, ADA));
	cr_assert_eq(event_count(s, id, "member.joined", &event), 1);
	cr_expect_str_eq(event->user_id, story_id(s, ADA));
	cr_expect_str_eq(event_detail(event, "role"), "OWNER");
	cr_expect_str_eq(event_detail(event, "display_name"), "Ada");
	cr_expect_str_eq(event_detail(event, "email"), ADA);
}

Test(organization, an_operator_names_the_owner)
{
	Orgd__V1__Organization form = organization_named("acme", "Acme");
	const Orgd__V1__Organization *made;

	form.seat_limit = 7;
	made = ASK(s, "operator", OrganizationService, CreateOrganization, create_organization,
		.organization = &form, .owner_user_id = story_id(s, ADA))
		       ->organization;
	cr_expect_str_eq(made->owners[0], story_id(s, ADA));
	cr_expect_eq(made->seat_limit, 7);
}

Test(organization, an_operator_who_names_no_owner_is_asked_for_one)
{
	Orgd__V1__Organization form = organization_named("acme", "Acme");

	expect_reason(organization_try_create(s, "operator", &form), STATUS_INVALID_ARGUMENT,
		"FIELD_REQUIRED");
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", OrganizationService,
		CreateOrganization, create_organization, .organization = &form,
		.owner_user_id = "ada");
	REFUSED(s, "operator", STATUS_NOT_FOUND, "USER_NOT_FOUND", OrganizationService,
		CreateOrganization, create_organization, .organization = &form,
		.owner_user_id = "usr_00000000000000000000000001");
}

Test(organization, a_disabled_user_is_named_owner_of_nothing)
{
	Orgd__V1__Organization form = organization_named("acme", "Acme");

	person_disable(s, ADA);
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "USER_NOT_ACTIVE", OrganizationService,
		CreateOrganization, create_organization, .organization = &form,
		.owner_user_id = story_id(s, ADA));
}

Test(organization, a_user_names_no_other_owner_and_no_seat_limit)
{
	Orgd__V1__Organization form = organization_named("acme", "Acme");

	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", OrganizationService,
		CreateOrganization, create_organization, .organization = &form,
		.owner_user_id = story_id(s, BOB));
	form.seat_limit = 1;
	expect_reason(organization_try_create(s, ADA, &form), STATUS_PERMISSION_DENIED,
		"PERMISSION_DENIED");
}

Test(organization, nobody_creates_one_without_a_credential)
{
	Orgd__V1__Organization form = organization_named("acme", "Acme");

	expect_reason(organization_try_create(s, NULL, &form), STATUS_UNAUTHENTICATED,
		"CREDENTIAL_REQUIRED");
	expect_reason(organization_try_create(s, make_key(s, "act", NULL), &form),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
}

Test(organization, whoever_has_not_proved_their_address_creates_none)
{
	Orgd__V1__Organization form = organization_named("acme", "Acme");
	const Orgd__V1__ListUsersResponse *users;

	sign_up(s, ZOE, "Zoe");
	users = ASK(s, "operator", UserService, ListUsers, list_users, .email = ZOE);
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "EMAIL_NOT_VERIFIED",
		OrganizationService, CreateOrganization, create_organization, .organization = &form,
		.owner_user_id = users->users[0]->id);
}

/* A refusal of the form with one field changed. */
#define EXPECT_FORM_REFUSED(field_, value_, reason_)                                               \
	do {                                                                                       \
		Orgd__V1__Organization form_ = organization_named("acme", "Acme");                 \
		struct outcome outcome_;                                                           \
                                                                                                   \
		form_.field_ = value_;                                                             \
		outcome_ = organization_try_create(s, ADA, &form_);                                \
		expect_reason(outcome_, STATUS_INVALID_ARGUMENT, reason_);                         \
		cr_expect_str_eq(outcome_.field, "organization." #field_);                         \
	} while (0)

Test(organization, each_field_of_the_form_is_checked)
{
	char long_text[2002];

	memset(long_text, 'x', sizeof(long_text));
	long_text[2001] = '\0';
	EXPECT_FORM_REFUSED(handle, "", "FIELD_REQUIRED");
	EXPECT_FORM_REFUSED(handle, "a_b", "INVALID_HANDLE");
	EXPECT_FORM_REFUSED(handle, "admin", "RESERVED_HANDLE");
	EXPECT_FORM_REFUSED(display_name, "  ", "FIELD_REQUIRED");
	EXPECT_FORM_REFUSED(display_name, "https://evil.example", "NAME_IS_A_URL");
	EXPECT_FORM_REFUSED(display_name, "a\nb", "INVALID_TEXT");
	EXPECT_FORM_REFUSED(legal_name, long_text, "FIELD_TOO_LONG");
	EXPECT_FORM_REFUSED(website, "javascript:alert(1)", "INVALID_URL");
	EXPECT_FORM_REFUSED(country, "Germany", "INVALID_COUNTRY");
	EXPECT_FORM_REFUSED(country, "de", "INVALID_COUNTRY");
	EXPECT_FORM_REFUSED(description, long_text, "FIELD_TOO_LONG");
	EXPECT_FORM_REFUSED(intended_use, long_text, "FIELD_TOO_LONG");
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", OrganizationService,
		CreateOrganization, create_organization, .organization = NULL);
}

Test(organization, metadata_is_a_small_map_of_plain_keys)
{
	Orgd__V1__Organization form = organization_named("acme", "Acme");
	Orgd__V1__Organization__MetadataEntry entries[33], *pairs[33];
	char keys[33][8];
	struct outcome made;

	for (size_t i = 0; i < 33; i++) {
		orgd__v1__organization__metadata_entry__init(&entries[i]);
		snprintf(keys[i], sizeof(keys[i]), "key.%02zu", 32 - i);
		entries[i].key = keys[i];
		entries[i].value = "a value";
		pairs[i] = &entries[i];
	}
	form.metadata = pairs;
	form.n_metadata = 33;
	expect_reason(
		organization_try_create(s, ADA, &form), STATUS_INVALID_ARGUMENT, "METADATA_LIMIT");
	form.n_metadata = 32;
	entries[0].key = "Not Plain";
	expect_reason(
		organization_try_create(s, ADA, &form), STATUS_INVALID_ARGUMENT, "METADATA_KEY");
	entries[0].key = keys[0];
	made = organization_try_create(s, ADA, &form);
	expect_done(made);
	cr_expect_eq(((const Orgd__V1__CreateOrganizationResponse *)made.response)
			     ->organization->n_metadata,
		32);
}

/* Limits */

Test(organization, a_creator_has_at_most_five_that_are_not_verified)
{
	Orgd__V1__Organization form = organization_named("acme-6", "Acme");
	char handle[16];
	const char *id = NULL;

	for (int i = 1; i <= 5; i++) {
		snprintf(handle, sizeof(handle), "acme-%d", i);
		id = organization_made(s, ADA, handle);
	}
	expect_reason(organization_try_create(s, ADA, &form), STATUS_RESOURCE_EXHAUSTED,
		"UNVERIFIED_ORGANIZATION_LIMIT");
	ASK(s, "operator", VerificationService, VerifyOrganization, verify_organization,
		.organization_id = id);
	expect_done(organization_try_create(s, ADA, &form));
	form.handle = "acme-7";
	expect_reason(organization_try_create(s, ADA, &form), STATUS_RESOURCE_EXHAUSTED,
		"UNVERIFIED_ORGANIZATION_LIMIT");
}

Test(organization, a_deleted_one_does_not_wait_for_verification)
{
	Orgd__V1__Organization form = organization_named("acme-6", "Acme");
	char handle[16];
	const char *id = NULL;

	for (int i = 1; i <= 5; i++) {
		snprintf(handle, sizeof(handle), "acme-%d", i);
		id = organization_made(s, ADA, handle);
	}
	organization_deleted_by(s, ADA, id);
	expect_done(organization_try_create(s, ADA, &form));
}

Test(organization, a_user_owns_at_most_fifty)
{
	Orgd__V1__Organization form = organization_named("acme-51", "Acme");
	char handle[16];

	for (int i = 1; i <= 50; i++) {
		snprintf(handle, sizeof(handle), "acme-%d", i);
		story_organization(s, ADA, handle);
	}
	expect_reason(organization_try_create(s, ADA, &form), STATUS_RESOURCE_EXHAUSTED,
		"OWNED_ORGANIZATION_LIMIT");
}

/* Getting */

Test(organization, is_found_by_its_id_and_by_its_handle)
{
	const char *id = organization_made(s, ADA, "acme");
	const Orgd__V1__GetOrganizationResponse *by_id =
		ASK(s, ADA, OrganizationService, GetOrganization, get_organization, BY_ID(id));
	const Orgd__V1__GetOrganizationResponse *by_handle = ASK(
		s, ADA, OrganizationService, GetOrganization, get_organization, BY_HANDLE("ACME"));

	cr_expect_str_eq(by_id->organization->id, id);
	cr_expect_eq(by_id->role, OWNER);
	cr_expect_str_eq(by_handle->organization->id, id);
	cr_expect_eq(by_handle->role, OWNER);
}

Test(organization, an_operator_sees_it_without_a_role)
{
	const char *id = organization_made(s, ADA, "acme");
	const Orgd__V1__GetOrganizationResponse *seen = ASK(
		s, "operator", OrganizationService, GetOrganization, get_organization, BY_ID(id));

	cr_expect_eq(seen->role, ORGD__V1__ROLE__ROLE_UNSPECIFIED);
}

Test(organization, a_service_with_the_scope_sees_it)
{
	const char *id = organization_made(s, ADA, "acme");

	ASK(s, make_key(s, "organizations.read", NULL), OrganizationService, GetOrganization,
		get_organization, BY_ID(id));
	REFUSED(s, make_key(s, "check", NULL), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
		OrganizationService, GetOrganization, get_organization, BY_ID(id));
}

Test(organization, an_outsider_cannot_tell_whether_it_exists)
{
	const char *id = organization_made(s, ADA, "acme");
	struct outcome real, unreal;

	real = story_try(s, EVE, "OrganizationService/GetOrganization",
		STORY_REQUEST(GetOrganization, get_organization, BY_ID(id)));
	unreal = story_try(s, EVE, "OrganizationService/GetOrganization",
		STORY_REQUEST(GetOrganization, get_organization,
			BY_ID("org_00000000000000000000000001")));
	expect_reason(real, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_same_answer(&real, &unreal);
	real = story_try(s, EVE, "OrganizationService/GetOrganization",
		STORY_REQUEST(GetOrganization, get_organization, BY_HANDLE("acme")));
	unreal = story_try(s, EVE, "OrganizationService/GetOrganization",
		STORY_REQUEST(GetOrganization, get_organization, BY_HANDLE("no-such-one")));
	expect_reason(real, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_same_answer(&real, &unreal);
}

Test(organization, whoever_may_know_is_told_that_there_is_none)
{
	REFUSED(s, "operator", STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND", OrganizationService,
		GetOrganization, get_organization, BY_ID("org_00000000000000000000000001"));
	REFUSED(s, "operator", STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND", OrganizationService,
		GetOrganization, get_organization, BY_HANDLE("no-such-one"));
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", OrganizationService,
		GetOrganization, get_organization);
	REFUSED(s, EVE, STATUS_INVALID_ARGUMENT, "MALFORMED_ID", OrganizationService,
		GetOrganization, get_organization, BY_ID("acme"));
}

Test(rules, rule_27_handles_are_unique_in_canonical_form, .init = begin, .fini = end)
{
	Orgd__V1__Organization form = organization_named("ACME", "Acme");

	expect_done(organization_try_create(s, ADA, &form));
	form.handle = "acme";
	expect_reason(
		organization_try_create(s, BOB, &form), STATUS_ALREADY_EXISTS, "HANDLE_TAKEN");
	cr_expect_eq(person_organization_count(s, BOB), 0);
}

Test(rules, rule_27_a_deleted_organizations_handle_stays_reserved_for_90_days, .init = begin,
	.fini = end)
{
	const char *id = organization_made(s, ADA, "acme");
	Orgd__V1__Organization form = organization_named("acme", "Acme");

	organization_deleted_by(s, ADA, id);
	expect_reason(
		organization_try_create(s, ADA, &form), STATUS_ALREADY_EXISTS, "HANDLE_TAKEN");
	story_advance(s, 90 * US_PER_DAY - US_PER_MINUTE);
	REFUSED(s, "operator", STATUS_ALREADY_EXISTS, "HANDLE_TAKEN", OrganizationService,
		CreateOrganization, create_organization, .organization = &form,
		.owner_user_id = story_id(s, BOB));
	story_advance(s, US_PER_MINUTE);
	ASK(s, "operator", OrganizationService, CreateOrganization, create_organization,
		.organization = &form, .owner_user_id = story_id(s, BOB));
}

Test(rules, rule_27_of_creates_at_once_one_wins, .init = begin, .fini = end)
{
	/* The writer runs them one after another, on state that the ones before left. */
	const char *who[] = { ADA, BOB, EVE };
	unsigned won = 0;

	for (size_t i = 0; i < 3; i++) {
		Orgd__V1__Organization form = organization_named("acme", "Acme");
		struct outcome outcome = organization_try_create(s, who[i], &form);

		won += !outcome.code;
		if (outcome.code)
			expect_reason(outcome, STATUS_ALREADY_EXISTS, "HANDLE_TAKEN");
	}
	cr_expect_eq(won, 1);
}

/* A refusal names the organization, of whose name a sentence shows the beginning. */
Test(rules, rule_39_a_refusal_holds_whole_characters_however_long_the_name, .init = begin,
	.fini = end)
{
	char name[TEXT_NAME_MAX * 3 + 1] = "";
	Orgd__V1__Organization form = organization_named("acme", name);
	struct outcome outcome;
	const char *acme;

	for (size_t i = 0; i < TEXT_NAME_MAX; i++)
		strcat(name, "\xE7\xB5\x84");
	acme = ASK(s, ADA, OrganizationService, CreateOrganization, create_organization,
		.organization = &form)
		       ->organization->id;
	outcome = story_try(s, ADA, "InvitationService/GetInvitation",
		STORY_REQUEST(GetInvitation, get_invitation, .organization_id = acme,
			.invitation_id = "inv_00000000000000000000000001"));
	cr_expect_str_eq(outcome.reason, "INVITATION_NOT_FOUND");
	cr_expect(strstr(outcome.message, "\xE7\xB5\x84 has no invitation"));
	cr_expect(text_is_utf8(outcome.message, strlen(outcome.message)));
}
