/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "account_expect.h"
#include "service/webhook_story.h"

/* What people do with webhooks. How they are sent is in test_webhook_delivery.c. */

TestSuite(webhook_service, .init = outbox_begin, .fini = outbox_end);

static const char nowhere[] = "whk_00000000000000000000000001";

static const Orgd__V1__UpdateWebhookResponse *update(Orgd__V1__Webhook *webhook, bool rotate)
{
	return ASK(s, ADA, WebhookService, UpdateWebhook, update_webhook, .webhook = webhook,
		.rotate_secret = rotate);
}

static struct outcome try_update(Orgd__V1__Webhook *webhook, char *mask)
{
	Google__Protobuf__FieldMask fields = GOOGLE__PROTOBUF__FIELD_MASK__INIT;

	fields.n_paths = 1;
	fields.paths = &mask;
	return story_try(s, ADA, "WebhookService/UpdateWebhook",
		STORY_REQUEST(UpdateWebhook, update_webhook, .webhook = webhook,
			.update_mask = mask ? &fields : NULL));
}

Test(webhook_service, one_is_made_with_a_secret_that_is_shown_once)
{
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;
	const Orgd__V1__CreateWebhookResponse *made;
	const Orgd__V1__Webhook *seen;
	struct outcome outcome;
	char *prefix = "member.";

	webhook.url = HOOK_URL "?key=1";
	webhook.description = "  Our CRM ";
	webhook.n_action_prefixes = 1;
	webhook.action_prefixes = &prefix;
	outcome = hook_try_create(ADA, &webhook);
	expect_done(outcome);
	made = (const Orgd__V1__CreateWebhookResponse *)outcome.response;
	cr_expect_eq(strncmp(made->secret, "whsec_", 6), 0);
	cr_expect_eq(strlen(made->secret), 6 + 44);
	seen = hook_seen(made->webhook->id);
	cr_expect_eq(strncmp(seen->id, "whk_", 4), 0);
	cr_expect_str_eq(seen->organization_id, acme);
	cr_expect_str_eq(seen->url, HOOK_URL "?key=1");
	cr_expect_str_eq(seen->description, "Our CRM");
	cr_expect_eq(seen->n_action_prefixes, 1);
	cr_expect_str_eq(seen->action_prefixes[0], "member.");
	cr_expect_eq(seen->state, HOOKED(ENABLED));
	cr_expect_str_eq(seen->disable_reason, "");
	cr_expect_null(seen->next_attempt_time);
	cr_expect_null(seen->failing_since_time);
	cr_expect_null(seen->previous_secret_expire_time);
	cr_expect_str_eq(seen->etag, made->webhook->etag);
	cr_expect_gt(strlen(seen->etag), 0);
	cr_expect(seen->create_time && seen->update_time);
}

Test(webhook_service, its_event_tells_the_host_and_no_more)
{
	const Orgd__V1__CreateWebhookResponse *made = hook_made();
	const Orgd__V1__Event *event;

	cr_assert_eq(event_count(s, acme, "webhook.created", &event), 1);
	cr_expect_str_eq(event_detail(event, "webhook_id"), made->webhook->id);
	cr_expect_str_eq(event_detail(event, "host"), "hooks.example.com");
	for (size_t i = 0; i < event->n_details; i++)
		cr_expect_null(strstr(event->details[i]->value, "secret"));
	cr_expect_str_eq(event->actor->display_name, "The Owner");
}

Test(rules, rule_40_a_webhooks_secret_is_in_no_row, .init = outbox_begin, .fini = outbox_end)
{
	const Orgd__V1__CreateWebhookResponse *made = hook_made();
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;
	const char *other;

	webhook.id = made->webhook->id;
	other = update(&webhook, true)->secret;
	happen();
	(void)hook_must_lease();
	cr_expect(store_holds(s, bytes_of_string("hooks.example.com")));
	cr_expect_not(store_holds(s, bytes_of_string("whsec_")));
	cr_expect_not(store_holds(s, bytes_of_string(made->secret + 6)));
	cr_expect_not(store_holds(s, bytes_of_string(other + 6)));
}

