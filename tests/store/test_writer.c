/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "store_fixture.h"

TestSuite(writer, .init = fixture_begin, .fini = fixture_end);

enum { MANY = 600 };

Test(writer, each_batch_gets_the_next_revision)
{
	for (uint64_t i = 1; i <= 5; i++)
		cr_expect_eq(run(put_row, "a", "1")->revision, i);
	cr_expect_eq(store_revision(store), 5);
}

Test(writer, an_empty_batch_takes_no_revision)
{
	struct change *change;

	expect_committed(run(put_row, "a", "1"));
	change = run(read_row, "a", NULL);
	expect_ok(change->status);
	cr_expect_not(change->committed);
	cr_expect_eq(change->revision, 1);
	cr_expect_eq(store_revision(store), 1);
	cr_expect_eq(statistics().groups, 1);
}

Test(writer, a_refusal_drops_the_batch)
{
	struct change *change = run(refuse, "a", "1");

	expect_change_refused(change, STATUS_FAILED_PRECONDITION, "NOT_NOW");
	cr_expect_eq(change->revision, 0);
	expect_value("a", "(absent)");
	cr_expect_eq(store_revision(store), 0);
}

Test(writer, a_refusal_costs_its_neighbours_nothing)
{
	struct change *before, *refused, *after;

	gate_close();
	before = submit(put_row, "a", "1");
	refused = submit(refuse, "a", "2");
	after = submit(count_by_get, "a", NULL);
	gate_open();
	wait_for(after);
	expect_committed(before);
	expect_change_refused(refused, STATUS_FAILED_PRECONDITION, "NOT_NOW");
	cr_expect_eq(refused->revision, 1, "the one it was decided at");
	expect_value("a", "2");
	cr_expect_eq(after->revision, 2);
}

Test(writer, order_of_submission_is_order_of_execution)
{
	struct change *changes[MANY];

	gate_close();
	for (unsigned i = 0; i < MANY; i++)
		changes[i] = submit_number(put_row, i);
	gate_open();
	wait_for(changes[MANY - 1]);
	for (unsigned i = 0; i < MANY; i++) {
		expect_committed(changes[i]);
		cr_expect_eq(changes[i]->revision, i + 1);
		cr_expect_eq(changes[i]->order, i + 1, "the gate was the first");
		cr_expect_eq(changes[i]->dones, 1);
		cr_expect_eq(changes[i]->runs, 1);
	}
}

Test(writer, each_sees_what_the_ones_before_it_left)
{
	struct change *last = NULL;

	gate_close();
	for (unsigned i = 0; i < MANY; i++)
		last = submit(count_by_get, "count", NULL);
	gate_open();
	wait_for(last);
	expect_value("count", "600");
}

Test(writer, what_queued_up_shares_a_commit)
{
	struct change *last = NULL;

	gate_close();
	for (unsigned i = 0; i < MANY; i++)
		last = submit_number(put_row, i);
	gate_open();
	wait_for(last);
	cr_expect_eq(statistics().mutations, MANY);
	cr_expect_eq(statistics().groups, (MANY + GROUP_MAX - 1) / GROUP_MAX);
	cr_expect_eq(statistics().reruns, 0);
}

static void *submit_many(void *argument)
{
	struct change *last = NULL;

	(void)argument;
	for (unsigned i = 0; i < MANY; i++)
		last = submit(count_by_get, "count", NULL);
	wait_for(last);
	return NULL;
}

Test(writer, a_store_that_closes_finishes_what_was_submitted)
{
	struct change *changes[MANY];

	for (unsigned i = 0; i < MANY; i++)
		changes[i] = submit_number(put_row, i);
	close_store();
	for (unsigned i = 0; i < MANY; i++) {
		cr_expect_eq(changes[i]->dones, 1);
		expect_committed(changes[i]);
	}
	open_store();
	cr_expect_eq(store_revision(store), MANY);
}

Test(writer, readers_see_whole_batches_only)
{
	pthread_t thread;
	uint64_t revision = 0;

	cr_assert_eq(pthread_create(&thread, NULL, submit_many, NULL), 0);
	while (revision < MANY) {
		struct key key = key_of("count");
		struct snapshot *snapshot = look();
		struct row row;

		expect_ok(snapshot_get(snapshot, &key, &row));
		revision = snapshot_revision(snapshot);
		cr_assert_eq(row.revision, revision);
		cr_assert_eq((uint64_t)(row.exists ? atoi(arena_strndup(fixture_arena(),
							     (const char *)row.value.data,
							     row.value.size))
						   : 0),
			revision);
		look_away();
	}
	pthread_join(thread, NULL);
}

