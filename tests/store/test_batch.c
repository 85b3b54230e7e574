/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

TestSuite(batch, .init = fixture_begin, .fini = fixture_end);

static void number_key(struct key *key, unsigned number)
{
	*key = key_of(arena_printf(fixture_arena(), "%06u", number));
}

static struct batch *new_batch(void)
{
	return batch_new(fixture_arena());
}

static struct status put(struct batch *batch, const char *name, size_t size)
{
	struct key key = key_of(name);

	return batch_put(batch, &key, bytes_of(arena_zalloc(fixture_arena(), size), size));
}

Test(batch, a_new_one_is_empty)
{
	struct batch *batch = new_batch();

	cr_expect(batch_is_empty(batch));
	cr_expect_eq(batch_write_count(batch), 0);
	cr_expect_eq(batch_expectation_count(batch), 0);
}

Test(batch, takes_120_writes_and_no_more)
{
	struct batch *batch = new_batch();
	struct key key;

	for (unsigned i = 0; i < BATCH_WRITES_MAX; i++) {
		number_key(&key, i);
		expect_ok(i % 2 ? batch_delete(batch, &key)
				: batch_put(batch, &key, bytes_of("x", 1)));
	}
	expect_ok(batch_put(batch, &key, bytes_of("the same again", 14)));
	number_key(&key, BATCH_WRITES_MAX);
	expect_refused(batch_put(batch, &key, bytes_of("x", 1)), STATUS_RESOURCE_EXHAUSTED,
		"BATCH_TOO_LARGE");
	expect_refused(batch_delete(batch, &key), STATUS_RESOURCE_EXHAUSTED, "BATCH_TOO_LARGE");
	cr_expect_eq(batch_write_count(batch), BATCH_WRITES_MAX);
}

Test(batch, an_event_counts_as_a_write)
{
	struct batch *batch = new_batch();
	struct id id = { { 1 } };
	struct key key;

	for (unsigned i = 0; i < BATCH_WRITES_MAX; i++) {
		number_key(&key, i);
		expect_ok(batch_put(batch, &key, bytes_of("x", 1)));
	}
	expect_refused(batch_add_event(batch, &id, bytes_of("x", 1)), STATUS_RESOURCE_EXHAUSTED,
		"BATCH_TOO_LARGE");
}

Test(batch, takes_16_events_and_no_more)
{
	struct batch *batch = new_batch();
	struct id id = { { 1 } };

	for (unsigned i = 0; i < BATCH_EVENTS_MAX; i++)
		expect_ok(batch_add_event(batch, &id, bytes_of("x", 1)));
	expect_refused(batch_add_event(batch, &id, bytes_of("x", 1)), STATUS_RESOURCE_EXHAUSTED,
		"BATCH_TOO_LARGE");
}

Test(batch, takes_1_MiB_and_no_more)
{
	struct batch *batch = new_batch();
	struct id id = { { 1 } };

	expect_ok(put(batch, "a", BATCH_BYTES_MAX - 100));
	expect_refused(put(batch, "b", 100), STATUS_RESOURCE_EXHAUSTED, "BATCH_TOO_LARGE");
	expect_refused(
		batch_add_event(batch, &id, bytes_of(arena_zalloc(fixture_arena(), 200), 200)),
		STATUS_RESOURCE_EXHAUSTED, "BATCH_TOO_LARGE");
	expect_ok(put(batch, "b", 50));
	expect_ok(put(batch, "a", 1000));
	expect_ok(put(batch, "c", BATCH_BYTES_MAX - 2000));
}

static struct status get_many(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	for (unsigned i = 0; i < change->number; i++) {
		struct key key = key_of(arena_printf(&change->arena, "%06u", i));
		struct row row;

		TRY(snapshot_get(snapshot, &key, &row));
		TRY(snapshot_get(snapshot, &key, &row));
		TRY(snapshot_peek(snapshot, &key, &row));
	}
	return put_row(change, snapshot, batch);
}

Test(batch, relies_on_120_rows_and_no_more)
{
	expect_committed(run_number(get_many, BATCH_EXPECTATIONS_MAX));
	expect_change_refused(run_number(get_many, BATCH_EXPECTATIONS_MAX + 1),
		STATUS_RESOURCE_EXHAUSTED, "BATCH_TOO_LARGE");
	cr_expect_eq(store_revision(store), 1);
}

static struct status write_and_look(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	struct key kept = key_of("kept"), gone = key_of("gone");
	struct row row;

	(void)change;
	TRY(batch_put(batch, &kept, bytes_of_string("new")));
	TRY(batch_delete(batch, &gone));
	TRY(snapshot_get(snapshot, &kept, &row));
	cr_expect(row.exists);
	cr_expect_eq(row.revision, 0);
	cr_expect_eq(row.value.size, 3);
	cr_expect_arr_eq(row.value.data, "new", 3);
	TRY(snapshot_peek(snapshot, &gone, &row));
	cr_expect_not(row.exists);
	TRY(batch_put(batch, &gone, bytes_of_string("")));
	TRY(snapshot_get(snapshot, &gone, &row));
	cr_expect(row.exists, "an empty value is a row");
	cr_expect_eq(row.value.size, 0);
	TRY(batch_delete(batch, &kept));
	TRY(snapshot_get(snapshot, &kept, &row));
	cr_expect_not(row.exists);
	cr_expect_eq(batch_write_count(batch), 2);
	cr_expect_eq(batch_expectation_count(batch), 0, "own writes are not relied on");
	return OK;
}

Test(batch, a_handler_sees_its_own_writes)
{
	expect_committed(run(put_row, "kept", "old"));
	expect_committed(run(put_row, "gone", "old"));
	expect_committed(run(write_and_look, NULL, NULL));
	expect_value("kept", "(absent)");
	expect_value("gone", "");
}

static struct status change_the_source(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	char value[] = "before";
	struct key key = key_of("a");

	(void)change;
	(void)snapshot;
	TRY(batch_put(batch, &key, bytes_of_string(value)));
	memcpy(value, "after!", 6);
	key = key_of("b");
	return OK;
}

Test(batch, copies_what_it_is_given)
{
	expect_committed(run(change_the_source, NULL, NULL));
	expect_value("a", "before");
	expect_value("b", "(absent)");
}

static struct status think_better_of_it(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	TRY(count_by_get(change, snapshot, batch));
	TRY(append_event(change, snapshot, batch));
	batch_forget_writes(batch);
	cr_expect(batch_is_empty(batch));
	cr_expect_eq(batch_expectation_count(batch), 1, "what was relied on stays so");
	return OK;
}

Test(batch, forgets_its_writes_when_told_to)
{
	struct change *change = run(think_better_of_it, "count", "x");

	expect_ok(change->status);
	cr_expect_not(change->committed);
	expect_value("count", "(absent)");
}

Test(batch, deleting_what_is_not_there_is_no_failure)
{
	expect_committed(run(delete_row, "never", NULL));
}

Test(batch, a_row_has_its_batchs_revision)
{
	struct key key = key_of("a");
	struct row row;

	run(put_row, "b", "1");
	run(put_row, "a", "1");
	expect_ok(snapshot_get(look(), &key, &row));
	cr_expect_eq(row.revision, 2);
	look_away();
}