Test(webhook_service, what_is_wrong_with_one_is_refused)
{
	static const struct {
		const char *url, *prefix, *description, *reason, *field;
	} cases[] = {
		{ "http://example.com/", "", "", "WEBHOOK_URL", "webhook.url" },
		{ "", "", "", "WEBHOOK_URL", "webhook.url" },
		{ "https://ada@example.com/", "", "", "WEBHOOK_URL", "webhook.url" },
		{ HOOK_URL, "Member.", "", "ACTION_PREFIX", "webhook.action_prefixes" },
		{ HOOK_URL, "", "a\nb", "INVALID_TEXT", "webhook.description" },
	};
	char description[202] = "";

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;
		char *prefix = (char *)(uintptr_t)cases[i].prefix;
		struct outcome outcome;

		webhook.url = (char *)(uintptr_t)cases[i].url;
		webhook.description = (char *)(uintptr_t)cases[i].description;
		webhook.n_action_prefixes = *prefix != '\0';
		webhook.action_prefixes = &prefix;
		outcome = hook_try_create(ADA, &webhook);
		expect_reason(outcome, STATUS_INVALID_ARGUMENT, cases[i].reason);
		cr_expect_str_eq(outcome.field, cases[i].field);
	}
	memset(description, 'x', 201);
	expect_reason(
		hook_try_create(ADA, &(Orgd__V1__Webhook){ .base = PROTOBUF_C_MESSAGE_INIT(
								   &orgd__v1__webhook__descriptor),
					     .url = HOOK_URL,
					     .description = description }),
		STATUS_INVALID_ARGUMENT, "FIELD_TOO_LONG");
	expect_reason(
		hook_try_create(ADA, &(Orgd__V1__Webhook){ .base = PROTOBUF_C_MESSAGE_INIT(
								   &orgd__v1__webhook__descriptor),
					     .url = HOOK_URL,
					     .state = 7 }),
		STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE");
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "WEBHOOK_URL", WebhookService, CreateWebhook,
		create_webhook, .organization_id = acme);
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "MALFORMED_ID", WebhookService, GetWebhook,
		get_webhook, .webhook_id = "whk_1");
}

Test(webhook_service, an_organization_has_ten_at_most)
{
	const Orgd__V1__CreateWebhookResponse *first = hook_made();
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;

	for (unsigned i = 1; i < 10; i++)
		(void)hook_made();
	webhook.url = HOOK_URL;
	expect_reason(hook_try_create(ADA, &webhook), STATUS_RESOURCE_EXHAUSTED, "WEBHOOK_LIMIT");
	ASK(s, ADA, WebhookService, DeleteWebhook, delete_webhook,
		.webhook_id = first->webhook->id);
	expect_done(hook_try_create(ADA, &webhook));
}

Test(webhook_service, they_are_listed_in_the_order_of_their_creation_over_pages)
{
	const char *ids[4];
	const Orgd__V1__ListWebhooksResponse *page;
	char *token = "";
	size_t seen = 0;

	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ids[i] = hook_made()->webhook->id;
	do {
		page = ASK(s, ADA, WebhookService, ListWebhooks, list_webhooks,
			.organization_id = acme, .page_size = 3, .page_token = token);
		for (size_t i = 0; i < page->n_webhooks; i++)
			cr_expect_str_eq(page->webhooks[i]->id, ids[seen++]);
		if (!*token) /* one goes on the way that the page ended with */
			ASK(s, ADA, WebhookService, DeleteWebhook, delete_webhook,
				.webhook_id = ids[2]);
		token = page->next_page_token;
	} while (*token);
	cr_expect_eq(seen, COUNT_OF(ids));
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "PAGE_SIZE", WebhookService, ListWebhooks,
		list_webhooks, .organization_id = acme, .page_size = -1);
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "PAGE_TOKEN", WebhookService, ListWebhooks,
		list_webhooks, .organization_id = acme, .page_token = "nonsense");
}

Test(webhook_service, an_update_changes_what_is_given)
{
	const char *id = hook_made()->webhook->id;
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;
	const Orgd__V1__Event *event;
	char *prefix = "grant.";

	webhook.id = id;
	webhook.url = "https://other.example/";
	webhook.description = "Elsewhere";
	webhook.n_action_prefixes = 1;
	webhook.action_prefixes = &prefix;
	(void)update(&webhook, false);
	cr_expect_str_eq(hook_seen(id)->url, "https://other.example/");
	cr_expect_str_eq(hook_seen(id)->description, "Elsewhere");
	cr_expect_str_eq(hook_seen(id)->action_prefixes[0], "grant.");
	cr_assert_eq(event_count(s, acme, "webhook.updated", &event), 1);
	cr_expect_str_eq(event_detail(event, "fields"), "url, action_prefixes, description");
	cr_expect_str_eq(event_detail(event, "host"), "other.example");

	webhook.n_action_prefixes = 0;
	expect_done(try_update(&webhook, "action_prefixes"));
	cr_expect_eq(hook_seen(id)->n_action_prefixes, 0);
	cr_expect_eq(event_count(s, acme, "webhook.updated", NULL), 2);
}

