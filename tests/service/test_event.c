/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "invitation_scene.h"
#include "store/events.h"

/* ListEvents and VerifyEvents. */

static const Orgd__V1__ListEventsResponse *list(
	struct story *s, const char *who, const char *org, const char *prefix)
{
	return ASK(s, who, EventService, ListEvents, list_events, .organization_id = org,
		.page_size = 1000, .action_prefix = prefix);
}

static const char *detail(const Orgd__V1__Event *event, const char *key)
{
	for (size_t i = 0; i < event->n_details; i++)
		if (!strcmp(event->details[i]->key, key))
			return event->details[i]->value;
	return NULL;
}

static const char *make_key(struct story *s, char *scope)
{
	Orgd__V1__ApiKey key;
	static char secret[128];

	orgd__v1__api_key__init(&key);
	key.display_name = "a service";
	key.n_scopes = 1;
	key.scopes = &scope;
	snprintf(secret, sizeof(secret), "key:%s",
		ASK(s, "operator", ApiKeyService, CreateApiKey, create_api_key, .api_key = &key)
			->secret);
	return secret;
}

Test(event_service, tells_what_happened_to_an_organization_in_order)
{
	const Orgd__V1__ListEventsResponse *events;
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation =
		scene_invite(s, ADA, org, "Ann@Example.com", ROLE(ADMIN));
	const Orgd__V1__Event *last;

	events = list(s, ADA, org, "");
	cr_assert_geq(events->n_events, 3);
	cr_assert_str_eq(events->events[0]->action, "organization.created");
	for (size_t i = 1; i < events->n_events; i++) {
		const Orgd__V1__Event *a = events->events[i - 1], *b = events->events[i];

		cr_assert_str_eq(b->organization_id, org);
		cr_assert(a->revision < b->revision ||
			  (a->revision == b->revision && a->index < b->index));
	}
	last = events->events[events->n_events - 1];
	cr_assert_str_eq(last->action, "invitation.created");
	cr_assert_str_eq(last->invitation_id, invitation->id);
	cr_assert_eq(last->time->seconds, invitation->create_time->seconds);
	cr_assert_str_eq(last->actor->kind, "user");
	cr_assert_str_eq(last->actor->user_id, story_id(s, ADA));
	cr_assert_str_eq(last->actor->display_name, "The Owner");
	cr_assert_str_eq(detail(last, "email"), "Ann@Example.com");
	cr_assert_str_eq(detail(last, "role"), "ADMIN");
	story_end(s);
}

Test(event_service, an_invited_sign_up_is_the_doing_of_the_user_it_makes)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__ListEventsResponse *events;
	const Orgd__V1__SignUpResponse *joined;
	size_t seen = 0;

	scene_invite(s, ADA, org, "ann@example.com", ROLE(MEMBER));
	joined = ASK(s, NULL, UserService, SignUp, sign_up, .password = "correct horse battery",
		.display_name = "Ann", .invitation_token = story_mail_token(s, "ann@example.com"));
	events = list(s, "operator", "", "");
	for (size_t i = 0; i < events->n_events; i++) {
		const Orgd__V1__Event *event = events->events[i];

		if (strcmp(event->user_id, joined->user->id) != 0)
			continue;
		cr_expect_str_eq(event->actor->kind, "user", "%s", event->action);
		cr_expect_str_eq(event->actor->user_id, joined->user->id, "%s", event->action);
		cr_expect_str_eq(event->actor->display_name, "Ann", "%s", event->action);
		seen++;
	}
	cr_assert_geq(seen, 4, "signed up, joined, accepted, session started: %zu", seen);
	story_end(s);
}

Test(event_service, signing_in_is_the_doing_of_the_user)
{
	struct story *s = story_begin();
	const Orgd__V1__ListEventsResponse *events;

	story_person(s, "ada@example.com", "Ada");
	events = list(s, "operator", "", "session.started");
	cr_assert_geq(events->n_events, 1);
	cr_expect_str_eq(events->events[0]->actor->kind, "user");
	cr_expect_str_eq(events->events[0]->actor->user_id, story_id(s, "ada@example.com"));
	cr_expect_str_eq(events->events[0]->actor->display_name, "Ada");
	story_end(s);
}

