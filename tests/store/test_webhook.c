/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows/webhook.h"

#include "store_fixture.h"

/* The rows of webhooks and the indexes that go with them. */

TestSuite(webhook_rows, .init = fixture_begin, .fini = fixture_end);

static const struct id acme = { { 1 } }, other = { { 2 } }, first = { { 11 } }, second = { { 12 } };

static Orgd__Store__V1__Webhook row_of(struct arena *arena)
{
	Orgd__Store__V1__Webhook row = ORGD__STORE__V1__WEBHOOK__INIT;

	row.organization_id = bytes_of_id(arena, &acme);
	return row;
}

/* Inserts one under `id`, due at `due_us`. */
static const struct id *id;
static int64_t due_us;

static struct status insert(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	Orgd__Store__V1__Webhook row = row_of(batch_arena(batch));
	Orgd__Store__V1__Webhooks *webhooks;

	(void)change;
	row.due_us = due_us;
	TRY(webhooks_get(snapshot, &acme, &webhooks));
	return webhook_insert(batch, id, &row, webhooks);
}

static struct status move(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	Orgd__Store__V1__Webhook *row;

	(void)change;
	TRY(webhook_get(snapshot, id, &row));
	return webhook_put(batch, id, row, due_us);
}

static struct status delete_one(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	Orgd__Store__V1__Webhooks *webhooks;
	Orgd__Store__V1__Webhook *row;

	(void)change;
	TRY(webhooks_get(snapshot, &acme, &webhooks));
	TRY(webhook_get(snapshot, id, &row));
	return webhook_delete(batch, id, row, webhooks);
}

static struct status tell(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	(void)change;
	TRY(webhook_news_put(snapshot, &acme));
	TRY(webhook_news_put(snapshot, &other));
	cr_expect_eq(batch_expectation_count(batch), 2, "it relies on there being none, too");
	return OK;
}

static struct status take_news(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	(void)change;
	TRY(webhook_news_take(snapshot, &acme));
	cr_expect_eq(batch_expectation_count(batch), 1);
	return OK;
}

static void do_to(change_function *function, const struct id *webhook, int64_t us)
{
	id = webhook;
	due_us = us;
	expect_committed(run(function, NULL, NULL));
}

/* When the first one is due, and which that is; 0 for none. */
static int64_t first_due(struct id *found)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;
	int64_t us = 0;

	webhook_due_prefix(&prefix);
	expect_ok(scan_begin(&scan, look(), &prefix, NULL));
	if (scan.found)
		*found = webhook_of_due_key(scan.key, &us);
	scan_end(&scan);
	look_away();
	return us;
}

static size_t count_of(const struct id *organization_id)
{
	Orgd__Store__V1__Webhooks *webhooks;
	size_t count;

	expect_ok(webhooks_get(look(), organization_id, &webhooks));
	count = webhooks->n_webhook_ids;
	look_away();
	return count;
}

static unsigned marks(void)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;
	unsigned count = 0;

	webhook_news_prefix(&prefix);
	expect_ok(scan_begin(&scan, look(), &prefix, NULL));
	for (; scan.found; count++)
		expect_ok(scan_next(&scan));
	look_away();
	return count;
}

Test(webhook_rows, an_organization_knows_its_own_in_their_order)
{
	Orgd__Store__V1__Webhooks *webhooks;
	struct id found;

	cr_expect_eq(count_of(&acme), 0);
	do_to(insert, &second, 0);
	do_to(insert, &first, 0);
	cr_expect_eq(count_of(&acme), 2);
	cr_expect_eq(count_of(&other), 0);
	expect_ok(webhooks_get(look(), &acme, &webhooks));
	found = id_of_bytes(webhooks->webhook_ids[0]);
	look_away();
	cr_expect(id_equal(&found, &second), "in the order in which they came");
	do_to(delete_one, &second, 0);
	cr_expect_eq(count_of(&acme), 1);
	do_to(delete_one, &first, 0);
	cr_expect_eq(count_of(&acme), 0);
	cr_expect_eq(statistics().rows, 1, "all but the store's own row is gone");
}

Test(webhook_rows, each_stands_where_it_is_due)
{
	struct id found;

	do_to(insert, &first, 0);
	do_to(insert, &second, 30);
	cr_expect_eq(first_due(&found), 30);
	do_to(move, &first, 20);
	cr_expect_eq(first_due(&found), 20);
	cr_expect(id_equal(&found, &first));
	do_to(move, &first, 40);
	cr_expect_eq(first_due(&found), 30);
	do_to(move, &first, 40);
	do_to(delete_one, &second, 0);
	cr_expect_eq(first_due(&found), 40);
	do_to(move, &first, 0);
	cr_expect_eq(first_due(&found), 0);
}

Test(webhook_rows, news_are_marked_where_there_is_a_webhook_to_hear_them)
{
	expect_ok(run(tell, NULL, NULL)->status);
	cr_expect_eq(marks(), 0);
	do_to(insert, &first, 0);
	do_to(tell, NULL, 0);
	do_to(tell, NULL, 0);
	cr_expect_eq(marks(), 1);
	do_to(take_news, NULL, 0);
	cr_expect_eq(marks(), 0);
}

static struct status attempt(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	Orgd__V1__WebhookAttempt row = ORGD__V1__WEBHOOK_ATTEMPT__INIT;

	(void)snapshot;
	row.http_status = change->number;
	return webhook_attempt_insert(batch, &first, change->number, &row);
}

static struct status forget_oldest(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	(void)change;
	webhook_attempt_prefix(&prefix, &first);
	TRY(scan_begin(&scan, snapshot, &prefix, NULL));
	return webhook_attempt_delete(batch, scan.key);
}

Test(webhook_rows, attempts_are_kept_by_their_time)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	Orgd__V1__WebhookAttempt *row;
	struct key prefix;

	expect_committed(run_number(attempt, 500));
	expect_committed(run_number(attempt, 200));
	expect_committed(run_number(attempt, 404));
	expect_committed(run(forget_oldest, NULL, NULL));
	webhook_attempt_prefix(&prefix, &first);
	expect_ok(scan_begin(&scan, look(), &prefix, NULL));
	cr_assert(scan.found);
	cr_expect_eq(webhook_attempt_us(scan.key), 404);
	expect_ok(webhook_attempt_of_value(fixture_arena(), scan.value, &row));
	cr_expect_eq(row->http_status, 404);
	expect_ok(scan_next(&scan));
	cr_expect_eq(webhook_attempt_us(scan.key), 500);
	scan_end(&scan);
	look_away();
}
