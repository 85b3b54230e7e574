/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "service/delivery_story.h"
#include "service/settings.h"

TestSuite(delivery_service, .init = outbox_begin, .fini = outbox_end);
#define RULE(name) Test(rules, name, .init = outbox_begin, .fini = outbox_end)

static const char *message_of(const lease_of *leased)
{
	static char text[128 * 1024];

	cr_assert_lt(leased->message.len, sizeof(text));
	memcpy(text, leased->message.data, leased->message.len);
	text[leased->message.len] = '\0';
	return text;
}

/* --- the outbox --- */

RULE(rule_15_a_mail_is_queued_with_the_invitation_and_sent_later)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);

	cr_expect_eq(invitation->delivery->state, STATE(QUEUED));
	cr_expect_eq(invitation->delivery->attempts, 0);
	cr_expect(invitation->delivery->next_attempt_time);
	cr_expect_eq(strncmp(invitation->delivery->delivery_id, "dlv_", 4), 0);
	cr_expect_eq(report(must_lease(), OUTCOME(ACCEPTED), 250, "OK"), STATE(SENT));
	cr_expect_eq(status_of(invitation)->state, STATE(SENT));
	cr_expect(status_of(invitation)->sent_time);
	cr_expect_null(status_of(invitation)->next_attempt_time);
}

RULE(rule_15_without_mail_the_answer_says_so_and_nothing_is_queued)
{
	const Orgd__V1__Invitation *invitation;

	story_settings(s)->mail = false;
	invitation = invite(EVE);
	cr_expect_eq(invitation->delivery->state, STATE(NOT_CONFIGURED));
	cr_expect_str_eq(invitation->delivery->delivery_id, "");
	cr_expect_eq(status_of(invitation)->state, STATE(NOT_CONFIGURED));
	story_settings(s)->mail = true;
	cr_expect_null(lease());
}

Test(delivery_service, a_lease_has_all_that_the_courier_needs)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	const lease_of *leased = must_lease();
	const char *message = message_of(leased);
	char header[128];

	cr_expect_str_eq(leased->delivery_id, invitation->delivery->delivery_id);
	cr_expect_eq(leased->lease_token.len, 16);
	cr_expect_str_eq(leased->sender, "portal@portal.example");
	cr_expect_str_eq(leased->recipient, EVE);
	cr_expect_eq(leased->timeout_ms, 120000);
	cr_expect_leq(leased->lease_expire_time->seconds, story_now_us(s) / US_PER_SECOND + 240);
	cr_expect_geq(leased->lease_expire_time->seconds, story_now_us(s) / US_PER_SECOND + 230);
	snprintf(header, sizeof(header), "\r\nMessage-ID: <%s@portal.example>\r\n",
		leased->delivery_id);
	cr_expect(strstr(message, header));
	cr_expect(strstr(message, "\r\nTo: <" EVE ">\r\n"));
	cr_expect_eq(status_of(invitation)->state, STATE(SENDING));
	cr_expect_eq(status_of(invitation)->attempts, 1);
}

Test(delivery_service, a_leased_mail_is_nobody_elses)
{
	const Orgd__V1__LeaseDeliveriesResponse *again;
	const lease_of *leased;

	invite(EVE);
	leased = must_lease();
	again = ASK(s, "courier", DeliveryService, LeaseDeliveries, lease_deliveries);
	cr_expect_eq(again->n_leases, 0);
	cr_assert(again->next_due_time, "it falls due when the lease ends");
	cr_expect_eq(again->next_due_time->seconds, leased->lease_expire_time->seconds);
}

Test(delivery_service, an_empty_outbox_names_no_time)
{
	cr_expect_null(ASK(s, "courier", DeliveryService, LeaseDeliveries, lease_deliveries)
			       ->next_due_time);
}

Test(delivery_service, a_lease_changes_nothing_that_is_a_fact)
{
	const Orgd__V1__ListEventsResponse *before, *after;

	invite(EVE);
	before = ASK(s, "operator", EventService, ListEvents, list_events, .page_size = 1000);
	(void)report(must_lease(), OUTCOME(REFUSED), 451, "later");
	after = ASK(s, "operator", EventService, ListEvents, list_events, .page_size = 1000);
	cr_expect_eq(before->n_events, after->n_events);
}