Test(event_service, filters_by_how_an_action_begins)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_join(s, org, ANN, ROLE(MEMBER));
	cr_assert_eq(list(s, ADA, org, "invitation.")->n_events, 2);
	cr_assert_eq(list(s, ADA, org, "invitation.accepted")->n_events, 1);
	cr_assert_eq(list(s, ADA, org, "invitations")->n_events, 0);
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "FIELD_TOO_LONG", EventService, ListEvents,
		list_events, .organization_id = org,
		.action_prefix =
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	story_end(s);
}

Test(event_service, is_for_admins_of_the_organization_and_for_the_platform)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_join(s, org, ANN, ROLE(MEMBER));
	story_join(s, org, BOB, ROLE(ADMIN));
	(void)list(s, BOB, org, "");
	(void)list(s, "operator", org, "");
	(void)list(s, make_key(s, "events"), org, "");
	REFUSED(s, ANN, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", EventService, ListEvents,
		list_events, .organization_id = org);
	REFUSED(s, make_key(s, "check"), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
		EventService, ListEvents, list_events, .organization_id = org);
	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", EventService, ListEvents,
		list_events, .organization_id = org);
	story_end(s);
}

Test(event_service, of_the_whole_platform_is_for_the_platform_alone)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__ListEventsResponse *events = list(s, "operator", "", "");

	cr_assert_gt(events->n_events, list(s, ADA, org, "")->n_events);
	cr_assert_eq(list(s, make_key(s, "events"), "", "user.")->n_events,
		list(s, "operator", "", "user.")->n_events);
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", EventService, ListEvents,
		list_events);
	story_end(s);
}

/* Pages of `size` through the same list; each event must come once, in order. */
static void expect_pages(struct story *s, const char *org, int32_t size)
{
	const Orgd__V1__ListEventsResponse *all = list(s, "operator", org, ""), *page;
	const char *token = "";
	size_t n = 0;

	do {
		page = ASK(s, "operator", EventService, ListEvents, list_events,
			.organization_id = org, .page_size = size, .page_token = token);
		cr_assert_leq(page->n_events, (size_t)size);
		for (size_t i = 0; i < page->n_events; i++, n++) {
			cr_assert_lt(n, all->n_events);
			cr_assert_str_eq(page->events[i]->id, all->events[n]->id);
		}
		token = page->next_page_token;
	} while (*token);
	cr_assert_eq(n, all->n_events);
}

Test(event_service, pages_through_all_events_once)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_join(s, org, ANN, ROLE(MEMBER));
	story_join(s, org, BOB, ROLE(OWNER));
	expect_pages(s, org, 1);
	expect_pages(s, org, 4);
	expect_pages(s, "", 1);
	expect_pages(s, "", 7);
	story_end(s);
}

Test(rules, rule_42_reviewers_appear_to_organizations_as_the_platform)
{
	Orgd__V1__PlatformRole reviewer = ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER;
	Orgd__V1__Organization organization;
	const Orgd__V1__ListEventsResponse *events;
	struct story *s = story_begin();
	const char *org;

	orgd__v1__organization__init(&organization);
	story_person(s, ADA, "Ada");
	story_person(s, EVE, "Rita Reviewer");
	ASK(s, "operator", UserService, SetPlatformRoles, set_platform_roles,
		.user_id = story_id(s, EVE), .n_platform_roles = 1, .platform_roles = &reviewer);
	organization.handle = "acme";
	organization.display_name = "Acme";
	organization.legal_name = "Acme";
	organization.website = "https://example.com/";
	organization.country = "DE";
	organization.intended_use = "To read.";
	org = ASK(s, ADA, OrganizationService, CreateOrganization, create_organization,
		.organization = &organization)
		      ->organization->id;
	ASK(s, EVE, VerificationService, RejectOrganization, reject_organization,
		.organization_id = org, .reason = ORGD__V1__DECISION_REASON__DECISION_REASON_OTHER,
		.note = "No.", .private_note = "looks like a fraud to me");
	events = list(s, ADA, org, "organization.rejected");
	cr_assert_eq(events->n_events, 1);
	cr_assert_str_eq(events->events[0]->actor->kind, "platform");
	cr_assert_str_eq(events->events[0]->actor->user_id, "");
	cr_assert_str_eq(events->events[0]->actor->display_name, "");
	events = list(s, "operator", org, "organization.rejected");
	cr_assert_str_eq(events->events[0]->actor->kind, "user");
	cr_assert_str_eq(events->events[0]->actor->user_id, story_id(s, EVE));
	cr_assert_str_eq(events->events[0]->actor->display_name, "Rita Reviewer");
	story_end(s);
}

