/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

/* What stale_for_tests does: see store.h. */

static void begin(void)
{
	fixture_begin();
	close_store();
	options.stale_for_tests = true;
	open_store();
}

TestSuite(stale, .init = begin, .fini = fixture_end);

Test(stale, a_mutation_that_gets_loses_no_update)
{
	for (int i = 0; i < 5; i++)
		expect_committed(run(count_by_get, "count", NULL));
	expect_value("count", "5");
	cr_expect_eq(statistics().reruns, 4, "all but the first met a conflict");
	cr_expect_eq(store_revision(store), 5);
}

/* The negative control: the harness would be blind if this one came to 2. */
Test(stale, a_mutation_that_peeks_where_it_must_get_loses_an_update)
{
	expect_committed(run(count_by_peek, "count", NULL));
	expect_committed(run(count_by_peek, "count", NULL));
	expect_value("count", "1");
	cr_expect_eq(statistics().reruns, 0);
}

Test(stale, what_relies_on_other_rows_is_applied_as_it_was_on_the_state_before)
{
	struct change *change;

	expect_committed(run(put_row, "a", "1"));
	change = run(count_by_get, "count", NULL);
	expect_committed(change);
	cr_expect_eq(change->runs, 1);
	cr_expect_eq(change->revision, 2);
	cr_expect_eq(statistics().reruns, 0);
}

Test(stale, a_refusal_counts_only_on_the_present_state)
{
	struct change *change;

	expect_committed(run(put_row, "a", "1"));
	change = run(refuse, "a", "2");
	expect_change_refused(change, STATUS_FAILED_PRECONDITION, "NOT_NOW");
	cr_expect_eq(change->runs, 2);
	cr_expect_eq(change->dones, 1);
	cr_expect_eq(change->revision, 1);
}

static struct status put_if_there(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	struct key key = key_of(change->name);
	struct row row;

	TRY(snapshot_get(snapshot, &key, &row));
	return row.exists ? put_row(change, snapshot, batch) : OK;
}

Test(stale, an_empty_batch_counts_only_on_the_present_state)
{
	struct change *change;

	expect_committed(run(put_row, "a", "1"));
	change = run(put_if_there, "a", "2");
	expect_committed(change);
	cr_expect_eq(change->runs, 2);
	expect_value("a", "2");
	change = run(put_if_there, "b", "2");
	cr_expect_not(change->committed);
	cr_expect_eq(change->runs, 2);
}

Test(stale, a_row_that_came_or_went_is_a_conflict)
{
	expect_committed(run(put_row, "count", "7"));
	expect_committed(run(count_by_get, "count", NULL));
	expect_value("count", "8");
	expect_committed(run(delete_row, "count", NULL));
	expect_committed(run(count_by_get, "count", NULL));
	expect_value("count", "1");
	cr_expect_eq(statistics().reruns, 2);
}

Test(stale, both_runs_have_the_present_time)
{
	struct change *first = run(count_by_get, "count", NULL);

	set_clock_offset(-3600);
	cr_expect_eq(run(count_by_get, "count", NULL)->now_us, first->now_us + 1);
	cr_expect_eq(run(count_by_get, "other", NULL)->now_us, first->now_us + 2);
}

Test(stale, mutations_run_alone)
{
	struct change *last = NULL;

	for (int i = 0; i < 10; i++)
		last = submit(count_by_get, "count", NULL);
	wait_for(last);
	expect_value("count", "10");
	cr_expect_eq(statistics().groups, 10);
}

Test(stale, reopening_keeps_everything)
{
	expect_committed(run(put_row, "a", "1"));
	close_store();
	open_store();
	expect_committed(run(count_by_get, "a", NULL));
	expect_value("a", "2");
	cr_expect_eq(statistics().reruns, 0, "after a start there is no state before");
}
