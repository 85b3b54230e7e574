/* SPDX-License-Identifier: Apache-2.0 */
#include "service/webhook_story.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "secret/webhook_secret.h"

const Orgd__V1__CreateWebhookResponse *hook_made(void)
{
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;

	webhook.url = (char[]){ HOOK_URL };
	return ASK(s, ADA, WebhookService, CreateWebhook, create_webhook, .organization_id = acme,
		.webhook = &webhook);
}

const Orgd__V1__CreateWebhookResponse *hook_made_for(char *action_prefix)
{
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;

	webhook.url = (char[]){ HOOK_URL };
	webhook.n_action_prefixes = 1;
	webhook.action_prefixes = &action_prefix;
	return ASK(s, ADA, WebhookService, CreateWebhook, create_webhook, .organization_id = acme,
		.webhook = &webhook);
}

struct outcome hook_try_create(const char *who, const Orgd__V1__Webhook *webhook)
{
	Orgd__V1__Webhook copy = *webhook;

	return story_try(s, who, "WebhookService/CreateWebhook",
		STORY_REQUEST(
			CreateWebhook, create_webhook, .organization_id = acme, .webhook = &copy));
}

const Orgd__V1__Webhook *hook_seen(const char *id)
{
	return ASK(s, "operator", WebhookService, GetWebhook, get_webhook, .webhook_id = id)
		->webhook;
}

void hook_set_state(const char *id, Orgd__V1__WebhookState state)
{
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;

	webhook.id = id;
	webhook.state = state;
	ASK(s, ADA, WebhookService, UpdateWebhook, update_webhook, .webhook = &webhook);
}

const Orgd__V1__ListAttemptsResponse *hook_attempts(const char *id)
{
	return ASK(s, "operator", WebhookService, ListAttempts, list_attempts, .webhook_id = id,
		.page_size = 1000);
}

void happen(void)
{
	static unsigned times;
	char description[32];
	Orgd__V1__Organization organization = ORGD__V1__ORGANIZATION__INIT;

	snprintf(description, sizeof(description), "Number %u", ++times);
	organization.id = acme;
	organization.description = description;
	expect_done(organization_try_update(s, ADA, &organization, NULL));
}

const char *newest(const char *action)
{
	const Orgd__V1__Event *event;

	cr_assert(event_count(s, acme, action, &event), "there is no %s", action);
	return event->id;
}

const lease_of *hook_lease(void)
{
	const Orgd__V1__LeaseDeliveriesResponse *leased;
	unsigned calls = 0;

	do {
		cr_assert_lt(calls++, 50, "there is always more to do");
		leased = ASK(s, "courier", DeliveryService, LeaseDeliveries, lease_deliveries,
			.max = 1,
			.channel = ORGD__V1__LEASE_DELIVERIES_REQUEST__CHANNEL__CHANNEL_WEBHOOK);
	} while (!leased->n_leases && leased->next_due_time &&
		 leased->next_due_time->seconds * US_PER_SECOND +
				 leased->next_due_time->nanos / 1000 <=
			 story_now_us(s));
	return leased->n_leases ? leased->leases[0] : NULL;
}

const lease_of *hook_must_lease(void)
{
	const lease_of *leased = hook_lease();

	cr_assert(leased, "no request is due");
	cr_assert(leased->webhook);
	return leased;
}

struct outcome hook_try_report(const lease_of *leased, uint32_t http_status)
{
	return story_try(s, "courier", "DeliveryService/ReportDelivery",
		STORY_REQUEST(ReportDelivery, report_delivery, .delivery_id = leased->delivery_id,
			.lease_token = leased->lease_token,
			.outcome = http_status == 0    ? OUTCOME(UNREACHABLE)
				   : http_status < 300 ? OUTCOME(ACCEPTED)
						       : OUTCOME(REFUSED),
			.http_status = http_status, .duration_ms = 12,
			.text = http_status == 0 ? "connection refused"
						 : (http_status < 300 ? "" : "no")));
}

void hook_report(const lease_of *leased, uint32_t http_status)
{
	struct outcome outcome = hook_try_report(leased, http_status);

	expect_done(outcome);
	cr_expect_null(((const Orgd__V1__ReportDeliveryResponse *)outcome.response)->status,
		"it is no mail");
}

const char *hook_drain(void)
{
	static char said[4096];
	const lease_of *leased;
	size_t size = 0;

	*said = '\0';
	while ((leased = hook_lease())) {
		const char *type = request_body(leased) + strlen("{\"type\":\"");

		size += (size_t)snprintf(said + size, sizeof(said) - size, "%s%.*s",
			size ? " " : "", (int)strcspn(type, "\""), type);
		cr_assert_lt(size, sizeof(said));
		hook_report(leased, 200);
	}
	return said;
}

const char *request_body(const lease_of *leased)
{
	static char text[64 * 1024 + 1];

	memcpy(text, leased->webhook->body.data, leased->webhook->body.len);
	text[leased->webhook->body.len] = '\0';
	return text;
}

bool request_holds(const lease_of *leased, const char *text)
{
	return strstr(request_body(leased), text) != NULL;
}

bool request_is_signed(const lease_of *leased, unsigned n, const char *secret)
{
	const Orgd__V1__LeaseDeliveriesResponse__WebhookRequest *request = leased->webhook;
	const char *signature = request->signature;
	uint8_t key[64];
	size_t size;
	struct arena arena;
	const char *expected;
	bool fits;

	while (n-- && (signature = strchr(signature, ' ')))
		signature++;
	cr_assert_eq(sodium_base642bin(key, sizeof(key), secret + strlen("whsec_"),
			     strlen(secret) - strlen("whsec_"), NULL, &size, NULL,
			     sodium_base64_VARIANT_ORIGINAL),
		0);
	arena_init(&arena);
	expected = webhook_signature(&arena, bytes_of(key, size), request->id, request->timestamp,
		bytes_of(request->body.data, request->body.len));
	fits = signature && !strncmp(signature, expected, strlen(expected)) &&
	       strchr(" ", signature[strlen(expected)]) != NULL;
	arena_clear(&arena);
	return fits;
}