Test(rules, rule_42_so_do_operators_but_not_what_a_reviewer_does_as_a_member)
{
	Orgd__V1__PlatformRole reviewer = ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER;
	const Orgd__V1__ListEventsResponse *events;
	const char *org;
	struct story *s = acme_begin(&org);

	events = list(s, ADA, org, "organization.verified");
	cr_assert_str_eq(events->events[0]->actor->kind, "platform");
	cr_assert_eq(events->events[0]->actor->uid, 0);
	cr_assert_neq(list(s, "operator", org, "organization.verified")->events[0]->actor->uid, 0);
	story_join(s, org, BOB, ROLE(ADMIN));
	ASK(s, "operator", UserService, SetPlatformRoles, set_platform_roles,
		.user_id = story_id(s, BOB), .n_platform_roles = 1, .platform_roles = &reviewer);
	scene_invite(s, BOB, org, ANN, ROLE(MEMBER));
	events = list(s, ADA, org, "invitation.created");
	cr_assert_str_eq(events->events[events->n_events - 1]->actor->user_id, story_id(s, BOB));
	story_end(s);
}

Test(rules, rule_30_events_keep_no_name_of_an_erased_person)
{
	const Orgd__V1__ListEventsResponse *events;
	const char *org;
	struct story *s = acme_begin(&org);
	uint64_t verified;

	story_join(s, org, BOB, ROLE(ADMIN));
	scene_invite(s, BOB, org, ANN, ROLE(MEMBER));
	ASK(s, BOB, UserService, EraseUser, erase_user, .user_id = story_id(s, BOB),
		.confirm_email = BOB);
	story_sweep(s);
	events = list(s, ADA, org, "");
	for (size_t i = 0; i < events->n_events; i++) {
		const Orgd__V1__Event *event = events->events[i];

		if (!strcmp(event->actor->user_id, story_id(s, BOB)))
			cr_assert_str_eq(event->actor->display_name, "(erased)");
		for (size_t n = 0; n < event->n_details; n++)
			cr_assert_null(strstr(event->details[n]->value, BOB), "%s %s",
				event->action, event->details[n]->key);
	}
	verified = ASK(s, "operator", EventService, VerifyEvents, verify_events)->events_verified;
	cr_assert_eq(verified, list(s, "operator", "", "")->n_events);
	story_end(s);
}

Test(event_service, verifies_the_chain_of_all_events_for_the_platform)
{
	const Orgd__V1__VerifyEventsResponse *verified;
	const char *org;
	struct story *s = acme_begin(&org);

	verified = ASK(s, "operator", EventService, VerifyEvents, verify_events);
	cr_assert_eq(verified->events_verified, list(s, "operator", "", "")->n_events);
	cr_assert_eq(verified->next_revision, 0);
	cr_assert_eq(verified->head_hash.len, 32);
	cr_assert_gt(verified->head_revision, 0);
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", EventService, VerifyEvents,
		verify_events);
	story_end(s);
}

Test(event_service, says_where_the_chain_is_broken)
{
	const Orgd__V1__ListEventsResponse *events;
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome outcome;
	struct key key;
	struct id id;

	events = list(s, "operator", org, "");
	cr_assert_eq(id_parse(ID_EVENT, "id", events->events[0]->id, &id).code, STATUS_OK);
	event_key(&key, &id);
	scene_tamper(s, &key, "nonsense");
	outcome = story_try(s, "operator", "EventService/VerifyEvents",
		STORY_REQUEST(VerifyEvents, verify_events));
	scene_expect_refusal(outcome, STATUS_DATA_LOSS, "EVENT_CHAIN_BROKEN");
	cr_assert(strstr(outcome.message, "revision"), "%s", outcome.message);
	story_end(s);
}
