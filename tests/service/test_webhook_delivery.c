/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account_expect.h"
#include "service/settings.h"
#include "service/webhook_story.h"
#include "store/store.h"

/* How webhooks are sent (SPEC rules 42, 43). */

TestSuite(webhook_delivery, .init = outbox_begin, .fini = outbox_end);
#define RULE(name, ...) Test(rules, name, .init = outbox_begin, .fini = outbox_end, ##__VA_ARGS__)

static const char *made(void)
{
	return hook_made()->webhook->id;
}

/* --- a cursor over events --- */

RULE(rule_43_a_webhook_is_sent_what_happens_from_its_creation_on_in_order)
{
	happen();
	(void)made();
	cr_expect_null(hook_lease(), "its own creation is not sent");
	story_join(s, acme, BOB, MEMBER);
	happen();
	ASK(s, ADA, MemberService, RemoveMember, remove_member, .organization_id = acme,
		.user_id = story_id(s, BOB));
	cr_expect_str_eq(hook_drain(), "invitation.created delivery.sent member.joined "
				       "invitation.accepted organization.updated member.removed");
	cr_expect_null(hook_lease());
}

RULE(rule_43_a_request_has_all_that_the_courier_sends)
{
	const Orgd__V1__CreateWebhookResponse *hook = hook_made();
	const lease_of *leased;
	char field[128];

	happen();
	leased = hook_must_lease();
	cr_expect_str_eq(leased->delivery_id, hook->webhook->id);
	cr_expect_eq(leased->lease_token.len, 16);
	cr_expect_eq(leased->timeout_ms, 15000);
	cr_expect_str_eq(leased->sender, "");
	cr_expect_str_eq(leased->recipient, "");
	cr_expect_eq(leased->message.len, 0);
	cr_expect_str_eq(leased->webhook->url, HOOK_URL);
	cr_expect_str_eq(leased->webhook->id, newest("organization.updated"));
	cr_expect_leq(
		strtoll(leased->webhook->timestamp, NULL, 10), story_now_us(s) / US_PER_SECOND);
	cr_expect_geq(strtoll(leased->webhook->timestamp, NULL, 10),
		story_now_us(s) / US_PER_SECOND - 60);
	cr_expect(request_is_signed(leased, 0, hook->secret));
	cr_expect_null(strchr(leased->webhook->signature, ' '));
	cr_expect(request_holds(leased, "{\"type\":\"organization.updated\",\"timestamp\":\"2"));
	snprintf(field, sizeof(field), "\"organizationId\":\"%s\"", acme);
	cr_expect(request_holds(leased, field));
	snprintf(field, sizeof(field), "\"data\":{\"id\":\"%s\",\"revision\":\"",
		leased->webhook->id);
	cr_expect(request_holds(leased, field));
	cr_expect(request_holds(leased, "\"displayName\":\"The Owner\""));
	cr_expect(request_holds(leased, "\"details\":{\"fields\":\"description\"}"));
	cr_expect_leq(leased->lease_expire_time->seconds, story_now_us(s) / US_PER_SECOND + 240);
}

RULE(rule_43_two_secrets_sign_for_a_day_after_a_rotation)
{
	const Orgd__V1__CreateWebhookResponse *hook = hook_made();
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;
	const lease_of *leased;
	const char *secret;

	webhook.id = hook->webhook->id;
	secret = ASK(s, ADA, WebhookService, UpdateWebhook, update_webhook, .webhook = &webhook,
		.rotate_secret = true)
			 ->secret;
	leased = hook_must_lease();
	cr_expect(request_holds(leased, "webhook.secret_rotated"));
	cr_expect(request_is_signed(leased, 0, secret));
	cr_expect(request_is_signed(leased, 1, hook->secret));
	hook_report(leased, 200);
	story_advance(s, US_PER_DAY);
	happen();
	leased = hook_must_lease();
	cr_expect(request_is_signed(leased, 0, secret));
	cr_expect_null(strchr(leased->webhook->signature, ' '));
}

RULE(rule_43_no_batch_grows_with_the_number_of_webhooks)
{
	struct store_statistics before, after;
	uint64_t of_one;

	(void)made();
	(void)hook_drain();
	happen(); /* the mark of news is there from now on */
	cr_assert_not(store_statistics(story_store(s), &before).code);
	happen();
	cr_assert_not(store_statistics(story_store(s), &after).code);
	of_one = after.rows - before.rows;
	for (unsigned i = 1; i < 10; i++)
		(void)made();
	cr_assert_not(store_statistics(story_store(s), &before).code);
	happen();
	cr_assert_not(store_statistics(story_store(s), &after).code);
	cr_expect_eq(after.rows - before.rows, of_one);
}

