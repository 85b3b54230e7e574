/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "service/organization_story.h"
#include "service/settings.h"

static struct story *s;
static const char *acme;

#define RUTH "ruth@example.com"

/* Acme waits for reviewers; Ada owns it. Ruth reviews. */
static void begin(void)
{
	s = people_begin();
	acme = organization_made(s, ADA, "acme");
	story_person(s, RUTH, "Ruth");
	person_give_platform_role(s, RUTH, ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER);
}

static void end(void)
{
	story_end(s);
}

TestSuite(verification_service, .init = begin, .fini = end);

static struct outcome verify(const char *who)
{
	return story_try(s, who, "VerificationService/VerifyOrganization",
		STORY_REQUEST(VerifyOrganization, verify_organization, .organization_id = acme,
			.private_note = "I called them."));
}

static struct outcome reject(const char *who)
{
	return story_try(s, who, "VerificationService/RejectOrganization",
		STORY_REQUEST(RejectOrganization, reject_organization, .organization_id = acme,
			.reason = ORGD__V1__DECISION_REASON__DECISION_REASON_NOT_CONFIRMED,
			.note = "Nobody answers the phone.", .private_note = "Smells."));
}

static struct outcome ask(const char *who)
{
	return story_try(s, who, "VerificationService/RequestInformation",
		STORY_REQUEST(RequestInformation, request_information, .organization_id = acme,
			.note = "Who are you?", .private_note = "Smells."));
}

static struct outcome answer(const char *who)
{
	return story_try(s, who, "VerificationService/AnswerReviewer",
		STORY_REQUEST(AnswerReviewer, answer_reviewer, .organization_id = acme,
			.note = "We make anvils."));
}

static struct outcome take_back(const char *who)
{
	return story_try(s, who, "VerificationService/Withdraw",
		STORY_REQUEST(Withdraw, withdraw, .organization_id = acme));
}

static struct outcome submit_again(const char *who)
{
	return story_try(s, who, "VerificationService/Resubmit",
		STORY_REQUEST(Resubmit, resubmit, .organization_id = acme, .note = "Better now."));
}

static Orgd__V1__VerificationState state(void)
{
	return organization_seen(s, acme)->verification;
}

static void edit_country(const char *country)
{
	Orgd__V1__Organization form = organization_named("", "");

	form.id = acme;
	form.country = country;
	expect_done(organization_try_update(s, ADA, &form, "country"));
}

static const Orgd__V1__ListQueueResponse *queue(void)
{
	return ASK(s, RUTH, VerificationService, ListQueue, list_queue);
}

static const Orgd__V1__ListDecisionsResponse *decisions(const char *who)
{
	return ASK(s, who, VerificationService, ListDecisions, list_decisions,
		.organization_id = acme);
}

/* The steps */

Test(verification_service, a_reviewer_verifies_what_waits)
{
	struct outcome outcome = verify(RUTH);
	const Orgd__V1__VerifyOrganizationResponse *response;

	expect_done(outcome);
	response = (const Orgd__V1__VerifyOrganizationResponse *)outcome.response;
	cr_expect_eq(response->organization->verification, VERIFIED);
	cr_expect_eq(response->decision->from, PENDING);
	cr_expect_eq(response->decision->to, VERIFIED);
	cr_expect_str_eq(response->decision->actor, story_id(s, RUTH));
	cr_expect_str_eq(response->decision->private_note, "I called them.");
	cr_expect_eq(strncmp(response->decision->id, "dec_", 4), 0);
	cr_expect(response->decision->create_time);
	cr_expect_eq(state(), VERIFIED);
	cr_expect_eq(queue()->n_entries, 0);
	cr_expect_eq(event_count(s, acme, "organization.verified", NULL), 1);
}