RULE(rule_15_a_lease_that_nobody_reported_on_is_given_out_again_with_the_same_message)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	const lease_of *first = must_lease(), *second;

	story_advance(s, LEASE_US);
	cr_expect_eq(status_of(invitation)->state, STATE(QUEUED));
	second = must_lease();
	cr_expect_str_eq(first->delivery_id, second->delivery_id);
	cr_expect(memcmp(first->lease_token.data, second->lease_token.data, 16) != 0);
	cr_expect_eq(first->message.len, second->message.len);
	cr_expect_eq(memcmp(first->message.data, second->message.data, first->message.len), 0);
	cr_expect_eq(status_of(invitation)->attempts, 2);
}

RULE(rule_15_a_permanent_refusal_is_failed_with_the_servers_text)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	const Orgd__V1__Event *event;

	cr_expect_eq(report(must_lease(), OUTCOME(REFUSED), 550, "5.1.1 no " EVE " here"),
		STATE(FAILED));
	cr_expect_str_eq(status_of(invitation)->last_error, "550 5.1.1 no " EVE " here");
	story_advance(s, US_PER_DAY);
	cr_expect_null(lease());
	cr_expect_eq(fates("delivery.failed", &event), 1);
	cr_expect_str_eq(event->invitation_id, invitation->id);
	cr_expect_str_eq(event->actor->kind, "courier");
	cr_expect_str_eq(event_detail(event, "kind"), "invitation");
	cr_expect_str_eq(event_detail(event, "recipient"), EVE);
	cr_expect_str_eq(event_detail(event, "error"), "550 5.1.1 no " EVE " here");
	cr_expect_str_eq(event_detail(event, "delivery_id"), invitation->delivery->delivery_id);
}

RULE(rule_15_a_temporary_refusal_is_tried_again_a_minute_later)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	const Orgd__V1__DeliveryStatus *status;

	cr_expect_eq(report(must_lease(), OUTCOME(REFUSED), 451, "4.7.1 come back later"),
		STATE(QUEUED));
	status = status_of(invitation);
	cr_expect_str_eq(status->last_error, "451 4.7.1 come back later");
	cr_expect_eq(status->attempts, 1);
	cr_expect_null(lease());
	story_advance(s, 76 * US_PER_SECOND);
	cr_expect_eq(report(must_lease(), OUTCOME(ACCEPTED), 250, "OK"), STATE(SENT));
	cr_expect_str_eq(status_of(invitation)->last_error, "");
	cr_expect_eq(status_of(invitation)->attempts, 2);
}

RULE(rule_15_silence_is_tried_again_until_the_last_attempt)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	const Orgd__V1__Event *event;

	for (unsigned attempt = 1; attempt < 20; attempt++) {
		cr_assert_eq(
			report(must_lease(), OUTCOME(UNREACHABLE), 0, "no answer"), STATE(QUEUED));
		story_advance(s, 5 * US_PER_HOUR + US_PER_MINUTE);
	}
	cr_expect_eq(report(must_lease(), OUTCOME(UNREACHABLE), 0, "no answer"), STATE(DEAD));
	cr_expect_eq(status_of(invitation)->attempts, 20);
	cr_expect_eq(fates("delivery.dead", &event), 1);
	cr_expect_str_eq(event_detail(event, "error"), "no answer");
	story_advance(s, 5 * US_PER_HOUR);
	cr_expect_null(lease());
}

Test(delivery_service, a_last_attempt_that_nobody_reported_on_ends_it_too)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);

	for (unsigned attempt = 1; attempt <= 20; attempt++) {
		(void)must_lease();
		story_advance(s, LEASE_US);
	}
	cr_expect_null(lease());
	cr_expect_eq(status_of(invitation)->state, STATE(DEAD));
	cr_expect_str_eq(
		status_of(invitation)->last_error, "how the last attempt ended was never reported");
	cr_expect_eq(fates("delivery.dead", NULL), 1);
}

/* --- reports --- */

RULE(rule_15_a_report_of_another_lease_is_refused)
{
	const lease_of *first;
	lease_of forged;
	uint8_t other[16] = "another's token";

	invite(EVE);
	first = must_lease();
	forged = *first;
	forged.lease_token.data = other;
	report_lost(&forged, OUTCOME(REFUSED));
	forged.lease_token.len = 0;
	report_lost(&forged, OUTCOME(UNREACHABLE));
	story_advance(s, LEASE_US);
	report_lost(first, OUTCOME(UNREACHABLE));
	(void)must_lease();
	report_lost(first, OUTCOME(REFUSED));
}