RULE(rule_43_every_webhook_of_an_organization_gets_every_event)
{
	const char *ids[10];

	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ids[i] = made();
	(void)hook_drain();
	happen();
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		const lease_of *leased = hook_must_lease();

		cr_expect_str_eq(leased->webhook->id, newest("organization.updated"));
		hook_report(leased, 200);
	}
	cr_expect_null(hook_lease());
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		const Orgd__V1__ListAttemptsResponse *attempts = hook_attempts(ids[i]);

		cr_assert_geq(attempts->n_attempts, 1);
		cr_expect_str_eq(attempts->attempts[0]->event_id, newest("organization.updated"));
	}
}

RULE(rule_43_a_filter_lets_the_cursor_move_over_the_rest)
{
	(void)hook_made_for("member.");
	for (unsigned i = 0; i < 5; i++)
		happen();
	cr_expect_null(hook_lease());
	story_join(s, acme, BOB, MEMBER);
	happen();
	cr_expect_str_eq(hook_drain(), "member.joined");
}

RULE(rule_43_what_a_filter_holds_back_in_any_number_holds_nothing_up, .timeout = 120)
{
	(void)hook_made_for("member.");
	for (unsigned i = 0; i < 1003; i++)
		happen();
	story_join(s, acme, BOB, MEMBER);
	cr_expect_str_eq(hook_drain(), "member.joined");
}

RULE(rule_43_one_event_at_a_time_is_on_its_way)
{
	const lease_of *first;

	(void)made();
	happen();
	happen();
	first = hook_must_lease();
	cr_expect_null(hook_lease());
	hook_report(first, 200);
	cr_expect_str_neq(hook_must_lease()->webhook->id, first->webhook->id);
}

Test(webhook_delivery, what_happens_in_other_organizations_is_not_sent)
{
	const char *other = story_organization(s, EVE, "other");
	Orgd__V1__Organization organization = ORGD__V1__ORGANIZATION__INIT;

	(void)made();
	organization.id = other;
	organization.description = "Another";
	expect_done(organization_try_update(s, EVE, &organization, NULL));
	cr_expect_null(hook_lease());
}

Test(webhook_delivery, news_during_a_request_is_sent_after_it)
{
	const lease_of *leased;

	(void)made();
	happen();
	leased = hook_must_lease();
	happen();
	cr_expect_null(hook_lease(), "it is leased, and hears of the news");
	hook_report(leased, 200);
	cr_expect_str_eq(hook_drain(), "organization.updated");
	cr_expect_null(hook_lease());
}

Test(webhook_delivery, a_sweep_makes_it_due_too)
{
	const char *id = made();

	happen();
	story_sweep(s);
	cr_expect(hook_seen(id)->next_attempt_time);
	cr_expect_str_eq(hook_drain(), "organization.updated");
	cr_expect_null(hook_seen(id)->next_attempt_time);
}

Test(webhook_delivery, without_mail_configured_webhooks_go_out_all_the_same)
{
	story_settings(s)->mail = false;
	(void)made();
	happen();
	cr_expect_str_eq(hook_drain(), "organization.updated");
}

/* --- failures --- */

RULE(rule_43_what_is_not_taken_is_sent_again_with_the_same_id)
{
	const Orgd__V1__CreateWebhookResponse *hook = hook_made();
	char *id = hook->webhook->id, body[4096];
	const lease_of *first, *second;
	const Orgd__V1__Webhook *seen;

	happen();
	first = hook_must_lease();
	snprintf(body, sizeof(body), "%s", request_body(first));
	cr_expect_null(hook_seen(id)->next_attempt_time, "it is on its way");
	hook_report(first, 500);
	seen = hook_seen(id);
	cr_expect_str_eq(seen->last_error, "HTTP 500: no");
	cr_expect(seen->failing_since_time);
	cr_assert(seen->next_attempt_time);
	cr_expect_null(hook_lease());
	happen();
	cr_expect_null(hook_lease(), "news end no pause");
	story_skip(s, 7 * US_PER_SECOND);
	second = hook_must_lease();
	cr_expect_str_eq(second->webhook->id, first->webhook->id);
	cr_expect_str_eq(request_body(second), body);
	cr_expect_gt(strtoll(second->webhook->timestamp, NULL, 10),
		strtoll(first->webhook->timestamp, NULL, 10));
	cr_expect(request_is_signed(second, 0, hook->secret));
	hook_report(second, 204);
	seen = hook_seen(id);
	cr_expect_str_eq(seen->last_error, "");
	cr_expect_null(seen->failing_since_time);
	cr_expect_str_eq(hook_drain(), "organization.updated");
}