Test(writer, batch_time_strictly_grows_even_when_the_clock_goes_back)
{
	int64_t first, second, third;

	set_clock_offset(3600);
	first = run(put_row, "a", "1")->now_us;
	set_clock_offset(-3600);
	second = run(put_row, "a", "2")->now_us;
	cr_expect_eq(second, first + 1);
	close_store();
	open_store();
	third = run(put_row, "a", "3")->now_us;
	cr_expect_eq(third, first + 2);
	set_clock_offset(7200);
	cr_expect_gt(run(put_row, "a", "4")->now_us, first + 50 * US_PER_MINUTE);
}

Test(writer, no_two_batches_of_a_group_share_a_time)
{
	struct change *changes[MANY];

	gate_close();
	for (unsigned i = 0; i < MANY; i++)
		changes[i] = submit_number(put_row, i);
	gate_open();
	wait_for(changes[MANY - 1]);
	for (unsigned i = 1; i < MANY; i++)
		cr_assert_gt(changes[i]->now_us, changes[i - 1]->now_us);
}

static _Atomic uint64_t committed_revision;

static void committed(void *context, uint64_t revision)
{
	(void)context;
	committed_revision = revision;
}

Test(writer, a_commit_is_told_after_each_group)
{
	close_store();
	options.committed = committed;
	open_store();
	run(put_row, "a", "1");
	run(refuse, "a", "2");
	run(put_row, "a", "3");
	close_store();
	cr_expect_eq(committed_revision, 2);
}

/* Values of one page each until there is no room; the number that went in. */
static unsigned fill(void)
{
	unsigned count = 0;
	struct change *change;

	do {
		change = run_number(put_bytes, 4000 + count);
		count += change->committed;
	} while (change->committed);
	expect_change_refused(change, STATUS_RESOURCE_EXHAUSTED, "STORAGE_FULL");
	return count;
}

Test(writer, a_full_map_refuses_and_lets_deletes_pass)
{
	unsigned count;

	close_store();
	options.map_bytes = 1024 * 1024;
	open_store();
	count = fill();
	cr_expect_gt(count, 100);
	cr_expect_eq(store_revision(store), count);
	for (unsigned i = 0; i < count; i++)
		expect_committed(run_number(delete_row_with_event, 4000 + i));
	cr_expect_gt(fill(), count / 2, "there is room again");
}

Test(writer, what_does_not_fit_leaves_its_group_and_the_others_commit)
{
	struct change *first, *huge, *last;

	close_store();
	options.map_bytes = 1024 * 1024;
	open_store();
	gate_close();
	first = submit(put_row, "a", "1");
	huge = submit_number(put_bytes, 1020 * 1024);
	last = submit(count_by_get, "a", NULL);
	gate_open();
	wait_for(last);
	expect_committed(first);
	expect_change_refused(huge, STATUS_RESOURCE_EXHAUSTED, "STORAGE_FULL");
	expect_committed(last);
	expect_value("a", "2");
	cr_expect_eq(store_revision(store), 2);
	cr_expect_eq(huge->dones, 1);
	cr_expect_geq(statistics().reruns, 3);
}

Test(writer, below_the_disk_reserve_batches_that_grow_are_refused)
{
	expect_committed(run(put_row, "a", "1"));
	expect_committed(run(put_row, "b", "1"));
	close_store();
	options.disk_reserve_bytes = UINT64_MAX / 2;
	open_store();
	expect_change_refused(run(put_row, "c", "1"), STATUS_RESOURCE_EXHAUSTED, "STORAGE_FULL");
	expect_change_refused(
		run(append_event, NULL, "x"), STATUS_RESOURCE_EXHAUSTED, "STORAGE_FULL");
	expect_value("c", "(absent)");
	expect_committed(run(delete_row, "a", NULL));
	expect_committed(run(delete_row_with_event, "b", "b is gone"));
	expect_value("b", "(absent)");
}

/* Makes the next page past the file's end fail. */
static void forbid_growth(void)
{
	struct store_statistics now = statistics();
	struct rlimit limit = { now.file_bytes, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void failed(void *context, struct status status)
{
	(void)context;
	_Exit(status.code == STATUS_INTERNAL ? 3 : 4);
}

Test(writer, a_commit_that_the_disk_refuses_ends_the_process, .exit_code = 74)
{
	forbid_growth();
	run_number(put_bytes, 100 * 1000);
}

Test(writer, a_commit_that_the_disk_refuses_is_told_first, .exit_code = 3)
{
	close_store();
	options.failed = failed;
	open_store();
	forbid_growth();
	run_number(put_bytes, 100 * 1000);
}