Test(webhook_service, an_update_that_changes_nothing_is_none)
{
	const Orgd__V1__Webhook *made = hook_made()->webhook;
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;
	struct outcome outcome;

	webhook.id = made->id;
	webhook.url = HOOK_URL;
	webhook.state = HOOKED(ENABLED);
	outcome = try_update(&webhook, NULL);
	expect_done(outcome);
	cr_expect_eq(event_count(s, acme, "webhook.updated", NULL), 0);
	cr_expect_str_eq(hook_seen(made->id)->etag, made->etag);
}

Test(webhook_service, an_update_is_refused_for_what_is_wrong_with_it)
{
	const Orgd__V1__Webhook *made = hook_made()->webhook;
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;

	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "FIELD_REQUIRED", WebhookService, UpdateWebhook,
		update_webhook);
	webhook.id = made->id;
	expect_reason(try_update(&webhook, "url"), STATUS_INVALID_ARGUMENT, "WEBHOOK_URL");
	expect_reason(try_update(&webhook, "state"), STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE");
	expect_reason(try_update(&webhook, "last_error"), STATUS_INVALID_ARGUMENT, "UPDATE_MASK");
	webhook.description = "Other";
	webhook.etag = "1";
	expect_reason(try_update(&webhook, NULL), STATUS_ABORTED, "ETAG_MISMATCH");
	webhook.etag = made->etag;
	expect_done(try_update(&webhook, NULL));
	expect_reason(try_update(&webhook, NULL), STATUS_ABORTED, "ETAG_MISMATCH");
}

Test(webhook_service, an_owner_disables_and_enables_it)
{
	const char *id = hook_made()->webhook->id;
	const Orgd__V1__Event *event;

	hook_set_state(id, HOOKED(DISABLED));
	cr_expect_eq(hook_seen(id)->state, HOOKED(DISABLED));
	cr_expect_str_eq(hook_seen(id)->disable_reason, "owner");
	cr_assert_eq(event_count(s, acme, "webhook.updated", &event), 1);
	cr_expect_str_eq(event_detail(event, "fields"), "state");
	cr_expect_eq(event_count(s, acme, "webhook.disabled", NULL), 0);
	hook_set_state(id, HOOKED(ENABLED));
	cr_expect_eq(hook_seen(id)->state, HOOKED(ENABLED));
	cr_expect_str_eq(hook_seen(id)->disable_reason, "");
}

Test(webhook_service, a_rotated_secret_leaves_the_one_before_a_day)
{
	const Orgd__V1__CreateWebhookResponse *made = hook_made();
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;
	const Orgd__V1__UpdateWebhookResponse *updated;

	webhook.id = made->webhook->id;
	updated = update(&webhook, true);
	cr_expect_str_neq(updated->secret, made->secret);
	cr_expect_str_neq(updated->webhook->etag, made->webhook->etag);
	cr_assert(updated->webhook->previous_secret_expire_time);
	cr_expect_eq(updated->webhook->previous_secret_expire_time->seconds -
			     updated->webhook->update_time->seconds,
		24 * 60 * 60);
	cr_expect_eq(event_count(s, acme, "webhook.secret_rotated", NULL), 1);
	cr_expect_eq(event_count(s, acme, "webhook.updated", NULL), 0);
	cr_expect_str_eq(update(&webhook, false)->secret, "", "it is shown once");
	story_advance(s, US_PER_DAY);
	cr_expect_null(hook_seen(webhook.id)->previous_secret_expire_time);
}

Test(webhook_service, a_deleted_one_is_gone)
{
	const char *id = hook_made()->webhook->id;
	const Orgd__V1__Event *event;

	happen();
	hook_report(hook_must_lease(), 500);
	cr_expect_eq(hook_attempts(id)->n_attempts, 1);
	ASK(s, ADA, WebhookService, DeleteWebhook, delete_webhook, .webhook_id = id);
	cr_assert_eq(event_count(s, acme, "webhook.deleted", &event), 1);
	cr_expect_str_eq(event_detail(event, "webhook_id"), id);
	cr_expect_eq(
		ASK(s, ADA, WebhookService, ListWebhooks, list_webhooks, .organization_id = acme)
			->n_webhooks,
		0);
	story_advance(s, US_PER_DAY);
	cr_expect_null(hook_lease());
	cr_expect_not(store_holds(s, bytes_of_string("HTTP 500: no")), "its attempts are gone too");
	REFUSED(s, "operator", STATUS_NOT_FOUND, "WEBHOOK_NOT_FOUND", WebhookService, DeleteWebhook,
		delete_webhook, .webhook_id = id);
	ASK(s, "operator", WebhookService, DeleteWebhook, delete_webhook, .webhook_id = id,
		.allow_missing = true);
	cr_expect_eq(event_count(s, acme, "webhook.deleted", NULL), 1);
}