RULE(rule_43_a_redirect_is_a_failure)
{
	const char *id = made();

	happen();
	hook_report(hook_must_lease(), 302);
	cr_expect_str_eq(hook_seen(id)->last_error, "HTTP 302: no");
	cr_expect_not(hook_attempts(id)->attempts[0]->succeeded);
}

RULE(rule_43_a_receiver_that_cannot_be_reached_has_not_taken_it)
{
	const char *id = made();

	happen();
	hook_report(hook_must_lease(), 0);
	cr_expect_str_eq(hook_seen(id)->last_error, "connection refused");
	cr_expect_eq(hook_attempts(id)->attempts[0]->http_status, 0);
}

/* Lets every attempt fail until there is none; returns how many there were. */
static unsigned fail_for_good(void)
{
	const lease_of *leased;
	unsigned attempts = 0;

	while ((leased = hook_lease())) {
		hook_report(leased, 503);
		attempts++;
		story_skip(s, 13 * US_PER_HOUR);
	}
	return attempts;
}

RULE(rule_43_after_a_day_of_failures_it_is_disabled_and_the_contact_is_mailed)
{
	const char *id;
	const Orgd__V1__Event *event;
	const Orgd__V1__Webhook *seen;
	size_t mails = story_mail_count(s, ADA), others;

	(void)story_organization(s, EVE, "other");
	others = story_mail_count(s, EVE);
	id = made();
	happen();
	cr_expect_eq(fail_for_good(), 8);
	seen = hook_seen(id);
	cr_expect_eq(seen->state, HOOKED(DISABLED));
	cr_expect_str_eq(seen->disable_reason, "failures");
	cr_expect_str_eq(seen->last_error, "HTTP 503: no");
	cr_expect_null(seen->next_attempt_time);
	cr_assert_eq(event_count(s, acme, "webhook.disabled", &event), 1);
	cr_expect_str_eq(event->actor->kind, "system");
	cr_expect_str_eq(event_detail(event, "reason"), "failures");
	cr_expect_str_eq(event_detail(event, "webhook_id"), id);
	cr_expect_eq(story_mail_count(s, ADA), mails + 1);
	cr_expect(strstr(story_mail_text(s, ADA), "Subject: A webhook of acme was disabled\r\n"));
	cr_expect_eq(story_mail_count(s, EVE), others);
	happen();
	cr_expect_null(hook_lease());
}

RULE(rule_43_enabled_again_it_goes_on_where_it_stopped)
{
	const char *id = made();
	const lease_of *leased;
	const char *first;

	happen();
	first = newest("organization.updated");
	(void)fail_for_good();
	happen();
	hook_set_state(id, HOOKED(ENABLED));
	cr_expect_null(hook_seen(id)->failing_since_time);
	cr_expect_str_eq(hook_seen(id)->last_error, "");
	leased = hook_must_lease();
	cr_expect_str_eq(leased->webhook->id, first);
	hook_report(leased, 200);
	cr_expect_str_eq(hook_drain(), "webhook.disabled organization.updated webhook.updated");
}

RULE(rule_43_gone_disables_at_once)
{
	const char *id = made();

	happen();
	hook_report(hook_must_lease(), 410);
	cr_expect_eq(hook_seen(id)->state, HOOKED(DISABLED));
	cr_expect_eq(event_count(s, acme, "webhook.disabled", NULL), 1);
}

Test(webhook_delivery, another_url_is_tried_at_once)
{
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;
	const lease_of *leased;

	webhook.id = made();
	webhook.url = "https://other.example/";
	happen();
	for (unsigned i = 0; i < 4; i++) {
		hook_report(hook_must_lease(), 500);
		story_skip(s, 3 * US_PER_HOUR);
	}
	hook_report(hook_must_lease(), 500);
	cr_expect_null(hook_lease());
	ASK(s, ADA, WebhookService, UpdateWebhook, update_webhook, .webhook = &webhook);
	leased = hook_must_lease();
	cr_expect_str_eq(leased->webhook->url, "https://other.example/");
	hook_report(leased, 500);
	story_skip(s, 7 * US_PER_SECOND);
	(void)hook_must_lease();
}

Test(webhook_delivery, an_event_sent_again_by_hand_is_tried_at_once)
{
	const char *id = made();

	happen();
	hook_report(hook_must_lease(), 500);
	cr_expect_null(hook_lease());
	ASK(s, ADA, WebhookService, RedeliverEvent, redeliver_event, .webhook_id = id,
		.event_id = newest("organization.updated"));
	cr_expect_str_eq(hook_drain(), "organization.updated organization.updated");
}

