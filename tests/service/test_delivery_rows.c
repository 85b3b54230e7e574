/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "secret/entropy.h"
#include "service/organization_story.h"
#include "store/rows/delivery.h"
#include "store/store.h"
#include "support/story.h"

/* What no call brings about: rows as an older or a broken orgd may have left them. */

#define STATE(name) ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_##name

static struct story *s;

static void begin(void)
{
	s = story_begin();
	story_person(s, ADA, "Ada");
	(void)story_mail_count(s, ADA);
}

static void end(void)
{
	story_end(s);
}

TestSuite(delivery_rows, .init = begin, .fini = end);

/* A batch of one row, waited for. */
struct planting {
	struct mutation mutation;
	struct arena arena;
	Orgd__Store__V1__Delivery *row;
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool is_done;
};

static struct status plant_run(struct mutation *mutation, struct snapshot *snapshot, int64_t now_us)
{
	struct planting *planting = CONTAINER_OF(mutation, struct planting, mutation);
	struct id id;

	random_bytes(&id, sizeof(id));
	planting->row->create_us = planting->row->due_us = planting->row->date_us = now_us;
	return delivery_insert(snapshot_batch(snapshot), &id, planting->row);
}

static void plant_done(
	struct mutation *mutation, struct status status, uint64_t revision, bool committed)
{
	struct planting *planting = CONTAINER_OF(mutation, struct planting, mutation);

	(void)revision;
	cr_assert(!status.code && committed);
	pthread_mutex_lock(&planting->lock);
	planting->is_done = true;
	pthread_cond_signal(&planting->done);
	pthread_mutex_unlock(&planting->lock);
}

static void plant(char *kind, char *recipient, char *message_id, char *note)
{
	Orgd__Store__V1__Delivery row = ORGD__STORE__V1__DELIVERY__INIT;
	Orgd__Store__V1__Delivery__FactsEntry fact = ORGD__STORE__V1__DELIVERY__FACTS_ENTRY__INIT;
	Orgd__Store__V1__Delivery__FactsEntry *facts[] = { &fact };
	Orgd__V1__Delivery delivery = ORGD__V1__DELIVERY__INIT;
	Orgd__V1__DeliveryStatus status = ORGD__V1__DELIVERY_STATUS__INIT;
	struct planting planting = { .mutation = { .run = plant_run, .done = plant_done },
		.row = &row,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.done = PTHREAD_COND_INITIALIZER };

	fact.key = "note";
	fact.value = note;
	row.facts = facts;
	row.n_facts = 1;
	row.message_id = message_id;
	row.delivery = &delivery;
	delivery.kind = kind;
	delivery.recipient = recipient;
	delivery.status = &status;
	status.state = STATE(QUEUED);
	arena_init(&planting.arena);
	planting.mutation.arena = &planting.arena;
	store_submit(story_store(s), &planting.mutation);
	pthread_mutex_lock(&planting.lock);
	while (!planting.is_done)
		pthread_cond_wait(&planting.done, &planting.lock);
	pthread_mutex_unlock(&planting.lock);
	arena_clear(&planting.arena);
}

static const Orgd__V1__LeaseDeliveriesResponse *lease(void)
{
	return ASK(s, "courier", DeliveryService, LeaseDeliveries, lease_deliveries);
}

static const char *last_error(const char *recipient)
{
	const Orgd__V1__ListDeliveriesResponse *list = ASK(s, "operator", DeliveryService,
		ListDeliveries, list_deliveries, .state = STATE(DEAD));

	for (size_t i = 0; i < list->n_deliveries; i++)
		if (!strcmp(list->deliveries[i]->recipient, recipient))
			return list->deliveries[i]->status->last_error;
	return "";
}

Test(delivery_rows, a_mail_that_cannot_be_rendered_dies_and_holds_nothing_up)
{
	plant("organization_verified", "nobody\r\nRCPT TO:<eve@example.com>", "<1@portal.example>",
		"");
	plant("organization_verified", "bob@example.com", "no message id", "");
	plant("a kind of tomorrow", "eve@example.com", "<1@portal.example>", "");
	plant("organization_verified", ADA, "<1@portal.example>", "");
	cr_expect_not_null(story_mail_text(s, ADA));
	cr_expect(strstr(last_error("bob@example.com"), "Message-ID"));
	cr_expect(strstr(last_error("eve@example.com"), "no mail of its kind"));
	cr_expect_gt(strlen(last_error("nobody\r\nRCPT TO:<eve@example.com>")), 0);
}

Test(delivery_rows, a_reply_stays_below_a_mebibyte)
{
	const Orgd__V1__LeaseDeliveriesResponse *leased;
	static char note[32 * 1024];
	size_t leases = 0, calls = 0;

	memset(note, 'x', sizeof(note) - 1);
	for (int i = 0; i < 20; i++)
		plant("organization_verified", ADA, "<1@portal.example>", note);
	plant("organization_verified", BOB, "<1@portal.example>", "");
	for (; (leased = lease())->n_leases; calls++) {
		cr_expect_lt(protobuf_c_message_get_packed_size(&leased->base), 1024 * 1024);
		leases += leased->n_leases;
	}
	cr_expect_eq(leases, 21);
	cr_expect_geq(calls, 2);
}

/* Is `needle` in any row of the outbox? */
static bool is_stored(const char *needle)
{
	struct store_reader *reader;
	struct snapshot *snapshot;
	struct arena arena;
	struct scan scan;
	struct key table;
	bool found = false;
	size_t rows = 0;

	arena_init(&arena);
	cr_assert(!store_reader_new(story_store(s), &reader).code);
	cr_assert(!store_snapshot_begin(reader, &arena, &snapshot).code);
	key_begin(&table, TABLE_DELIVERY);
	cr_assert(!scan_begin(&scan, snapshot, &table, NULL).code);
	for (; scan.found; rows++) {
		found |= memmem(scan.value.data, scan.value.size, needle, strlen(needle)) != NULL;
		cr_assert(!scan_next(&scan).code);
	}
	cr_assert(rows);
	store_snapshot_end(snapshot);
	store_reader_free(reader);
	arena_clear(&arena);
	return found;
}

Test(rules, rule_40_the_link_of_a_queued_mail_is_sealed, .init = begin, .fini = end)
{
	ASK(s, NULL, UserService, RequestPasswordReset, request_password_reset, .email = ADA);
	cr_expect(is_stored(ADA));
	cr_expect_not(is_stored("orgd_r_"));
	cr_expect_not_null(story_mail_token(s, ADA));
	cr_expect_not(is_stored("orgd_r_"));
}