Test(webhook_service, what_is_not_there_is_told_to_the_platform_alone)
{
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;

	webhook.id = nowhere;
	REFUSED(s, "operator", STATUS_NOT_FOUND, "WEBHOOK_NOT_FOUND", WebhookService, GetWebhook,
		get_webhook, .webhook_id = nowhere);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "WEBHOOK_NOT_FOUND", WebhookService, UpdateWebhook,
		update_webhook, .webhook = &webhook);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "WEBHOOK_NOT_FOUND", WebhookService, ListAttempts,
		list_attempts, .webhook_id = nowhere);
	REFUSED(s, "operator", STATUS_NOT_FOUND, "WEBHOOK_NOT_FOUND", WebhookService,
		RedeliverEvent, redeliver_event, .webhook_id = nowhere,
		.event_id = newest("member.joined"));
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", WebhookService, GetWebhook,
		get_webhook, .webhook_id = nowhere);
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", WebhookService,
		DeleteWebhook, delete_webhook, .webhook_id = nowhere, .allow_missing = true);
}

Test(rules, rule_22_a_webhook_of_another_organization_is_nobodys_to_see, .init = outbox_begin,
	.fini = outbox_end)
{
	const char *id = hook_made()->webhook->id;

	(void)story_organization(s, EVE, "other");
	story_join(s, acme, BOB, ADMIN);
	REFUSED(s, EVE, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", WebhookService, GetWebhook,
		get_webhook, .webhook_id = id);
	REFUSED(s, EVE, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", WebhookService, ListAttempts,
		list_attempts, .webhook_id = id);
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", WebhookService, GetWebhook,
		get_webhook, .webhook_id = id);
	REFUSED(s, BOB, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", WebhookService, ListWebhooks,
		list_webhooks, .organization_id = acme);
}

Test(webhook_service, in_a_suspended_or_deleted_organization_nothing_is_changed)
{
	static const char *const reasons[] = { "ORGANIZATION_SUSPENDED", "ORGANIZATION_DELETED" };
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;

	webhook.id = hook_made()->webhook->id;
	webhook.url = "https://other.example/";
	organization_suspend_for(s, acme, "abuse");
	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		expect_reason(
			hook_try_create(ADA, &webhook), STATUS_FAILED_PRECONDITION, reasons[i]);
		expect_reason(try_update(&webhook, NULL), STATUS_FAILED_PRECONDITION, reasons[i]);
		REFUSED(s, ADA, STATUS_FAILED_PRECONDITION, reasons[i], WebhookService,
			DeleteWebhook, delete_webhook, .webhook_id = webhook.id);
		REFUSED(s, ADA, STATUS_FAILED_PRECONDITION, reasons[i], WebhookService,
			RedeliverEvent, redeliver_event, .webhook_id = webhook.id,
			.event_id = newest("member.joined"));
		cr_expect_str_eq(hook_seen(webhook.id)->url, HOOK_URL);
		if (!i)
			organization_deleted_by(s, "operator", acme);
	}
}

/* --- attempts and redelivery --- */

Test(webhook_service, attempts_are_listed_newest_first_for_seven_days)
{
	const char *id = hook_made()->webhook->id;
	const Orgd__V1__ListAttemptsResponse *page;
	const Orgd__V1__WebhookAttempt *attempt;

	happen();
	hook_report(hook_must_lease(), 503);
	story_skip(s, US_PER_MINUTE);
	hook_report(hook_must_lease(), 200);
	page = ASK(s, ADA, WebhookService, ListAttempts, list_attempts, .webhook_id = id,
		.page_size = 1);
	cr_assert_eq(page->n_attempts, 1);
	attempt = page->attempts[0];
	cr_expect(attempt->succeeded);
	cr_expect_eq(attempt->http_status, 200);
	cr_expect_eq(attempt->duration_ms, 12);
	cr_expect_str_eq(attempt->error, "");
	cr_expect_str_eq(attempt->action, "organization.updated");
	cr_expect_str_eq(attempt->event_id, newest("organization.updated"));
	page = ASK(s, ADA, WebhookService, ListAttempts, list_attempts, .webhook_id = id,
		.page_size = 1, .page_token = page->next_page_token);
	cr_assert_eq(page->n_attempts, 1);
	cr_expect_not(page->attempts[0]->succeeded);
	cr_expect_eq(page->attempts[0]->http_status, 503);
	cr_expect_str_eq(page->attempts[0]->error, "HTTP 503: no");
	story_advance(s, 7 * US_PER_DAY + US_PER_MINUTE);
	cr_expect_eq(hook_attempts(id)->n_attempts, 0);
	happen();
	hook_report(hook_must_lease(), 200);
	cr_expect_eq(hook_attempts(id)->n_attempts, 1);
	cr_expect_not(store_holds(s, bytes_of_string("HTTP 503: no")), "a new one takes its place");
}

