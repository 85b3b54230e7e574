/* SPDX-License-Identifier: Apache-2.0 */
#include <semaphore.h>
#include <string.h>

#include "service/webhook_story.h"
#include "store/rows/webhook.h"
#include "store/store.h"

/* Leases of webhooks' requests, and mails beside them. */

TestSuite(webhook_lease, .init = outbox_begin, .fini = outbox_end);

static const char *made(void)
{
	return hook_made()->webhook->id;
}

Test(webhook_lease, a_lease_that_nobody_reported_on_is_a_failure)
{
	const char *id = made();
	const lease_of *first, *second;

	happen();
	first = hook_must_lease();
	story_skip(s, LEASE_US);
	cr_expect_null(hook_lease(), "the pause begins now");
	cr_expect_str_eq(hook_seen(id)->last_error, "how the attempt ended was never reported");
	cr_expect_eq(hook_attempts(id)->n_attempts, 1);
	story_skip(s, 7 * US_PER_SECOND);
	second = hook_must_lease();
	cr_expect_str_eq(second->webhook->id, first->webhook->id);
	cr_expect(memcmp(second->lease_token.data, first->lease_token.data, 16) != 0);
}

Test(webhook_lease, a_daemon_that_ends_during_a_request_forgets_nothing)
{
	const char *id = made();
	const lease_of *leased;

	happen();
	leased = hook_must_lease();
	happen();
	story_restart(s);
	hook_report(leased, 200);
	story_restart(s);
	cr_expect_str_eq(hook_drain(), "organization.updated");
	cr_expect_eq(hook_attempts(id)->n_attempts, 2);
}

Test(webhook_lease, a_report_of_another_lease_is_refused)
{
	const lease_of *leased;
	lease_of forged;
	uint8_t other[16] = "another's token";

	(void)made();
	happen();
	leased = hook_must_lease();
	forged = *leased;
	forged.lease_token.data = other;
	expect_reason(hook_try_report(&forged, 500), STATUS_FAILED_PRECONDITION, "LEASE_LOST");
	expect_reason(hook_try_report(&forged, 200), STATUS_FAILED_PRECONDITION, "LEASE_LOST");
	forged.lease_token.len = 0;
	expect_reason(hook_try_report(&forged, 200), STATUS_FAILED_PRECONDITION, "LEASE_LOST");
	story_skip(s, LEASE_US);
	expect_reason(hook_try_report(leased, 500), STATUS_FAILED_PRECONDITION, "LEASE_LOST");
	hook_report(leased, 200);
	expect_reason(hook_try_report(leased, 200), STATUS_FAILED_PRECONDITION, "LEASE_LOST");
}

Test(webhook_lease, a_late_success_is_recorded_as_long_as_its_event_is_in_hand)
{
	const char *id = made();
	const lease_of *first, *second;

	happen();
	first = hook_must_lease();
	story_skip(s, LEASE_US);
	(void)hook_lease();
	story_skip(s, 7 * US_PER_SECOND);
	second = hook_must_lease();
	hook_report(first, 200);
	expect_reason(hook_try_report(second, 500), STATUS_FAILED_PRECONDITION, "LEASE_LOST");
	cr_expect_null(hook_seen(id)->failing_since_time);
	cr_expect_null(hook_lease(), "it was taken");
}

Test(webhook_lease, a_report_about_what_was_deleted_is_told_so)
{
	const lease_of *leased;
	const char *id = made();

	happen();
	leased = hook_must_lease();
	ASK(s, ADA, WebhookService, DeleteWebhook, delete_webhook, .webhook_id = id);
	expect_reason(hook_try_report(leased, 200), STATUS_NOT_FOUND, "DELIVERY_NOT_FOUND");
	REFUSED(s, "courier", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", DeliveryService,
		ReportDelivery, report_delivery, .delivery_id = leased->delivery_id);
}

Test(webhook_lease, disabled_during_a_request_it_keeps_what_came_of_it)
{
	const char *id = made();
	const lease_of *leased;

	happen();
	leased = hook_must_lease();
	happen();
	hook_set_state(id, HOOKED(DISABLED));
	cr_expect_null(hook_lease());
	hook_report(leased, 200);
	cr_expect_null(hook_lease());
	hook_set_state(id, HOOKED(ENABLED));
	cr_expect_str_eq(hook_drain(), "organization.updated webhook.updated webhook.updated");
}

Test(webhook_lease, enabled_during_a_request_it_waits_for_its_end)
{
	const char *id = made();

	happen();
	(void)hook_must_lease();
	hook_set_state(id, HOOKED(DISABLED));
	hook_set_state(id, HOOKED(ENABLED));
	cr_expect_null(hook_lease());
	story_skip(s, LEASE_US + US_PER_MINUTE);
	cr_expect_null(hook_lease(), "nobody reported: that is a failure");
	story_skip(s, 7 * US_PER_SECOND);
	cr_expect_str_eq(hook_drain(), "organization.updated webhook.updated webhook.updated");
}

/* --- beside mails --- */

static const Orgd__V1__LeaseDeliveriesResponse *lease_by(
	Orgd__V1__LeaseDeliveriesRequest__Channel channel, uint32_t max)
{
	return ASK(s, "courier", DeliveryService, LeaseDeliveries, lease_deliveries, .max = max,
		.channel = channel);
}

#define CHANNEL(name) ORGD__V1__LEASE_DELIVERIES_REQUEST__CHANNEL__CHANNEL_##name