Test(verification_service, the_dialogue_goes_its_whole_way)
{
	expect_done(ask(RUTH));
	cr_expect_eq(state(), ASKED);
	cr_expect_eq(queue()->n_entries, 0);
	expect_done(answer(ADA));
	cr_expect_eq(state(), PENDING);
	cr_expect_eq(queue()->n_entries, 1);
	expect_done(reject(RUTH));
	cr_expect_eq(state(), REJECTED);
	cr_expect_eq(queue()->n_entries, 0);
	expect_done(submit_again(ADA));
	cr_expect_eq(state(), PENDING);
	expect_done(take_back(ADA));
	cr_expect_eq(state(), UNVERIFIED);
	expect_done(submit_again(ADA));
	expect_done(verify("operator"));
	edit_country("FR");
	cr_expect_eq(state(), REVERIFYING);
	cr_expect_eq(queue()->n_entries, 1);
	expect_done(ask(RUTH));
	expect_done(answer(ADA));
	cr_expect_eq(state(), REVERIFYING);
	expect_done(verify(RUTH));
	cr_expect_eq(state(), VERIFIED);
	expect_done(reject(RUTH));
	cr_expect_eq(state(), REJECTED);
	cr_expect_eq(decisions(RUTH)->n_decisions, 12);
}

Test(verification_service, asking_while_it_is_verified_again_changes_no_time)
{
	const Google__Protobuf__Timestamp *since;

	expect_done(verify(RUTH));
	edit_country("FR");
	since = organization_seen(s, acme)->verification_time;
	story_advance(s, US_PER_HOUR);
	expect_done(ask(RUTH));
	expect_done(answer(ADA));
	cr_expect_eq(organization_seen(s, acme)->verification_time->seconds, since->seconds);
	cr_expect_eq(organization_seen(s, acme)->verification_time->nanos, since->nanos);
}

Test(rules, rule_24_illegal_transitions_name_both_states, .init = begin, .fini = end)
{
	struct outcome refused;

	expect_done(reject(RUTH));
	refused = verify(RUTH);
	expect_reason(refused, STATUS_FAILED_PRECONDITION, "ILLEGAL_TRANSITION");
	cr_expect(strstr(refused.message, "REJECTED"));
	cr_expect(strstr(refused.message, "VERIFIED"));
	expect_reason(reject(RUTH), STATUS_FAILED_PRECONDITION, "ILLEGAL_TRANSITION");
	expect_reason(ask(RUTH), STATUS_FAILED_PRECONDITION, "ILLEGAL_TRANSITION");
	expect_reason(answer(ADA), STATUS_FAILED_PRECONDITION, "ILLEGAL_TRANSITION");
	expect_reason(take_back(ADA), STATUS_FAILED_PRECONDITION, "ILLEGAL_TRANSITION");
	expect_done(submit_again(ADA));
	expect_reason(submit_again(ADA), STATUS_FAILED_PRECONDITION, "ILLEGAL_TRANSITION");
	cr_expect_eq(decisions(RUTH)->n_decisions, 2);
}

Test(verification_service, a_suspended_or_deleted_one_takes_no_step)
{
	struct outcome (*const steps[])(
		const char *) = { verify, reject, ask, answer, take_back, submit_again };
	const char *who[] = { RUTH, RUTH, RUTH, ADA, ADA, ADA };

	organization_suspend_for(s, acme, "Spam.");
	for (size_t i = 0; i < 6; i++)
		expect_reason(
			steps[i](who[i]), STATUS_FAILED_PRECONDITION, "ORGANIZATION_SUSPENDED");
	organization_deleted_by(s, "operator", acme);
	for (size_t i = 0; i < 6; i++)
		expect_reason(steps[i](who[i]), STATUS_FAILED_PRECONDITION, "ORGANIZATION_DELETED");
}

