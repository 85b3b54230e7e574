/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/entropy.h"
#include "store/rows/chore.h"
#include "store/rows/event.h"
#include "store/rows/person.h"
#include "store/rows/request.h"
#include "store_fixture.h"

/* The rows that every call leaves. Those of a resource are tested with its service. */

static struct keyring *keyring;
static const struct id ada = { { 1 } }, bob = { { 2 } };

static void begin(void)
{
	static const uint8_t master_key[MASTER_KEY_BYTES] = { 1, 2, 3 };

	fixture_begin();
	expect_ok(keyring_of(master_key, 1, &keyring));
}

static void end(void)
{
	fixture_end();
	keyring_close(keyring);
}

TestSuite(rows, .init = begin, .fini = end);

static const uint8_t hash[KEYED_HASH_BYTES] = { 7 };
/* A noon, so that a day before and after it is another day. */
#define NOON (INT64_C(20000) * US_PER_DAY + US_PER_DAY / 2)

static int64_t request_time_us;

static struct status put_request(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	Orgd__Store__V1__Request row = ORGD__STORE__V1__REQUEST__INIT;
	struct key key;

	(void)change;
	(void)snapshot;
	row.time_us = request_time_us;
	request_key(&key, request_time_us, hash);
	return request_put(batch, &key, &row);
}

static void request_at(int64_t time_us)
{
	request_time_us = time_us;
	expect_committed(run(put_request, NULL, NULL));
}

/* The revision of the request row that a call at that time finds, 0 for none. */
static uint64_t found_at(int64_t now_us)
{
	Orgd__Store__V1__Request *row;
	uint64_t revision = 0;
	struct key key, expected;

	expect_ok(request_get(look(), hash, now_us, &row, &revision, &key));
	look_away();
	if (!row)
		return 0;
	request_key(&expected, row->time_us, hash);
	cr_expect_eq(key.size, expected.size);
	cr_expect_arr_eq(key.bytes, expected.bytes, expected.size);
	return revision;
}

static unsigned deleted;

static struct status delete_old(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	(void)batch;
	return request_delete_old(snapshot, request_time_us, change->number, &deleted);
}

static unsigned deleted_at(int64_t now_us, unsigned max)
{
	request_time_us = now_us;
	expect_ok(run_number(delete_old, max)->status);
	return deleted;
}

Test(rows, a_request_is_found_for_24_hours)
{
	request_at(NOON);
	cr_expect_eq(found_at(NOON), 1);
	cr_expect_eq(found_at(NOON + US_PER_DAY - 1), 1);
	cr_expect_eq(found_at(NOON + US_PER_DAY), 0);
	cr_expect_eq(found_at(NOON + 2 * US_PER_DAY), 0);
}

Test(rows, a_newer_request_hides_the_older_one_of_its_name)
{
	request_at(NOON);
	request_at(NOON + US_PER_DAY + 1);
	cr_expect_eq(found_at(NOON + US_PER_DAY + 2), 2);
}

Test(rows, requests_are_deleted_when_no_replay_reaches_them)
{
	request_at(NOON);
	cr_expect_eq(deleted_at(NOON + US_PER_DAY, 100), 0);
	cr_expect_eq(deleted_at(NOON + 3 * US_PER_DAY / 2 - 1, 100), 0);
	request_at(NOON + US_PER_DAY);
	cr_expect_eq(deleted_at(NOON + 2 * US_PER_DAY, 100), 1);
	cr_expect_eq(deleted_at(NOON + 2 * US_PER_DAY, 100), 0);
	cr_expect_eq(found_at(NOON + US_PER_DAY), 2);
}

Test(rows, requests_are_deleted_in_chunks)
{
	request_at(NOON);
	request_at(NOON + US_PER_DAY);
	cr_expect_eq(deleted_at(NOON + 9 * US_PER_DAY, 1), 1);
	cr_expect_eq(deleted_at(NOON + 9 * US_PER_DAY, 1), 1);
	cr_expect_eq(deleted_at(NOON + 9 * US_PER_DAY, 1), 0);
}

static struct status put_chores(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	(void)change;
	(void)snapshot;
	TRY(chore_put(batch, CHORE_ERASE_USER, 300, &ada));
	TRY(chore_put(batch, CHORE_ERASE_USER, 200, &bob));
	return chore_put(batch, CHORE_PURGE_ORGANIZATION, 100, &ada);
}

static struct status delete_chore(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	(void)change;
	(void)snapshot;
	return chore_delete(batch, CHORE_ERASE_USER, 200, &bob);
}

/* Whose erasure is due first at that time, NULL for nobody's; they fell due at *due_us. */
static const struct id *erasure_due(int64_t now_us, int64_t *due_us)
{
	static struct id id;
	bool found;

	expect_ok(chore_find(look(), CHORE_ERASE_USER, now_us, &id, due_us, &found));
	look_away();
	return found ? &id : NULL;
}

Test(rows, chores_come_in_the_order_they_fall_due)
{
	int64_t due_us;

	cr_expect_null(erasure_due(1000, &due_us));
	expect_committed(run(put_chores, NULL, NULL));
	cr_expect_null(erasure_due(199, &due_us), "another kind's is no matter");
	cr_assert_not_null(erasure_due(200, &due_us));
	cr_expect(id_equal(erasure_due(1000, &due_us), &bob));
	cr_expect_eq(due_us, 200);
	expect_committed(run(delete_chore, NULL, NULL));
	cr_expect_null(erasure_due(299, &due_us));
	cr_expect(id_equal(erasure_due(300, &due_us), &ada));
}