Test(webhook_lease, a_channel_holds_only_its_own)
{
	const Orgd__V1__LeaseDeliveriesResponse *leased;

	(void)made();
	(void)invite(EVE);
	story_sweep(s);
	leased = lease_by(CHANNEL(MAIL), 20);
	cr_assert_eq(leased->n_leases, 1);
	cr_expect_null(leased->leases[0]->webhook);
	cr_expect_null(leased->next_due_time);
	leased = lease_by(CHANNEL(WEBHOOK), 20);
	cr_assert_eq(leased->n_leases, 1);
	cr_expect(leased->leases[0]->webhook);
	cr_expect_eq(lease_by(CHANNEL(WEBHOOK), 20)->n_leases, 0);
	REFUSED(s, "courier", STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", DeliveryService,
		LeaseDeliveries, lease_deliveries, .channel = 9);
}

Test(rules, rule_43_neither_mails_nor_webhooks_wait_for_the_end_of_the_others, .init = outbox_begin,
	.fini = outbox_end)
{
	bool mail = false, webhook = false;

	(void)made();
	invite_many(30);
	story_sweep(s);
	for (unsigned i = 0; i < 200 && !(mail && webhook); i++) {
		const Orgd__V1__LeaseDeliveriesResponse *leased = lease_by(CHANNEL(UNSPECIFIED), 1);

		cr_assert_eq(leased->n_leases, 1);
		mail = mail || !leased->leases[0]->webhook;
		webhook = webhook || leased->leases[0]->webhook;
		if (leased->leases[0]->webhook)
			hook_report(leased->leases[0], 200);
		else if (i >= 28)
			break;
	}
	cr_expect(mail && webhook);
}

Test(webhook_lease, twenty_at_most_are_leased_at_once_and_two_of_an_organization)
{
	const Orgd__V1__LeaseDeliveriesResponse *leased;
	unsigned webhooks = 0;

	for (unsigned i = 0; i < 10; i++)
		(void)made();
	invite_many(20);
	story_sweep(s);
	leased = lease_by(CHANNEL(UNSPECIFIED), 0);
	cr_assert_eq(leased->n_leases, 20);
	for (size_t i = 0; i < leased->n_leases; i++)
		webhooks += leased->leases[i]->webhook != NULL;
	cr_expect_eq(webhooks, 2);
	cr_assert(leased->next_due_time);
	cr_expect_leq(leased->next_due_time->seconds, story_now_us(s) / US_PER_SECOND);
}

/* --- what no call brings about --- */

/* Forgets the webhook's secret behind the daemon's back, as if its master key had been retired. */
struct garbling {
	struct mutation mutation;
	struct arena arena;
	struct id id;
	sem_t is_done;
};

static struct status garble_run(
	struct mutation *mutation, struct snapshot *snapshot, int64_t now_us)
{
	struct garbling *garbling = CONTAINER_OF(mutation, struct garbling, mutation);
	Orgd__Store__V1__Webhook *row;

	(void)now_us;
	TRY(webhook_get(snapshot, &garbling->id, &row));
	row->sealed_secret.len = 0;
	return webhook_put(snapshot_batch(snapshot), &garbling->id, row, row->due_us);
}

static void garble_done(
	struct mutation *mutation, struct status status, uint64_t revision, bool committed)
{
	struct garbling *garbling = CONTAINER_OF(mutation, struct garbling, mutation);

	(void)revision;
	cr_assert(!status.code && committed);
	sem_post(&garbling->is_done);
}

static void garble(const char *id)
{
	struct garbling garbling = { .mutation = { .run = garble_run, .done = garble_done } };

	cr_assert_not(id_parse(ID_WEBHOOK, "webhook_id", id, &garbling.id).code);
	sem_init(&garbling.is_done, 0, 0);
	arena_init(&garbling.arena);
	garbling.mutation.arena = &garbling.arena;
	store_submit(story_store(s), &garbling.mutation);
	sem_wait(&garbling.is_done);
	arena_clear(&garbling.arena);
}

Test(webhook_lease, one_whose_secret_cannot_be_read_is_disabled_and_holds_nothing_up)
{
	const char *broken = made(), *whole = made();
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;

	garble(broken);
	happen();
	cr_expect_str_eq(hook_must_lease()->delivery_id, whole);
	cr_expect_null(hook_lease());
	cr_expect_eq(hook_seen(broken)->state, HOOKED(DISABLED));
	cr_expect(strstr(hook_seen(broken)->last_error, "master key"));
	webhook.id = broken;
	webhook.state = HOOKED(ENABLED);
	ASK(s, ADA, WebhookService, UpdateWebhook, update_webhook, .webhook = &webhook,
		.rotate_secret = true);
	cr_expect_str_eq(hook_must_lease()->delivery_id, broken);
}

Test(webhook_lease, the_latest_thousand_attempts_are_kept)
{
	const char *id = made();
	const Orgd__V1__ListAttemptsResponse *attempts;
	const lease_of *leased = NULL;

	for (unsigned i = 0; i < 1002; i++) {
		happen();
		leased = hook_must_lease();
		hook_report(leased, 200);
	}
	attempts = hook_attempts(id);
	cr_expect_eq(attempts->n_attempts, 1000);
	cr_expect_str_eq(attempts->next_page_token, "");
	cr_expect_str_eq(attempts->attempts[0]->event_id, leased->webhook->id);
}