Test(webhook_service, an_event_is_sent_again_before_what_waits)
{
	const char *id = hook_made()->webhook->id, *first, *second;
	const lease_of *leased;

	happen();
	first = newest("organization.updated");
	cr_expect_str_eq(hook_drain(), "organization.updated");
	happen();
	second = newest("organization.updated");
	ASK(s, ADA, WebhookService, RedeliverEvent, redeliver_event, .webhook_id = id,
		.event_id = first);
	ASK(s, ADA, WebhookService, RedeliverEvent, redeliver_event, .webhook_id = id,
		.event_id = first);
	leased = hook_must_lease();
	cr_expect_str_eq(leased->webhook->id, first, "once, however often it was asked for");
	hook_report(leased, 200);
	leased = hook_must_lease();
	cr_expect_str_eq(leased->webhook->id, second);
	hook_report(leased, 200);
	cr_expect_null(hook_lease());
}

Test(webhook_service, an_event_is_sent_again_whatever_the_filter_and_however_old)
{
	const char *id;

	story_advance(s, 10 * US_PER_DAY);
	id = hook_made_for("grant.")->webhook->id;
	ASK(s, ADA, WebhookService, RedeliverEvent, redeliver_event, .webhook_id = id,
		.event_id = newest("organization.created"));
	cr_expect_str_eq(hook_drain(), "organization.created");
}

Test(webhook_service, only_an_event_of_the_organization_can_be_sent_again)
{
	const char *id = hook_made()->webhook->id, *own = newest("member.joined");
	const Orgd__V1__Event *of_other;
	const char *other = story_organization(s, EVE, "other");

	cr_assert(event_count(s, other, "member.joined", &of_other));
	REFUSED(s, ADA, STATUS_NOT_FOUND, "EVENT_NOT_FOUND", WebhookService, RedeliverEvent,
		redeliver_event, .webhook_id = id, .event_id = of_other->id);
	REFUSED(s, ADA, STATUS_NOT_FOUND, "EVENT_NOT_FOUND", WebhookService, RedeliverEvent,
		redeliver_event, .webhook_id = id, .event_id = "evt_00000000000000000000000001");
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "MALFORMED_ID", WebhookService, RedeliverEvent,
		redeliver_event, .webhook_id = id, .event_id = "evt_1");
	hook_set_state(id, HOOKED(DISABLED));
	REFUSED(s, ADA, STATUS_FAILED_PRECONDITION, "WEBHOOK_DISABLED", WebhookService,
		RedeliverEvent, redeliver_event, .webhook_id = id, .event_id = own);
}

Test(webhook_service, a_hundred_wait_to_be_sent_again_at_most)
{
	const char *id = hook_made_for("grant.")->webhook->id;
	const Orgd__V1__ListEventsResponse *events;

	for (unsigned i = 0; i < 101; i++)
		happen();
	events = ASK(s, ADA, EventService, ListEvents, list_events, .organization_id = acme,
		.action_prefix = "organization.updated", .page_size = 1000);
	cr_assert_eq(events->n_events, 101);
	for (unsigned i = 0; i < 100; i++)
		ASK(s, ADA, WebhookService, RedeliverEvent, redeliver_event, .webhook_id = id,
			.event_id = events->events[i]->id);
	REFUSED(s, ADA, STATUS_RESOURCE_EXHAUSTED, "REDELIVERY_LIMIT", WebhookService,
		RedeliverEvent, redeliver_event, .webhook_id = id,
		.event_id = events->events[100]->id);
	for (unsigned i = 0; i < 100; i++) {
		const lease_of *leased = hook_must_lease();

		cr_assert_str_eq(leased->webhook->id, events->events[i]->id);
		hook_report(leased, 204);
	}
	cr_expect_null(hook_lease());
}