/* --- the organization's life --- */

Test(webhook_delivery, while_its_organization_is_suspended_nothing_is_sent)
{
	(void)made();
	happen();
	organization_suspend_for(s, acme, "abuse");
	cr_expect_null(hook_lease());
	story_advance(s, 2 * US_PER_DAY);
	cr_expect_null(hook_lease());
	ASK(s, "operator", OrganizationService, UnsuspendOrganization, unsuspend_organization,
		.organization_id = acme);
	cr_expect_str_eq(hook_drain(),
		"organization.updated organization.suspended organization.unsuspended");
}

Test(webhook_delivery, while_its_organization_is_deleted_nothing_is_sent)
{
	const char *id = made();

	organization_deleted_by(s, ADA, acme);
	cr_expect_null(hook_lease());
	ASK(s, ADA, OrganizationService, UndeleteOrganization, undelete_organization,
		.organization_id = acme);
	cr_expect_str_eq(hook_drain(), "organization.deleted organization.undeleted");
	cr_expect_eq(hook_seen(id)->state, HOOKED(ENABLED));
}

Test(webhook_delivery, a_purged_organizations_webhooks_are_gone)
{
	const char *id;

	(void)made();
	id = made();
	happen();
	hook_report(hook_must_lease(), 500);
	hook_report(hook_must_lease(), 500);
	organization_deleted_by(s, ADA, acme);
	story_advance(s, 31 * US_PER_DAY);
	story_sweep(s);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "WEBHOOK_NOT_FOUND", WebhookService, GetWebhook,
		get_webhook, .webhook_id = id);
	cr_expect_null(hook_lease());
	cr_expect_not(store_holds(s, bytes_of_string("hooks.example.com/")));
	cr_expect_not(store_holds(s, bytes_of_string("HTTP 500: no")));
}

/* --- what it tells --- */

RULE(rule_42_a_webhook_tells_of_the_platform_and_not_who_it_was)
{
	Orgd__V1__Organization change = ORGD__V1__ORGANIZATION__INIT;
	const lease_of *leased;
	char note[] = "They look fine to me.";

	change.id = (char *)(uintptr_t)acme;
	change.legal_name = (char *)(uintptr_t) "Acme of old";
	ASK(s, ADA, OrganizationService, UpdateOrganization, update_organization,
		.organization = &change);
	(void)made();
	story_person(s, BOB, "Rita the Reviewer");
	person_give_platform_role(s, BOB, ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER);
	ASK(s, BOB, VerificationService, VerifyOrganization, verify_organization,
		.organization_id = acme, .note = "Welcome back.", .private_note = note);
	leased = hook_must_lease();
	cr_expect(request_holds(leased, "{\"type\":\"organization.verified\""));
	cr_expect(request_holds(leased, "\"actor\":{\"kind\":\"platform\"}"));
	cr_expect_not(request_holds(leased, "Rita"));
	cr_expect_not(request_holds(leased, story_id(s, BOB)));
	cr_expect_not(request_holds(leased, note));
}

Test(webhook_delivery, waits_until_the_organization_is_verified)
{
	const lease_of *leased;

	(void)made();
	ASK(s, "operator", VerificationService, RejectOrganization, reject_organization,
		.organization_id = acme, .note = "Please correct the address.",
		.reason = ORGD__V1__DECISION_REASON__DECISION_REASON_OTHER);
	cr_assert_null(hook_lease());
	ASK(s, ADA, VerificationService, Resubmit, resubmit, .organization_id = acme);
	ASK(s, "operator", VerificationService, VerifyOrganization, verify_organization,
		.organization_id = acme);
	leased = hook_must_lease();
	cr_expect(request_holds(leased, "{\"type\":\"organization.rejected\""));
}

Test(webhook_delivery, an_erased_persons_name_is_not_told_any_more)
{
	const lease_of *leased;

	story_join(s, acme, BOB, ADMIN);
	(void)made();
	ASK(s, BOB, MemberService, LeaveOrganization, leave_organization, .organization_id = acme);
	leased = hook_must_lease();
	cr_expect(request_holds(leased, "\"displayName\":\"A Colleague\""));
	hook_report(leased, 500);
	ASK(s, "operator", UserService, EraseUser, erase_user, .user_id = story_id(s, BOB),
		.confirm_email = BOB);
	story_advance(s, 7 * US_PER_SECOND);
	leased = hook_must_lease();
	cr_expect(request_holds(leased, "\"displayName\":\"(erased)\""));
	cr_expect_not(request_holds(leased, "A Colleague"));
}