RULE(rule_15_a_success_is_recorded_whoever_holds_the_lease)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	const lease_of *first = must_lease(), *second;
	size_t before = fates("delivery.sent", NULL);

	story_advance(s, LEASE_US);
	second = must_lease();
	cr_expect_eq(report(first, OUTCOME(ACCEPTED), 250, "OK"), STATE(SENT));
	report_lost(second, OUTCOME(UNREACHABLE));
	cr_expect_eq(status_of(invitation)->state, STATE(SENT));
	cr_expect_eq(report(second, OUTCOME(ACCEPTED), 250, "OK"), STATE(SENT), "it arrived twice");
	cr_expect_eq(fates("delivery.sent", NULL), before + 1, "and is one fact");
}

Test(delivery_service, a_success_revives_a_mail_that_was_given_up)
{
	const lease_of *leased;

	invite(EVE);
	leased = must_lease();
	cr_expect_eq(report(leased, OUTCOME(REFUSED), 550, "no"), STATE(FAILED));
	cr_expect_eq(report(leased, OUTCOME(ACCEPTED), 250, "OK"), STATE(SENT));
}

Test(delivery_service, what_a_server_says_is_cut_and_kept_to_one_line)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	char text[2001] = "";

	for (int i = 0; i < 500; i++)
		strcat(text, "\xc3\xa4\r\n");
	(void)report(must_lease(), OUTCOME(REFUSED), 451, text);
	cr_expect_eq(strcspn(status_of(invitation)->last_error, "\r\n"),
		strlen(status_of(invitation)->last_error));
	cr_expect_eq(text_length(status_of(invitation)->last_error), 500);
}

Test(delivery_service, a_report_must_say_something)
{
	const lease_of *leased;

	invite(EVE);
	leased = must_lease();
	REFUSED(s, "courier", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", DeliveryService,
		ReportDelivery, report_delivery, .delivery_id = leased->delivery_id,
		.lease_token = leased->lease_token);
	REFUSED(s, "courier", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", DeliveryService,
		ReportDelivery, report_delivery, .delivery_id = leased->delivery_id,
		.lease_token = leased->lease_token, .outcome = 17);
	REFUSED(s, "courier", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", DeliveryService,
		ReportDelivery, report_delivery, .delivery_id = "dlv_1",
		.outcome = OUTCOME(ACCEPTED));
	REFUSED(s, "courier", STATUS_NOT_FOUND, "DELIVERY_NOT_FOUND", DeliveryService,
		ReportDelivery, report_delivery, .delivery_id = "dlv_00000000000000000000000001",
		.outcome = OUTCOME(ACCEPTED));
}

/* --- many --- */

Test(delivery_service, twenty_mails_at_most_are_leased_at_once)
{
	const Orgd__V1__LeaseDeliveriesResponse *leased;

	invite_many(22);
	leased = ASK(s, "courier", DeliveryService, LeaseDeliveries, lease_deliveries, .max = 500);
	cr_expect_eq(leased->n_leases, 20);
	cr_expect_leq(
		leased->next_due_time->seconds, story_now_us(s) / US_PER_SECOND, "there is more");
	leased = ASK(s, "courier", DeliveryService, LeaseDeliveries, lease_deliveries);
	cr_expect_eq(leased->n_leases, 2);
}

Test(delivery_service, mails_are_leased_in_the_order_they_fell_due)
{
	invite_many(3);
	cr_expect_str_eq(must_lease()->recipient, "guest0@example.com");
	cr_expect_str_eq(must_lease()->recipient, "guest1@example.com");
	cr_expect_str_eq(must_lease()->recipient, "guest2@example.com");
}

Test(delivery_service, dead_links_in_any_number_hold_nothing_up)
{
	const Orgd__V1__LeaseDeliveriesResponse *leased;
	unsigned calls = 0;

	invite_many(60);
	ASK(s, "operator", OrganizationService, SuspendOrganization, suspend_organization,
		.organization_id = acme, .reason = "abuse");
	ASK(s, NULL, UserService, RequestPasswordReset, request_password_reset, .email = ADA);
	do {
		cr_assert_lt(calls++, 10);
		leased = ASK(s, "courier", DeliveryService, LeaseDeliveries, lease_deliveries);
		cr_assert(leased->n_leases || leased->next_due_time, "there is more to do now");
	} while (!leased->n_leases);
	cr_expect_str_eq(leased->leases[0]->recipient, ADA);
}