Test(verification_service, reviewers_decide_and_owners_answer)
{
	const char *beta = story_organization(s, EVE, "beta");

	cr_assert(beta);
	expect_reason(verify(ADA), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(reject(ADA), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(ask(ADA), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(verify(EVE), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(answer(RUTH), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(take_back(RUTH), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(submit_again(EVE), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(verify(NULL), STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED");
	expect_done(take_back("operator"));
}

Test(verification_service, an_admin_reads_the_decisions_but_answers_nothing)
{
	expect_done(verify(RUTH));
	story_join(s, acme, BOB, ADMIN);
	story_join(s, acme, EVE, MEMBER);
	cr_expect_eq(decisions(BOB)->n_decisions, 1);
	REFUSED(s, EVE, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", VerificationService,
		ListDecisions, list_decisions, .organization_id = acme);
	edit_country("FR");
	expect_reason(answer(BOB), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	expect_reason(take_back(BOB), STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
}

Test(verification_service, an_organization_edited_since_it_was_read_is_not_verified)
{
	const char *etag = organization_seen(s, acme)->etag;

	edit_country("FR");
	REFUSED(s, RUTH, STATUS_ABORTED, "ETAG_MISMATCH", VerificationService, VerifyOrganization,
		verify_organization, .organization_id = acme, .etag = etag);
	cr_expect_eq(state(), PENDING);
	ASK(s, RUTH, VerificationService, VerifyOrganization, verify_organization,
		.organization_id = acme, .etag = organization_seen(s, acme)->etag);
}

Test(verification_service, what_is_not_there_takes_no_step)
{
	REFUSED(s, RUTH, STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND", VerificationService,
		VerifyOrganization, verify_organization,
		.organization_id = "org_00000000000000000000000001");
	REFUSED(s, RUTH, STATUS_INVALID_ARGUMENT, "MALFORMED_ID", VerificationService, Withdraw,
		withdraw, .organization_id = "acme");
}

/* Reasons, notes and mails */

Test(rules, rule_25_rejecting_and_asking_need_a_reason, .init = begin, .fini = end)
{
	REFUSED(s, RUTH, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", VerificationService,
		RejectOrganization, reject_organization, .organization_id = acme,
		.note = "Because.");
	REFUSED(s, RUTH, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", VerificationService,
		RejectOrganization, reject_organization, .organization_id = acme,
		.reason = ORGD__V1__DECISION_REASON__DECISION_REASON_OTHER);
	REFUSED(s, RUTH, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", VerificationService,
		RequestInformation, request_information, .organization_id = acme, .note = " ");
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", VerificationService,
		AnswerReviewer, answer_reviewer, .organization_id = acme);
	cr_expect_eq(state(), PENDING);
}

Test(rules, rule_23_a_reason_that_nobody_knows_is_refused, .init = begin, .fini = end)
{
	REFUSED(s, RUTH, STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", VerificationService,
		RejectOrganization, reject_organization, .organization_id = acme, .reason = 99,
		.note = "Because.");
	cr_expect_eq(state(), PENDING);
}

Test(verification_service, notes_have_at_most_2000_characters)
{
	char note[2002];

	memset(note, 'x', sizeof(note));
	note[2001] = '\0';
	REFUSED(s, RUTH, STATUS_INVALID_ARGUMENT, "FIELD_TOO_LONG", VerificationService,
		VerifyOrganization, verify_organization, .organization_id = acme, .note = note);
	REFUSED(s, RUTH, STATUS_INVALID_ARGUMENT, "FIELD_TOO_LONG", VerificationService,
		VerifyOrganization, verify_organization, .organization_id = acme,
		.private_note = note);
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "FIELD_TOO_LONG", VerificationService, Resubmit,
		resubmit, .organization_id = acme, .note = note);
}

Test(rules, rule_25_the_owner_is_mailed_what_was_decided, .init = begin, .fini = end)
{
	size_t before = story_mail_count(s, ADA);

	expect_done(ask(RUTH));
	cr_expect_eq(story_mail_count(s, ADA), before + 1);
	cr_expect(strstr(story_mail_text(s, ADA), "More information is needed about acme"));
	expect_done(answer(ADA));
	cr_expect_eq(story_mail_count(s, ADA), before + 1);
	expect_done(reject(RUTH));
	cr_expect_eq(story_mail_count(s, ADA), before + 2);
	cr_expect(strstr(story_mail_text(s, ADA), "acme could not be verified"));
	expect_done(submit_again(ADA));
	expect_done(verify(RUTH));
	cr_expect_eq(story_mail_count(s, ADA), before + 3);
	cr_expect(strstr(story_mail_text(s, ADA), "acme is verified"));
}

Test(rules, rule_25_the_reviewer_may_say_not_to_mail, .init = begin, .fini = end)
{
	size_t before = story_mail_count(s, ADA);

	ASK(s, RUTH, VerificationService, RequestInformation, request_information,
		.organization_id = acme, .note = "Who?", .without_mail = true);
	ASK(s, RUTH, VerificationService, RejectOrganization, reject_organization,
		.organization_id = acme, .note = "No.", .without_mail = true,
		.reason = ORGD__V1__DECISION_REASON__DECISION_REASON_OTHER);
	cr_expect_eq(story_mail_count(s, ADA), before);
	cr_expect_eq(state(), REJECTED);
}

Test(verification_service, the_mail_goes_to_another_owner_when_the_contact_is_disabled)
{
	size_t before;

	expect_done(verify(RUTH));
	story_join(s, acme, BOB, OWNER);
	person_disable(s, ADA);
	before = story_mail_count(s, BOB);
	expect_done(reject(RUTH));
	cr_expect_eq(story_mail_count(s, BOB), before + 1);
}

/* The queue and the decisions */

Test(rules, rule_25_the_queue_is_oldest_first_with_waiting_time, .init = begin, .fini = end)
{
	const char *beta;
	const Orgd__V1__ListQueueResponse *list;

	story_advance(s, 2 * US_PER_HOUR);
	beta = organization_made(s, BOB, "beta");
	story_advance(s, US_PER_HOUR);
	list = queue();
	cr_assert_eq(list->n_entries, 2);
	cr_expect_str_eq(list->entries[0]->organization->id, acme);
	cr_expect_str_eq(list->entries[1]->organization->id, beta);
	cr_expect(list->entries[0]->waiting->seconds >= 3 * 60 * 60 &&
		  list->entries[0]->waiting->seconds < 4 * 60 * 60);
	cr_expect(list->entries[1]->waiting->seconds >= 60 * 60 &&
		  list->entries[1]->waiting->seconds < 2 * 60 * 60);
	/* Whoever had to answer waits anew. */
	expect_done(ask(RUTH));
	expect_done(answer(ADA));
	list = queue();
	cr_expect_str_eq(list->entries[0]->organization->id, beta);
	cr_expect_str_eq(list->entries[1]->organization->id, acme);
}

Test(verification_service, the_queue_is_for_reviewers_and_administrators)
{
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", VerificationService,
		ListQueue, list_queue);
	cr_expect_eq(ASK(s, "operator", VerificationService, ListQueue, list_queue)->n_entries, 1);
}

Test(rules, rule_36_the_queue_comes_in_pages, .init = begin, .fini = end)
{
	const Orgd__V1__ListQueueResponse *first, *second;
	const char *beta = organization_made(s, BOB, "beta");

	first = ASK(s, RUTH, VerificationService, ListQueue, list_queue, .page_size = 1);
	cr_assert_eq(first->n_entries, 1);
	cr_expect_str_eq(first->entries[0]->organization->id, acme);
	expect_done(verify(RUTH));
	second = ASK(s, RUTH, VerificationService, ListQueue, list_queue, .page_size = 1,
		.page_token = first->next_page_token);
	cr_assert_eq(second->n_entries, 1);
	cr_expect_str_eq(second->entries[0]->organization->id, beta);
	cr_expect_str_eq(second->next_page_token, "");
	REFUSED(s, RUTH, STATUS_INVALID_ARGUMENT, "PAGE_SIZE", VerificationService, ListQueue,
		list_queue, .page_size = -1);
}

Test(rules, rule_25_every_decision_is_kept_oldest_first, .init = begin, .fini = end)
{
	static const struct {
		Orgd__V1__VerificationState from, to;
		const char *note;
	} expected[] = { { PENDING, ASKED, "Who are you?" }, { ASKED, PENDING, "We make anvils." },
		{ PENDING, VERIFIED, "" }, { VERIFIED, REVERIFYING, "" } };
	const Orgd__V1__ListDecisionsResponse *list;

	expect_done(ask(RUTH));
	expect_done(answer(ADA));
	expect_done(verify(RUTH));
	edit_country("FR");
	list = decisions(RUTH);
	cr_assert_eq(list->n_decisions, 4);
	for (size_t i = 0; i < 4; i++) {
		cr_expect_eq(list->decisions[i]->from, expected[i].from);
		cr_expect_eq(list->decisions[i]->to, expected[i].to);
		cr_expect_str_eq(list->decisions[i]->note, expected[i].note);
	}
	cr_expect_str_eq(list->decisions[0]->actor, story_id(s, RUTH));
	cr_expect_str_eq(list->decisions[0]->private_note, "Smells.");
	cr_expect_str_eq(list->decisions[1]->actor, story_id(s, ADA));
	list = ASK(s, RUTH, VerificationService, ListDecisions, list_decisions,
		.organization_id = acme, .page_size = 3);
	cr_expect_eq(list->n_decisions, 3);
	list = ASK(s, RUTH, VerificationService, ListDecisions, list_decisions,
		.organization_id = acme, .page_size = 3, .page_token = list->next_page_token);
	cr_expect_eq(list->n_decisions, 1);
}

Test(rules, rule_42_reviewers_appear_to_organizations_as_platform, .init = begin, .fini = end)
{
	const Orgd__V1__ListDecisionsResponse *list;

	expect_done(ask(RUTH));
	expect_done(answer(ADA));
	expect_done(take_back("operator"));
	list = decisions(ADA);
	cr_assert_eq(list->n_decisions, 3);
	cr_expect_str_eq(list->decisions[0]->actor, "platform");
	cr_expect_str_eq(list->decisions[0]->note, "Who are you?");
	cr_expect_str_eq(list->decisions[0]->private_note, "");
	cr_expect_str_eq(list->decisions[1]->actor, story_id(s, ADA));
	cr_expect_str_eq(list->decisions[2]->actor, "platform");
	cr_expect_str_eq(decisions(RUTH)->decisions[2]->actor, "operator");
}

Test(rules, rule_42_private_notes_are_in_no_event, .init = begin, .fini = end)
{
	const Orgd__V1__Event *event;

	expect_done(reject(RUTH));
	cr_assert_eq(event_count(s, acme, "organization.rejected", &event), 1);
	cr_expect_str_eq(event_detail(event, "from"), "PENDING");
	cr_expect_str_eq(event_detail(event, "to"), "REJECTED");
	cr_expect_str_eq(event_detail(event, "reason"), "NOT_CONFIRMED");
	for (size_t i = 0; i < event->n_details; i++)
		cr_expect_null(strstr(event->details[i]->value, "Smells"));
}

Test(rules, rule_01_an_unverified_one_adds_nobody_and_names_the_support_contact, .init = begin,
	.fini = end)
{
	struct outcome refused = story_try(s, ADA, "InvitationService/CreateInvitation",
		STORY_REQUEST(CreateInvitation, create_invitation, .organization_id = acme,
			.email = EVE, .role = MEMBER));

	expect_reason(refused, STATUS_FAILED_PRECONDITION, "ORGANIZATION_NOT_VERIFIED");
	cr_expect(strstr(refused.message, "developer@example.com"));
	cr_expect(strstr(refused.help, "developer@example.com"));
}