static uint8_t taken[2][32];

static struct status take_keys(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	struct bytes user = person_of_user(&change->arena, &ada);
	struct bytes invitee = person_of_email(&change->arena, keyring, "eve@example.com");
	struct entropy entropy;

	(void)batch;
	entropy_seed(&entropy);
	TRY(person_key_take(snapshot, keyring, &entropy, user, taken[0]));
	return person_key_take(snapshot, keyring, &entropy, invitee, taken[1]);
}

static struct status erase_ada(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	(void)snapshot;
	return person_delete(batch, person_of_user(&change->arena, &ada));
}

static bool knows(struct bytes person, const uint8_t expected[32])
{
	uint8_t key[32];
	bool known;

	expect_ok(person_key_find(look(), keyring, person, key, &known));
	look_away();
	cr_expect(!known || !memcmp(key, expected, 32));
	return known;
}

Test(rows, a_person_keeps_one_key_until_it_is_erased)
{
	struct bytes user = person_of_user(fixture_arena(), &ada);
	struct bytes invitee = person_of_email(fixture_arena(), keyring, "eve@example.com");
	uint8_t first[2][32];
	struct change *again;

	cr_expect_not(knows(user, taken[0]));
	expect_committed(run(take_keys, NULL, NULL));
	memcpy(first, taken, sizeof(first));
	cr_expect_arr_neq(taken[0], taken[1], 32);
	again = run(take_keys, NULL, NULL);
	expect_ok(again->status);
	cr_expect_not(again->committed, "they are there");
	cr_expect_arr_eq(taken, first, sizeof(first));
	cr_expect(knows(user, first[0]));
	expect_committed(run(erase_ada, NULL, NULL));
	cr_expect_not(knows(user, first[0]));
	cr_expect(knows(invitee, first[1]), "nobody else is erased");
	expect_committed(run(take_keys, NULL, NULL));
	cr_expect_arr_neq(taken[0], first[0], 32);
}

static void use_keys(const uint8_t *keys, size_t count)
{
	keyring_close(keyring);
	expect_ok(keyring_of(keys, count, &keyring));
}

Test(rows, a_persons_key_moves_to_the_newest_master_key)
{
	static const uint8_t rotated[2 * MASTER_KEY_BYTES] = { 4, [MASTER_KEY_BYTES] = 1, 2, 3 };
	struct bytes user = person_of_user(fixture_arena(), &ada);
	uint8_t first[32];

	expect_committed(run(take_keys, NULL, NULL));
	memcpy(first, taken[0], sizeof(first));
	use_keys(rotated, 2);
	cr_expect(knows(user, first));
	expect_committed(run(take_keys, NULL, NULL));
	cr_expect_arr_eq(taken[0], first, sizeof(first));
	use_keys(rotated, 1);
	cr_expect(knows(user, first), "the old one can be retired");
	cr_expect_not(run(take_keys, NULL, NULL)->committed && memcmp(taken[0], first, 32));
}

Test(rows, a_persons_key_is_made_anew_when_its_master_key_is_retired)
{
	static const uint8_t other[MASTER_KEY_BYTES] = { 4 };
	struct bytes user = person_of_user(fixture_arena(), &ada);
	uint8_t first[32];

	expect_committed(run(take_keys, NULL, NULL));
	memcpy(first, taken[0], sizeof(first));
	use_keys(other, 1);
	cr_expect_not(knows(user, first));
	expect_committed(run(take_keys, NULL, NULL));
	cr_expect_arr_neq(taken[0], first, sizeof(first));
	cr_expect(knows(user, taken[0]));
}

static struct status put_events(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	Orgd__Store__V1__Event event = ORGD__STORE__V1__EVENT__INIT;

	(void)snapshot;
	TRY(event_put(batch, &(struct id){ { 9 } }, &ada, change->now_us, 0, &event));
	TRY(event_put(batch, &(struct id){ { 8 } }, &ada, change->now_us, 1, &event));
	TRY(event_put(batch, &(struct id){ { 7 } }, &bob, change->now_us, 2, &event));
	return event_put(batch, &(struct id){ { 6 } }, NULL, change->now_us, 3, &event);
}

Test(rows, an_organizations_events_are_listed_as_they_happened)
{
	static const uint8_t expected[] = { 9, 8 };
	struct key prefix;
	struct scan scan;
	size_t count = 0;

	expect_committed(run(put_events, NULL, NULL));
	event_organization_prefix(&prefix, &ada);
	expect_ok(scan_begin(&scan, look(), &prefix, NULL));
	while (scan.found) {
		cr_assert_lt(count, COUNT_OF(expected));
		cr_expect_eq(scan.key.data[scan.key.size - 16], expected[count++]);
		expect_ok(scan_next(&scan));
	}
	cr_expect_eq(count, 2);
	look_away();
}

static struct status put_nonsense(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	struct key key;

	(void)change;
	(void)snapshot;
	request_key(&key, NOON, hash);
	return batch_put(batch, &key, bytes_of("\xFF\xFF\xFF", 3));
}

Test(rows, a_row_that_is_no_such_message_is_corrupt)
{
	Orgd__Store__V1__Request *row;
	uint64_t revision;
	struct key key;

	expect_committed(run(put_nonsense, NULL, NULL));
	expect_refused(request_get(look(), hash, NOON, &row, &revision, &key), STATUS_DATA_LOSS,
		"ROW_CORRUPT");
	look_away();
}