/* --- permissions, lists, retries --- */

Test(delivery_service, the_outbox_is_the_couriers_and_the_platforms)
{
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", DeliveryService,
		LeaseDeliveries, lease_deliveries);
	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", DeliveryService,
		LeaseDeliveries, lease_deliveries);
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", DeliveryService,
		ReportDelivery, report_delivery, .delivery_id = "dlv_00000000000000000000000001");
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", DeliveryService,
		ListDeliveries, list_deliveries);
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", DeliveryService,
		RetryDelivery, retry_delivery, .delivery_id = "dlv_00000000000000000000000001");
}

Test(delivery_service, a_list_has_all_mails_oldest_first_over_its_pages)
{
	const Orgd__V1__ListDeliveriesResponse *page;
	char *token = "", previous[64] = "";
	unsigned seen = 0;

	invite_many(5);
	do {
		page = ASK(s, "operator", DeliveryService, ListDeliveries, list_deliveries,
			.page_size = 2, .page_token = token, .state = STATE(QUEUED));
		for (size_t i = 0; i < page->n_deliveries; i++) {
			cr_expect_gt(strcmp(page->deliveries[i]->recipient, previous), 0);
			cr_expect_str_eq(page->deliveries[i]->kind, "invitation");
			cr_expect_str_eq(page->deliveries[i]->organization_id, acme);
			cr_expect_gt(strlen(page->deliveries[i]->etag), 0);
			snprintf(previous, sizeof(previous), "%s", page->deliveries[i]->recipient);
			seen++;
		}
		token = page->next_page_token;
	} while (*token);
	cr_expect_eq(seen, 5);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", DeliveryService,
		ListDeliveries, list_deliveries, .state = 99);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_SIZE", DeliveryService,
		ListDeliveries, list_deliveries, .page_size = -1);
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", DeliveryService,
		ListDeliveries, list_deliveries, .page_token = "nonsense");
}

Test(delivery_service, a_failed_mail_can_be_queued_again)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	char *id = invitation->delivery->delivery_id;
	const Orgd__V1__Delivery *delivery;

	(void)report(must_lease(), OUTCOME(REFUSED), 550, "no");
	delivery = ASK(
		s, "operator", DeliveryService, RetryDelivery, retry_delivery, .delivery_id = id)
			   ->delivery;
	cr_expect_eq(delivery->status->state, STATE(QUEUED));
	cr_expect_eq(delivery->status->attempts, 0);
	cr_expect_eq(fates("delivery.retried", NULL), 1);
	cr_expect_str_eq(must_lease()->recipient, EVE);
}

Test(delivery_service, only_a_finished_mail_that_was_not_sent_can_be_queued_again)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	char *id = invitation->delivery->delivery_id;
	const lease_of *leased;

	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "DELIVERY_NOT_FINISHED", DeliveryService,
		RetryDelivery, retry_delivery, .delivery_id = id);
	leased = must_lease();
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "DELIVERY_NOT_FINISHED", DeliveryService,
		RetryDelivery, retry_delivery, .delivery_id = id);
	(void)report(leased, OUTCOME(ACCEPTED), 250, "OK");
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "DELIVERY_SENT", DeliveryService,
		RetryDelivery, retry_delivery, .delivery_id = id);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "DELIVERY_NOT_FOUND", DeliveryService,
		RetryDelivery, retry_delivery, .delivery_id = "dlv_00000000000000000000000001");
	REFUSED(s, "operator", STATUS_INVALID_ARGUMENT, "MALFORMED_ID", DeliveryService,
		RetryDelivery, retry_delivery, .delivery_id = "inv_00000000000000000000000001");
}

Test(delivery_service, old_mails_are_forgotten_after_90_days)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	const char *id = invitation->delivery->delivery_id;

	(void)report(must_lease(), OUTCOME(ACCEPTED), 250, "OK");
	story_advance(s, 89 * US_PER_DAY);
	cr_expect_not_null(listed(id));
	story_advance(s, 2 * US_PER_DAY);
	cr_expect_null(listed(id));
	cr_expect_null(status_of(invitation));
}
